"""Requests: an id in the answer and in every line, numbers by route, and no path in either."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest
import structlog
from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from structlog.contextvars import get_contextvars
from structlog.testing import capture_logs

from bot.metrics import REGISTRY
from models.infrastructure.logs import scrub
from web.requests import Requests, new_id

log = structlog.get_logger(__name__)


async def hello(request: Request) -> Response:
    log.info("seen", **get_contextvars())
    return PlainTextResponse("hello")


async def fail(request: Request) -> Response:
    raise ValueError("Siti Aminah")


async def break_off(request: Request) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("Siti Aminah")

    return StreamingResponse(half())


ROUTES: list[BaseRoute] = [
    Route("/hello/{token}", hello),
    Route("/fail", fail),
    Route("/break", break_off),
]


async def get(path: str, request_id: str = "", host: str | None = None) -> httpx.Response:
    app = Starlette(routes=ROUTES, middleware=[Middleware(Requests, routes=ROUTES)])
    headers = {b"X-Request-Id": request_id.encode()} if request_id else {}
    if host is not None:
        headers[b"Host"] = host.encode()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://izin.test"
    ) as client:
        return await client.get(path, headers=headers)


def counted(route: str, status: int) -> float:
    labels = {"route": route, "status": str(status)}
    return REGISTRY.get_sample_value("izin_requests_total", labels) or 0.0


async def test_an_id_is_made_goes_back_and_stands_in_every_line() -> None:
    with capture_logs() as logs:
        answer = await get("/hello/sesame")
        again = await get("/hello/sesame")
    own = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{8}n[0-9a-f]{7}", own)
    assert again.headers["X-Request-Id"] != own
    seen = [entry["request"] for entry in logs if entry["event"] == "seen"]
    assert seen == [own, again.headers["X-Request-Id"]]
    assert get_contextvars() == {}


@pytest.mark.parametrize("process", ["12345678", "08123456", "62812345", "0123456a", "00000000"])
@pytest.mark.parametrize("number", [0, 7, 0x8123456, 0x62812345, 0x99999999, 2**28])
def test_an_id_is_not_taken_for_a_number_of_a_person(process: str, number: int) -> None:
    assert scrub(f"line {new_id(process, number)}") == f"line {new_id(process, number)}"


async def test_the_id_of_a_proxy_is_kept() -> None:
    assert (await get("/hello/x", "7f3a-proxy_01")).headers["X-Request-Id"] == "7f3a-proxy_01"


@pytest.mark.parametrize("given", ["short", "a" * 65, "with blank x", 'quote"quote', "ärger-12"])
async def test_an_id_that_looks_like_none_is_not_taken_over(given: str) -> None:
    answer = await get("/hello/x", given)
    assert re.fullmatch(r"[0-9a-f]{8}n[0-9a-f]{7}", answer.headers["X-Request-Id"])


async def test_requests_are_counted_by_route_and_never_by_path() -> None:
    before, nowhere = counted("/hello/{token}", 200), counted("none", 404)
    await get("/hello/sesame")
    await get("/sesame")
    assert counted("/hello/{token}", 200) == before + 1
    assert counted("none", 404) == nowhere + 1
    page = generate_latest(REGISTRY).decode()
    assert "sesame" not in page
    assert 'izin_request_seconds_count{route="/hello/{token}"}' in page


async def test_what_fails_is_logged_under_its_id_and_answered() -> None:
    before = counted("/fail", 500)
    with capture_logs() as logs:
        answer = await get("/fail", "the-failing-one")
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] == "the-failing-one"
    assert "Siti" not in answer.text
    [entry] = [entry for entry in logs if entry["event"] == "request.failed"]
    assert entry["route"] == "/fail"
    assert isinstance(entry["exc_info"], ValueError)
    assert counted("/fail", 500) == before + 1


async def test_half_an_answer_is_cut_off() -> None:
    with capture_logs() as logs, pytest.raises(ValueError):
        await get("/break")
    assert "request.failed" in [entry["event"] for entry in logs]


NO_HOSTS = (
    *("[", "[::1", "[x]", "[::1]x", "]", "a]", "a:x", "a:99999", "a:-1", "a:1:2", "a b"),
    *("a@b", "a/b", "a?b", "a#b", "a\\b", "//", "é", "℀", "a\t", "<x>", '"'),
)


@pytest.mark.parametrize("host", NO_HOSTS)
async def test_a_request_for_a_host_that_can_not_be_is_refused(host: str) -> None:
    for path in ("/hello/x", "/hello/x/", "/nowhere"):
        answer = await get(path, host=host)
        assert (answer.status_code, answer.text) == (400, "no such host\n")
        assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "host",
    ["", "izin.test", "izin.test:", "izin.test:8000", "IZIN.test.", "127.0.0.1:80", "[::1]:8000"],
)
async def test_a_request_for_a_host_is_answered(host: str) -> None:
    assert (await get("/hello/x", host=host)).status_code == 200
