"""A minimal HTTP/1.1 client with keep-alive connections; it sends nearly every message.

A general client costs several times the CPU of the message itself (`python -m benchmarks.micro`).
This one talks to one host, reads each response as a whole, and distinguishes a request that was
never sent from one without a response. It parses with httptools (llhttp); TLS is asyncio's.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import cast
from urllib.parse import urlsplit

import httptools

CONNECTIONS = 100  # at once; a caller that finds none free waits
IDLE = 15.0  # seconds; the server may close an older connection just as we write
LARGEST = 1024 * 1024  # bytes of a response; the Bot API's are a few kilobytes


class NeverSent(ConnectionError):
    """No connection could be made: the server has not seen the request."""


class NoAnswer(ConnectionError):
    """The request was sent and no complete response came: it may have been processed."""


class Calls:
    """A pool of connections to one host."""

    def __init__(self, url: str, *, connect: float) -> None:
        """Take the host from `url`; `connect` is the connection timeout in seconds."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._head = f"Host: {parts.netloc}\r\n".encode()
        self._connect = connect
        self._idle: deque[_Connection] = deque()  # the most recently used on the right
        self._free = asyncio.Semaphore(CONNECTIONS)

    async def post(
        self, path: str, body: bytes, content_type: str, *, patience: float
    ) -> tuple[int, bytes]:
        """Return the response's status and content; wait for it `patience` seconds.

        Raises:
            NeverSent: no connection.
            NoAnswer: the connection broke, or no valid response came in time.
        """
        request = b"POST %b HTTP/1.1\r\n%bContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (
            path.encode("ascii"),
            self._head,
            content_type.encode("ascii"),
            len(body),
            body,
        )
        async with self._free:
            connection = await self._connection()
            try:
                answer: tuple[int, bytes] = await connection.ask(request, patience)
            except BaseException:
                connection.close()
                raise
            if connection.reusable:
                self._idle.append(connection)
            else:
                connection.close()
            return answer

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            self._idle.pop().close()

    async def _connection(self) -> _Connection:
        loop = asyncio.get_running_loop()
        while self._idle:
            connection = self._idle.pop()
            if connection.open and loop.time() - connection.used_at < IDLE:
                return connection
            connection.close()
        try:
            async with asyncio.timeout(self._connect):
                _, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._tls
                )
        except (OSError, TimeoutError) as error:
            raise NeverSent(type(error).__name__) from None
        return connection


class _Connection(asyncio.Protocol):
    """One connection: one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._content = bytearray()
        self.used_at = 0.0
        self.reusable = False

    @property
    def open(self) -> bool:
        """Whether the connection is still open on both sides."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, request: bytes, patience: float) -> tuple[int, bytes]:
        loop = asyncio.get_running_loop()
        if self._transport is None:
            raise NeverSent("closed")
        waiting: asyncio.Future[tuple[int, bytes]] = loop.create_future()
        self._waiting = waiting
        self._parser = httptools.HttpResponseParser(self)
        self._content.clear()
        self.reusable = False
        timer = loop.call_later(patience, self._fail, "TimeoutError")
        self._transport.write(request)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting = None
            self.used_at = loop.time()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    # -- asyncio's protocol --------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass of it

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._parser is None:
            self.close()  # data without a request
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(type(error).__name__)
        if len(self._content) > LARGEST:
            self._fail("TooLarge")

    def eof_received(self) -> None:
        self._fail("EOF")

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self._fail(type(error).__name__ if error else "Closed")

    def _fail(self, why: str) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(NoAnswer(why))

    # -- httptools' callbacks ------------------------------------------------------------------

    def on_body(self, body: bytes) -> None:
        self._content += body

    def on_message_complete(self) -> None:
        if self._waiting is not None and self._parser is not None and not self._waiting.done():
            self.reusable = self._parser.should_keep_alive()
            self._waiting.set_result((self._parser.get_status_code(), bytes(self._content)))
