"""The form stays short: how many messages an owner sends, and how many words the owner reads.

The journeys are transcripts in which an owner answers each question by itself: from "Halo" to the
number of the case, and the short way from "Halo" to the time at which an officer comes. All
ceilings may only be lowered.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, time
from pathlib import Path

import pytest

from bot.channels.telegram import payloads as telegram
from bot.channels.whatsapp import payloads as whatsapp
from conversations import flows
from conversations.messages import Message, Say
from conversations.wording import window_words
from tests.conversations.transcript import Chat

MOST_MESSAGES = 15
MOST_WORDS = {"telegram": 375, "whatsapp": 396}

FLOWS = flows.load()
CATALOGUE = FLOWS.catalogue
SHORT_MESSAGES = 8
SHORT_WORDS = {"telegram": 175, "whatsapp": 193}
JOURNEY = Path(__file__).parents[1] / (
    "transcripts/business_permit/an owner asks for a permit straight through.chat"
)


SHORT = Path(__file__).parents[1] / "transcripts/assistance/the short way straight through.chat"


def on_telegram(message: Message) -> Sequence[str]:
    labels = [CATALOGUE.say(choice.label, "id") for choice in message.choices]
    return [*(one.text for one in telegram.render(message, "id", CATALOGUE)), *labels]


def on_whatsapp(message: Message) -> Sequence[str]:
    seen: list[str] = []
    for one in whatsapp.render(message, "id", CATALOGUE):
        seen.append(one.shown)
        seen += [one.pick.button, *one.pick.labels] if one.pick is not None else []
    return seen


def submitted() -> Message:
    """What the office replies to the last message of the owner."""
    by = date(2026, 11, 26)
    return Message(parts=(Say("business_permit.submitted", {"number": "26-000001", "by": by}),))


@pytest.mark.parametrize(
    ("channel", "seen"), [("telegram", on_telegram), ("whatsapp", on_whatsapp)]
)
def test_from_halo_to_the_number_is_a_short_way(
    channel: str, seen: Callable[[Message], Sequence[str]]
) -> None:
    chat, messages, lines = Chat(FLOWS), 0, list[str]()
    if channel == "whatsapp":
        chat.heard("~ whatsapp")
    for line in JOURNEY.read_text(encoding="utf-8").splitlines():
        if line.startswith((">", "~")):
            lines = chat.heard(line)
            messages += 1
    assert lines[0] == "! Submit service business_permit"
    read = [text for message in [*chat.sent, submitted()] for text in seen(message)]
    words = len(re.findall(r"\S*\w\S*", " ".join(read)))
    print(f"{channel}: {messages} messages, {words} words")
    assert messages <= MOST_MESSAGES
    assert words <= MOST_WORDS[channel]


@pytest.mark.parametrize(
    ("channel", "seen"), [("telegram", on_telegram), ("whatsapp", on_whatsapp)]
)
def test_from_halo_to_the_officer_s_time_is_the_shortest_way(
    channel: str, seen: Callable[[Message], Sequence[str]]
) -> None:
    chat, messages, lines = Chat(FLOWS), 0, list[str]()
    if channel == "whatsapp":
        chat.heard("~ whatsapp")
    for line in SHORT.read_text(encoding="utf-8").splitlines():
        if line.startswith((">", "~")):
            lines = chat.heard(line) or lines
            messages += line.startswith((">", "~ location", "~ tap"))
    assert lines[0].startswith("! ChooseWindow")
    read = [text for message in [*chat.sent, *replies()] for text in seen(message)]
    words = len(re.findall(r"\S*\w\S*", " ".join(read)))
    print(f"{channel}: {messages} messages, {words} words")
    assert messages <= SHORT_MESSAGES
    assert words <= SHORT_WORDS[channel]


def replies() -> tuple[Message, Message]:
    """What the office replies when the request is sent, and when the time is chosen."""
    window = window_words(date(2026, 11, 25), time(8), time(10, 30))
    return (
        Message(parts=(Say("assistance.submitted", {"number": "26-000001"}),)),
        Message(parts=(Say("assistance.notices.window_chosen", {"window": window}),)),
    )
