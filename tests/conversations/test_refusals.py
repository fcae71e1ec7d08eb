"""Refusals: never the same sentence twice in a row; the second one offers a person."""

from __future__ import annotations

import itertools

import pytest

from conversations import flows
from conversations.messages import Say
from tests.conversations import transcript

UNREADABLE = {
    "owner_name": "12345",
    "place": "di situ",
    "rt_rw": "sebelah sana",
    "premises": "abcabc",
    "capital": "segitu lah",
    "turnover": "segitu lah",
    "papers": "abcabc",
    "identity": "abcabc",
    "preferred_days": "abcabc",
    "confirm": "abcabc",
}


def _refused(chat: transcript.Chat, said: str) -> str:
    """Return the first sentence of the reply, in words."""
    chat.heard(f"> {said}")
    first = chat.sent[-1].parts[0]
    assert isinstance(first, Say)
    return chat.flows.catalogue.say(first, chat.facts.me.locale)


@pytest.mark.parametrize("chat_is", ["owner", "whatsapp", "english"])
@pytest.mark.parametrize("step", UNREADABLE)
def test_the_same_sentence_is_not_said_twice_in_a_row(step: str, chat_is: str) -> None:
    chat = transcript.Chat(flows.load())
    chat.heard(f"~ {chat_is}")
    chat.heard(f"~ asked business_permit {step}")
    said = [_refused(chat, UNREADABLE[step]) for _ in range(5)]
    assert all(one != before for before, one in itertools.pairwise(said)), said
    assert chat.session is not None
    assert "human" in {choice.value for choice in chat.session.shown}


def test_the_choices_are_named_in_the_way_of_the_chat() -> None:
    chat = transcript.Chat(flows.load())
    chat.heard("~ asked business_permit premises")
    assert "Tekan salah satu" in _refused(chat, "abcabc")
    chat = transcript.Chat(flows.load())
    chat.heard("~ whatsapp")
    chat.heard("~ asked business_permit premises")
    assert "Ketik angkanya: 1 = Tempat tetap; 2 = Keliling" in _refused(chat, "abcabc")


@pytest.mark.parametrize(("chat_is", "sent"), [("owner", False), ("whatsapp", True)])
def test_a_number_that_was_not_shown_sends_nothing(chat_is: str, sent: bool) -> None:
    chat = transcript.Chat(flows.load())
    chat.heard(f"~ {chat_is}")
    chat.heard("~ asked business_permit confirm")
    lines = chat.heard("> 1")
    assert any(line.startswith("! Submit") for line in lines) is sent
    if not sent:
        assert any(line.startswith("! Submit") for line in chat.heard("> ya"))


def test_a_number_after_words_that_were_not_understood_sends_nothing() -> None:
    chat = transcript.Chat(flows.load())
    chat.heard("~ whatsapp")
    chat.heard("~ asked business_permit confirm")
    chat.heard("> abcabc")
    assert not any(line.startswith("! Submit") for line in chat.heard("> 1"))


def test_a_question_of_the_bot_itself_is_not_repeated_in_the_same_words() -> None:
    chat = transcript.Chat(flows.load())
    chat.heard("~ asked business_permit capital")
    chat.heard("> batal")
    said = [_refused(chat, "abcabc") for _ in range(4)]
    assert all(one != before for before, one in itertools.pairwise(said)), said
