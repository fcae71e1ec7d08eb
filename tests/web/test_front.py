"""The front page and the privacy page: what they offer, and what they leave out."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot.settings import Settings
from conversations import catalogue, commands, flows
from conversations.facts import Directory
from conversations.phrases import Command
from tests.conversations.city import DIRECTORY
from tests.conversations.transcript import Chat
from tests.processes import KEY
from tests.web.site import TELEGRAM, WHATSAPP
from web import app, front, pages

WORDS = catalogue.load()
NUMBER = WHATSAPP.removeprefix("+")


async def shown(
    path: str = "/",
    *,
    lang: str = "id",
    telegram: str | None = TELEGRAM,
    whatsapp: str | None = WHATSAPP,
    directory: Directory = DIRECTORY,
) -> httpx.Response:
    look = pages.load(WORDS)
    routes = front.routes(look, telegram=telegram, whatsapp=whatsapp, directory=directory)
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        return await client.get(path, params={"lang": lang})


def links(page: httpx.Response, host: str) -> list[str]:
    found = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    return [link for link in found if urlsplit(link).hostname == host]


def typed(link: str) -> str:
    """The words that a link to WhatsApp types."""
    return parse_qs(urlsplit(link).query)["text"][0]


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_both_channels_are_offered_to_begin_and_to_check_an_officer(lang: str) -> None:
    page = await shown(lang=lang)
    assert links(page, "t.me") == [
        f"https://t.me/{TELEGRAM}",
        f"https://t.me/{TELEGRAM}?start=officer",
    ]
    begin, check = links(page, "wa.me")
    assert begin.startswith(f"https://wa.me/{NUMBER}?text=")
    assert check.startswith(f"https://wa.me/{NUMBER}?text=")
    assert "+62 800 1234 567" in page.text and f"@{TELEGRAM}" in page.text
    for badge, argument in (("", ""), ("0417", "0417")):
        command = commands.read(typed(check) + badge)
        assert command is not None
        assert (command.command, command.argument) == (Command.CHECK_OFFICER, argument)
    chat = Chat(flows.load())
    answer = "\n".join(chat.heard(f"> {typed(begin)}"))
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step == "consent"
    assert ("Do you agree?" in answer) == (lang == "en")


@pytest.mark.parametrize(
    ("telegram", "whatsapp", "hosts"),
    [
        (None, WHATSAPP, {"wa.me"}),
        (TELEGRAM, None, {"t.me"}),
        (None, None, set[str]()),
    ],
)
@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_a_channel_that_is_not_set_up_is_not_offered(
    telegram: str | None, whatsapp: str | None, hosts: set[str], lang: str
) -> None:
    page = await shown(lang=lang, telegram=telegram, whatsapp=whatsapp)
    assert {host for host in ("t.me", "wa.me") if host in page.text} == hosts
    none = WORDS.entries["pages.front.begin.none"][lang]
    assert (none in page.text) is not bool(hosts)
    assert "cek petugas 0417" in page.text and "lapor pungli" in page.text


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_facts_of_the_city_are_shown_as_they_are_filled_in(lang: str) -> None:
    page = await shown(lang=lang)
    for key in ("office.address", "office.hours", "office.landline", "jaki.phone"):
        assert DIRECTORY[key][lang] in page.text
    for link in ("https://izin.example.go.id/tentang", "tel:0215550100"):
        assert f'href="{link}"' in page.text
    empty = await shown(lang=lang, directory={})
    assert 'href="tel:' not in empty.text
    assert 'id="office"' in page.text and 'id="office"' not in empty.text
    for always in ("112", "JAKI"):
        assert always in empty.text


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_the_privacy_page_says_whom_to_ask(lang: str) -> None:
    page = await shown("/privasi", lang=lang)
    for right in ("DATA SAYA", "HAPUS DATA", "BERHENTI"):
        assert right in page.text
    assert 'href="mailto:izin@example.go.id"' in page.text
    assert 'href="tel:0215550100"' in page.text
    empty = await shown("/privasi", lang=lang, directory={})
    assert WORDS.entries["pages.privacy.contact.text"][lang] in empty.text
    assert WORDS.entries["pages.privacy.contact.office"][lang] not in empty.text


async def test_search_engines_find_the_front_page_alone(client: httpx.AsyncClient) -> None:
    page, other = await client.get("/"), await client.get("/privasi")
    assert page.headers["x-robots-tag"] == "all" and "noindex" not in page.text
    assert other.headers["x-robots-tag"] == "noindex" and "noindex" in other.text


@pytest.mark.parametrize("lang", catalogue.LOCALES)
async def test_the_number_of_a_permit_leads_to_its_check(
    client: httpx.AsyncClient, lang: str
) -> None:
    page = await client.get("/", params={"lang": lang})
    form = re.search(r'<form action="(/dokumen)" method="get".*?</form>', page.text, re.DOTALL)
    assert form is not None
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', form[0]))
    assert fields == ({"lang": "en"} if lang == "en" else {})
    answer = await client.get(form[1], params={**fields, "nomor": "iumk 2026 3174 000001"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/dokumen/IUMK-2026-3174-000001")


ACCOUNTS = {
    "TELEGRAM_BOT_TOKEN": "1:token",
    "TELEGRAM_BOT_USERNAME": TELEGRAM,
    "TELEGRAM_WEBHOOK_SECRET": "s" * 32,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_WHATSAPP_FROM": WHATSAPP,
}


@pytest.mark.parametrize("channel", ["TELEGRAM", "TWILIO", ""])
async def test_the_settings_say_which_channels_are_offered(channel: str, tmp_path: Path) -> None:
    needed = {
        "DATABASE_URL": "postgresql://izin@127.0.0.1:9/izin",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "STORAGE_URL": tmp_path.as_uri(),
        "PUBLIC_URL": "https://izin.example.go.id",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
    }
    accounts = {k: v for k, v in ACCOUNTS.items() if channel and k.startswith(channel)}
    application = app.build(Settings.from_environment(needed | accounts))
    assert [route.path for route in application.routes if isinstance(route, Route)].count("/") == 1
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        page = await client.get("/")
    hosts = {"t.me": "TELEGRAM", "wa.me": "TWILIO"}
    assert [host for host in hosts if host in page.text] == [
        host for host, name in hosts.items() if name == channel
    ]
