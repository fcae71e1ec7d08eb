"""An edited message is an answer only where the message itself was not understood."""

import pytest

from conversations import events, flows
from conversations.events import Said
from conversations.session import ChatSession
from tests.conversations.transcript import Chat

FLOWS = flows.load()
UNCHANGED = "Pesan yang diubah belum mengubah jawaban"

#: A question, what is refused there, and what would be an answer.
REFUSED = (
    ("owner_name", "12", "Siti Aminah"),
    ("business_name", "x", "Warung Bu Siti"),
    ("rt_rw", "besar", "rt 5 rw 3"),
    ("street", "x", "Warung Bu Siti dan Anak"),
    ("premises", "di mana ya", "keliling"),
    ("capital", "sekian deh", "5 juta"),
    ("turnover", "lumayan", "6 juta"),
    ("workers", "banyak", "3"),
    ("papers", "hmm", "belum punya"),
    ("preferred_days", "entahlah", "besok"),
    ("preferred_part", "entahlah", "pagi"),
    ("place", "planet mars", "cipete utara"),
)


def asked(step: str) -> Chat:
    chat = Chat(FLOWS)
    chat.heard("> halo semua")
    chat.heard(f"~ asked business_permit {step}")
    return chat


def answers(chat: Chat) -> dict[str, object]:
    assert chat.session is not None and chat.session.draft is not None
    return dict(chat.session.draft.answers)


@pytest.mark.parametrize(("step", "refused", "right"), REFUSED)
def test_an_edit_of_another_message_changes_nothing(step: str, refused: str, right: str) -> None:
    chat = asked(step)
    chat.heard(f"> {refused}")
    before = answers(chat)
    assert UNCHANGED in chat.heard(f"~ edited old {right}")[0]
    assert answers(chat) == before


@pytest.mark.parametrize(("step", "refused", "right"), REFUSED)
def test_an_edit_of_the_refused_message_is_the_answer(step: str, refused: str, right: str) -> None:
    chat = asked(step)
    chat.heard(f"> {refused}")
    assert UNCHANGED not in "".join(chat.heard(f"~ edited {right}"))
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step != step or chat.session.clarifying


@pytest.mark.parametrize(("step", "refused", "right"), REFUSED)
def test_an_edit_comes_too_late_when_the_question_was_answered(
    step: str, refused: str, right: str
) -> None:
    chat = asked(step)
    chat.heard(f"> {refused}")
    chat.heard(f"~ edited {right}")
    before = answers(chat)
    assert any(UNCHANGED in line for line in chat.heard(f"~ edited {right}"))
    assert answers(chat) == before


def test_a_sum_that_was_asked_back_may_be_edited() -> None:
    chat = asked("capital")
    chat.heard("> 500")
    assert any("500.000" in line for line in chat.heard("~ edited 500 ribu"))
    assert answers(chat)["capital"] == 500_000


def test_an_edit_in_a_channel_without_names_changes_nothing() -> None:
    chat = asked("street")
    chat.heard("> x")
    before = answers(chat)
    chat.last = Said("Gang Mawar no 7", edited=True)
    assert any(UNCHANGED in line for line in chat.heard("~ again"))
    assert answers(chat) == before


def test_events_and_sessions_of_an_earlier_version_are_read() -> None:
    assert events.from_json({"event": "Said", "text": "x", "edited": True}) == Said("x", True)
    assert events.from_json({"event": "Said", "text": "x", "unknown": 1}) == Said("x")
    chat = asked("street")
    assert chat.session is not None
    kept = chat.session.to_json()
    del kept["refused"], kept["interrupted"]
    assert ChatSession.from_json(kept) == chat.session
