"""The landing page of a code: the same for every code, and its links lead back into the chats."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from bot.buckets import Buckets
from conversations import catalogue, commands, flows
from conversations.assisting import TakeOver
from conversations.engine.turn import advance
from conversations.events import Said, Started
from conversations.phrases import Command
from models.infrastructure.quotas import ASSISTED_VISITS
from tests.conversations import city
from tests.web.site import PUBLIC_URL, TELEGRAM, WHATSAPP
from web import codes, pages

CODE = "BCD234"
NUMBER = WHATSAPP.removeprefix("+")
LARGEST = 15_000  # bytes


def links(page: httpx.Response, host: str) -> list[str]:
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    return [link for link in found if urlsplit(link).hostname == host]


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_both_channels_take_the_code_over(client: httpx.AsyncClient, lang: str) -> None:
    page = await client.get(f"/k/{CODE}", params={"lang": lang})
    assert page.status_code == 200
    (whatsapp,), (telegram,) = links(page, "wa.me"), links(page, "t.me")
    assert whatsapp == f"https://wa.me/{NUMBER}?text=KODE%20BCD%20234"
    assert telegram == f"https://t.me/{TELEGRAM}?start=k-{CODE}"
    typed = parse_qs(urlsplit(whatsapp).query)["text"][0]
    payload = parse_qs(urlsplit(telegram).query)["start"][0]
    for event in (Said(typed), Said("kode bcd234"), Started(payload)):
        turn = advance(flows.load(), None, event, city.facts())
        assert TakeOver(CODE) in turn.effects, event


@pytest.mark.parametrize("typed", ["KODE BCD 234", "kode bcd234", "code BCD-234", "Kode: BCD 234."])
def test_a_code_is_read_as_people_type_it(typed: str) -> None:
    assert commands.read(typed) == commands.Typed(Command.TAKE_OVER, CODE)


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_the_page_is_small_private_and_needs_no_script(
    client: httpx.AsyncClient, lang: str
) -> None:
    page = await client.get(f"/k/{CODE}", params={"lang": lang})
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<script" not in page.text and "<form" not in page.text
    assert "BCD 234" in page.text
    style = await client.get(re.findall(r'href="(/static/pages\.css[^"]+)"', page.text)[0])
    icon = await client.get("/static/icon.svg")
    assert sum(len(one.content) for one in (page, style, icon)) < LARGEST


async def test_any_code_gives_the_same_page_and_nothing_is_read_or_written(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    shown = [(await client.get(f"/k/{code}")).text for code in (CODE, "XZZ999")]
    assert (
        len({re.sub(r'(?:BCD|XZZ)(?:%20| )?\d{3}|src="data[^"]+"', "", one) for one in shown}) == 1
    )
    with engine.connect() as tx:
        written = [
            tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            for table in ("audit", "assisted_forms", "people", "inbox")
        ]
    assert written == [0, 0, 0, 0]


@pytest.mark.parametrize("spelled", ["bcd234", "BCD-234", "bcd 234", " BCD 234 "])
async def test_a_code_in_another_spelling_is_shown_as_it_is_typed_in_the_chat(
    client: httpx.AsyncClient, spelled: str
) -> None:
    page = await client.get(f"/k/{spelled}")
    assert page.status_code == 200 and "KODE BCD 234" in page.text


@pytest.mark.parametrize("lang", catalogue.LOCALES)
@pytest.mark.parametrize(
    "spelled", ["BCD23", "BCD2345", "BCDFGH", "234567", "AEI234", "<b>bcd</b>", "é"]
)
async def test_what_is_no_code_gets_a_page_that_says_how_one_looks(
    client: httpx.AsyncClient, spelled: str, lang: str
) -> None:
    page = await client.get(f"/k/{spelled}", params={"lang": lang})
    assert page.status_code == 404
    assert page.headers["cache-control"] == "no-store"
    assert "KODE BCD 234" in page.text and "<b>bcd" not in page.text


@pytest.mark.parametrize(
    ("telegram", "whatsapp", "hosts"),
    [(None, WHATSAPP, {"wa.me"}), (TELEGRAM, None, {"t.me"}), (None, None, set())],
)
async def test_a_channel_that_is_not_configured_has_no_button(
    redis: Redis, telegram: str | None, whatsapp: str | None, hosts: set[str]
) -> None:
    routes = codes.routes(
        pages.load(catalogue.load()),
        buckets=Buckets(redis),
        public_url=PUBLIC_URL,
        telegram=telegram,
        whatsapp=whatsapp,
    )
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        page = await client.get(f"/k/{CODE}")
    found = {host for host in ("wa.me", "t.me") if links(page, host)}
    assert found == hosts
    assert "KODE BCD 234" in page.text


async def test_opening_codes_is_limited(client: httpx.AsyncClient) -> None:
    for _ in range(ASSISTED_VISITS.at_most):
        assert (await client.get(f"/k/{CODE}")).status_code == 200
    page = await client.get(f"/k/{CODE}")
    assert page.status_code == 429 and "retry-after" in page.headers


async def test_nothing_can_be_posted(client: httpx.AsyncClient) -> None:
    assert (await client.post(f"/k/{CODE}")).status_code == 405
