"""The demo page's phones as a channel: bubbles are rows, and Redis notifies pages of new ones."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Protocol, TypeVar
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.channels.base import (
    Bubble,
    File,
    InboundMessage,
    Media,
    OutgoingMessage,
    Sent,
    read_token,
    token,
)
from bot.errors import FileRefused, Malformed, TryLater
from conversations.catalogue import Catalogue
from conversations.events import (
    Event,
    Located,
    Said,
    SharedContact,
    Started,
    Tapped,
    Uploaded,
)
from conversations.messages import Json, Message, Question
from conversations.parsers.identity import redact
from demo import passing
from models import browser as bubbles
from models import person
from models.infrastructure.database import Database, away
from models.infrastructure.storage import Storage

NAME = "browser"
WHATSAPP = "demo-whatsapp"  # address prefix of phones that simulate WhatsApp

MAX_TEXT = 4096  # characters, as in other chats
RECENT = 100  # bubbles: how far back to search for a repeated delivery or a tapped button
PUBLISHING = 1.0  # seconds: publish timeout; a page that is not notified polls
AWAY_PAUSE = timedelta(seconds=2)

_PHONE = re.compile(r"\+[1-9]\d{7,14}")  # E.164

_T = TypeVar("_T")


# Incoming: converts a page's posts to the bot's events. `delivery` is the page's UUID of the post.


def from_text(address: str, delivery: str, words: str, locale: str) -> InboundMessage:
    """Read a text; "/start" is the start command, as on Telegram.

    Raises:
        Malformed: the text is empty or too long.
    """
    words = words.strip()
    if not 0 < len(words) <= MAX_TEXT:
        raise Malformed(f"a text has 1 to {MAX_TEXT} characters, not {len(words)}")
    command, _, payload = words.partition(" ")
    event = Started(payload.strip()) if command == "/start" else Said(words)
    return _inbound(address, delivery, event, locale)


def from_tap(address: str, delivery: str, data: str, locale: str) -> InboundMessage:
    """Read a button's token.

    Raises:
        Malformed: the token is not one of ours.
    """
    read = read_token(data)
    if read is None:
        raise Malformed("a tap whose token can't be read")
    question, value = read
    event = Tapped(question.flow, question.subject, question.step, question.version, value)
    return _inbound(address, delivery, event, locale)


def from_photo(address: str, delivery: str, path: str, size: int, locale: str) -> InboundMessage:
    """Read a photo that is stored at `path`."""
    media = Media(path, "photo", size)
    return _inbound(address, delivery, Uploaded(0, "photo"), locale, media)


def from_location(
    address: str, delivery: str, lat: float, lon: float, locale: str
) -> InboundMessage:
    """Read a pin, in degrees.

    Raises:
        Malformed: the coordinates are out of range.
    """
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise Malformed("a location outside the globe")
    return _inbound(address, delivery, Located(lat, lon), locale)


def from_contact(address: str, delivery: str, phone: str, locale: str) -> InboundMessage:
    """Read the phone's own number, in E.164.

    Raises:
        Malformed: the number is not in E.164.
    """
    if not _PHONE.fullmatch(phone):
        raise Malformed("a phone number is written as +6281234567890")
    return _inbound(address, delivery, SharedContact(phone, own=True), locale)


def _inbound(
    address: str, delivery: str, event: Event, locale: str, media: Media | None = None
) -> InboundMessage:
    try:
        act = UUID(delivery)
    except ValueError as error:
        raise Malformed("a delivery's id is a UUID") from error
    return InboundMessage(NAME, address, f"{address}:{act}", event, media, locale)


# Outgoing


class OtherChat(Protocol):
    """Another channel that some of the phones simulate."""

    def bubbles(self, outgoing: OutgoingMessage) -> Iterable[Bubble]:
        """Render a message as that channel's bubbles.

        Raises:
            bot.errors.WindowClosed: the channel would not deliver this message now.
        """
        ...


class Browser:
    """The channel of the demo's phones. Redis only notifies pages; they poll while it is down."""

    def __init__(
        self,
        db: Database,
        redis: Redis,
        storage: Storage,
        catalogue: Catalogue,
        whatsapp: OtherChat,
    ) -> None:
        self._whatsapp = whatsapp
        self._db = db
        self._redis = redis
        self._storage = storage
        self._catalogue = catalogue

    @property
    def name(self) -> str:
        return NAME

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        """Store the bot's bubbles for a phone.

        Raises:
            TryLater: the database is unavailable.
            WindowClosed: the phone simulates a channel that would not deliver this now.
        """
        if outgoing.address.startswith(WHATSAPP):
            payloads = [_plain(one, outgoing) for one in self._whatsapp.bubbles(outgoing)]
        else:
            payloads = [render(outgoing.message, outgoing.locale, self._catalogue, outgoing.file)]
        numbers = await self._write(
            lambda tx: [bubbles.keep(tx, outgoing.address, one, sent=True) for one in payloads]
        )
        await self._wake(outgoing.address)
        return Sent(str(numbers[-1]))

    async def let_pass(self, address: str, time: timedelta) -> bool:
        """Move the person's last message back by `time`; False if they never wrote.

        Raises:
            TryLater: the database is unavailable.
        """

        def passes(tx: Session) -> bool:
            if not person.let_pass(tx, NAME, address, time):
                return False
            bubbles.keep(tx, address, {"passed": True}, sent=True)
            return True

        passed = await self._write(passes)
        await self._wake(address)
        return passed

    async def let_days_pass(self, days: int | None) -> int:
        """Let days pass for all letters, or those to the next reminder; return how many.

        Raises:
            TryLater: the database is unavailable.
        """

        def passes(tx: Session) -> tuple[int, Sequence[str]]:
            passed, phones = passing.let_pass(tx, NAME, days)
            for phone in phones:
                bubbles.keep(tx, phone, {"later": passed}, sent=True)
            return passed, phones

        passed, phones = await self._write(passes)
        for phone in phones:
            await self._wake(phone)
        return passed

    async def show(self, heard: InboundMessage) -> int:
        """Store the person's own bubble, deduped by delivery; return the bubble's id.

        Raises:
            TryLater: the database is unavailable.
        """
        number = await self._write(lambda tx: _show(tx, heard))
        await self._wake(heard.address)
        return number

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        """Read a photo that a page has uploaded.

        Raises:
            FileRefused: the file is missing, or larger than `at_most` bytes.
        """
        try:
            content = await asyncio.to_thread(self._storage.read, reference)
        except FileNotFoundError as error:
            raise FileRefused("file_gone") from error
        if len(content) > at_most:
            raise FileRefused("file_too_large")
        return content

    async def forget(self, reference: str) -> None:
        """Do nothing: the page shows the stored photos."""

    async def acknowledge(self, heard: InboundMessage) -> None:
        """Do nothing: these phones show no spinner."""

    async def close(self) -> None:
        """Do nothing: the caller owns the database and Redis."""

    async def _write(self, act: Callable[[Session], _T]) -> _T:
        try:
            return await self._db.do(act)
        except DBAPIError as error:
            if not away(error):
                raise
            raise TryLater("the database is away", after=AWAY_PAUSE) from error

    async def _wake(self, address: str) -> None:
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(PUBLISHING):
                await self._redis.publish(wake_channel(address), b"")


