"""Error pages: each status has words of its own in both languages; programs get plain text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.channels.base import Channel
from bot.settings import Settings
from conversations import catalogue
from demo import serve
from tests.web.test_http_page import SETTINGS
from web import app
from web.app import Addition, Parts
from web.pages import HERE, HSTS, HTTPS_ONLY, SAFE_HEADERS

STATUSES = {404: "/nothing", 405: "/privasi", 429: "/busy", 500: "/fail"}
PHRASES = {404: "Not Found", 405: "Method Not Allowed", 429: "Too Many Requests"}
PHRASES[500] = "Internal Server Error"


async def busy(request: Request) -> Response:
    raise HTTPException(429, headers={"Retry-After": "7"})


async def fail(request: Request) -> Response:
    raise ValueError("Siti Aminah")


def extra(parts: Parts) -> tuple[Channel, Sequence[BaseRoute]]:
    routes = [Route("/busy", busy), Route("/fail", fail), Route("/webhooks/fail", fail)]
    return cast("Channel", SimpleNamespace(name="none")), routes


def build(files: Path, addition: Addition) -> Starlette:
    return app.build(
        Settings.from_environment(SETTINGS | {"STORAGE_URL": files.as_uri()}), addition
    )


@pytest.fixture
async def whole(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """The application of `izin serve`, with routes that fail."""
    transport = httpx.ASGITransport(build(tmp_path, Addition(HERE, extra)))
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        yield client


async def ask(client: httpx.AsyncClient, status: int, **how: Any) -> httpx.Response:
    answer = await client.request("PUT" if status == 405 else "GET", STATUSES[status], **how)
    assert answer.status_code == status
    return answer


def title(page: httpx.Response) -> str:
    found = re.search(r"<h1>(.+)</h1>", page.text)
    assert found is not None
    return found[1]


async def test_every_status_has_words_of_its_own_in_both_languages(
    whole: httpx.AsyncClient,
) -> None:
    said = set[str]()
    for lang in catalogue.LOCALES:
        for status in STATUSES:
            page = await ask(whole, status, params={"lang": lang})
            assert f'<html lang="{lang}">' in page.text
            home = "/?lang=en" if lang == "en" else "/"
            assert f'<a class="button" href="{home}">' in page.text
            said.add(title(page))
    assert len(said) == len(STATUSES) * len(catalogue.LOCALES)


@pytest.mark.parametrize("status", STATUSES)
async def test_an_error_page_has_the_headers_of_every_page(
    whole: httpx.AsyncClient, status: int
) -> None:
    page = await ask(whole, status)
    for name, value in (SAFE_HEADERS | {HSTS: HTTPS_ONLY}).items():
        assert page.headers[name] == value
    assert page.headers.get("retry-after") == ("7" if status == 429 else None)
    assert ("allow" in page.headers) == (status == 405)
    assert "Siti" not in page.text


@pytest.mark.parametrize("status", STATUSES)
async def test_a_program_gets_plain_text(whole: httpx.AsyncClient, status: int) -> None:
    answer = await ask(whole, status, headers={"Accept": "application/json"})
    assert answer.text == PHRASES[status]
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers.get("retry-after") == ("7" if status == 429 else None)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/webhooks/telegram", 405),
        ("PUT", "/webhooks/whatsapp/status", 405),
        ("POST", "/webhooks/unknown", 404),
        ("GET", "/webhooks/fail", 500),
        ("POST", "/metrics", 405),
        ("POST", "/healthz", 405),
        ("DELETE", "/readyz", 405),
    ],
)
async def test_a_path_of_programs_answers_in_plain_text_whatever_is_accepted(
    whole: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    for accept in ("*/*", "text/html"):
        answer = await whole.request(method, path, headers={"Accept": accept})
        assert (answer.status_code, answer.text) == (status, PHRASES[status])


async def test_the_demo_s_front_page_is_its_phones(tmp_path: Path) -> None:
    transport = httpx.ASGITransport(build(tmp_path, serve.addition()))
    async with httpx.AsyncClient(transport=transport, base_url="http://izin.test") as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["location"]) == (307, "/demo")
        assert (await client.get("/privasi")).status_code == 200
