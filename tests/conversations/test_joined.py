"""Steps that are asked in one question, and drafts of the form that asked each of them alone."""

from __future__ import annotations

import json

import pytest

from conversations import flows
from conversations.engine.turn import Turn, advance
from conversations.events import Said, Tapped, Uploaded
from conversations.facts import Facts
from conversations.flow import Flow, Joined
from conversations.messages import Json, Question, Say
from conversations.parsers.money import money
from conversations.parsers.name import name
from conversations.services.business_permit import FORM
from conversations.session import ChatSession, Choice, Draft
from conversations.step import LEFT, Context
from conversations.steps import Ask
from tests.conversations import city
from tests.conversations.transcript import Chat

FLOWS = flows.load()
OWNER = city.facts(consents=frozenset({"applying"}))
FIGURES = "6 dari 9. Modal, penjualan sebulan"


def asked(step: str) -> Chat:
    chat = Chat(FLOWS)
    chat.heard(f"~ asked business_permit {step}")
    return chat


def answers(chat: Chat) -> dict[str, Json]:
    assert chat.session is not None and chat.session.draft is not None
    return dict(chat.session.draft.answers)


@pytest.mark.parametrize(
    ("said", "capital", "turnover", "workers"),
    [
        ("modal 3 juta, sebulan 5 juta, sendiri", 3_000_000, 5_000_000, 1),
        ("3 juta, 5 juta, sendiri", 3_000_000, 5_000_000, 1),
        ("3jt\n5jt\n2", 3_000_000, 5_000_000, 2),
        ("2,5 juta, 200rb sehari, berdua sama istri", 2_500_000, 5_200_000, 2),
        ("penjualan 4 juta, modal 2 juta 500 ribu, 2 orang", 2_500_000, 4_000_000, 2),
        ("saya kerja sendiri, modal 1jt dan sehari 100rb", 1_000_000, 2_600_000, 1),
        ("modal Rp3.000.000, Rp5.000.000 per bulan, 3 orang", 3_000_000, 5_000_000, 3),
        ("1. 3 juta 2. 5 juta 3. sendiri", 3_000_000, 5_000_000, 1),
        ("3 jt/5 jt/sendiri", 3_000_000, 5_000_000, 1),
        ("modal 3jt omset 200rb/hari kerja sendiri", 3_000_000, 5_200_000, 1),
        ("3jt modal sebulan 6jt bedua sama anak", 3_000_000, 6_000_000, 2),
        ("6jt sebulan, 3jt modal, bertiga", 3_000_000, 6_000_000, 3),
        ("6jt sebulan modal 3jt sendiri", 3_000_000, 6_000_000, 1),
        ("lima juta modal sebulan enam juta brempat", 5_000_000, 6_000_000, 4),
        ("2jt buat modal 4jt dapetnya sebulan ber2", 2_000_000, 4_000_000, 2),
        ("modal awal 2jt omset kotor 4jt sebulan brtiga", 2_000_000, 4_000_000, 3),
        ("500 rb buat modal, 3 jt penjualan sebulan, sendirian", 500_000, 3_000_000, 1),
    ],
)
def test_one_message_answers_all_figures(
    said: str, capital: int, turnover: int, workers: int
) -> None:
    chat = asked("capital")
    chat.heard(f"> {said.replace(chr(10), '; ')}")
    got = answers(chat)
    assert (got["capital"], got["turnover"], got["workers"]) == (capital, turnover, workers)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("5 juta", {"capital": 5_000_000}),
        ("sendiri aja", {"workers": 1}),
        ("sebulan 5 juta", {"turnover": 5_000_000}),
        ("modal lupa, sebulan 5 juta, sendiri", {"turnover": 5_000_000, "workers": 1}),
        ("500, 5 juta, sendiri", {"turnover": 5_000_000, "workers": 1}),
        ("entahlah", {}),
        ("kenapa ditanya?", {}),
        ("ini gratis kan, atau bayar?", {}),
    ],
)
def test_what_is_read_is_kept_and_the_rest_is_asked(said: str, kept: dict[str, Json]) -> None:
    chat = asked("capital")
    chat.heard(f"> {said}")
    got = answers(chat)
    assert {step: got[step] for step in ("capital", "turnover", "workers") if step in got} == kept
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step in {"capital", "turnover", "workers"}


