"""The landing page of a poster: its buttons lead into the chats, and it writes nothing."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Engine, text
from starlette.applications import Starlette

from conversations import catalogue, flows, posters
from conversations.effects import CountPoster
from conversations.engine.turn import advance
from conversations.events import Said, Started
from models.base import Base
from models.reference import area
from tests.conversations import city
from tests.web.site import TELEGRAM, WHATSAPP
from web import pages
from web import posters as page_of_posters

LARGEST = 15_000  # bytes


def query(page: httpx.Response, host: str, name: str) -> str | None:
    """A parameter of the page's only link to this host."""
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    (link,) = (link for link in found if urlsplit(link).hostname == host)
    return parse_qs(urlsplit(link).query).get(name, [None])[0]


@pytest.mark.parametrize("lang", catalogue.LOCALES)
@pytest.mark.parametrize("area_code", ["31.74", "31.74.05", "31.74.05.1001"])
async def test_both_buttons_begin_a_chat_at_the_posters_area(
    client: httpx.AsyncClient, area_code: str, lang: str
) -> None:
    written = posters.short(area_code)
    page = await client.get(f"/p/{written}", params={"lang": lang})
    assert page.status_code == 200
    typed, payload = query(page, "wa.me", "text"), query(page, "t.me", "start")
    assert payload == f"p-{written}" and typed is not None and written in typed
    for event in (Said(typed), Started(payload)):
        turn = advance(flows.load(), None, event, city.facts())
        assert CountPoster(area_code) in turn.effects, event


@pytest.mark.parametrize("lang", catalogue.LOCALES)
@pytest.mark.parametrize("code", ["", "x", "31740", "31.74.05", "BCD234", "<b>bcd", "é", "3174/05"])
async def test_what_is_no_code_begins_an_ordinary_chat(
    client: httpx.AsyncClient, code: str, lang: str
) -> None:
    page = await client.get(f"/p/{code}", params={"lang": lang})
    assert page.status_code == 200 and "<b>bcd" not in page.text
    assert query(page, "t.me", "start") is None
    begin = catalogue.load().entries["pages.front.begin.words"][lang]
    assert query(page, "wa.me", "text") == begin


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_the_page_is_small_and_needs_no_script(client: httpx.AsyncClient, lang: str) -> None:
    page = await client.get("/p/3174051001", params={"lang": lang})
    assert page.headers["x-robots-tag"] == "noindex"
    assert "<script" not in page.text and "<form" not in page.text
    style = await client.get(re.findall(r'href="(/static/pages\.css[^"]+)"', page.text)[0])
    icon = await client.get("/static/icon.svg")
    assert sum(len(one.content) for one in (page, style, icon)) < LARGEST


async def test_looking_at_it_writes_nothing(client: httpx.AsyncClient, engine: Engine) -> None:
    await client.get("/p/317405")
    await client.head("/p/317405")
    assert (await client.post("/p/317405")).status_code == 405
    with engine.connect() as tx:
        written = [
            table
            for table in Base.metadata.tables
            if tx.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
        ]
    assert written == []


@pytest.mark.parametrize(
    ("telegram", "whatsapp", "hosts"),
    [(None, WHATSAPP, {"wa.me"}), (TELEGRAM, None, {"t.me"}), (None, None, set())],
)
async def test_a_channel_that_is_not_configured_has_no_button(
    telegram: str | None, whatsapp: str | None, hosts: set[str]
) -> None:
    look = pages.load(catalogue.load())
    routes = page_of_posters.routes(look, telegram=telegram, whatsapp=whatsapp)
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        page = await client.get("/p/317405")
    assert {host for host in ("t.me", "wa.me") if host in page.text} == hosts


def test_each_area_has_a_code_that_leads_back_to_it() -> None:
    for one in area.load():
        assert posters.area_code(posters.short(one.code)) == one.code
