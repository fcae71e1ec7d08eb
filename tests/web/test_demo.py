"""The demo's addresses: what its phones post and are shown."""

import io
import json
import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import httpx
import pytest
from PIL import Image
from redis.asyncio import Redis
from sqlalchemy import select

from bot.channels.base import File, OutgoingMessage, token
from bot.errors import WindowClosed
from conversations.events import Located, Said, SharedContact, Started, Tapped, Uploaded
from conversations.messages import Button, Message, Question, Say
from demo import sample_photo, sample_portrait
from models import person, portrait
from models.infrastructure.database import Database
from models.person import Address
from tests.clock import now
from tests.outgoing_messages import outgoing
from tests.web.site import Site, build, served
from workers.verification import photo

QUESTION = Question("demo", "", "start", 1)
OFFER = Message((Say("pages.demo.title"),), (Button("go", Say("pages.demo.start")),), QUESTION)


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "#48c").save(out, "JPEG")
    return out.getvalue()


async def bubbles(client: httpx.AsyncClient, phone: str = "demo-owner") -> list[dict[str, Any]]:
    answer = await client.get(f"/demo/{phone}/messages")
    return list(answer.json())


async def test_what_is_said_is_heard_and_shown(client: httpx.AsyncClient, site: Site) -> None:
    act = str(uuid4())
    answer = await client.post("/demo/demo-owner/say", json={"id": act, "text": "nasi <b>uduk</b>"})
    assert answer.status_code == 200
    (heard,) = site.bot.heard
    assert (heard.address, heard.event) == ("demo-owner", Said("nasi <b>uduk</b>"))
    (bubble,) = await bubbles(client)
    assert bubble["id"] == answer.json()["id"]
    assert (bubble["sent"], bubble["text"], bubble["delivery"]) == (False, "nasi <b>uduk</b>", act)
    assert await bubbles(client, "demo-officer") == []


async def test_each_kind_of_post_is_heard(client: httpx.AsyncClient, site: Site) -> None:
    await site.channel.send(outgoing("demo-owner", OFFER))
    posts: list[tuple[str, dict[str, object]]] = [
        ("say", {"text": "/start"}),
        ("tap", {"token": token(QUESTION, "go")}),
        ("location", {"lat": -6.27, "lon": 106.8}),
        ("contact", {"phone": "+6281234567890"}),
    ]
    for act, body in posts:
        answer = await client.post(f"/demo/demo-owner/{act}", json=body | {"id": str(uuid4())})
        assert answer.status_code == 200, act
    assert [heard.event for heard in site.bot.heard] == [
        Started(),
        Tapped("demo", "", "start", 1, "go"),
        Located(-6.27, 106.8),
        SharedContact("+6281234567890", own=True),
    ]
    shown = [
        {name: bubble.get(name) for name in ("started", "text", "location", "contact")}
        for bubble in await bubbles(client)
    ][1:]
    assert [next(filter(None, one.values())) for one in shown] == [
        True,
        "Mulai",
        {"lat": -6.27, "lon": 106.8},
        "+6281234567890",
    ]


async def test_a_photo_is_stored_heard_and_shown_to_its_phone_only(
    client: httpx.AsyncClient, site: Site
) -> None:
    content = jpeg()
    answer = await client.post(
        "/demo/demo-owner/photo",
        data={"id": str(uuid4())},
        files={"photo": ("warung.jpg", content, "image/jpeg")},
    )
    assert answer.status_code == 200
    (heard,) = site.bot.heard
    assert heard.event == Uploaded(0, "photo")
    assert heard.media is not None
    assert await site.channel.fetch(heard.media.reference, at_most=10_000) == content
    (bubble,) = await bubbles(client)
    link = bubble["photo"]["url"]
    assert heard.media.reference not in str(bubble)
    picture = await client.get(link)
    assert (picture.content, picture.headers["content-type"]) == (content, "image/jpeg")
    assert (await client.get(link.replace("owner", "officer"))).status_code == 404


