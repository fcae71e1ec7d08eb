"""The channel `whatsapp`: requests to Twilio, and the handling of failed requests and messages.

Source: https://www.twilio.com/docs/messaging/api/message-resource
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog
from sqlalchemy.exc import DBAPIError
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client

from bot.channels.base import InboundMessage, OutgoingMessage, Sent
from bot.channels.bounds import url_parts
from bot.channels.whatsapp.addresses import to
from bot.channels.whatsapp.contents import Contents
from bot.channels.whatsapp.errors import (
    ContentGone,
    FileNotTaken,
    HeldBack,
    LanguageMissing,
    decision,
)
from bot.channels.whatsapp.payloads import Payload, Shape, floor, linked, render
from bot.channels.whatsapp.retries import UNREADABLE, SendPlan, ask, find_sent, pop
from bot.channels.whatsapp.retries import plan as plan_of
from bot.channels.whatsapp.transport import READ, Transport
from bot.channels.whatsapp.updates import NAME, STATUS_PATH
from bot.errors import (
    ChannelError,
    FileRefused,
    HalfSent,
    OutcomeUnknown,
    Rejected,
    TryLater,
    Unlisted,
    WindowClosed,
)
from bot.links import Links
from conversations.catalogue import Catalogue
from conversations.messages import Message, Say
from models import receipt
from models.infrastructure.database import Database

WINDOW = timedelta(hours=24)  # https://www.twilio.com/docs/api/errors/63016
MARGIN = timedelta(minutes=2)  # before the window's end: a message may wait in a queue for a moment
QUEUED = timedelta(hours=4)  # the longest Twilio queues a message, or waits to fetch its file
READ_BY = timedelta(days=1)  # how long a person can open a link

_MEDIA = re.compile(
    r"/2010-04-01/Accounts/(AC\w{32})/Messages/([SM]M\w{32})/Media/(ME\w{32})", re.ASCII
)
_SID = re.compile(r"[\w-]{1,64}", re.ASCII)
_TWILIO = re.compile(r"api(\.[a-z0-9-]+){0,2}\.twilio\.com")  # with an edge and a region

_log = structlog.get_logger(__name__)


class Template(Protocol):
    """An approved message: its Content SID, None if not created yet, and its variables."""

    @property
    def content_sid(self) -> str | None: ...

    @property
    def variables(self) -> Mapping[str, str]: ...


class Templates(Protocol):
    """Finds the approved template that corresponds to a message."""

    async def refresh(self) -> None:
        """Load templates approved since the last call; never raises."""
        ...

    def of(self, message: Message, locale: str) -> Template | None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Our account at Twilio; `sender` is the number that people write to, in E.164."""

    sid: str
    token: str = field(repr=False)
    sender: str


