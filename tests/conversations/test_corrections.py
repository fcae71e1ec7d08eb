"""Corrections in words: which earlier answer they change, and what it becomes."""

from __future__ import annotations

import pytest

from conversations import flows
from tests.conversations import transcript

FORM = "business_permit"


def _after(step: str, said: str) -> tuple[dict[str, object], str]:
    """Return the answers after a line typed at a step, and the step that is open then."""
    chat = transcript.Chat(flows.load())
    chat.heard(f"~ asked {FORM} {step}")
    chat.heard(f"> {said}")
    assert chat.session is not None and chat.session.draft is not None
    asked = chat.session.asked
    return dict(chat.session.draft.answers), asked.step if asked is not None else ""


@pytest.mark.parametrize(
    ("step", "said", "changed", "answer"),
    [
        ("turnover", "eh bukan 6 juta deh", "capital", 6_000_000),
        ("turnover", "salah, 4 juta", "capital", 4_000_000),
        ("turnover", "maaf salah, modalnya 4 juta", "capital", 4_000_000),
        ("workers", "salah, sebulan 20 juta", "turnover", 20_000_000),
        ("papers", "eh 3 orang", "workers", 3),
        ("papers", "3 orang maksudnya", "workers", 3),
        ("papers", "salah, 3 orang", "workers", 3),
        ("papers", "eh rw nya 8 deng", "rt_rw", "005/008"),
        ("papers", "rt nya salah, rt 7", "rt_rw", "007/003"),
        ("street", "eh rw 7", "rt_rw", "005/007"),
        ("trade", "eh bukan, hartanto", "owner_name", "Hartanto"),
        ("trade", "bukan siti tapi hartanto", "owner_name", "Hartanto"),
        ("trade", "maksudnya hartanto", "owner_name", "Hartanto"),
        ("premises", "nama warungnya ganti warung mak sumi", "business_name", "warung mak sumi"),
        ("premises", "eh jl nawi 13 maksudnya", "street", "jl nawi 13"),
        ("capital", "bukan di rumah, keliling", "premises", "mobile"),
        ("confirm", "rwnya 9", "rt_rw", "005/009"),
    ],
)
def test_words_change_an_earlier_answer(step: str, said: str, changed: str, answer: object) -> None:
    answers, open_step = _after(step, said)
    assert answers[changed] == answer
    assert open_step == step, "the open question comes again"


@pytest.mark.parametrize(
    ("step", "said", "answer"),
    [
        ("premises", "bukan kios, cuma di rumah", "home"),
        ("premises", "bukan di rumah, saya keliling", "mobile"),
        ("workers", "eh sama istri jadi 2", 2),
        ("papers", "eh belum punya", "none"),
    ],
)
def test_words_that_answer_the_open_question_correct_nothing(
    step: str, said: str, answer: object
) -> None:
    before, _ = _after(step, "batal")
    answers, _ = _after(step, said)
    assert answers == {**before, step: answer}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("papers", "maksudnya apa?"),
        ("papers", "ini maksudnya gimana"),
        ("papers", "kurang jelas maksudnya"),
        ("confirm", "ga ada yg salah ya kan?"),
        ("turnover", "eh bayar ga sih"),
    ],
)
def test_questions_correct_nothing(step: str, said: str) -> None:
    before, _ = _after(step, "batal")
    answers, _ = _after(step, said)
    assert answers == before


def test_a_later_question_may_be_answered_ahead() -> None:
    answers, open_step = _after("trade", "nama warungnya jadi warung mak sumi")
    assert answers["business_name"] == "warung mak sumi"
    assert answers["owner_name"] == "Siti Aminah", "it is no correction of the owner's name"
    assert open_step == "trade"


@pytest.mark.parametrize(
    ("said", "changed", "answer"),
    [
        ("alamatnya Gang Melati no. 9", "street", "Gang Melati no. 9"),
        ("alamatnya salah, Jalan Wijaya 5", "street", "Jalan Wijaya 5"),
        ("the address is Jalan Wijaya no 5", "street", "Jalan Wijaya no 5"),
        ("nama usahanya Warung Bu Siti", "business_name", "Warung Bu Siti"),
        ("nama usahanya adalah Toko Makmur", "business_name", "Toko Makmur"),
    ],
)
def test_a_new_answer_keeps_its_first_word(said: str, changed: str, answer: str) -> None:
    answers, _ = _after("confirm", said)
    assert answers[changed] == answer