def wake_channel(address: str) -> str:
    """Return the Redis channel that announces a phone's new bubbles."""
    return f"izin:browser:{address}"


def render(message: Message, locale: str, catalogue: Catalogue, file: File | None = None) -> Json:
    """Return a message as the payload of a bubble."""
    question = message.question
    return {
        "text": catalogue.text(message, locale),
        "choices": [
            {"label": catalogue.say(choice.label, locale), "token": token(question, choice.value)}
            for choice in message.choices
            if question is not None
        ],
        "wish": message.wish,
        "document": _document(message, file),
        "photo": _picture(message),
    }


def _plain(bubble: Bubble, outgoing: OutgoingMessage) -> Json:
    """Return the payload of a bubble in a channel without buttons."""
    document = _document(outgoing.message, outgoing.file) if bubble.has_file else None
    photo = _picture(outgoing.message) if bubble.has_picture else None
    return {"text": bubble.text, "document": document, "photo": photo}


def _picture(message: Message) -> Json:
    return {"path": message.picture} if message.picture is not None else None


def _document(message: Message, file: File | None) -> Json:
    if message.document is None:
        return None
    name = message.filename or (file.name if file else message.document.rpartition("/")[2])
    return {"name": name, "path": message.document, "size": len(file.content) if file else None}


def _show(tx: Session, heard: InboundMessage) -> int:
    bubbles.lock(tx, heard.address)
    recent = bubbles.recent(tx, heard.address, at_most=RECENT)
    delivery = heard.provider_id.rpartition(":")[2]
    for row in recent:
        if row.payload.get("delivery") == delivery:
            return row.id
    offered = {
        choice["token"]: choice["label"]
        for row in recent
        for choice in row.payload.get("choices", ())
    }
    payload = _own_payload(heard, offered) | {"delivery": delivery}
    return bubbles.keep(tx, heard.address, payload, sent=False)


def _own_payload(heard: InboundMessage, offered: dict[str, str]) -> Json:
    """Return the payload of the person's bubble, without identity numbers."""
    match heard.event:
        case Said(words):
            return {"text": redact(words)}
        case Tapped(flow, subject, step, version, value):
            label = offered.get(token(Question(flow, subject, step, version), value))
            return {"text": label or value}
        case Uploaded():
            return {"photo": {"path": heard.media.reference if heard.media else None}}
        case Located(lat, lon):
            return {"location": {"lat": lat, "lon": lon}}
        case SharedContact(phone):
            return {"contact": phone}
        case Started():
            return {"started": True}
        case event:
            raise Malformed(f"the demo's phones can't send {type(event).__name__}")