async def test_a_file_that_is_no_picture_is_never_opened_in_the_browser(
    client: httpx.AsyncClient,
) -> None:
    await client.post(
        "/demo/demo-owner/photo",
        data={"id": str(uuid4())},
        files={"photo": ("x.jpg", b"<script>alert(1)</script>", "image/jpeg")},
    )
    ((bubble),) = await bubbles(client)
    answer = await client.get(bubble["photo"]["url"])
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_double_click_is_shown_once(client: httpx.AsyncClient, site: Site) -> None:
    body = {"id": str(uuid4()), "text": "halo"}
    for _ in range(2):
        assert (await client.post("/demo/demo-owner/say", json=body)).status_code == 200
    assert len(await bubbles(client)) == 1
    assert len({heard.provider_id for heard in site.bot.heard}) == 1


async def test_a_busy_bot_asks_to_send_again_and_the_second_try_is_the_same_act(
    client: httpx.AsyncClient, site: Site
) -> None:
    body = {"id": str(uuid4()), "text": "halo"}
    site.bot.busy = True
    answer = await client.post("/demo/demo-owner/say", json=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    site.bot.busy = False
    assert (await client.post("/demo/demo-owner/say", json=body)).status_code == 200
    assert (len(await bubbles(client)), len(site.bot.heard)) == (1, 1)


@pytest.mark.parametrize(
    ("act", "content"),
    [
        ("say", b"{"),
        ("say", b"[]"),
        ("say", b'{"id": "x", "text": "halo"}'),
        ("say", b'{"text": "halo"}'),
        ("say", b'{"id": "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10", "text": ""}'),
        ("say", b'{"id": "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10", "text": "\\ud800"}'),
        ("tap", b'{"id": "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10", "token": "a|b"}'),
        ("location", b'{"id": "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10", "lat": "x", "lon": 1}'),
        ("location", b'{"id": "3f0c1a52-9c1e-4f59-8f0e-0f7b8f1b2a10", "lat": NaN, "lon": 1}'),
        ("photo", b""),
    ],
)
async def test_a_post_that_makes_no_sense_is_refused(
    client: httpx.AsyncClient, site: Site, act: str, content: bytes
) -> None:
    answer = await client.post(f"/demo/demo-owner/{act}", content=content)
    assert answer.status_code == 400
    assert site.bot.heard == []
    assert await bubbles(client) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
    ],
)
async def test_other_sites_cannot_post(
    client: httpx.AsyncClient, site: Site, headers: dict[str, str]
) -> None:
    body = {"id": str(uuid4()), "text": "halo"}
    answer = await client.post("/demo/demo-owner/say", json=body, headers=headers)
    assert answer.status_code == 403
    assert site.bot.heard == []


async def test_a_photo_over_ten_megabytes_is_refused(client: httpx.AsyncClient, site: Site) -> None:
    answer = await client.post(
        "/demo/demo-owner/photo",
        data={"id": str(uuid4())},
        files={"photo": ("x.jpg", b"\xff" * (10 * 1024 * 1024 + 1), "image/jpeg")},
    )
    assert answer.status_code == 413
    assert site.bot.heard == []


@pytest.mark.parametrize("phone", ["628123", "demo-mayor", "demo-owner-", "demo-owner-A", ".."])
async def test_only_the_demos_phones_exist(client: httpx.AsyncClient, phone: str) -> None:
    body = {"id": str(uuid4()), "text": "halo"}
    assert (await client.post(f"/demo/{phone}/say", json=body)).status_code in {404, 405}
    assert (await client.get(f"/demo/{phone}/messages")).status_code == 404


async def test_another_owner_has_another_phone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/demo/new")
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    owner = answer.headers["location"].partition("=")[2]
    assert f'data-address="demo-owner-{owner}"' in page.text
    assert 'data-address="demo-officer"' in page.text
    assert (await client.get("/demo?owner=%3Cb%3E")).status_code == 404


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("", "demo-owner"),
        ("&owner=a1", "demo-owner-a1"),
        ("&chat=whatsapp", "demo-whatsapp"),
        ("&owner=a1&chat=whatsapp&lang=en", "demo-whatsapp-a1"),
    ],
)
async def test_further_owners_have_phones_of_their_own(
    client: httpx.AsyncClient, site: Site, query: str, first: str
) -> None:
    page = (await client.get(f"/demo?more=3{query}")).text
    addresses = re.findall(r'data-address="([^"]+)"', page)
    assert addresses == [
        first,
        "demo-officer",
        "demo-supervisor",
        *(f"{first}-{number}" for number in (2, 3, 4)),
    ]
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert ("Owner 2" if "lang=en" in query else "Pemilik 2") in page
    assert page.count("day-passes") == (4 if "whatsapp" in query else 0)
    for address in addresses[3:]:
        body = {"id": str(uuid4()), "text": "halo"}
        assert (await client.post(f"/demo/{address}/say", json=body)).status_code == 200
    assert [one.address for one in site.bot.heard] == addresses[3:]