@pytest.mark.parametrize(
    ("said", "corner", "street"),
    [
        ("Cipete Utara, Jl. Damai RT 5/3, depan masjid", "005/003", "Jl. Damai, depan masjid"),
        ("Gang Mawar no 7 RT 05 RW 03 cipete utara", "005/003", "Gang Mawar no 7"),
        ("kel. Cipete Utara, Kec. Kebayoran Baru, Gang Mawar", None, "Gang Mawar"),
        ("di Cipete Utara dekat musala pak", None, "dekat musala"),
        ("Cipete Utara", None, None),
        ("keliling di Cipete Utara", None, None),
        ("cipete utara ya pak", None, None),
    ],
)
def test_one_message_answers_the_address(said: str, corner: str, street: str) -> None:
    chat = asked("place")
    chat.heard(f"> {said}")
    got = answers(chat)
    assert got["place"]["kelurahan"] == "31.74.07.1010"
    assert (got.get("rt_rw"), got.get("street")) == (corner, street)


@pytest.mark.parametrize("said", ["nanti dulu, saya di jalan", "bekasi, jl damai", "planet mars"])
def test_words_without_a_place_are_no_address(said: str) -> None:
    chat = asked("place")
    before = answers(chat)
    chat.heard(f"> {said}")
    assert answers(chat) == before


@pytest.mark.parametrize(
    ("said", "days", "part"),
    [
        ("Senin-Rabu pagi", ["2026-11-30", "2026-12-01", "2026-12-02"], "morning"),
        ("kamis jam 2 siang", ["2026-11-26"], "midday"),
        ("sore aja", "any", "afternoon"),
        ("hari apa saja pagi", "any", "morning"),
        ("kamis", ["2026-11-26"], None),
        ("kapan saja", "any", None),
    ],
)
def test_one_message_answers_day_and_hour(said: str, days: Json, part: str | None) -> None:
    chat = asked("preferred_days")
    chat.heard(f"> {said}")
    assert (answers(chat)["preferred_days"], answers(chat).get("preferred_part")) == (days, part)


def test_a_joint_question_may_be_left_to_the_officer_as_a_whole() -> None:
    chat = asked("capital")
    for said in ("banyak", "lumayan lah", "1"):
        chat.heard(f"> {said}")
    got = answers(chat)
    assert [got[step] for step in ("capital", "turnover", "workers")] == [LEFT] * 3


def test_going_back_asks_the_last_of_them_alone_and_keeps_the_others() -> None:
    chat = asked("capital")
    chat.heard("> 3 juta, 5 juta, sendiri")
    assert "Berapa orang yang bekerja" in chat.heard("> kembali")[0]
    assert "penjualannya" in chat.heard("> kembali")[0]
    chat.heard("> 6 juta")
    got = answers(chat)
    assert (got["capital"], got["turnover"], got["workers"]) == (3_000_000, 6_000_000, 1)


def test_a_correction_of_an_earlier_answer_is_no_figure() -> None:
    chat = asked("capital")
    said = chat.heard("> namanya salah, harusnya Siti Aminah Zahra")
    assert answers(chat)["owner_name"] == "Siti Aminah Zahra"
    assert FIGURES in said[-1]


def test_a_figure_that_was_given_is_not_taken_for_another() -> None:
    chat = asked("turnover")
    chat.heard("> modal 7 juta, sebulan 6 juta, sendiri")
    got = answers(chat)
    assert (got["capital"], got["turnover"], got["workers"]) == (5_000_000, 6_000_000, 1)


def test_a_message_with_other_facts_is_confirmed_as_before() -> None:
    chat = asked("place")
    chat.heard("> cipete utara, modal 3 juta, sebulan 5 juta, sendiri")
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step == "gathered"


@pytest.mark.parametrize("said", ["kebakaran di cipete utara, gang 3", "petugas minta uang, 50rb"])
def test_a_matter_beside_the_question_is_heard(said: str) -> None:
    for step in ("place", "capital"):
        chat = asked(step)
        before = answers(chat)
        chat.heard(f"> {said}")
        assert answers(chat) == before


def test_before_the_consent_no_photo_is_kept() -> None:
    chat = Chat(FLOWS)
    chat.heard("> mau bikin izin")
    assert "tidak kami perlukan" in chat.heard("~ photo")[0]
    assert answers(chat) == {}


# -- the declaration -------------------------------------------------------------------------------


def _by_comma(text: str, facts: Facts, steps: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(steps, text.split(","), strict=False))


def flow(*joined: str) -> Flow:
    steps = (
        Ask("pole", parse=name()),
        Ask("cost", parse=money(), when=lambda answers, facts: answers.get("pole") != "None"),
        Ask("note", parse=name(), optional=True),
        Ask("call", parse=name()),
    )
    return Flow("lamp", steps, together=(Joined(joined, _by_comma),))


def test_joined_steps_follow_each_other() -> None:
    assert flow("pole", "cost").problems() == []
    assert flow("pole", "call").problems() == ["lamp: pole and call do not follow each other"]


