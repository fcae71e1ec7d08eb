"""The HTTP server: whom it believes about visitors, and how long it waits for them."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.settings import Settings
from tests.processes import Product
from tests.providers.bot_api import FakeBotApi
from web import server

pytestmark = pytest.mark.servers

KEY = b64encode(bytes(32)).decode()
PROXY, STRANGER = "127.0.0.2", "127.0.0.3"
LIMIT = 60  # permits that one visitor may look up in ten minutes


def settings(**given: str) -> Settings:
    return Settings.from_environment(
        {
            "DATABASE_URL": "postgresql://izin@localhost/izin",
            "REDIS_URL": "redis://localhost",
            "STORAGE_URL": "file:///tmp/izin",
            "PUBLIC_URL": "https://izin.example.go.id",
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            **given,
        }
    )


class Quick(server.Connection):
    """Does not wait as long, nor for as many."""

    head: ClassVar[float] = 0.2
    body: ClassVar[float] = 0.2
    most: ClassVar[int] = 20


async def _echo(request: Request) -> Response:
    await request.body()
    return PlainTextResponse(request.client.host if request.client else "")


@asynccontextmanager
async def serving(given: Settings, kind: type[server.Connection] = Quick) -> AsyncIterator[int]:
    """Serve a page that tells who asked, with the options of `izin serve`; gives the port."""
    app = Starlette(routes=[Route("/", _echo, methods=["GET", "POST"])])
    options = {**server.options(given), "http": kind}
    running = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", **options))
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await task


async def visitor(port: int, forwarded: list[str], *, by: str) -> str:
    """Whom the server takes for the visitor."""
    transport = httpx.AsyncHTTPTransport(local_address=by)
    headers = [("X-Forwarded-For", one) for one in forwarded]
    async with httpx.AsyncClient(transport=transport) as client:
        return (await client.get(f"http://127.0.0.1:{port}/", headers=headers)).text


FORWARDED: dict[str, tuple[str, list[str], str, str]] = {
    "one visitor": (PROXY, ["203.0.113.9"], PROXY, "203.0.113.9"),
    "a forged one in front": (PROXY, ["1.2.3.4, 203.0.113.9"], PROXY, "203.0.113.9"),
    "many forged ones": (PROXY, ["1.1.1.1, 2.2.2.2, 3.3.3.3, 203.0.113.9"], PROXY, "203.0.113.9"),
    "a forged header before the proxy's": (PROXY, ["1.2.3.4", "203.0.113.9"], PROXY, "203.0.113.9"),
    "one who says to be the proxy": (PROXY, [f"{PROXY}, 203.0.113.9"], PROXY, "203.0.113.9"),
    "no address in front": (PROXY, ["unknown, 203.0.113.9"], PROXY, "203.0.113.9"),
    "two proxies": ("127.0.0.2,10.0.0.0/8", ["203.0.113.9, 10.1.2.3"], PROXY, "203.0.113.9"),
    "two proxies and a forged one": (
        "127.0.0.2,10.0.0.0/8",
        ["1.2.3.4, 203.0.113.9, 10.1.2.3"],
        PROXY,
        "203.0.113.9",
    ),
    "a network": ("127.0.0.0/30", ["203.0.113.9"], PROXY, "203.0.113.9"),
    "a visitor of IPv6": (PROXY, ["2001:db8::7"], PROXY, "2001:db8::7"),
    "a proxy nobody trusts": (PROXY, ["203.0.113.9"], STRANGER, STRANGER),
    "a proxy that says nothing": (PROXY, [], PROXY, PROXY),
    "loopback, when nothing is set": ("", ["203.0.113.9"], "127.0.0.1", "203.0.113.9"),
}


@pytest.mark.parametrize("label", FORWARDED)
async def test_a_visitor_is_whom_a_trusted_proxy_names(label: str) -> None:
    trusted, forwarded, by, expected = FORWARDED[label]
    async with serving(settings(TRUSTED_PROXIES=trusted)) as port:
        assert await visitor(port, forwarded, by=by) == expected


@pytest.fixture
async def telegram() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as api:
        yield api


@pytest.fixture
def product(
    database: str, redis_url: str, telegram: FakeBotApi, tmp_path: Path
) -> Iterator[Product]:
    with Product(database, redis_url, tmp_path, telegram) as running:
        running.environment |= {
            "TRUSTED_PROXIES": PROXY,
            "PUBLIC_URL": "https://izin.example.go.id",
        }
        yield running


async def test_each_visitor_behind_a_proxy_has_limits_of_their_own(product: Product) -> None:
    await asyncio.to_thread(product.start, "serve")
    transport = httpx.AsyncHTTPTransport(local_address=PROXY)
    async with httpx.AsyncClient(transport=transport, base_url=product.url) as proxy:

        async def look(forwarded: str) -> int:
            page = await proxy.get("/izin/IUMK-1", headers={"X-Forwarded-For": forwarded})
            return page.status_code

        visitors = [await look(f"203.0.113.{number}") for number in range(LIMIT + 5)]
        assert set(visitors) == {404}, "nobody is refused"
        forgers = [await look(f"192.0.2.{number}, 198.51.100.7") for number in range(LIMIT + 1)]
        assert forgers == [404] * LIMIT + [429], "who forges the header is one visitor"
        assert await look("198.51.100.8") == 404

        answer = await proxy.get(
            "/privasi/", headers={"Host": "evil.example", "X-Forwarded-Proto": "http"}
        )
        assert (answer.status_code, answer.headers["location"]) == (307, "/privasi")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert "server" not in answer.headers


# Connections


async def closed(port: int, *parts: bytes) -> bytes:
    """Open a connection, send parts, and give what comes until the server closes it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
    try:
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


