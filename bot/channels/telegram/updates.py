"""Parsing of Telegram's updates into inbound messages.

Source: https://core.telegram.org/bots/api#update
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.channels.base import InboundMessage, Media, read_token
from bot.channels.bounds import BIGINT, degrees, identifier, reference, whole, words
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
from conversations.parsers.phone import of_contact

NAME = "telegram"

#: The kinds of update that are parsed and requested; all others would be ignored.
UPDATES = ("message", "edited_message", "callback_query")

_COMMAND = re.compile(r"/(\w+)(?:@\w+)?(?:\s+(.*))?", re.DOTALL)
_READABLE = ("text", "photo", "voice", "audio", "document", "location", "contact")
_UNREADABLE = (
    "animation",  # checked before `document`, which Telegram adds for old bots
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
#: Service messages of Telegram: no person wrote them, so they get no answer. Content that is listed
#: neither here nor above is new in the Bot API: its sender gets an answer.
#: Source: https://core.telegram.org/bots/api#message
_NOTICES = frozenset(
    (
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "group_chat_created",
        "supergroup_chat_created",
        "channel_chat_created",
        "message_auto_delete_timer_changed",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "pinned_message",
        "successful_payment",
        "refunded_payment",
        "users_shared",
        "chat_shared",
        "connected_website",
        "write_access_allowed",
        "passport_data",
        "proximity_alert_triggered",
        "boost_added",
        "chat_background_set",
        "checklist_tasks_done",
        "checklist_tasks_added",
        "direct_message_price_changed",
        "paid_message_price_changed",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "general_forum_topic_hidden",
        "general_forum_topic_unhidden",
        "video_chat_scheduled",
        "video_chat_started",
        "video_chat_ended",
        "video_chat_participants_invited",
        "web_app_data",
    )
)
#: A tap whose data is not ours: the engine treats it as a tap on an old question.
_STALE = Tapped("", "", "", 0, "")


def read(update: Json, kept: Callable[[str], str] = str) -> list[InboundMessage]:
    """Parse an update; empty for groups, channels, other bots and unknown kinds.

    `kept` returns a chat's address as the database stores it.

    The fields are read from the JSON directly: `telegram.Update` takes fifteen times as long
    (80 µs), and rejects a whole update because of a field that is not used here.

    Raises:
        Malformed: a field that the Bot API promises is missing, of another type or out of bounds.
    """
    number = update_id(update)
    if number is None:
        raise Malformed("a Telegram update without update_id")
    match update:
        case {"message": {} as message}:
            return _from_message(str(number), message, kept, edited=False)
        case {"edited_message": {} as message}:
            return _from_message(str(number), message, kept, edited=True)
        case {"callback_query": {} as query}:
            return _from_tap(str(number), query, kept)
        case {"message": _} | {"edited_message": _} | {"callback_query": _}:
            raise Malformed("a Telegram update whose message or callback query can't be read")
        case _:
            return []


def update_id(update: Json) -> int | None:
    """Return an update's id, None if it has none; polling continues after the largest."""
    return whole(update.get("update_id"), 0, BIGINT) if isinstance(update, dict) else None


def acknowledgement(tap_id: str) -> Json:
    """Return the webhook response that makes Telegram stop the tapped button's spinning.

    Source: https://core.telegram.org/bots/api#making-requests-when-getting-updates
    """
    return {"method": "answerCallbackQuery", "callback_query_id": tap_id}


def _from_message(
    provider_id: str, message: Json, kept: Callable[[str], str], *, edited: bool
) -> list[InboundMessage]:
    match message:
        case {"chat": {"id": int(number), "type": "private"}}:
            chat = _chat(number)
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
    return [InboundMessage(NAME, kept(chat), provider_id, event, media, _locale(sender))]


def _from_tap(provider_id: str, query: Json, kept: Callable[[str], str]) -> list[InboundMessage]:
    match query:
        case {"id": str(), "message": {"chat": {"id": int(number), "type": "private"}}}:
            pass
        case {"id": str(), "message": {"chat": {"id": int(), "type": str()}}}:
            return []
        case {"id": str(), "from": {"id": int(number)}} if "message" not in query:
            pass  # a private chat's id is the person's id
        case _:
            raise Malformed("a Telegram callback query without id or chat")
    tap_id = identifier(query["id"])
    if tap_id is None:
        raise Malformed("a Telegram callback query whose id is no id")
    found = read_token(query["data"]) if isinstance(query.get("data"), str) else None
    event = _STALE
    if found is not None:
        question, value = found
        event = Tapped(question.flow, question.subject, question.step, question.version, value)
    locale = _locale(_sender(query))
    return [InboundMessage(NAME, kept(_chat(number)), provider_id, event, None, locale, tap_id)]