def test_a_joint_question_needs_its_words_and_counts_once() -> None:
    lamp = flow("pole", "cost", "note")
    assert {"lamp.pole.joined", "lamp.pole.joined.why"} <= set(lamp.words())
    context = Context("lamp", "", {}, OWNER)
    pole, cost, note, call = lamp.steps
    assert [lamp.place_of(step, context) for step in lamp.steps] == [(1, 2), (1, 2), None, (2, 2)]
    assert lamp.asks_jointly(pole, context) and not lamp.asks_jointly(cost, context)
    assert lamp.answerable(pole, context) == ("pole", "cost", "note")
    assert lamp.answerable(call, context) == ("call",)
    given = Context("lamp", "", {"pole": "KB 1", "cost": 2, "note": "x", "call": "y"}, OWNER)
    assert not lamp.asks_jointly(pole, given)
    assert lamp.answerable(pole, given) == ("pole", "note")
    assert lamp.answerable(note, given) == ("note",)


def test_a_step_that_is_only_joined_by_optional_ones_keeps_its_question() -> None:
    lamp = flow("cost", "note")
    assert not {key for key in lamp.words() if "joined" in key}
    assert not lamp.asks_jointly(lamp.steps[1], Context("lamp", "", {}, OWNER))


# -- drafts of the form that asked each step alone -------------------------------------------------

#: An old question, the choices that were shown with it, and an answer.
OLD: dict[str, tuple[tuple[str, ...], Said | Uploaded | Tapped, Json]] = {
    "place": ((), Said("cipete utara"), {"kelurahan": "31.74.07.1010", "pin": None}),
    "rt_rw": (("unknown",), Said("rt 5 rw 3"), "005/003"),
    "street": ((), Said("Gang Mawar no 7"), "Gang Mawar no 7"),
    "place_photo": ((), Uploaded(9, "photo"), {"ids": [9], "done": False}),
    "capital": ((), Said("5 juta"), 5_000_000),
    "turnover": ((), Said("6 juta"), 6_000_000),
    "workers": ((), Said("2"), 2),
    "preferred_days": (("any",), Said("1"), "any"),
    "preferred_part": (
        ("any", "morning", "midday", "afternoon"),
        Tapped("business_permit", "", "preferred_part", 10, "midday"),
        "midday",
    ),
}


def old_session(step: str) -> ChatSession:
    """As an earlier version stored it, read anew."""
    order = [one.id for one in FORM.steps]
    given = {one: city.ANSWERS[one] for one in order[: order.index(step)] if one in city.ANSWERS}
    shown = tuple(
        Choice(value, Say(f"business_permit.{step}.{value}"), value) for value in OLD[step][0]
    )
    session = ChatSession(
        draft=Draft("business_permit", "", given),
        asked=Question("business_permit", "", step, 10),
        shown=shown,
        version=10,
        since=10,
        greeted=True,
    )
    return ChatSession.from_json(json.loads(json.dumps(session.to_json())))


@pytest.mark.parametrize("step", OLD)
def test_a_draft_of_the_old_form_goes_on_at_any_of_its_questions(step: str) -> None:
    _, event, answer = OLD[step]
    before = old_session(step)
    assert before.draft is not None
    turn = advance(FLOWS, before, event, OWNER)
    assert turn.session.draft is not None
    assert turn.session.draft.answers == {**before.draft.answers, step: answer}
    assert to_the_review(turn) == "confirm"


def to_the_review(turn: Turn) -> str:
    """Answer what is still asked; gives the last question."""
    said = {
        "place": "cipete utara, gang mawar 7",
        "street": "gang mawar 7",
        "place_photo": "sudah",
        "premises": "keliling",
        "capital": "3 juta, 5 juta, sendiri",
        "turnover": "5 juta",
        "workers": "1",
        "papers": "belum punya",
        "identity": "saat petugas datang",
        "preferred_days": "kapan saja",
    }
    while turn.session.asked is not None and (step := turn.session.asked.step) in said:
        turn = advance(FLOWS, turn.session, Said(said[step]), OWNER)
    return turn.session.asked.step if turn.session.asked is not None else ""


def test_a_photo_of_an_old_draft_that_waited_for_more_is_sent_with_it() -> None:
    given = {**city.ANSWERS, "place_photo": {"ids": [9], "done": False}}
    del given["confirm"], given["preferred_part"]
    parked = Draft("business_permit", "", given)
    chat = Chat(FLOWS)
    chat.session = ChatSession(parked=(parked,), greeted=True)
    chat.facts = OWNER
    chat.heard("> menu")
    chat.heard("> 1")
    assert "  Foto: 1 foto" in chat.heard("> lanjutkan")
    assert '    place_photo: {"ids": [9], "done": false}' in chat.heard("> kirim")
