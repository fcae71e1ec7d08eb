"""Where providers deliver: each delivery is proved, read and taken before it is answered."""

from __future__ import annotations

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.base import Heard
from bot.channels.telegram_updates import NAME, read
from bot.errors import Busy, ChannelError, Forged, Malformed
from conversations.messages import Json

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
    again, and hold back that person's later messages until then.

    Raises:
        ValueError: there is no secret, so anybody could deliver.
    """
    if not secret:
        raise ValueError("the webhook of Telegram needs a secret: set TELEGRAM_WEBHOOK_SECRET")

    async def hear(request: Request) -> Response:
        try:
            _prove(request.headers.get(_SECRET_HEADER, ""), secret)
            heard = read(await _json(request))
            if heard:
                await take(heard)
        except Forged as error:
            return _refuse(403, error)
        except TooLarge as error:
            return _refuse(413, error)
        except Malformed as error:
            return _refuse(400, error)
        except Busy as error:
            return _refuse(503, error, {"Retry-After": str(RETRY_AFTER)})
        return Response()

    return [Route("/webhooks/telegram", hear, methods=["POST"])]


def _prove(given: str, secret: str) -> None:
    if not hmac.compare_digest(given.encode(), secret.encode()):
        raise Forged("wrong or no secret token")


async def _json(request: Request) -> Json:
    try:
        return json.loads(await _body(request))
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
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


def _refuse(status: int, error: Exception, headers: dict[str, str] | None = None) -> Response:
    """Answer and log; our errors name fields and numbers, never what a person wrote."""
    _log.warning("delivery_refused", channel=NAME, status=status, why=str(error))
    return Response(status_code=status, headers=headers)
