"""What an event means: the same words in the sight of different questions."""

from __future__ import annotations

import pytest

from conversations import flows
from conversations.commands import Typed
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import (
    Answer,
    Aside,
    BeforeNews,
    Meaning,
    Order,
    OwnNumber,
    Pick,
    PickElsewhere,
    Remark,
    Resume,
    Stale,
    Unclear,
    Unread,
    Whose,
)
from conversations.engine.turn import advance
from conversations.engine.understanding import MAX_SAID, understand
from conversations.events import Event, Happened, Located, Said, Tapped, Uploaded
from conversations.facts import Facts
from conversations.messages import Say
from conversations.phrases import Command, Intent
from conversations.session import ChatSession, Draft
from tests.conversations import city

FLOWS = flows.load()
OWNER = city.facts(consents=frozenset({"applying"}))
CHOOSING = city.facts(
    consents=frozenset({"applying"}),
    cases=(city.case(81, "accepted"),),
    windows=(city.Hours(city.WEDNESDAY, "morning"), city.Hours(city.WEDNESDAY, "afternoon")),
)
PIN = Located(-6.2706, 106.8023)
PHOTO = Uploaded(4, "photo")
NEWS = Happened("verified", "81", {"opens": "visit_window", "parts": []})


def at(step: str, facts: Facts = OWNER) -> TurnBuilder:
    """A form in which everything before this step is answered."""
    order = list(city.ANSWERS)
    answers = {
        name: city.ANSWERS[name] for name in order[: order.index(step)] if name in city.ANSWERS
    }
    parked = (Draft("business_permit", "", answers),) if answers else ()
    session = ChatSession(parked=parked, greeted=True, tongue_known=True)
    opened = Tapped("welcome", "", "menu", 1, "business_permit")
    return after([Said("menu"), opened, Said("lanjutkan")], facts, session)


def after(
    events: list[Event], facts: Facts = OWNER, session: ChatSession | None = None
) -> TurnBuilder:
    """What stands after these events."""
    session = session or ChatSession(greeted=True)
    for event in events:
        session = advance(FLOWS, session, event, facts).session
    return TurnBuilder(FLOWS, session, facts)


def means(turn: TurnBuilder, event: Said | Tapped | Located | Uploaded) -> Meaning:
    """The meaning; understanding leaves the turn as it is, and gives the same again."""
    before = (turn.session, turn.facts)
    meaning = understand(turn, event)
    assert (turn.session, turn.facts) == before
    return meaning


@pytest.mark.parametrize(
    ("step", "event"),
    [
        ("owner_name", Said("siti aminah")),
        ("capital", Said("5jt")),
        ("capital", Said("0")),
        ("capital", Said("entahlah")),
        ("capital", PIN),
        ("place", PIN),
        ("place_photo", PHOTO),
        ("capital", PHOTO),
    ],
)
def test_what_is_nothing_else_is_for_the_open_step(step: str, event: Said | Located) -> None:
    assert means(at(step), event) == Answer()


@pytest.mark.parametrize("said", ["2", "keliling"])
def test_words_pick_from_what_was_shown(said: str) -> None:
    meaning = means(at("premises"), Said(said))
    assert isinstance(meaning, Pick)
    assert meaning.choice.value == "mobile"


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("batal", Order(Typed(Command.CANCEL))),
        ("menu", Order(Typed(Command.MENU))),
        ("gimana izin saya sudah jadi belum", Aside(Intent.STATUS)),
        ("berapa biayanya?", Aside(Intent.COST)),
        ("petugas minta uang", Aside(Intent.COMPLAINT)),
        ("makasih", Aside(Intent.THANKS)),
        ("halo", Resume()),
        ("x" * (MAX_SAID + 1), Unread(Say("common.too_long"), correctable=True)),
    ],
)
def test_words_that_are_no_answer_mean_the_same_at_any_step(said: str, meaning: Meaning) -> None:
    assert means(at("capital"), Said(said)) == meaning
    assert means(at("place_photo"), Said(said)) == meaning


def test_zero_goes_back_where_no_number_is_asked() -> None:
    assert means(at("premises"), Said("0")) == Order(Typed(Command.BACK))


def test_an_edit_is_read_only_of_the_message_that_was_not_understood() -> None:
    turn = at("capital")
    edit = Said("5jt", edited=True, message="31")
    assert means(turn, edit) == Unread(Say("common.edited"))
    refused = after([Said("entahlah", message="31")], session=turn.session)
    assert isinstance(means(TurnBuilder(FLOWS, refused.session, OWNER), edit), Answer)


def test_a_number_to_call_is_heard_at_home_and_not_as_an_answer() -> None:
    assert means(after([Said("menu")]), Said("0812 3456 7890")) == OwnNumber("+6281234567890")
    assert not isinstance(means(at("capital"), Said("0812 3456 7890")), OwnNumber)


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("mau bikin izin usaha", Remark(None)),
        ("entahlah", Remark(None)),
        ("halo", Remark(Intent.GREETING)),
    ],
)
def test_words_while_nothing_is_asked(said: str, meaning: Meaning) -> None:
    assert means(TurnBuilder(FLOWS, ChatSession(greeted=True), OWNER), Said(said)) == meaning


def test_a_question_of_the_engines_own_takes_only_its_answers() -> None:
    turn = after([Said("batal")], session=at("capital").session)
    assert means(turn, Said("entahlah")) == Unclear()
    assert means(turn, PHOTO) == Answer()
    assert isinstance(means(turn, Said("ya")), Pick)


def test_a_tap_is_for_the_question_it_names_or_stale() -> None:
    turn = at("premises")
    asked = turn.session.asked
    assert asked is not None
    here = Tapped(asked.flow, asked.subject, asked.step, asked.version, "home")
    assert isinstance(means(turn, here), Pick)
    assert means(at("capital"), here) == Stale()
    menu = Tapped("welcome", "", "menu", 1, "status")
    assert isinstance(means(turn, menu), PickElsewhere)


def test_words_that_fit_only_the_question_before_the_news_are_for_that_one() -> None:
    turn = after([NEWS], CHOOSING, at("street", CHOOSING).session)
    assert isinstance(means(turn, Said("Gang Mawar no 7")), BeforeNews)


def test_words_that_fit_both_questions_are_asked_back() -> None:
    turn = after([NEWS], CHOOSING, at("premises", CHOOSING).session)
    meaning = means(turn, Said("1"))
    assert isinstance(meaning, Whose)
    assert meaning.then is not None
    assert meaning.now is not None
