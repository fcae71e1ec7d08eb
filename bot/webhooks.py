"""Webhooks of the providers: each delivery is verified, parsed and committed before the response.

Each log line has the request's id (`web.requests`) and the provider's ids of its deliveries. Turns
are taken elsewhere, in batches; their log lines have the same delivery ids.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

import msgspec
import structlog
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.base import InboundMessage
from bot.channels.telegram import addresses as telegram_addresses
from bot.channels.telegram import updates as telegram_updates
from bot.channels.whatsapp import updates as whatsapp_updates
from bot.channels.whatsapp.addresses import Addresses
from bot.channels.whatsapp.reports import Reports
from bot.channels.whatsapp.updates import PATH, STATUS_PATH, Report, Signature
from bot.errors import Busy, ChannelError, Forged, Malformed
from models.infrastructure.database import unfit

MAX_BODY = 1024 * 1024  # bytes; a text of 4096 letters with its entities is some 100 kB
READING = 10.0  # seconds for a body in several parts; providers send one
SETTLING = 4.0  # seconds to find the sender's address; Twilio waits for fifteen, in all
RETRY_AFTER = 5  # seconds; Telegram honours it

_SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105  the header's name

T = TypeVar("T")
#: Returns once all deliveries are committed; raises `Busy` if they can't be taken now.
Taking: TypeAlias = Callable[[Sequence[T]], Awaitable[None]]
Take: TypeAlias = Taking[InboundMessage]

_log = structlog.get_logger(__name__)


class TooLarge(ChannelError):
    """The body is larger than any of the provider's."""


class TooSlow(ChannelError):
    """The body was not complete in time."""


class WebhookEndpoint(Protocol[T]):
    """One provider's webhook for one kind of delivery."""

    @property
    def channel(self) -> str: ...

    def admit(self, request: Request) -> None:
        """Verify what can be verified before the body is read.

        Raises:
            Forged: the request is not from the provider.
        """
        ...

    def read(self, request: Request, body: bytes) -> list[T]:
        """Verify the rest, and parse the body.

        Raises:
            Forged: the request is not from the provider.
            Malformed: the body is not as the provider documents.
        """
        ...

    def answer(self, taken: Sequence[T]) -> Response:
        """Return the response for deliveries that are committed."""
        ...

    def ids(self, delivered: Sequence[T]) -> list[str]:
        """Return the provider's ids of the deliveries."""
        ...


def telegram(*, secret: str, take: Take) -> list[Route]:
    """Return the route for Telegram's deliveries: `POST /webhooks/telegram`.

    A 200 means that everything in the delivery is committed. On any other status Telegram delivers
    again, and holds back that person's later messages until then. The response to a tap also
    acknowledges it, which saves a request.

    Raises:
        ValueError: the secret is empty, so anybody could deliver.
    """
    if not secret:
        raise ValueError("the webhook of Telegram needs a secret: set TELEGRAM_WEBHOOK_SECRET")
    endpoint = _Deliveries(_Telegram(secret), take)
    return [Route("/webhooks/telegram", endpoint, methods=["POST"])]


