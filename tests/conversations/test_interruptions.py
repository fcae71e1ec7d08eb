"""What comes between a question and its answer: a look at something else, or news."""

from dataclasses import replace
from datetime import timedelta

import pytest

from conversations import flows
from conversations.engine.interruption import DOUBT
from conversations.session import ChatSession
from tests.conversations import city
from tests.conversations.transcript import Chat

FLOWS = flows.load()
WINDOWS = "~ windows 2026-11-25 morning, 2026-11-25 afternoon"
NEWS = "~ news visit_window 81: notices.verified number=26-004512"
WHOSE = "Jawabannya untuk yang mana?"

# --- a form without its first answer ---


@pytest.mark.parametrize(
    "digression",
    [
        "> status",
        "> bantuan",
        "> berapa biayanya?",
        "> takut digusur",
        "> bicara dengan orang",
        "> data saya",
        "> bahasa",
        "> terima kasih",
        "> hubungkan",
        "> cek petugas",
        "> menu",
        "> batal",
        "> ganti waktu",
        "~ sent voice",
        "~ photo",
        "~ contact +6281234567890",
    ],
)
@pytest.mark.parametrize("applied", [False, True])
def test_a_form_is_begun_by_its_button_whatever_came_between(
    digression: str, *, applied: bool
) -> None:
    chat = Chat(FLOWS)
    if applied:
        chat.heard("~ case 81 submitted")
    chat.heard("> mau bikin izin")
    begin = chat.tap("Setuju, mulai")
    chat.heard(digression)
    chat.last = begin
    shown = chat.heard("~ again")
    assert not any("pesan lama" in line for line in shown), shown
    assert "applying" in chat.facts.me.consents


def test_a_look_at_the_requests_leads_back_to_the_form_without_an_answer() -> None:
    chat = Chat(FLOWS)
    chat.heard("~ case 81 submitted")
    chat.heard("> mau bikin izin")
    chat.heard("> status")
    chat.heard("> kembali")
    assert chat.session is not None and chat.session.asked is not None
    assert (chat.session.asked.flow, chat.session.asked.step) == ("business_permit", "consent")


def test_a_form_that_was_left_before_its_first_answer_does_not_come_back() -> None:
    chat = Chat(FLOWS)
    chat.heard("> mau bikin izin")
    chat.heard("> menu")
    assert chat.session is not None and chat.session.parked == ()


# --- news between a question and its answer ---


def interrupted(step: str) -> Chat:
    chat = Chat(FLOWS)
    chat.heard(f"~ asked business_permit {step}")
    chat.heard("~ case 81 accepted")
    chat.heard(WINDOWS)
    chat.heard(NEWS)
    return chat


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("premises", "1"),
        ("premises", "2"),
        ("premises", "nomor 3"),
        ("papers", "1"),
        ("papers", "yang kedua"),
        ("identity", "2"),
        ("preferred_part", "3"),
        ("preferred_days", "1"),
        ("capital", "2"),
        ("turnover", "3"),
        ("workers", "1"),
        ("workers", "2"),
        ("rt_rw", "1"),
        ("business_name", "1"),
        ("confirm", "1"),
        ("confirm", "2"),
    ],
)
def test_a_number_that_fits_both_questions_is_asked_back(step: str, said: str) -> None:
    chat = interrupted(step)
    shown = chat.heard(f"> {said}")
    assert WHOSE in shown[0], shown
    assert not any(line.startswith("! ChooseWindow") for line in shown)
    noted = chat.heard("> 2")
    assert any(line.startswith("! ChooseWindow") for line in noted) or "cocok" in shown[-1]


@pytest.mark.parametrize(
    ("step", "said", "kept"),
    [
        ("owner_name", "Siti Aminah", "Siti Aminah"),
        ("business_name", "Warung Bu Siti", "Warung Bu Siti"),
        ("rt_rw", "rt 5 rw 3", "005/003"),
        ("street", "Gang Mawar no 7", "Gang Mawar no 7"),
        ("premises", "keliling", "mobile"),
        ("capital", "5 juta", 5_000_000),
        ("turnover", "6 juta", 6_000_000),
        ("workers", "7", 7),
        ("papers", "4", "npwp"),
        ("papers", "belum punya", "none"),
        ("preferred_days", "rabu depan", ["2026-12-02"]),
        ("preferred_part", "4", "afternoon"),
    ],
)
def test_what_fits_the_question_before_alone_is_its_answer(
    step: str, said: str, kept: object
) -> None:
    chat = interrupted(step)
    shown = chat.heard(f"> {said}")
    assert chat.session is not None and chat.session.draft is not None
    assert chat.session.draft.flow == "business_permit"
    assert chat.session.draft.answers[step] == kept, shown
    assert any("Kabar tadi masih bisa dijawab" in line for line in shown)


