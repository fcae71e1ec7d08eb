"""Telegram's updates as they come, and what is heard."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from telegram import Update

from bot.channels.base import InboundMessage, Media, token
from bot.channels.telegram.updates import read
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
from conversations.messages import Question

SITI = {
    "id": 1001,
    "is_bot": False,
    "first_name": "Siti",
    "last_name": "Aminah",
    "username": "siti_a",
    "language_code": "id",
}
HOME = {"id": 1001, "first_name": "Siti", "username": "siti_a", "type": "private"}
MENU = {
    "message_id": 207,
    "from": {"id": 123456, "is_bot": True, "first_name": "Izin Datang", "username": "izin_bot"},
    "chat": HOME,
    "date": 1764032400,
    "text": "Apa yang bisa dibantu?",
}
FILE = {"file_unique_id": "AQADb", "file_size": 91_234}
PHOTO = [
    {"file_id": "AgAC-s", "file_unique_id": "a", "file_size": 1253, "width": 90, "height": 51},
    {
        "file_id": "AgAC-x",
        "file_unique_id": "b",
        "file_size": 131_072,
        "width": 1280,
        "height": 720,
    },
    {"file_id": "AgAC-m", "file_unique_id": "c", "file_size": 15_310, "width": 320, "height": 180},
]
VOICE = {"duration": 4, "mime_type": "audio/ogg", "file_id": "AwAC", **FILE}
ANIMATION = {
    "width": 1,
    "height": 1,
    "duration": 1,
    "mime_type": "video/mp4",
    "file_id": "C",
    **FILE,
}
STICKER = {
    "width": 512,
    "height": 512,
    "emoji": "🙏",
    "is_animated": False,
    "is_video": False,
    "type": "regular",
    "file_id": "CAAC",
    **FILE,
}
GROUP = {"id": -100123, "title": "Warga RW 03", "type": "supergroup"}


def message(**content: Any) -> dict[str, Any]:
    body = {"message_id": 208, "from": SITI, "chat": HOME, "date": 1764032412, **content}
    return {"update_id": 700_000_001, "message": body}


def edited(**content: Any) -> dict[str, Any]:
    update = message(edit_date=1764032500, **content)
    return {"update_id": update["update_id"], "edited_message": update["message"]}


def tap(**query: Any) -> dict[str, Any]:
    body = {"id": "4382", "from": SITI, "message": MENU, "chat_instance": "-31", **query}
    return {"update_id": 700_000_001, "callback_query": body}


def heard(event: Event, **more: Any) -> list[InboundMessage]:
    if isinstance(event, Said):
        event = replace(event, message="208")
    return [InboundMessage("telegram", "1001", "700000001", event, **more)]


QUESTION = Question("business_permit", "", "premises", 7)

HEARD: dict[str, tuple[dict[str, Any], list[InboundMessage]]] = {
    "words": (message(text="nasi uduk depan rumah"), heard(Said("nasi uduk depan rumah"))),
    "words with an emoji and a line break": (
        message(text="jual gorengan 🍌\npakai gerobak"),
        heard(Said("jual gorengan 🍌\npakai gerobak")),
    ),
    "an answer to an older message": (
        message(text="ya", reply_to_message=MENU),
        heard(Said("ya")),
    ),
    "start": (message(text="/start"), heard(Started())),
    "start by a link": (message(text="/start rw03-7Kq_x"), heard(Started("rw03-7Kq_x"))),
    "start with the bot's name": (message(text="/start@izin_bot abc"), heard(Started("abc"))),
    "a command": (message(text="/help"), heard(Said("help"))),
    "a command with words": (
        message(text="/status@izin_bot  26-004512"),
        heard(Said("status 26-004512")),
    ),
    "a slash that is no command": (message(text="RT 005/RW 003"), heard(Said("RT 005/RW 003"))),
    "a correction": (edited(text="Siti Aminah"), heard(Said("Siti Aminah", edited=True))),
    "a correction that is a command": (edited(text="/menu"), heard(Said("menu", edited=True))),
    "a tap": (
        tap(data=token(QUESTION, "mobile")),
        heard(Tapped("business_permit", "", "premises", 7, "mobile"), tap_id="4382"),
    ),
    "a tap whose value holds the separator": (
        tap(data=token(QUESTION, "a|b")),
        heard(Tapped("business_permit", "", "premises", 7, "a|b"), tap_id="4382"),
    ),
    "a tap on a message that Telegram no longer shows": (
        tap(data=token(QUESTION, "home"), message={"chat": HOME, "message_id": 3, "date": 0}),
        heard(Tapped("business_permit", "", "premises", 7, "home"), tap_id="4382"),
    ),
    "a tap with another bot's data": (
        tap(data="menu:1"),
        heard(Tapped("", "", "", 0, ""), tap_id="4382"),
    ),
    "a tap without data": (
        tap(game_short_name="lumberjack"),
        heard(Tapped("", "", "", 0, ""), tap_id="4382"),
    ),
    "a photo, largest in the middle": (
        message(photo=PHOTO, caption="tampak depan"),
        heard(Uploaded(0, "photo", "tampak depan"), media=Media("AgAC-x", "photo", 131_072)),
    ),
    "a photo of an album": (
        message(photo=PHOTO[:1], media_group_id="13"),
        heard(Uploaded(0, "photo"), media=Media("AgAC-s", "photo", 1253)),
    ),
    "a photo sent as a file": (
        message(
            document={
                "file_name": "warung.jpg",
                "mime_type": "image/jpeg",
                "file_id": "BQAC",
                **FILE,
            }
        ),
        heard(Uploaded(0, "document"), media=Media("BQAC", "document", 91_234)),
    ),
    "a file of unknown size": (
        message(document={"file_id": "BQAC", "file_unique_id": "x"}, caption="KTP"),
        heard(Uploaded(0, "document", "KTP"), media=Media("BQAC", "document", None)),
    ),
    "a place": (
        message(location={"latitude": -6.2706, "longitude": 106.8023, "horizontal_accuracy": 12.5}),
        heard(Located(-6.2706, 106.8023)),
    ),
    "a place on the equator": (
        message(location={"latitude": 0, "longitude": 106}),
        heard(Located(0.0, 106.0)),
    ),
    "a place with a name": (
        message(
            location={"latitude": -6.27, "longitude": 106.8},
            venue={
                "location": {"latitude": -6.27, "longitude": 106.8},
                "title": "Warung Bu Siti",
                "address": "Jl. Cipete",
            },
        ),
        heard(Located(-6.27, 106.8)),
    ),
    "the first of a moving place": (
        message(location={"latitude": -6.27, "longitude": 106.8, "live_period": 900}),
        heard(Located(-6.27, 106.8, live=True)),
    ),
    "a moving place moves": (
        edited(location={"latitude": -6.28, "longitude": 106.8, "live_period": 900}),
        [],
    ),
    "a new caption": (edited(photo=PHOTO, caption="samping"), []),
    "one's own number": (
        message(contact={"phone_number": "6281234567890", "first_name": "Siti", "user_id": 1001}),
        heard(SharedContact("+6281234567890", own=True)),
    ),
    "somebody else's number, from the phone book": (
        message(contact={"phone_number": "0812-3456 7890", "first_name": "Budi"}),
        heard(SharedContact("+6281234567890", own=False)),
    ),
    "somebody else who has Telegram": (
        message(contact={"phone_number": "+62 812 345", "first_name": "Budi", "user_id": 1002}),
        heard(SharedContact("+62812345", own=False)),
    ),
    "a number with 00 for plus": (
        message(contact={"phone_number": "0062812345678", "first_name": "Budi"}),
        heard(SharedContact("+62812345678", own=False)),
    ),
    "a number with a zero behind the country": (
        message(contact={"phone_number": "+62 (0)812-3456-789", "first_name": "Budi"}),
        heard(SharedContact("+628123456789", own=False)),
    ),
    "Telegram's own number, which cannot be called": (
        message(contact={"phone_number": "+888 0123 4567", "first_name": "Siti", "user_id": 1001}),
        heard(Unreadable("contact")),
    ),
    "a voice message": (
        message(voice=VOICE),
        heard(Uploaded(0, "voice"), media=Media("AwAC", "voice", 91_234)),
    ),
    "a recording with words below it": (
        message(audio=VOICE, caption="ini rekamannya"),
        heard(Uploaded(0, "voice", "ini rekamannya"), media=Media("AwAC", "voice", 91_234)),
    ),
    "a sticker": (message(sticker=STICKER), heard(Unreadable("sticker"))),
    "an animation, which comes as a document too": (
        message(animation=ANIMATION, document={"file_id": "C", **FILE}),
        heard(Unreadable("animation")),
    ),
    "a dice": (message(dice={"emoji": "🎲", "value": 3}), heard(Unreadable("dice"))),
    "a story": (message(story={"chat": HOME, "id": 5}), heard(Unreadable("story"))),
    "Telegram's own notice": (message(pinned_message=MENU), []),
    "a new member": (message(new_chat_members=[SITI]), []),
    "leave to write": (message(write_access_allowed={"from_request": True}), []),
    "a kind of message not invented yet": (
        message(hologram={"id": 1}),
        heard(Unreadable("unknown")),
    ),
    "a moving photo": (
        message(live_photo={"width": 1, "height": 1, "duration": 1, "file_id": "L", **FILE}),
        heard(Unreadable("unknown")),
    ),
    "a gift": (message(gift={}), heard(Unreadable("unknown"))),
    "a giveaway": (message(giveaway={"winner_count": 1}), heard(Unreadable("unknown"))),
    "a message whose content Telegram does not show to bots": (
        message(),
        heard(Unreadable("unknown")),
    ),
    "a number from the phone book that is none": (
        message(contact={"phone_number": "0" * 70, "first_name": "Budi"}),
        heard(Unreadable("contact")),
    ),
    "a group": (message(text="halo", chat=GROUP), []),
    "a tap in a group": (tap(data="x", message={**MENU, "chat": GROUP}), []),
    "another bot": (message(text="halo", **{"from": {**SITI, "is_bot": True}}), []),
    "a channel": (
        {
            "update_id": 700_000_001,
            "channel_post": {
                "message_id": 1,
                "chat": {"id": -1001, "title": "Berita", "type": "channel"},
                "date": 1764032412,
                "text": "halo",
            },
        },
        [],
    ),
    "blocked": (
        {
            "update_id": 700_000_001,
            "my_chat_member": {
                "chat": HOME,
                "from": SITI,
                "date": 1764032412,
                "old_chat_member": {"user": MENU["from"], "status": "member"},
                "new_chat_member": {"user": MENU["from"], "status": "kicked", "until_date": 0},
            },
        },
        [],
    ),
    "a kind of update not invented yet": ({"update_id": 700_000_001, "telepathy": {}}, []),
    "an English phone": (
        message(text="hi", **{"from": {**SITI, "language_code": "en-GB"}}),
        heard(Said("hi"), locale="en"),
    ),
    "a phone in another language": (
        message(text="hai", **{"from": {**SITI, "language_code": "jv"}}),
        heard(Said("hai")),
    ),
}


@pytest.mark.parametrize("label", HEARD)
def test_an_update_is_heard_as(label: str) -> None:
    update, expected = HEARD[label]
    assert read(update) == expected


@pytest.mark.parametrize("label", HEARD)
def test_the_updates_above_are_telegrams(label: str) -> None:
    update, _ = HEARD[label]
    assert Update.de_json(update, None).update_id == 700_000_001


MALFORMED: dict[str, Any] = {
    "not an object": [],
    "a text": "update",
    "without a number": {"message": message(text="x")["message"]},
    "a number that is none": {**message(text="x"), "update_id": "1"},
    "a message that is none": {"update_id": 1, "message": "halo"},
    "without a chat": {"update_id": 1, "message": {"message_id": 1, "text": "x"}},
    "a chat without a kind": message(text="x", chat={"id": 1001}),
    "a text that is none": message(text=5),
    "a photo without sizes": message(photo=[]),
    "a photo without width": message(photo=[{"file_id": "a"}]),
    "a photo without an id": message(photo=[{"width": 1, "height": 1}]),
    "a photo of words": message(photo=["a"]),
    "a document without an id": message(document={"file_name": "a.pdf"}),
    "half a place": message(location={"latitude": -6.2}),
    "a place in words": message(location={"latitude": "-6.2", "longitude": "106.8"}),
    "a contact without a number": message(contact={"first_name": "Budi"}),
    "a tap without an id": tap(id=None),
    "a tap on nothing": {"update_id": 1, "callback_query": {"id": "1", "message": {}}},
}


@pytest.mark.parametrize("label", MALFORMED)
def test_what_telegram_does_not_promise_is_malformed(label: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read(MALFORMED[label])
    assert "halo" not in str(refusal.value)
