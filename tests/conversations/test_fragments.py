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


LATER = (
    "nanti aja", "ntar", "nanti dulu ya pak", "bentar", "tunggu sebentar", "besok aja", "later",
    "nanti aja ceritanya", "nanti saya ceritain ya", "lagi sibuk",
)  # fmt: skip


def _complains(*said: str) -> transcript.Chat:
    """Return the chat after messages at the question what happened, a second after each other."""
    chat = transcript.Chat(flows.load())
    for line in ("> halo", "> mau lapor petugas", "> ya"):
        chat.heard(line)
    chat.facts = replace(chat.facts, now=chat.facts.now + timedelta(seconds=9))
    for text in said:
        chat.facts = replace(chat.facts, now=chat.facts.now + timedelta(seconds=1))
        chat.heard(f"> {text}")
    return chat


@pytest.mark.parametrize("later", LATER)
@pytest.mark.parametrize("before", ["uang", "petugas minta"])
def test_words_that_put_a_story_off_are_no_part_of_it(before: str, later: str) -> None:
    told = _answers(_complains(before, later)).get("what", before)
    assert told == before
    assert "what" not in _answers(_complains(later, "uang"))


@pytest.mark.parametrize("later", LATER)
def test_who_tells_later_is_answered_kindly_and_may_tell_it(later: str) -> None:
    chat = _complains("uang")
    assert any("tidak apa-apa" in line for line in chat.heard(f"> {later}"))
    chat.heard("> tadi pagi petugas minta 50 ribu")
    assert _answers(chat)["what"] == "tadi pagi petugas minta 50 ribu"


@pytest.mark.parametrize(
    "told", ["nanti petugasnya datang lagi minta uang", "besok petugas mau gusur saya"]
)
def test_a_story_of_what_comes_is_told(told: str) -> None:
    assert _answers(_complains(told))["what"] == told


def test_later_names_no_officer() -> None:
    chat = _complains("tadi pagi petugas minta 50 ribu", "nanti aja")
    assert "officer" not in _answers(chat)


def test_an_address_is_not_put_together_with_later() -> None:
    assert "street" not in _answers(_typed("street", (1, "di"), (1, "nanti aja")))


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