def _chat(number: int) -> str:
    if whole(number, 1, BIGINT) is None:
        raise Malformed("a private chat on Telegram whose id is no id")
    return str(number)


def _name(message: Json) -> str:
    """Return a message's id within its chat; empty if it has none."""
    number = message.get("message_id")
    return str(number) if isinstance(number, int) else ""


def _correction(message: Json, name: str) -> tuple[Event, None] | None:
    """Return an edited text; None for a live location's update and for a new caption."""
    text = message.get("text")
    return (Said(_plain(text), edited=True, message=name), None) if isinstance(text, str) else None


def _content(message: Json, sender: Json, name: str) -> tuple[Event, Media | None] | None:
    """Return a message's content; None for a service message, such as a pinned message."""
    if not _NOTICES.isdisjoint(message):
        return None
    for kind in _UNREADABLE:
        if kind in message:
            return Unreadable(kind), None
    match message:
        case {"text": str(text)}:
            return _words(text, name), None
        case {"photo": [_, *_] as sizes}:
            return Uploaded(0, "photo", _caption(message)), _photo(sizes)
        case {"voice": {} as sound} | {"audio": {} as sound}:
            media = Media(_file_id(sound), "voice", _size(sound))
            return Uploaded(0, "voice", _caption(message)), media
        case {"document": {} as document}:
            media = Media(_file_id(document), "document", _size(document))
            return Uploaded(0, "document", _caption(message)), media
        case {"location": {} as place}:
            return _place(place), None  # a venue has a location too
        case {"contact": {"phone_number": str(phone)} as contact}:
            return _contact(phone, contact, sender), None
        case _ if any(kind in message for kind in _READABLE):
            raise Malformed("a Telegram message whose content can't be read")
        case _:
            return Unreadable("unknown"), None


def _place(place: Json) -> Event:
    lat, lon = degrees(place.get("latitude"), 90), degrees(place.get("longitude"), 180)
    if lat is None or lon is None:
        raise Malformed("a Telegram location outside the globe")
    return Located(lat, lon, live="live_period" in place)


def _contact(phone: str, contact: Json, sender: Json) -> Event:
    """Parse a contact; one from a phone book may have any text in place of a number."""
    number = of_contact(phone[:64])
    if number is None:
        return Unreadable("contact")
    owner = whole(contact.get("user_id"), 1, BIGINT)
    return SharedContact(number, owner is not None and owner == sender.get("id"))


def _words(text: str, name: str) -> Event:
    command = _COMMAND.fullmatch(text.strip())
    if command and command[1].lower() == "start":
        return Started(words((command[2] or "").strip()))
    return Said(_plain(text), message=name)


def _plain(text: str) -> str:
    """Turn a command into plain text: "/status@izin_bot 26-004512" -> "status 26-004512"."""
    command = _COMMAND.fullmatch(text.strip())
    return words(" ".join(filter(None, command.groups())) if command else text)


def _photo(sizes: Sequence[Json]) -> Media:
    """Return the largest size; the Bot API does not promise their order."""
    largest = max(sizes, key=_pixels)
    return Media(_file_id(largest), "photo", _size(largest))


def _pixels(size: Json) -> int:
    match size:
        case {"width": int(width), "height": int(height)}:
            return width * height
        case _:
            raise Malformed("a Telegram photo without width and height")


def _file_id(file: Json) -> str:
    found = reference(file.get("file_id"))
    if found is None:
        raise Malformed("a file on Telegram without file_id")
    return found


def _size(file: Json) -> int | None:
    return whole(file.get("file_size"), 0, BIGINT)


def _caption(message: Json) -> str:
    caption = message.get("caption", "")
    return words(caption) if isinstance(caption, str) else ""


def _sender(item: Json) -> Json:
    sender = item.get("from", {})
    return sender if isinstance(sender, dict) else {}


def _locale(sender: Json) -> str:
    return "en" if str(sender.get("language_code", "")).lower().startswith("en") else "id"
