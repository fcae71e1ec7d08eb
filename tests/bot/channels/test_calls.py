"""Small requests over open connections: what was never sent is told from what had no answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.channels import calls
from bot.channels.calls import Calls, NeverSent, NoAnswer
from tests.processes import free_port

pytestmark = pytest.mark.servers

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
FORM = "application/x-www-form-urlencoded"


async def request(reader: asyncio.StreamReader) -> bytes:
    """One request, as it came."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head + await reader.readexactly(length)


@asynccontextmanager
async def host(answer: Answer) -> AsyncIterator[tuple[Calls, list[int]]]:
    """A server that answers each connection so; and the numbers of the connections it had."""
    had: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        had.append(len(had) + 1)
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    pool = Calls(f"http://127.0.0.1:{port}", connect=5)
    yield pool, had
    await pool.close()
    server.close()


def always(content: bytes) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request(reader)
            writer.write(content)

    return answer


async def post(pool: Calls, body: bytes = b"a=1", *, patience: float = 30) -> tuple[int, bytes]:
    return await pool.post("/bot1:x/sendMessage", body, FORM, patience=patience)


async def test_a_request_is_whole_and_so_is_its_answer() -> None:
    came: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await request(reader))
        writer.write(b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{")
        await writer.drain()
        await asyncio.sleep(0.01)
        writer.write(b'"a\r\n4\r\n": 1\r\n1\r\n}\r\n0\r\n\r\n')

    async with host(answer) as (pool, _):
        assert await post(pool, "n=Siti é".encode()) == (400, b'{"a": 1}')
    [head, body] = came[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /bot1:x/sendMessage HTTP/1.1\r\nHost: 127.0.0.1:")
    assert FORM.encode() in head and body.decode() == "n=Siti é"


async def test_connections_stay_open_for_the_next_request() -> None:
    async with host(always(OK)) as (pool, had):
        for _ in range(5):
            assert await post(pool) == (200, b"{}")
        assert had == [1]
        await asyncio.gather(*(post(pool) for _ in range(3)))
        assert had == [1, 2, 3]


async def test_no_more_connections_than_allowed_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "CONNECTIONS", 2)
    async with host(always(OK)) as (pool, had):
        answers = await asyncio.gather(*(post(pool) for _ in range(20)))
        assert answers == [(200, b"{}")] * 20 and len(had) == 2


async def test_a_connection_that_the_other_side_closes_is_not_used_again() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(OK)
        await writer.drain()

    async with host(answer) as (pool, had):
        for _ in range(3):
            assert await post(pool) == (200, b"{}")
            await asyncio.sleep(0.05)
        assert len(had) == 3


async def test_one_that_says_it_will_close_is_not_used_again() -> None:
    closing = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n")
    async with host(always(closing)) as (pool, had):
        for _ in range(3):
            await post(pool)
        assert len(had) == 3


async def test_an_old_connection_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "IDLE", 0.0)
    async with host(always(OK)) as (pool, had):
        await post(pool)
        await post(pool)
        assert len(had) == 2


async def test_what_finds_no_server_was_never_sent() -> None:
    pool = Calls(f"http://127.0.0.1:{free_port()}", connect=5)
    with pytest.raises(NeverSent):
        await post(pool)


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)


async def breaks_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(OK[:-1])
    await writer.drain()


async def speaks_otherwise(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


async def hangs(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    await reader.read()


async def never_ends(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999999\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


@pytest.mark.parametrize("answer", [closes, breaks_off, speaks_otherwise, hangs, never_ends])
async def test_without_a_whole_answer_the_outcome_is_unknown(answer: Answer) -> None:
    async with host(answer) as (pool, had):
        for tries in (1, 2):
            with pytest.raises(NoAnswer):
                await post(pool, patience=0.3 if answer is hangs else 30)
            assert len(had) == tries, "the broken connection is not used again"


async def test_who_stops_waiting_leaves_no_answer_behind_for_the_next() -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"slow" in await request(reader):
            await asyncio.sleep(0.1)
            writer.write(OK.replace(b"200 OK", b"500 Late"))
        writer.write(OK)
        await writer.drain()

    async with host(late) as (pool, _):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.02):
                await post(pool, b"slow")
        assert await post(pool, b"fast") == (200, b"{}")