WHOLE = b"GET / HTTP/1.1\r\nHost: izin\r\n\r\n"
HALF: dict[str, tuple[bytes, ...]] = {
    "nothing": (),
    "a letter": (b"G",),
    "a line": (b"GET / HTTP/1.1\r\n",),
    "a head without an end": (b"GET / HTTP/1.1\r\nHost: izin\r\nX-A: b\r\n",),
    "a body that does not come": (b"POST / HTTP/1.1\r\nHost: izin\r\nContent-Length: 10\r\n\r\n",),
    "half a body": (b"POST / HTTP/1.1\r\nHost: izin\r\nContent-Length: 10\r\n\r\nabc",),
    "half a chunk": (
        b"POST / HTTP/1.1\r\nHost: izin\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ),
    "a second head without an end": (WHOLE, b"GET /"),
    "a second body that does not come": (
        WHOLE,
        b"POST / HTTP/1.1\r\nHost: izin\r\nContent-Length: 10\r\n\r\n",
    ),
}


@pytest.mark.parametrize("label", HALF)
async def test_half_a_request_is_not_waited_for_long(label: str) -> None:
    async with serving(settings()) as port:
        answer = await closed(port, *HALF[label])
        assert answer.count(b"200 OK") == HALF[label].count(WHOLE)
        assert await visitor(port, [], by="127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize("body", [0, 1, 70_000, 3_000_000])
@pytest.mark.parametrize(
    "line",
    [b"FOO / HTTP/1.1", b"GET", b"GET / HTTP/9.9", b"\x16\x03\x01 / HTTP/1.1", b"GET /\x00 H"],
)
async def test_what_is_no_http_is_told_so_however_much_of_it_comes(line: bytes, body: int) -> None:
    head = line + b"\r\nHost: izin\r\nContent-Length: %d\r\n\r\n" % body
    async with serving(settings()) as port:
        for _ in range(5):
            answer = await closed(port, head, b"x" * body)
            assert answer.startswith(b"HTTP/1.1 400 "), answer


async def test_a_head_that_trickles_has_no_more_time() -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"X-A: b\r\n")
            await asyncio.sleep(0.02)

    async with serving(settings()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n")
        trickling = asyncio.create_task(trickle(writer))
        try:
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        except ConnectionResetError:
            pass
        finally:
            trickling.cancel()
            writer.close()


async def test_connections_have_a_number() -> None:
    class Patient(Quick):
        head: ClassVar[float] = 60.0

    async with serving(settings(), Patient) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(Quick.most)]
        assert await closed(port, WHOLE) == b"", "one too many"
        _, writer = silent.pop()
        writer.close()
        await writer.wait_closed()
        until = asyncio.get_running_loop().time() + 10
        while not await closed(port, WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")):
            assert asyncio.get_running_loop().time() < until
        for _, writer in silent:
            writer.close()


def test_requests_have_seconds_and_connections_have_handles() -> None:
    assert server.Connection.head <= 15
    assert server.Connection.body <= 180
    assert server.Connection.most <= 5_000