class WhatsApp:
    """The channel `whatsapp`; connects with its first request."""

    name = NAME

    def __init__(
        self,
        account: Account,
        catalogue: Catalogue,
        db: Database,
        *,
        public_url: str,
        api_url: str | None = None,
        templates: Templates | None = None,
        patience: float = READ,
    ) -> None:
        """Authenticate as `account`; `api_url` replaces all of Twilio's hosts.

        Delivery reports are read from `db`; Twilio posts them to `public_url`, and fetches files.
        """
        self._account = account
        self._catalogue = catalogue
        self._db = db
        self._public_url = public_url.rstrip("/")
        self._links = Links(self._public_url)
        self._templates = templates
        self._api_url = api_url
        self._transport = Transport(api_url, patience=patience)
        self._client = Client(account.sid, account.token, http_client=self._transport)
        self._contents = Contents(self._client, db)

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        """Deliver a message; return the id of its last part, on which Twilio reports.

        Free text is sent only within a day of the person's last message, after that an approved
        template. A message that may have been sent before is first searched for at Twilio, so that
        it does not arrive twice. One that Twilio accepted and failed to deliver is sent again in
        the way that its error code requires.

        Raises:
            Unreachable, WindowClosed, Rejected, TryLater, OutcomeUnknown: see `bot.errors`.
        """
        past = (
            await ask(self._db, lambda tx: receipt.past(tx, outgoing.id))
            if _tried(outgoing)
            else None
        )
        delivered = (
            next((delivery for delivery in past.reports if not delivery.failed), None)
            if past
            else None
        )
        if delivered is not None:
            return Sent(delivered.provider_id)
        plan = plan_of(past)
        found = (
            await find_sent(self._client, self._account.sender, self._db, outgoing, past)
            if past and outgoing.unsure
            else []
        )
        if not plan.as_template and window_open(outgoing):
            try:
                return await self._send_text(outgoing, plan, found)
            except HeldBack:
                raise
            except WindowClosed as error:  # WhatsApp's window closed before ours
                _log.warning("whatsapp.window_closed", message=outgoing.id, why=str(error))
        return await self._send_template(outgoing, plan, found)

    async def _send_text(self, outgoing: OutgoingMessage, plan: SendPlan, found: list[Any]) -> Sent:
        payloads = render(outgoing.message, outgoing.locale, self._catalogue)
        if plan.with_link:
            payloads = [one for payload in payloads for one in self._with_link(payload, outgoing)]
        if outgoing.message.document is not None and outgoing.file is None:
            raise Rejected(f"{outgoing.message.document!r} was to go, but no file was given")
        reported = [payload for payload in payloads if not payload.picture]
        sid = ""
        for number, payload in enumerate(reported):
            last = number == len(reported) - 1
            try:
                sid = pop(found, payload) or await self._deliver(outgoing, payload, last=last)
            except TryLater as error:
                raise (_half_sent(error) if number > 0 else error) from error
        for payload in payloads:
            if payload.picture and not pop(found, payload):
                await self._show_picture(outgoing, payload)
        return Sent(sid)

    async def _show_picture(self, outgoing: OutgoingMessage, payload: Payload) -> None:
        """Send the picture after its text, without reports; a failure is logged."""
        try:
            link = self._links.to_picture(outgoing.message.picture or "", life=QUEUED)
            await self._create(outgoing, last=False, body=payload.text, media_url=[link])
        except (ChannelError, ValueError) as error:
            _log.warning("whatsapp.no_picture", message=outgoing.id, error=type(error).__name__)

    async def _deliver(self, outgoing: OutgoingMessage, payload: Payload, *, last: bool) -> str:
        """Send one part; return its SID."""
        if payload.filename is not None and outgoing.message.document is not None:
            link = self._links.to(outgoing.message.document, payload.filename, life=QUEUED)
            try:
                return await self._create(outgoing, last=last, media_url=[link])
            except FileNotTaken as error:
                _log.error("whatsapp.file_not_taken", message=outgoing.id, why=str(error))
                return await self._send_all(outgoing, self._with_link(payload, outgoing), last=last)
        shape = payload.shape
        if shape is not None:
            return await self._send_content(outgoing, payload, shape, last=last)
        return await self._create(outgoing, last=last, body=payload.text)

    async def _send_all(
        self, outgoing: OutgoingMessage, payloads: Sequence[Payload], *, last: bool
    ) -> str:
        sid = ""
        for number, payload in enumerate(payloads, 1):
            final = last and number == len(payloads)
            try:
                sid = await self._create(outgoing, last=final, body=payload.text)
            except TryLater as error:
                raise (_half_sent(error) if number > 1 else error) from error
        return sid

    async def _send_content(
        self, outgoing: OutgoingMessage, payload: Payload, shape: Shape, *, last: bool
    ) -> str:
        """Send buttons or a list; if Twilio has no Content for them, numbered choices."""
        for _ in range(2):
            try:
                sid = await self._contents.sid(shape)
            except (ChannelError, TwilioException, DBAPIError, ValueError) as error:
                _log.warning("whatsapp.no_content", message=outgoing.id, error=type(error).__name__)
                break
            try:
                variables = json.dumps(payload.variables, ensure_ascii=False)
                return await self._create(
                    outgoing, last=last, content_sid=sid, content_variables=variables
                )
            except ContentGone:
                await self._forget_content(shape, sid)
            except (Rejected, Unlisted) as error:
                _log.error("whatsapp.content_refused", message=outgoing.id, why=str(error))
                break
        return await self._send_all(outgoing, floor(payload), last=last)

    async def _forget_content(self, shape: Shape, sid: str) -> None:
        try:
            await self._contents.forget(shape, sid)
        except DBAPIError as error:
            _log.warning("whatsapp.content_kept", sid=sid, error=type(error).__name__)

    async def _send_template(
        self, outgoing: OutgoingMessage, plan: SendPlan, found: list[Any]
    ) -> Sent:
        """Send the approved template of a message, without its document and picture."""
        texts = [row for row in found if not int(row.num_media or 0)]
        if texts:
            return Sent(str(texts[0].sid))
        if self._templates is not None:
            await self._templates.refresh()
        locales = [plan.locale] if plan.locale else [outgoing.locale, "id"]
        for locale in dict.fromkeys(locales):
            template = self._templates.of(outgoing.message, locale) if self._templates else None
            if template is None or template.content_sid is None:
                continue
            try:
                return Sent(
                    await self._create(
                        outgoing,
                        last=True,
                        content_sid=template.content_sid,
                        content_variables=json.dumps(dict(template.variables), ensure_ascii=False),
                    )
                )
            except LanguageMissing as error:
                _log.error("whatsapp.template_language", message=outgoing.id, why=str(error))
        key = outgoing.message.parts[0].key if outgoing.message.parts else "nothing"
        raise WindowClosed(
            f"they have not written on WhatsApp for a day, and {key!r} has no approved template"
        )

    async def _create(self, outgoing: OutgoingMessage, *, last: bool, **given: Any) -> str:
        """Create one message at Twilio; return its SID.

        Raises:
            bot.errors.ChannelError: the decision for Twilio's error.
        """
        recipient = to(outgoing.address)
        if last:
            url = f"{self._public_url}{STATUS_PATH}?letter={outgoing.id}"
            given["status_callback"] = url
        try:
            made = await self._client.messages.create_async(
                from_=f"whatsapp:{self._account.sender}", to=recipient, **given
            )
        except (TwilioRestException, TwilioServiceException) as error:
            raise decision(_code(error), _redacted(error)) from error
        except UNREADABLE as error:
            raise OutcomeUnknown(
                f"Twilio's answer can't be read ({type(error).__name__})"
            ) from None
        if not isinstance(made.sid, str) or not _SID.fullmatch(made.sid):
            raise OutcomeUnknown("Twilio's answer holds no message")
        return made.sid

    def _with_link(self, payload: Payload, outgoing: OutgoingMessage) -> list[Payload]:
        """Replace a file by a text with its link."""
        document = outgoing.message.document
        if payload.filename is None or document is None:
            return [payload]
        link = self._links.to(document, payload.filename, life=READ_BY)
        say = Say("whatsapp.file_link", {"link": link})
        return linked(payload, self._catalogue.say(say, outgoing.locale))

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        """Get a file by its MediaUrl, with the account's token; only from Twilio's hosts.

        Raises:
            FileRefused: `file_too_large`; `file_gone`, also for a URL outside our account.
            TryLater: Twilio is unavailable.
        """
        url = self._media(reference)
        if url is None:
            parts = url_parts(reference)
            _log.error("whatsapp.media_elsewhere", host=parts.hostname if parts else None)
            raise FileRefused("file_gone")
        auth = (self._account.sid, self._account.token)
        return await self._transport.download(url, auth, at_most=at_most)

    async def forget(self, reference: str) -> None:
        """Delete a file at Twilio, which would keep it; a failure is logged."""
        parts = url_parts(reference)
        found = _MEDIA.fullmatch(parts.path) if parts else None
        if found is None:
            return
        for _ in range(2):
            try:
                await self._client.messages(found[2]).media(found[3]).delete_async()
                return
            except TwilioRestException as error:
                if error.status == 404:
                    return
                why = f"Twilio {error.code}"
            except ChannelError as error:
                why = str(error)
        _log.warning("whatsapp.media_left", media=found[3], why=why)

    def _media(self, reference: str) -> str | None:
        """Return the URL to fetch a file from; None if the file is not in our account."""
        parts = url_parts(reference)
        found = _MEDIA.fullmatch(parts.path) if parts else None
        if parts is None or found is None or found[1] != self._account.sid:
            return None
        if self._api_url is not None and parts.netloc == urlsplit(self._api_url).netloc:
            return f"{self._api_url}{parts.path}"
        if _TWILIO.fullmatch(parts.netloc):
            return self._transport.there(f"https://{parts.netloc}{parts.path}")
        return None

    async def acknowledge(self, heard: InboundMessage) -> None:
        """Do nothing: WhatsApp shows no spinner."""

    async def greet(self) -> None:
        """Check that Twilio answers and knows the account.

        Raises:
            bot.errors.ChannelError: it does not.
        """
        try:
            found = await self._client.api.v2010.accounts(self._account.sid).fetch_async()
        except (TwilioRestException, TwilioServiceException) as error:
            raise decision(_code(error), _redacted(error)) from error
        except UNREADABLE as error:
            raise OutcomeUnknown(
                f"Twilio's answer can't be read ({type(error).__name__})"
            ) from None
        if found.sid != self._account.sid:
            raise OutcomeUnknown("Twilio's answer is not about the account")

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()


def _tried(outgoing: OutgoingMessage) -> bool:
    return outgoing.attempts > 1 or outgoing.unsure


def window_open(outgoing: OutgoingMessage) -> bool:
    """Whether the person wrote within the day; True if unknown: Twilio's answer will show it."""
    if outgoing.at is None:
        return True
    return outgoing.heard_at is not None and outgoing.at - outgoing.heard_at < WINDOW - MARGIN


def _half_sent(error: TryLater) -> HalfSent:
    """Return the error for a later part; the retry searches for the parts that were sent."""
    return HalfSent(f"a part went, the next did not: {error}")


def _code(error: TwilioRestException | TwilioServiceException) -> int:
    """Return Twilio's error code, or the HTTP status if there is no valid code; else 0."""
    for given in (error.code, error.status):
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        if isinstance(given, str) and given.isdecimal() and len(given) < 10:
            return int(given)
    return 0


def _redacted(error: TwilioRestException | TwilioServiceException) -> str:
    """Return Twilio's error text without quotations and numbers, which may be personal."""
    message = error.msg if isinstance(error, TwilioRestException) else error.title
    return re.sub(r"['\"‘“].*?['\"’”]|\+?\d{5,}", "…", str(message))[:200]
