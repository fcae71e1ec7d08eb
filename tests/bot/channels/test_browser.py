"""The demo's phones: what a page posts is heard, what the bot says lies in the database."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from bot.channels.base import File, InboundMessage, Media, token
from bot.channels.whatsapp.templates import Templates
from bot.errors import FileRefused, Malformed
from conversations.catalogue import Catalogue
from conversations.events import Located, Said, SharedContact, Started, Tapped, Uploaded
from conversations.messages import Button, Json, Message, Question, Say
from demo import channel as browser
from demo.channel import Browser
from demo.whatsapp_phone import Phone
from models import browser as bubbles
from models.infrastructure import encryption
from models.infrastructure.database import Database
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.storage import Storage
from tests.outgoing_messages import outgoing

ACT = "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10"
PHONE = "demo-owner"
PREMISES = Question("business_permit", "", "premises", 7)
WORDS = Catalogue(
    {
        "x.premises": {"id": "Di mana {who} berjualan?", "en": "Where does {who} sell?"},
        "x.fixed": {"id": "Menetap", "en": "Fixed"},
    }
)
WHATSAPP = Phone(WORDS, Templates(WORDS))


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing({"k1": b"0" * 32}, b"1" * 32))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def channel(db: Database, redis: Redis, tmp_path: Path) -> Browser:
    return Browser(db, redis, Storage(tmp_path.as_uri()), WORDS, WHATSAPP)


async def shown(db: Database, address: str = PHONE) -> list[tuple[bool, Json]]:
    rows = await db.ask(lambda tx: bubbles.after(tx, address, 0))
    return [(row.sent, row.payload) for row in rows]


@pytest.mark.parametrize(
    ("heard", "event"),
    [
        (browser.from_text(PHONE, ACT, "  5 juta\n", "id"), Said("5 juta")),
        (browser.from_text(PHONE, ACT, "/start", "id"), Started()),
        (browser.from_text(PHONE, ACT, "/start join-abc", "id"), Started("join-abc")),
        (
            browser.from_tap(PHONE, ACT, token(PREMISES, "fixed"), "id"),
            Tapped("business_permit", "", "premises", 7, "fixed"),
        ),
        (browser.from_location(PHONE, ACT, -6.27, 106.8, "id"), Located(-6.27, 106.8)),
        (
            browser.from_contact(PHONE, ACT, "+6281234567890", "id"),
            SharedContact("+6281234567890", own=True),
        ),
    ],
)
def test_what_a_page_posts_is_heard(heard: InboundMessage, event: object) -> None:
    assert heard == InboundMessage("browser", PHONE, f"{PHONE}:{ACT}", event)  # type: ignore[arg-type]


def test_a_photo_is_heard_with_the_place_where_it_lies() -> None:
    heard = browser.from_photo(PHONE, ACT, "browser/demo-owner/f00", 812, "en")
    assert heard.event == Uploaded(0, "photo")
    assert heard.media == Media("browser/demo-owner/f00", "photo", 812)
    assert heard.locale == "en"


def test_what_cannot_be_read_is_malformed() -> None:
    unreadable: tuple[Callable[[], InboundMessage], ...] = (
        lambda: browser.from_text(PHONE, ACT, " \n ", "id"),
        lambda: browser.from_text(PHONE, ACT, "a" * 4097, "id"),
        lambda: browser.from_text(PHONE, "not-a-uuid", "halo", "id"),
        lambda: browser.from_tap(PHONE, ACT, "fixed", "id"),
        lambda: browser.from_location(PHONE, ACT, 106.8, -6.2, "id"),
        lambda: browser.from_location(PHONE, ACT, float("nan"), 106.8, "id"),
        lambda: browser.from_contact(PHONE, ACT, "0812", "id"),
    )
    for read in unreadable:
        with pytest.raises(Malformed):
            read()


async def test_a_message_becomes_a_bubble_with_its_buttons_and_its_file(
    channel: Browser, db: Database
) -> None:
    message = Message(
        (Say("x.premises", {"who": "Bapak/Ibu"}),),
        (Button("fixed", Say("x.fixed")), Button("other", "Pasar Minggu")),
        PREMISES,
        wish="location",
        document="permits/a.pdf",
        filename="IUMK.pdf",
        picture="portraits/a.jpg",
    )
    sent = await channel.send(outgoing(PHONE, message, "en", File("a.pdf", b"%PDF-")))
    assert sent.provider_id.isdecimal()
    assert await shown(db) == [
        (
            True,
            {
                "text": "Where does Bapak/Ibu sell?",
                "choices": [
                    {"label": "Fixed", "token": token(PREMISES, "fixed")},
                    {"label": "Pasar Minggu", "token": token(PREMISES, "other")},
                ],
                "wish": "location",
                "document": {"name": "IUMK.pdf", "path": "permits/a.pdf", "size": 5},
                "photo": {"path": "portraits/a.jpg"},
            },
        )
    ]


async def test_a_page_that_listens_is_woken(channel: Browser, redis: Redis) -> None:
    async with redis.pubsub() as subscription:
        await subscription.subscribe(browser.wake_channel(PHONE))
        assert (await anext(subscription.listen()))["type"] == "subscribe"
        await channel.send(outgoing(PHONE, Message((Say("x.fixed"),))))
        woken = await subscription.get_message(ignore_subscribe_messages=True, timeout=5)
    assert woken is not None


async def test_without_redis_the_bubble_is_there_all_the_same(db: Database, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    away = Redis(port=port)
    channel = Browser(db, away, Storage(tmp_path.as_uri()), WORDS, WHATSAPP)
    await channel.send(outgoing(PHONE, Message((Say("x.fixed"),))))
    await away.aclose()
    assert [payload["text"] for _, payload in await shown(db)] == ["Menetap"]


async def test_a_double_click_shows_one_bubble(channel: Browser, db: Database) -> None:
    heard = browser.from_text(PHONE, ACT, "halo", "id")
    first, second = await asyncio.gather(channel.show(heard), channel.show(heard))
    assert first == second
    assert await shown(db) == [(False, {"text": "halo", "delivery": ACT})]


async def test_no_bubble_is_committed_before_one_with_a_smaller_id(
    channel: Browser, engine: Engine
) -> None:
    """Else a page that has read up to the larger one would never show the smaller one."""
    with Session(engine) as tx, tx.begin():
        first = bubbles.keep(tx, PHONE, {"text": "pertama"}, sent=True)
        second = asyncio.create_task(channel.send(outgoing(PHONE, Message((Say("x.fixed"),)))))
        early, _ = await asyncio.wait([second], timeout=0.3)
        assert not early
    assert int((await second).provider_id) > first


@pytest.mark.parametrize(
    "number", ["3174075703840002", "3174 0757 0384 0002", "317407.570384.0002"]
)
async def test_an_identity_number_is_not_kept(channel: Browser, db: Database, number: str) -> None:
    await channel.show(browser.from_text(PHONE, ACT, f"NIK saya {number} ya", "id"))
    ((_, payload),) = await shown(db)
    assert payload["text"].startswith("NIK saya ")
    assert not re.search(r"\d", payload["text"])


async def test_a_tap_shows_the_words_of_its_button(channel: Browser, db: Database) -> None:
    message = Message((Say("x.fixed"),), (Button("fixed", Say("x.fixed")),), PREMISES)
    await channel.send(outgoing(PHONE, message, "en"))
    await channel.show(browser.from_tap(PHONE, ACT, token(PREMISES, "fixed"), "id"))
    assert (await shown(db))[-1] == (False, {"text": "Fixed", "delivery": ACT})


async def test_a_photo_is_fetched_from_the_storage(channel: Browser, tmp_path: Path) -> None:
    Storage(tmp_path.as_uri()).write("browser/demo-owner/f00", b"photo")
    assert await channel.fetch("browser/demo-owner/f00", at_most=5) == b"photo"
    with pytest.raises(FileRefused, match="file_too_large"):
        await channel.fetch("browser/demo-owner/f00", at_most=4)
    with pytest.raises(FileRefused, match="file_gone"):
        await channel.fetch("browser/demo-owner/gone", at_most=5)
