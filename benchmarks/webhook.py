"""The provider's side: delivers updates over persistent connections, as Telegram does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias, cast

import httptools

CONNECTIONS: Final = 100  # at once; the maximum of setWebhook
SECRET: Final = "benchmark-of-the-turns"

#: Called after a delivery: the status (0: no response), and Retry-After in seconds.
Done: TypeAlias = Callable[[int, float], None]


class Webhook:
    """Deliveries to one process."""

    def __init__(self, port: int, path: str) -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._loop = asyncio.get_running_loop()
        self._free: list[_Connection] = []
        self._all: set[_Connection] = set()
        self._opening = 0
        self._waiting: deque[tuple[bytes, Done]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, update: bytes, done: Done) -> None:
        """Deliver an update; `done` is called once, later."""
        request = b"%b%d\r\n\r\n%b" % (self._head, len(update), update)
        if self._free:
            self._free.pop().send(request, done)
        else:
            self._waiting.append((request, done))
            self._open_another()

    def close(self) -> None:
        """Close all connections."""
        self._waiting.clear()
        for connection in list(self._all):
            connection.drop()

    def _open_another(self) -> None:
        if len(self._all) + self._opening < CONNECTIONS:
            self._opening += 1
            task = self._loop.create_task(self._open())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _open(self) -> None:
        try:
            _, connection = await self._loop.create_connection(
                lambda: _Connection(self), "127.0.0.1", self._port
            )
        except OSError:
            self._opening -= 1
            if not self._all and self._waiting:
                self._waiting.popleft()[1](0, 0.0)
        else:
            self._opening -= 1
            self._all.add(connection)
            self.release(connection)

    def release(self, connection: _Connection) -> None:
        """Return a connection to the pool, or use it for the next waiting delivery."""
        if self._waiting:
            connection.send(*self._waiting.popleft())
        else:
            self._free.append(connection)

    def lost(self, connection: _Connection) -> None:
        """Remove a closed connection."""
        self._all.discard(connection)
        if connection in self._free:
            self._free.remove(connection)
        if self._waiting:
            self._open_another()


class _Connection(asyncio.Protocol):
    """A connection: one delivery after another."""

    def __init__(self, pool: Webhook) -> None:
        self._pool = pool
        self._wire: asyncio.Transport | None = None
        self._done: Done | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._retry_after = 0.0

    def send(self, request: bytes, done: Done) -> None:
        """Deliver one update; the connection must be free."""
        self._done = done
        self._retry_after = 0.0
        if self._wire is not None:
            self._wire.write(request)

    def drop(self) -> None:
        """Close without calling `done`."""
        self._done = None
        if self._wire is not None:
            self._wire.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None
        self._pool.lost(self)
        if self._done is not None:
            done, self._done = self._done, None
            done(0, 0.0)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    # Called by the parser

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = float(value)

    def on_message_complete(self) -> None:
        assert self._done is not None
        status, stays = self._parser.get_status_code(), self._parser.should_keep_alive()
        done, self._done = self._done, None
        if stays:
            self._pool.release(self)
        elif self._wire is not None:
            self._wire.close()
        done(status, self._retry_after)
