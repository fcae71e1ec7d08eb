"""The HTTP server of `izin serve`: its trusted proxies, timeouts and limits."""

from __future__ import annotations

import asyncio
import resource
from typing import Any, ClassVar, Final, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from bot.settings import Settings

HEAD: Final = 10.0  # seconds for a request's head, from the connection or its first byte
BODY: Final = 120.0  # seconds for a body: a photo of some megabytes from a slow phone
CONNECTIONS: Final = 1_000  # open at once; half of the file descriptors, if that is less
FINISH: Final = 2  # seconds for open responses at shutdown
LINGER: Final = 2.0  # seconds for a client that sent no HTTP to read the answer
_NO_HTTP: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 9\r\nconnection: close\r\n\r\nnot HTTP\n"
)


def run(app: ASGIApp, settings: Settings) -> None:
    """Serve until the process is signalled to stop."""
    uvicorn.run(app, host=settings.host, port=settings.port, **options(settings))


def options(settings: Settings) -> dict[str, Any]:
    """Return uvicorn's options, except host and port."""
    return {
        "http": Connection,
        "ws": "none",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": True,
        "forwarded_allow_ips": settings.trusted_proxies,
        "timeout_graceful_shutdown": FINISH,
    }


class Connection(HttpToolsProtocol):
    """A connection that is closed if its next request does not arrive in time.

    uvicorn limits only the time between requests. Here a head has `head` seconds, a body `body`;
    beyond `most` connections, new ones are closed at once.

    One timer keeps running across requests and checks the deadline when it fires: a timer for each
    request would cost more.
    """

    head: ClassVar[float] = HEAD
    body: ClassVar[float] = BODY
    most: ClassVar[int] = CONNECTIONS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._deadline: float | None = None  # in the event loop's time
        self._timer: asyncio.TimerHandle | None = None
        self._refused = False  # the data is not HTTP

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > _room(self.most):
            transport.abort()
        else:
            self._within(self.head)

    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline = None
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        super().data_received(data)
        if self._deadline is None and self._between_requests():
            self._within(self.head)

    def send_400_response(self, msg: str) -> None:
        """Answer, then discard further input until LINGER is over.

        Closing a socket with unread data resets the connection, and the answer could be lost.
        Source: https://www.rfc-editor.org/rfc/rfc9112#section-9.6
        """
        self._refused = True
        self.transport.write(_NO_HTTP)
        self.transport.write_eof()
        self._within(LINGER)

    def on_headers_complete(self) -> None:
        self._within(self.body)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._deadline = None
        super().on_message_complete()

    def _between_requests(self) -> bool:
        cycle = cast("RequestResponseCycle | None", self.cycle)
        return cycle is None or cycle.response_complete

    def _within(self, seconds: float) -> None:
        self._deadline = deadline = self.loop.time() + seconds
        if self._timer is None or self._timer.when() > deadline:
            self._look_at(deadline)

    def _look_at(self, moment: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self.loop.call_at(moment, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self.loop.time() < self._deadline:
            self._look_at(self._deadline)
        else:
            self.transport.abort()


def _room(most: int) -> int:
    """Return `most`, or half of the process's file descriptors if that is less."""
    handles, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most if handles == resource.RLIM_INFINITY else min(most, handles // 2)
