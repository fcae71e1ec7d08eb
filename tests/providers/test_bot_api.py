"""The fake Telegram is as strict as the real one, and a person in it waits in vain loudly."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from PIL import Image
from telegram import Update

from bot.channels.base import InboundMessage
from bot.channels.telegram.channel import Telegram
from bot.channels.telegram.updates import read
from conversations.catalogue import Catalogue
from conversations.events import Located, SharedContact, Tapped, Uploaded
from conversations.messages import Button, Message, Question, Say
from tests.outgoing_messages import outgoing
from tests.providers.bot_api import TOKEN, FakeBotApi, Person

CATALOGUE = Catalogue({"t.ask": {"id": "Setuju?", "en": "Agreed?"}})
ASK = Message((Say("t.ask"),), (Button("yes", "Ya"),), Question("f", "", "consent", 1))


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as api:
        yield api


@pytest.fixture
async def telegram(api: FakeBotApi) -> AsyncIterator[Telegram]:
    channel = Telegram(TOKEN, CATALOGUE, api_url=api.url)
    yield channel
    await channel.close()


@pytest.fixture
def siti(api: FakeBotApi) -> Person:
    person = api.user(1001, "Siti")
    person.start("rw03")
    return person


async def heard(telegram: Telegram) -> list[InboundMessage]:
    updates = await telegram.updates(None, wait=0)
    assert [Update.de_json(update, None) for update in updates]
    return [heard for update in updates for heard in read(update)]


def button(data: str, text: str = "Ya") -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": text, "callback_data": data}]]}


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({"text": " "}, "message text is empty"),
    "a long text": ({"text": "🏠" * 2048 + "x"}, "message is too long"),
    "long data": ({"text": "x", "reply_markup": button("é" * 33)}, "BUTTON_DATA_INVALID"),
    "empty data": ({"text": "x", "reply_markup": button("")}, "BUTTON_DATA_INVALID"),
    "no label": ({"text": "x", "reply_markup": button("y", "")}, "button text is empty"),
    "nobody": ({"text": "x", "chat_id": 404}, "chat not found"),
}


@pytest.mark.parametrize("label", REFUSED)
async def test_it_refuses(label: str, api: FakeBotApi, siti: Person) -> None:
    params, why = REFUSED[label]
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            f"{api.url}/bot{TOKEN}/sendMessage", json={"chat_id": 1001, **params}
        )
    assert answer.status_code == 400
    assert why in answer.json()["description"]
    assert siti.bubbles == []


async def test_what_people_do_reads_as_telegrams(
    api: FakeBotApi, siti: Person, telegram: Telegram
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (640, 360), "green").save(picture, "PNG")
    await telegram.send(outgoing("1001", ASK))
    siti.tap("Ya")
    siti.send_location(-6.2706, 106.8023)
    siti.send_contact()
    siti.send_photo(picture.getvalue(), caption="depan")
    siti.send_document(b"%PDF", caption="surat")
    siti.send(dice={"emoji": "🎲", "value": 3})
    siti.edit("Siti Aminah")
    all_heard = await heard(telegram)
    events = [heard.event for heard in all_heard]
    assert events[1:6] == [
        Tapped("f", "", "consent", 1, "yes"),
        Located(-6.2706, 106.8023),
        SharedContact("+628120001001", own=True),
        Uploaded(0, "photo", "depan"),
        Uploaded(0, "document", "surat"),
    ]
    assert len(events) == 8
    assert all_heard[4].media is not None
    largest = await telegram.fetch(all_heard[4].media.reference, at_most=100_000)
    assert largest == picture.getvalue()


async def test_a_person_waits_for_what_comes_after_what_they_read(
    telegram: Telegram, siti: Person
) -> None:
    first = siti.wait_for("Setuju")
    await telegram.send(outgoing("1001", ASK))
    second = siti.wait_for("Setuju")
    assert not second.done()
    await telegram.send(outgoing("1001", ASK, "en"))
    await telegram.send(outgoing("1001", ASK))
    assert (await first).id < (await second).id
    assert siti.texts == ["Setuju?", "Agreed?", "Setuju?"]


async def test_who_waits_in_vain_shows_the_chat(telegram: Telegram, siti: Person) -> None:
    await telegram.send(outgoing("1001", ASK))
    with pytest.raises(
        AssertionError, match=r"'Terima kasih'\n> /start rw03\n< Setuju\?\n  \[Ya\]"
    ):
        await siti.wait_for("Terima kasih", timeout=0.01)
    with pytest.raises(AssertionError, match="Siti sees no 'Tidak' but 'Ya'"):
        siti.tap("Tidak")


@pytest.mark.servers
def test_it_serves_where_nothing_is_async() -> None:
    with FakeBotApi() as api:
        siti = api.user(1001, "Siti")
        siti.say("/start")
        httpx.post(f"{api.url}/bot{TOKEN}/sendMessage", data={"chat_id": "1001", "text": "Halo"})
        assert siti.wait_for("Halo").result(5).text == "Halo"
        update = httpx.get(f"{api.url}/bot{TOKEN}/getUpdates").json()["result"][0]
        assert update["message"]["text"] == "/start"