async def test_a_button_opens_one_phone_after_the_other_up_to_three(
    client: httpx.AsyncClient,
) -> None:
    link = "/demo?owner=a1&chat=whatsapp"
    for more in (1, 2, 3):
        page = (await client.get(link)).text
        (link,) = {unescape(one) for one in re.findall(r'class="another" href="([^"]+)"', page)}
        assert {"owner=a1", f"more={more}", "chat=whatsapp", f"who=owner-{more + 1}"} < set(
            re.split("[?&]", link)
        )
    page = (await client.get(link)).text
    assert 'data-first="owner-4"' in page
    assert 'class="another"' not in page
    assert "owner=a1&amp;more=3&amp;chat=whatsapp" in page, "the other language keeps the phones"
    for wrong in ("4", "-1", "x", "١"):
        assert (await client.get("/demo", params={"more": wrong})).status_code == 404


async def read(content: aiohttp.StreamReader, count: int) -> list[tuple[str, str]]:
    """The next events of a stream: (id or kind, data)."""
    events: list[tuple[str, str]] = []
    named = ""
    while len(events) < count:
        line = (await content.readline()).decode().rstrip("\n")
        name, _, value = line.partition(": ")
        if name in {"id", "event"}:
            named = value
        elif name == "data":
            events.append((named, value))
    return events


async def test_bubbles_stream_in_order_and_a_lost_stream_resumes(site: Site, address: str) -> None:
    stream = f"{address}/demo/demo-owner,demo-officer/events"
    await site.channel.send(outgoing("demo-owner", OFFER))
    async with aiohttp.ClientSession() as browser, browser.get(stream) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        first, ready = await read(answer.content, 2)
        assert ready == ("ready", "1")
        await site.channel.send(outgoing("demo-officer", OFFER))
        (second,) = await read(answer.content, 1)
    assert [json.loads(data)["address"] for _, data in (first, second)] == [
        "demo-owner",
        "demo-officer",
    ]
    await site.channel.send(outgoing("demo-owner", OFFER))
    async with (
        aiohttp.ClientSession(headers={"Last-Event-ID": second[0]}) as browser,
        browser.get(stream) as answer,
    ):
        third, ready = await read(answer.content, 2)
    assert json.loads(third[1])["id"] > json.loads(second[1])["id"]
    assert ready[0] == "ready"


async def test_bubbles_stream_while_redis_is_away(
    db: Database, no_redis: Redis, tmp_path: Path
) -> None:
    site = build(db, no_redis, tmp_path)
    async with (
        served(site.app) as address,
        aiohttp.ClientSession() as browser,
        browser.get(f"{address}/demo/demo-owner/events") as answer,
    ):
        assert await read(answer.content, 1) == [("ready", "1")]
        await site.channel.send(outgoing("demo-owner", OFFER))
        ((_, data),) = await read(answer.content, 1)
    assert json.loads(data)["sent"] is True


def test_sample_photos_differ_and_pass_for_photos_of_a_place() -> None:
    first, second = (sample_photo.draw("NASI UDUK", seed) for seed in (1, 2))
    assert first != second
    assert [photo.fault(one) for one in (first, second)] == [None, None]


async def test_the_map_knows_the_citys_places(client: httpx.AsyncClient) -> None:
    rows = (await client.get("/demo/places.json")).json()
    assert ["kelurahan", "Cipete Utara", "Kebayoran Baru"] in [row[:3] for row in rows]
    assert len(rows) > 300


# The owner on WhatsApp

WHATSAPP = "demo-whatsapp"
NEWS = Message((Say("notices.verified", {"number": "26-004512"}),))
HOUR = timedelta(hours=1)


def on_whatsapp(message: Message, *, hours_ago: float, file: File | None = None) -> OutgoingMessage:
    """A message to somebody who wrote so long ago."""
    return outgoing(WHATSAPP, message, file=file, heard_at=now() - hours_ago * HOUR, at=now())


