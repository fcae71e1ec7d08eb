"""Staff are heard in their own words, and an act follows only once it is confirmed."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from msgspec import structs

from conversations import flows, lexicon
from conversations.effects import (
    AcceptOffer,
    Arrive,
    CallPerson,
    Concern,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    Reply,
    TellConcern,
    TellLate,
)
from conversations.engine import confirming, desk
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import AtDesk
from conversations.engine.turn import Turn, advance
from conversations.events import Event, Located, Said, Tapped
from conversations.facts import Facts, VisitFact
from conversations.messages import Say
from conversations.session import ChatSession
from tests.conversations import city

FLOWS = flows.load()
TODAY = city.MONDAY.date()


def officer(*visits: VisitFact) -> Facts:
    return city.facts(role="officer", name="Rahmat", visits=visits)


def today(id: int = 7, state: str = "on_the_way", **known: object) -> VisitFact:
    return city.visit(id, state, on=TODAY, **known)


def begun(facts: Facts) -> ChatSession:
    return advance(FLOWS, None, Said("menu"), facts).session


def told(facts: Facts, *events: str | Event) -> Turn:
    """The last of several turns, with the session kept as JSON between them."""
    session = begun(facts)
    turn = Turn(session, ())
    for event in events:
        heard = Said(event) if isinstance(event, str) else event
        turn = advance(FLOWS, session, heard, facts)
        session = ChatSession.from_json(json.loads(json.dumps(turn.session.to_json())))
    return turn


def acts(turn: Turn) -> list[Effect]:
    return [effect for effect in turn.effects if not isinstance(effect, Reply)]


def keys(turn: Turn) -> list[str]:
    replies = (effect for effect in turn.effects if isinstance(effect, Reply))
    return [part.key for reply in replies for part in reply.message.parts]


LATE = "telat setengah jam macet"


def test_an_owner_is_told_once_it_is_confirmed() -> None:
    assert acts(told(officer(today()), LATE)) == []
    assert acts(told(officer(today()), LATE, "ya")) == [TellLate(7, 30)]
    assert acts(told(officer(today()), LATE, "tidak")) == []


def test_a_visit_that_has_gone_meanwhile_is_not_late() -> None:
    asked = told(officer(today()), LATE).session
    for gone in (officer(), officer(today(state="arrived"))):
        turn = advance(FLOWS, asked, Said("ya"), gone)
        assert acts(turn) == [] and "common.gone" in keys(turn)


def test_a_tap_on_an_earlier_question_does_nothing() -> None:
    first = told(officer(today()), LATE)
    asked = first.session.asked
    assert asked is not None
    late_tap = Tapped("common", "", asked.step, asked.version, "yes")
    assert acts(told(officer(today()), LATE, "tidak", late_tap)) == []


def test_the_question_is_asked_once_more_after_a_digression() -> None:
    turn = told(officer(today()), LATE, "bantuan")
    assert keys(turn)[-1] == "rounds_desk.late"


def test_words_for_the_question_before_pass_the_question_by() -> None:
    facts = officer(today(state="arrived"))
    open_visit = Said("1")
    assert "hand_over.ktp" in keys(told(facts, open_visit, "sudah punya nib dia", city.CODE))


def test_a_location_passes_the_question_by() -> None:
    here = Located(-6.2706, 106.8023)
    assert acts(told(officer(today()), "1", LATE, here)) == [
        Arrive(7, 0.0, pin=(here.lat, here.lon))
    ]


@pytest.mark.parametrize("said", ["ada anjing galak", "ada yang malak", "tolong saya dirampok"])
def test_danger_is_told_at_once_and_is_no_complaint(said: str) -> None:
    assert acts(told(officer(today()), said)) == [TellConcern(Concern.DANGER, 7, said)]


def test_danger_is_heard_in_the_middle_of_anything() -> None:
    facts = officer(today())
    in_a_form = told(facts, "menu", Said("layanan warga"), Said("izin usaha"))
    draft = in_a_form.session.draft
    assert draft is not None and draft.flow == "business_permit"
    turn = advance(FLOWS, in_a_form.session, Said("ada yang malak"), facts)
    assert [type(effect) for effect in acts(turn)] == [TellConcern]


def test_words_of_danger_are_passed_on_in_one_short_line() -> None:
    (effect,) = acts(told(officer(today()), "ada anjing\ngalak " + "x" * 900))
    assert isinstance(effect, TellConcern)
    assert "\n" not in effect.words and len(effect.words) <= 300


@pytest.mark.parametrize(
    "said", ["telat", "nyasar", "kode nya brp", "macet", "petugas minta uang", "kecewa saya"]
)
def test_an_officer_neither_complains_nor_is_answered_like_an_owner(said: str) -> None:
    turn = told(officer(today()), said)
    assert not [effect for effect in acts(turn) if isinstance(effect, CallPerson)]
    assert not {key for key in keys(turn) if key.startswith("common.intent.")}
    assert "common.complaint" not in keys(turn)


def test_owners_are_not_heard_as_staff() -> None:
    facts = city.facts()
    assert acts(advance(FLOWS, begun(facts), Said("ban bocor telat 30 menit"), facts)) == []


@pytest.mark.parametrize("said", ["kode nya brp", "minta kodenya", "kodenya apa"])
def test_the_code_is_never_shown_to_an_officer(said: str) -> None:
    turn = told(officer(today(state="arrived")), "1", said)
    replies = [effect for effect in turn.effects if isinstance(effect, Reply)]
    assert replies
    for reply in replies:
        assert city.CODE not in _text(reply) or "Contoh: 482915" in _text(reply)
        assert "482 915" not in _text(reply)


def _text(reply: Reply) -> str:
    return FLOWS.catalogue.text(reply.message, "id")


def test_several_visits_are_asked_about() -> None:
    facts = officer(today(7, "accepted"), today(8, "accepted", part="afternoon"))
    asked = told(facts, LATE)
    assert acts(asked) == [] and keys(asked)[-1] == "rounds_desk.which"
    assert acts(told(facts, LATE, "2", "ya")) == [TellLate(8, 30)]


def test_the_hour_names_a_visit() -> None:
    facts = officer(today(7, "accepted"), today(8, "accepted", part="afternoon"))
    turn = told(facts, "temen saya aja yg jam 3")
    draft = turn.session.draft
    assert draft is not None and draft.subject == "8"


def test_a_reason_to_decline_is_confirmed_first() -> None:
    offered = replace(today(state="offered"), offered_to_me=True)
    asked = told(officer(offered), "1", "nggak bisa lagi servis motor")
    assert acts(asked) == []
    turn = advance(FLOWS, asked.session, Said("ya"), officer(offered))
    assert acts(turn) == [DeclineOffer(7, "vehicle")]


def test_a_late_officer_declines_nothing() -> None:
    offered = replace(city.visit(9, "offered"), offered_to_me=True)
    facts = officer(today(), offered)
    turn = told(facts, "2", "ban bocor telat 30 menit")
    assert acts(turn) == [] and keys(turn) == ["rounds_desk.late"]


def test_what_names_the_open_option_answers_it() -> None:
    offered = replace(today(state="offered"), offered_to_me=True)
    assert acts(told(officer(offered), "1", "siap saya ambil yg ini")) == [AcceptOffer(7)]
    accepted = today(state="accepted")
    assert acts(told(officer(accepted), "1", "jalan sekarang")) == [Depart(7)]


@pytest.mark.parametrize("said", ["hujan deras", "orangnya ga ada", "alamatnya ga ketemu"])
@pytest.mark.parametrize("opened", [True, False])
def test_a_failure_is_recorded_only_once_it_is_confirmed(said: str, opened: bool) -> None:
    first = ["1"] if opened else []
    asked = told(officer(today()), *first, said)
    assert acts(asked) == []
    turn = asked
    if said == "hujan deras":
        turn = advance(FLOWS, turn.session, Said("kunjungan gagal"), officer(today()))
    turn = advance(FLOWS, turn.session, Said("ya"), officer(today()))
    assert [type(effect) for effect in acts(turn)] == [FailVisit]


def test_a_pending_failure_is_taken_back() -> None:
    turn = told(officer(today()), "1", "kunjungan gagal", "eh ga jadi gagal")
    draft = turn.session.draft
    assert draft is not None and "failed" not in draft.answers.values()
    assert keys(turn)[-1] == "visit.arrive"


@pytest.mark.parametrize("matter", lexicon.desk("officer").phrases)
@pytest.mark.parametrize("state", ["none", "offered", "accepted", "on_the_way", "arrived"])
def test_every_matter_has_an_answer_in_every_state(matter: str, state: str) -> None:
    visits = () if state == "none" else (today(state=state),)
    facts = officer(*visits)
    turn = TurnBuilder(FLOWS, begun(facts), facts)
    desk.answer(turn, AtDesk(matter, "telat"))
    turn.flush()
    assert any(isinstance(effect, Reply) for effect in turn.effects)


def test_a_question_without_its_sentence_is_refused() -> None:
    plain = confirming.no()
    with pytest.raises(ValueError, match="without a sentence"):
        confirming.sentence([structs.replace(plain, answer=["", "", "a sentence"])])
    assert confirming.sentence([structs.replace(plain, answer=[["a.key", {}]])]) == Say("a.key")
