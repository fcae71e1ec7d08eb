"""Requests: gives each an id, which is bound to its log lines; counts and times it.

The id comes from the proxy (`X-Request-Id`) or is made here, and is returned in the response. URLs
and bodies are not logged: they hold people's tokens and words.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from itertools import count
from time import perf_counter
from urllib.parse import urlsplit

import structlog
from prometheus_client import Counter, Histogram
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from bot.metrics import REGISTRY

_NAME = b"x-request-id"  # ASGI header names are in lower case
_SANE = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_NOWHERE = "none"  # the label of requests that match no route
_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_ANSWERED = Counter(
    "izin_requests_total", "Requests answered.", ("route", "status"), registry=REGISTRY
)
_TOOK = Histogram(
    "izin_request_seconds",
    "From receiving a request to the end of its response; webhooks are answered after the commit.",
    ("route",),
    buckets=_BUCKETS,
    registry=REGISTRY,
)
_HOST = re.compile(rb"([A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]*)?")
_NO_HOST = PlainTextResponse("no such host\n", 400)
_FAILED = PlainTextResponse("Internal Server Error", 500)
_log = structlog.get_logger(__name__)


class Requests:
    """Outermost ASGI middleware: logs an exception under the request's id, and answers 500."""

    def __init__(
        self,
        app: ASGIApp,
        routes: Iterable[BaseRoute],
        failed: ASGIApp = _FAILED,
    ) -> None:
        self._app = app
        self._failed = failed  # responds after an exception
        self._names = _names(routes)
        self._answered = cache(_ANSWERED.labels)  # looking up labels costs more than counting
        self._took = cache(_TOOK.labels)
        self._log = _log.bind()
        self._process, self._numbers = secrets.token_hex(4), count()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = _given(scope) or new_id(self._process, next(self._numbers))
        began = perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_NAME, request.encode())]
            await send(message)

        bound = bind_contextvars(request=request)
        app = self._app if _has_host(scope) else _NO_HOST
        try:
            await app(scope, receive, send_with_id)
        except Exception as error:
            self._log.error("request.failed", route=self._name(scope), exc_info=error)
            if status:  # the response has begun: let the server close the connection
                raise
            await self._failed(scope, receive, send_with_id)
        finally:
            self._count(scope, status, perf_counter() - began)
            reset_contextvars(**bound)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        name = self._name(scope)
        self._answered(name, status).inc()
        self._took(name).observe(seconds)
        self._log.debug("request", route=name, status=status, seconds=round(seconds, 4))

    def _name(self, scope: Scope) -> str:
        """Return the route's pattern, which contains no user input."""
        return self._names.get(scope.get("endpoint"), _NOWHERE)


def new_id(process: str, number: int) -> str:
    """Return an id; its letter n keeps the digits from looking like an identity number."""
    return f"{process}n{number:07x}"


def _given(scope: Scope) -> str | None:
    """Return the proxy's id, or None if it is missing or malformed."""
    for name, value in scope["headers"]:
        if name == _NAME and _SANE.fullmatch(value):
            return str(value, "ascii")
    return None


def _has_host(scope: Scope) -> bool:
    """Whether every Host header is a valid host: `request.url` is built from it.

    Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2
    """
    for name, value in scope["headers"]:
        if name == b"host" and not _can_be_host(value):
            return False
    return True


@lru_cache(maxsize=64)
def _can_be_host(host: bytes) -> bool:
    try:
        urlsplit(f"//{host.decode()}").port  # noqa: B018  raises for an invalid port
        return _HOST.fullmatch(host) is not None
    except ValueError:
        return False


def _names(routes: Iterable[BaseRoute]) -> Mapping[object, str]:
    return {
        route.endpoint if isinstance(route, Route) else route.app: route.path
        for route in routes
        if isinstance(route, Route | Mount)
    }
