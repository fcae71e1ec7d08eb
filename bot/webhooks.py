"""Where providers deliver: each delivery is proved, read and taken before it is answered.

Every line that is logged here carries the request's id (`web.requests`) and the provider's ids of
the deliveries in it. Turns are taken elsewhere, many together: they name the same deliveries.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

import msgspec
import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from bot.channels.base import Heard
from bot.channels.telegram_updates import NAME, acknowledgement, read
from bot.errors import Busy, ChannelError, Forged, Malformed
from conversations.messages import Json

PATH = "/webhooks/telegram"
MAX_BODY = 1024 * 1024  # bytes; a text of 4096 letters with its entities is some 100 kB
RETRY_AFTER = 5  # seconds; Telegram heeds it

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name

#: Gives back once everything heard is committed; raises `Busy` if it can't be taken now.
Take: TypeAlias = Callable[[Sequence[Heard]], Awaitable[None]]

_log = structlog.get_logger(__name__)


class TooLarge(ChannelError):
    """The delivery is larger than any the provider makes."""


def routes(*, secret: str, take: Take) -> list[Route]:
    """Give the routes for deliveries: `POST /webhooks/telegram`.

    A 200 says that everything in the delivery is committed. Anything else makes Telegram deliver
    again, and hold back that person's later messages until then. Where a button was tapped, the
    answer also says that it may stop spinning: that saves a call of its own.

    Raises:
        ValueError: there is no secret, so anybody could deliver.
    """
    if not secret:
        raise ValueError("the webhook of Telegram needs a secret: set TELEGRAM_WEBHOOK_SECRET")
    return [Route(PATH, _Deliveries(secret, take), methods=["POST"])]


class _Deliveries:
    """The endpoint, as an ASGI application."""

    def __init__(self, secret: str, take: Take) -> None:
        self._secret, self._take = secret, take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._hear(Request(scope, receive))
        await answer(scope, receive, send)

    async def _hear(self, request: Request) -> Response:
        heard: list[Heard] = []
        try:
            _prove(request.headers.get(_SECRET_HEADER, ""), self._secret)
            heard = read(await _json(request))
            if heard:
                await self._take(heard)
        except Forged as error:
            return _refuse(403, error)
        except TooLarge as error:
            return _refuse(413, error)
        except Malformed as error:
            return _refuse(400, error)
        except Busy as error:
            return _refuse(503, error, heard, {"Retry-After": str(RETRY_AFTER)})
        _log.debug("delivery_taken", channel=NAME, deliveries=_ids(heard))
        for one in heard:
            if one.tap_id is not None:
                answer = msgspec.json.encode(acknowledgement(one.tap_id))
                return Response(answer, media_type="application/json")
        return Response()


class Shortcut:
    """ASGI middleware: deliveries go straight to their route, past what is there for pages."""

    def __init__(self, app: ASGIApp, routes: Iterable[Route]) -> None:
        self._app = app
        self._routes = {route.path: route for route in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        route = self._routes.get(scope["path"]) if scope["type"] == "http" else None
        if route is None or scope["method"] != "POST":
            await self._app(scope, receive, send)
        else:
            scope["endpoint"] = route.endpoint
            await route.app(scope, receive, send)


def _prove(given: str, secret: str) -> None:
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise Forged("wrong or no secret token")


async def _json(request: Request) -> Json:
    try:
        return msgspec.json.decode(await _body(request))
    except (ValueError, msgspec.DecodeError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise Malformed("not JSON") from None  # the cause would quote what was written


async def _body(request: Request) -> bytes:
    """Read no more than `MAX_BODY`, whether or not the sender tells the length."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > MAX_BODY:
        raise TooLarge(f"more than {MAX_BODY} bytes")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > MAX_BODY:
                raise TooLarge(f"more than {MAX_BODY} bytes")
    except ClientDisconnect:
        raise Malformed("broken off") from None
    return bytes(body)


def _refuse(
    status: int,
    error: Exception,
    heard: Sequence[Heard] = (),
    headers: dict[str, str] | None = None,
) -> Response:
    """Answer and log; our errors name fields and numbers, never what a person wrote."""
    _log.warning(
        "delivery_refused", channel=NAME, status=status, why=str(error), deliveries=_ids(heard)
    )
    return Response(status_code=status, headers=headers)


def _ids(heard: Sequence[Heard]) -> list[str]:
    return [one.provider_id for one in heard]