async def test_on_whatsapp_choices_are_numbered(client: httpx.AsyncClient, site: Site) -> None:
    await site.channel.send(on_whatsapp(OFFER, hours_ago=1))
    (bubble,) = await bubbles(client, WHATSAPP)
    assert bubble["text"].endswith("\n\n1. Mulai")
    assert "choices" not in bubble


async def test_on_whatsapp_a_permit_comes_after_its_words(
    client: httpx.AsyncClient, site: Site
) -> None:
    message = Message((Say("pages.demo.title"),), document="permits/a.pdf", filename="IUMK.pdf")
    site.storage.write("permits/a.pdf", b"%PDF-1.7")
    await site.channel.send(on_whatsapp(message, hours_ago=1, file=File("a.pdf", b"%PDF-1.7")))
    words, paper = await bubbles(client, WHATSAPP)
    assert "document" not in words
    assert paper["document"]["name"] == "IUMK.pdf"
    assert (await client.get(paper["document"]["url"])).content == b"%PDF-1.7"


async def test_a_picture_is_shown_on_both_kinds_of_phones(
    client: httpx.AsyncClient, site: Site
) -> None:
    face = sample_portrait.draw("Rahmat Hidayat", "0417")
    site.storage.write("portraits/1.jpg", face)
    message = Message((Say("pages.demo.title"),), picture="portraits/1.jpg")
    await site.channel.send(on_whatsapp(message, hours_ago=1))
    await site.channel.send(outgoing("demo-owner", message))
    words, on_whatsapp_ = await bubbles(client, WHATSAPP)
    (on_telegram,) = await bubbles(client)
    assert "photo" not in words and on_telegram["text"] == words["text"]
    for bubble in (on_whatsapp_, on_telegram):
        shown = await client.get(bubble["photo"]["url"])
        assert (shown.content, shown.headers["content-type"]) == (face, "image/jpeg")


def test_the_demos_portrait_is_one_that_the_product_takes() -> None:
    face = portrait.made_of(sample_portrait.draw("Rahmat Hidayat", "0417"))
    with Image.open(io.BytesIO(face)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (800, 800))


async def test_on_whatsapp_only_a_template_comes_after_a_day(
    client: httpx.AsyncClient, site: Site
) -> None:
    await site.channel.send(on_whatsapp(NEWS, hours_ago=25))
    (bubble,) = await bubbles(client, WHATSAPP)
    assert "26-004512" in bubble["text"]
    assert "Balas pesan ini" in bubble["text"]
    with pytest.raises(WindowClosed):
        await site.channel.send(on_whatsapp(OFFER, hours_ago=25))
    assert len(await bubbles(client, WHATSAPP)) == 1


async def test_a_day_passes_on_the_record_and_is_shown(
    client: httpx.AsyncClient, site: Site, db: Database
) -> None:
    act = {"id": str(uuid4())}
    assert (await client.post(f"/demo/{WHATSAPP}/day", json=act)).status_code == 404
    await db.do(lambda tx: person.meet(tx, "browser", [(WHATSAPP, "id")]))
    assert (await client.post(f"/demo/{WHATSAPP}/day", json=act)).status_code == 204
    heard_at = await db.do(lambda tx: tx.scalars(select(Address.heard_at)).one())
    assert heard_at is not None
    assert 24 * HOUR <= now() - heard_at < 25 * HOUR
    assert [bubble["passed"] for bubble in await bubbles(client, WHATSAPP)] == [True]


async def test_the_page_switches_the_owners_chat(client: httpx.AsyncClient) -> None:
    telegram = (await client.get("/demo?owner=a1")).text
    assert 'data-address="demo-owner-a1"' in telegram
    assert "day-passes" not in telegram
    assert "owner=a1&amp;chat=whatsapp" in telegram
    whatsapp = (await client.get("/demo?owner=a1&chat=whatsapp")).text
    assert 'data-address="demo-whatsapp-a1"' in whatsapp
    assert 'data-address="demo-officer"' in whatsapp
    assert whatsapp.count("day-passes") == 1
    moved = await client.get("/demo/new?chat=whatsapp", follow_redirects=False)
    assert "chat=whatsapp" in moved.headers["location"]