def whatsapp(
    signature: Signature, *, take: Take, addresses: Addresses, reports: Reports
) -> list[Route]:
    """Return the routes for Twilio: `POST /webhooks/whatsapp`, and `…/status` for status reports.

    A 204 means that everything in the delivery is committed. Twilio retries only if the configured
    webhook URL says so: `#rc=5&rp=all`.
    """

    async def settle_and_take(heard: Sequence[InboundMessage]) -> None:
        try:
            async with asyncio.timeout(SETTLING):
                settled = [await addresses.settle(one) for one in heard]
        except TimeoutError:
            raise Busy(f"no address was found within {SETTLING:g} seconds") from None
        await take(settled)

    return [
        Route(PATH, _Deliveries(_WhatsApp(signature), settle_and_take), methods=["POST"]),
        Route(STATUS_PATH, _Deliveries(_Statuses(signature), reports.take), methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Telegram:
    secret: str
    channel: str = telegram_updates.NAME

    def admit(self, request: Request) -> None:
        given = request.headers.get(_SECRET_HEADER, "")
        if not hmac.compare_digest(given.encode(), self.secret.encode()):
            raise Forged("wrong or no secret token")

    def read(self, request: Request, body: bytes) -> list[InboundMessage]:
        try:
            update = msgspec.json.decode(body)
        except (
            ValueError,
            msgspec.DecodeError,
            RecursionError,
        ):  # UnicodeDecodeError is a ValueError
            raise Malformed("not JSON") from None  # the cause would quote the body
        return telegram_addresses.heard(update)

    def answer(self, taken: Sequence[InboundMessage]) -> Response:
        for one in taken:
            if one.tap_id is not None:
                answer = msgspec.json.encode(telegram_updates.acknowledgement(one.tap_id))
                return Response(answer, media_type="application/json")
        return Response()

    def ids(self, delivered: Sequence[InboundMessage]) -> list[str]:
        return [one.provider_id for one in delivered]


@dataclass(frozen=True, slots=True)
class _WhatsApp:
    signature: Signature
    channel: str = whatsapp_updates.NAME

    def admit(self, request: Request) -> None:
        """Do nothing: the signature covers the form, which `read` verifies."""

    def read(self, request: Request, body: bytes) -> list[InboundMessage]:
        return whatsapp_updates.read(_signed(self.signature, request, body))

    def answer(self, taken: Sequence[InboundMessage]) -> Response:
        return Response(status_code=204)

    def ids(self, delivered: Sequence[InboundMessage]) -> list[str]:
        return [one.provider_id for one in delivered]


@dataclass(frozen=True, slots=True)
class _Statuses:
    signature: Signature
    channel: str = whatsapp_updates.NAME

    def admit(self, request: Request) -> None:
        """Do nothing: the signature covers the form, which `read` verifies."""

    def read(self, request: Request, body: bytes) -> list[Report]:
        form = _signed(self.signature, request, body)
        return [whatsapp_updates.read_report(request.query_params.get("letter", ""), form)]

    def answer(self, taken: Sequence[Report]) -> Response:
        return Response(status_code=204)

    def ids(self, delivered: Sequence[Report]) -> list[str]:
        return [one.sid for one in delivered]


def _signed(signature: Signature, request: Request, body: bytes) -> Mapping[str, str]:
    form = whatsapp_updates.fields(body)
    query = f"?{request.url.query}" if request.url.query else ""
    signature.check(request.url.path + query, form, request.headers)
    return form


class _Deliveries(Generic[T]):
    """The endpoint, as an ASGI application."""

    def __init__(self, endpoint: WebhookEndpoint[T], take: Taking[T]) -> None:
        self._endpoint, self._take = endpoint, take

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._handle(Request(scope, receive))
        await answer(scope, receive, send)

    async def _handle(self, request: Request) -> Response:
        delivered: list[T] = []
        try:
            self._endpoint.admit(request)
            delivered = self._endpoint.read(request, await _body(request))
            if delivered:
                await self._take(delivered)
        except Forged as error:
            return self._refuse(403, error)
        except TooLarge as error:
            return self._refuse(413, error)
        except TooSlow as error:
            return self._refuse(408, error)
        except Malformed as error:
            return self._refuse(400, error)
        except Busy as error:
            return self._refuse(503, error, delivered)
        except DBAPIError as error:
            kind = type(error).__name__
            if unfit(error):
                return self._refuse(400, Malformed(f"a value that can't be kept ({kind})"))
            return self._refuse(503, Busy(f"the database is away ({kind})"), delivered)
        ids = self._endpoint.ids(delivered)
        _log.debug("delivery_taken", channel=self._endpoint.channel, deliveries=ids)
        return self._endpoint.answer(delivered)

    def _refuse(self, status: int, error: Exception, delivered: Sequence[T] = ()) -> Response:
        """Log and respond; our errors contain field names and numbers, never a person's text."""
        _log.warning(
            "delivery_refused",
            channel=self._endpoint.channel,
            status=status,
            why=str(error),
            deliveries=self._endpoint.ids(delivered),
        )
        later = {"Retry-After": str(RETRY_AFTER)} if status == 503 else None
        return Response(status_code=status, headers=later)


class Shortcut:
    """ASGI middleware: dispatches webhooks to their route, bypassing the middleware of pages."""

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


async def _body(request: Request) -> bytes:
    """Read at most `MAX_BODY` bytes, with or without a Content-Length."""
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and (len(length) > 9 or int(length) > MAX_BODY):
        raise TooLarge(f"more than {MAX_BODY} bytes")
    message = await request.receive()
    if not message.get("more_body"):  # the usual case
        return _part(message, 0)
    body = bytearray(_part(message, 0))
    try:
        async with asyncio.timeout(READING):
            while message.get("more_body"):
                message = await request.receive()
                body += _part(message, len(body))
    except TimeoutError:
        raise TooSlow(f"not complete within {READING:g} seconds") from None
    return bytes(body)


def _part(message: Message, before: int) -> bytes:
    """Return the part of a body in an ASGI message; `before` bytes were received already."""
    if message["type"] == "http.disconnect":
        raise Malformed("broken off")
    part = bytes(message.get("body", b""))
    if before + len(part) > MAX_BODY:
        raise TooLarge(f"more than {MAX_BODY} bytes")
    return part
