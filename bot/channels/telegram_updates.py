"""Telegram's updates, read as what the bot heard.

Source: https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.channels.base import Heard, Media, read_token
from bot.errors import Malformed
from conversations.events import (
    Event,
    Located,
    Said,
    SharedContact,
    Started,
    Tapped,
    Unreadable,
    Uploaded,
)
from conversations.messages import Json

NAME = "telegram"

#: The kinds of update that are read; all others would be ignored, so they are not asked for.
UPDATES = ("message", "edited_message", "callback_query")

_COMMAND = re.compile(r"/(\w+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_READABLE = ("text", "photo", "document", "location", "contact")
_UNREADABLE = (
    "animation",  # before document: Telegram adds one for old bots
    "voice",
    "audio",
    "video",
    "video_note",
    "sticker",
    "story",
    "poll",
    "dice",
    "game",
    "checklist",
    "paid_media",
    "invoice",
)
#: A tap whose data is none of ours: the engine takes it for one on an old question.
_STALE = Tapped("", "", "", 0, "")


def read(update: Json) -> list[Heard]:
    """Read an update; empty for what concerns nobody: groups, channels, other bots, unknown kinds.

    The fields are read as they lie: `telegram.Update` takes fifteen times as long (80 µs), and
    refuses a whole update over a part that nobody here looks at.

    Raises:
        Malformed: a field that the Bot API promises is missing or of another type.
    """
    match update:
        case {"update_id": int(number), "message": {} as message}:
            return _from_message(str(number), message, edited=False)
        case {"update_id": int(number), "edited_message": {} as message}:
            return _from_message(str(number), message, edited=True)
        case {"update_id": int(number), "callback_query": {} as query}:
            return _from_tap(str(number), query)
        case {"message": _} | {"edited_message": _} | {"callback_query": _}:
            raise Malformed("a Telegram update whose message or callback query can't be read")
        case {"update_id": int()}:
            return []
        case _:
            raise Malformed("a Telegram update without update_id")


def acknowledgement(tap_id: str) -> Json:
    """The answer to a delivery that tells Telegram to stop the tapped button's spinning.

    Source: https://core.telegram.org/bots/api#making-requests-when-getting-updates
    """
    return {"method": "answerCallbackQuery", "callback_query_id": tap_id}


def _from_message(provider_id: str, message: Json, *, edited: bool) -> list[Heard]:
    match message:
        case {"chat": {"id": int(chat), "type": "private"}}:
            sender = _sender(message)
        case {"chat": {"id": int(), "type": str()}}:
            return []
        case _:
            raise Malformed("a Telegram message without chat")
    if sender.get("is_bot"):  # two bots would answer each other for ever
        return []
    name = _name(message)
    content = _correction(message, name) if edited else _content(message, sender, name)
    if content is None:
        return []
    event, media = content
    return [Heard(NAME, str(chat), provider_id, event, media, _locale(sender))]


def _from_tap(provider_id: str, query: Json) -> list[Heard]:
    match query:
        case {"id": str(tap_id), "message": {"chat": {"id": int(chat), "type": "private"}}}:
            pass
        case {"id": str(), "message": {"chat": {"id": int(), "type": str()}}}:
            return []
        case {"id": str(tap_id), "from": {"id": int(chat)}} if "message" not in query:
            pass  # a private chat has its person's id
        case _:
            raise Malformed("a Telegram callback query without id or chat")
    found = read_token(query["data"]) if isinstance(query.get("data"), str) else None
    event = _STALE
    if found is not None:
        question, value = found
        event = Tapped(question.flow, question.subject, question.step, question.version, value)
    locale = _locale(_sender(query))
    return [Heard(NAME, str(chat), provider_id, event, None, locale, tap_id)]


def _name(message: Json) -> str:
    """What names a message within its chat; empty if Telegram gives nothing."""
    number = message.get("message_id")
    return str(number) if isinstance(number, int) else ""


def _correction(message: Json, name: str) -> tuple[Event, None] | None:
    """The new words; None for a location that moves, and for a new caption."""
    text = message.get("text")
    return (Said(_plain(text), edited=True, message=name), None) if isinstance(text, str) else None


def _content(message: Json, sender: Json, name: str) -> tuple[Event, Media | None] | None:
    """What a message brings; None for Telegram's own notices, such as a pinned message."""
    for kind in _UNREADABLE:
        if kind in message:
            return Unreadable(kind), None
    match message:
        case {"text": str(text)}:
            return _words(text, name), None
        case {"photo": [_, *_] as sizes}:
            return Uploaded(0, "photo", _caption(message)), _photo(sizes)
        case {"document": {"file_id": str(reference)} as document}:
            media = Media(reference, "document", _size(document))
            return Uploaded(0, "document", _caption(message)), media
        case {
            "location": {
                "latitude": int() | float() as lat,
                "longitude": int() | float() as lon,
            } as location
        }:  # a venue brings its location too
            return Located(float(lat), float(lon), live="live_period" in location), None
        case {"contact": {"phone_number": str(phone)} as contact}:
            own = "user_id" in contact and contact["user_id"] == sender.get("id")
            return SharedContact(_e164(phone), own), None
        case _ if any(kind in message for kind in _READABLE):
            raise Malformed("a Telegram message whose content can't be read")
        case _:
            return None


def _words(text: str, name: str) -> Event:
    command = _COMMAND.fullmatch(text.strip())
    if command and command[1].lower() == "start":
        return Started((command[2] or "").strip())
    return Said(_plain(text), message=name)


def _plain(text: str) -> str:
    """A command as the words it stands for: "/status@izin_bot 26-004512" -> "status 26-004512"."""
    command = _COMMAND.fullmatch(text.strip())
    return " ".join(filter(None, command.groups())) if command else text


def _photo(sizes: Sequence[Json]) -> Media:
    """The largest rendition: the order in which they come is not promised."""
    match max(sizes, key=_pixels):
        case {"file_id": str(reference)} as largest:
            return Media(reference, "photo", _size(largest))
        case _:
            raise Malformed("a Telegram photo without file_id")


def _pixels(size: Json) -> int:
    match size:
        case {"width": int(width), "height": int(height)}:
            return width * height
        case _:
            raise Malformed("a Telegram photo without width and height")


def _size(file: Json) -> int | None:
    size = file.get("file_size")
    return size if isinstance(size, int) else None


def _caption(message: Json) -> str:
    caption = message.get("caption", "")
    return caption if isinstance(caption, str) else ""


def _sender(item: Json) -> Json:
    sender = item.get("from", {})
    return sender if isinstance(sender, dict) else {}


def _locale(sender: Json) -> str:
    return "en" if str(sender.get("language_code", "")).lower().startswith("en") else "id"


def _e164(phone: str) -> str:
    """Telegram gives "6281…", with or without a plus; a phone book also "0812-3456-7890"."""
    digits = "".join(character for character in phone if character in "0123456789")
    return f"+62{digits[1:]}" if digits.startswith("0") else f"+{digits}"
