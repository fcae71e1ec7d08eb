"""Fragments: short messages of one sentence are read together, if no reply came between them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations import flows
from conversations.effects import Reply
from conversations.engine.turn import advance
from conversations.events import Said
from conversations.session import ChatSession
from tests.conversations import transcript

FORM = "business_permit"


def _typed(step: str, *said: tuple[float, str]) -> transcript.Chat:
    """Return the chat after messages at a step; each comes so many seconds after the one before."""
    chat = transcript.Chat(flows.load())
    chat.heard(f"~ asked {FORM} {step}")
    for seconds, text in said:
        later = chat.facts.now + timedelta(seconds=seconds)
        chat.facts = replace(chat.facts, now=later)
        chat.heard(f"> {text}")
    return chat


def _answers(chat: transcript.Chat) -> dict[str, object]:
    assert chat.session is not None and chat.session.draft is not None
    return dict(chat.session.draft.answers)


@pytest.mark.parametrize(
    ("step", "said", "answer"),
    [
        ("premises", ("bukan", "kios", "di rumah"), "home"),
        ("premises", ("saya", "keliling"), "mobile"),
        ("papers", ("surat", "saya", "ga ada"), "none"),
        ("identity", ("kalau", "petugas", "datang"), "door"),
    ],
)
def test_short_messages_are_read_together(step: str, said: tuple[str, ...], answer: str) -> None:
    chat = _typed(step, *((1, one) for one in said))
    assert _answers(chat)[step] == answer


def test_words_after_the_reply_are_read_by_themselves() -> None:
    assert "premises" not in _answers(_typed("premises", (0, "bukan"), (1, "kios")))
    assert _answers(_typed("premises", (0, "bukan"), (3, "kios")))["premises"] == "fixed"


@pytest.mark.parametrize(
    ("step", "said", "answer"),
    [
        ("owner_name", ("nama", "hartanto"), "Hartanto"),
        ("capital", ("segitu lah", "5 juta"), 5_000_000),
        ("street", ("di", "Jl Nawi 12"), "Jl Nawi 12"),
    ],
)
def test_an_answer_in_free_words_takes_no_fragment(
    step: str, said: tuple[str, ...], answer: object
) -> None:
    assert _answers(_typed(step, *((1, one) for one in said)))[step] == answer


@pytest.mark.parametrize("said", ["segitu lah", "apa ya"])
def test_the_reply_to_a_few_words_waits(said: str) -> None:
    chat = _typed("capital")
    assert chat.session is not None
    turn = advance(chat.flows, chat.session, Said(said), chat.facts)
    (reply,) = [one for one in turn.effects if isinstance(one, Reply)]
    assert bool(reply.after) is (turn.session.fragment is not None)
    assert ChatSession.from_json(turn.session.to_json()) == turn.session


def test_the_reply_to_a_whole_sentence_does_not_wait() -> None:
    chat = _typed("capital")
    assert chat.session is not None
    turn = advance(chat.flows, chat.session, Said("aduh saya juga bingung segitu lah"), chat.facts)
    assert all(not one.after for one in turn.effects if isinstance(one, Reply))


def test_a_session_of_an_earlier_version_has_no_fragment() -> None:
    written = ChatSession().to_json()
    del written["fragment"], written["refused_for"]
    assert ChatSession.from_json(written) == ChatSession()