@pytest.mark.parametrize("step", ["premises", "papers", "identity", "preferred_part"])
def test_a_tap_is_never_in_doubt(step: str) -> None:
    chat = Chat(FLOWS)
    chat.heard(f"~ asked business_permit {step}")
    question = chat.sent[-1]
    chat.heard("~ case 81 accepted")
    chat.heard(WINDOWS)
    chat.heard(NEWS)
    assert any("! ChooseWindow" in line for line in chat.heard("~ tap Rab 25 Nov, sore 13.00"))
    chat = interrupted(step)
    chat.sent.append(question)
    label = FLOWS.catalogue.say(question.choices[0].label, "id")
    chat.heard(f"~ tap {label}")
    assert chat.session is not None and chat.session.draft is not None
    assert step in chat.session.draft.answers


def test_a_photo_for_the_form_is_kept_when_news_came_before_it() -> None:
    chat = interrupted("place_photo")
    chat.heard("~ photo")
    assert chat.session is not None and chat.session.draft is not None
    assert chat.session.draft.answers["place_photo"]["ids"] == [101]


def test_a_place_for_the_form_is_kept_when_news_came_before_it() -> None:
    chat = interrupted("place")
    assert any("Cipete Utara" in line for line in chat.heard("~ location -6.2706, 106.8023"))


@pytest.mark.parametrize("choice", ["1", "Untuk isian tadi", "5 juta", "untuk isian"])
def test_the_answer_to_whose_leads_back_to_the_form(choice: str) -> None:
    chat = interrupted("capital")
    chat.heard("> 500")
    chat = interrupted("capital")
    chat.heard("> 1")
    shown = chat.heard(f"> {choice}")
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.flow == "business_permit", shown


def test_a_command_is_obeyed_just_after_news() -> None:
    chat = interrupted("business_name")
    assert any("26-004512" in line for line in chat.heard("> status"))


@pytest.mark.parametrize("wait", [timedelta(0), timedelta(minutes=5), DOUBT])
def test_a_number_for_the_menu_is_asked_back_when_news_has_just_come(wait: timedelta) -> None:
    chat = Chat(FLOWS)
    chat.heard("> menu")
    chat.heard("~ case 81 accepted")
    chat.heard(WINDOWS)
    chat.heard(NEWS)
    chat.facts = replace(chat.facts, now=chat.facts.now + wait)
    assert WHOSE in chat.heard("> 1")[0]


def test_a_number_is_for_the_news_when_the_menu_stood_there_long_before() -> None:
    chat = Chat(FLOWS)
    chat.heard("> menu")
    chat.heard("~ case 81 accepted")
    chat.heard(WINDOWS)
    chat.heard(NEWS)
    chat.facts = replace(chat.facts, now=chat.facts.now + DOUBT + timedelta(seconds=1))
    assert any(line.startswith("! ChooseWindow") for line in chat.heard("> 1"))


def test_an_offer_does_not_take_the_number_that_an_officer_typed_for_the_list() -> None:
    chat = Chat(FLOWS)
    chat.heard("~ officer Rahmat Hidayat")
    chat.heard("~ visit 7 accepted 2026-11-25 morning")
    chat.heard("> menu")
    chat.heard("~ visit 8 offered 2026-11-25 afternoon")
    chat.heard("~ news visit 8:")
    shown = chat.heard("> 1")
    assert WHOSE in shown[0]
    assert not any(line.startswith("! AcceptOffer") for line in shown)


def test_a_number_for_a_step_that_the_news_settled_is_no_answer_to_the_next() -> None:
    chat = Chat(FLOWS)
    chat.heard("~ officer Rahmat Hidayat")
    chat.heard("~ visit 7 arrived 2026-11-23 morning")
    chat.heard("> menu")
    chat.heard("> 1")
    for line in ("> 482915", "> 1", "> 1", "~ photo"):
        chat.heard(line)
    assert chat.session is not None and chat.session.asked is not None
    assert chat.session.asked.step == "identity"
    chat.heard("~ visit 7 arrived 2026-11-23 morning identity")
    proved = replace(chat.facts.rounds.visits[0], code_proved=True)
    chat.facts = city.changed(chat.facts, visits=(proved,))
    chat.heard("~ identity 7")
    shown = chat.heard("> 1")
    assert not any(line.startswith("! FinishVisit") for line in shown)
    chat.heard("> 1")  # a number that was not shown is asked back
    assert any(line.startswith("! FinishVisit") for line in chat.heard("> 1"))


def test_news_on_news_keeps_the_question_that_stood_first() -> None:
    chat = interrupted("workers")
    chat.heard(NEWS)
    assert WHOSE in chat.heard("> 2")[0]
    assert chat.session is not None
    assert ChatSession.from_json(chat.session.to_json()) == chat.session


def test_what_was_chosen_is_told_once() -> None:
    chat = interrupted("premises")
    chat.heard("> 1")
    shown = chat.heard("~ tap Rab 25 Nov, pagi 08.00")
    assert sum(line.startswith("! ChooseWindow") for line in shown) == 1
