"""Nothing that an officer reads at a place tells who told of it.

The offer, the way, the questions at the door and the form filled in there are written out from
facts of a place that somebody told of; and what they may be filled in with is listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from string import Formatter

import pytest

from conversations import flows, messages
from conversations.effects import Effect, Reply, Submit
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.turn import advance
from conversations.events import Happened, Said
from conversations.facts import Facts, VisitFact
from conversations.messages import Json, Say
from conversations.session import ChatSession, Draft
from tests.conversations import city

FLOWS = flows.load()
CATALOGUE = FLOWS.catalogue
#: What is known of the person who told, and must stand in no message to an officer.
REPORTER = ("Zulkarnain", "Hidayatullah", "81377700088")
#: Sentences about a visit that officers read.
TO_OFFICERS = ("help.", "referral.", "visit.", "assisted.")
#: What these sentences tell: of the visit, its place and its host, and of the form filled in there.
_NAMES = """
    window street place map lat lon distance note trade landmark open knows called owner told untold
    heard how where number service name badge summary state lines code url minutes answer a_day
    a_month
"""
OF_THE_VISIT = frozenset(_NAMES.split())
#: What notices tell besides: days, reasons and figures, which are nobody's.
_BESIDES = """
    hours unseen seen reason why next until on to n visit what days matter of newer since
"""
OF_NOTICES = frozenset(_BESIDES.split())
#: Notices with words, a name or a number of somebody: whose they are.
OF_SOMEBODY: dict[str, str] = {
    "document_expired": "holder: of the document, who has a chat",
    "document_revoked": "holder: of the document, who has a chat",
    "document_valid": "holder: of the document, who has a chat",
    "says_arrived.unseen": "says: the officer who is not seen at the place",
    "says_arrived.words": "words: the officer who is not seen at the place",
    "place_told": "words: the host of the visit; nobody hosts a visit to a place that was told",
    "officer_absent": "words: the officer",
    "officer_in_danger": "words, phone: the officer",
    "officer_reports": "words: the officer",
    "supervisor_away": "words: the supervisor",
    "supervisor_misconduct": "words: the supervisor who tells of it",
    "message_closed": "words: the supervisor, to whoever wrote",
    "caller.phone_of_chat": "phone: whoever asks for a call, to supervisors",
    "person_asks": "phone: whoever asks for a call, to supervisors",
    "person_called": "phone: whoever asks for a call, to supervisors",
    "person_in_distress": "phone: whoever is in distress, to supervisors",
    "person_wants_data": "phone: whoever asks for their own data, to supervisors",
    "still_in_danger": "phone: the officer",
    "complaint_filed": "by: a day",
    "letter_disputed": "one, other: what a lender answered, to supervisors",
    "reminder.before_1": "day, sum: of the owner's own instalment",
    "reminder.before_2": "day, sum: of the owner's own instalment",
    "reminder.before_3": "day, sum: of the owner's own instalment",
    "erasing": "by: a day",
    "objection": "by: a day",
    "own_data": "by: a day",
    "ticket_taken": "by: a day",
    "ticket_unanswered": "by: a day",
    "ticket_unclosed": "by: a day",
}
STATES = ("offered", "accepted", "on_the_way", "arrived")
DOOR: tuple[tuple[str, dict[str, Json]], ...] = (
    ("met", {}),
    ("same", {"met": "later"}),
    ("may_tell", {"met": "now", "same": "no"}),
    ("again", {"met": "later", "same": "no"}),
    ("permit_number", {"met": "has_permit", "same": "no"}),
    ("why_not", {"met": "not_wanted", "same": "no"}),
    ("moved_to", {"met": "moved", "same": "no"}),
    ("new_place", {"met": "moved", "same": "no", "moved_to": "known"}),
    ("why_impossible", {"met": "impossible", "same": "no"}),
    ("filling", {"met": "now", "same": "no", "may_tell": "yes"}),
    ("leaving", {"met": "not_wanted", "same": "no", "why_not": "tax"}),
)


def place(state: str) -> VisitFact:
    return city.told_of(city.visit(9, state))


def officer(*visits: VisitFact) -> Facts:
    return city.facts(role="officer", name="Rahmat Hidayat", badge="0417", visits=visits)


def reporter() -> Facts:
    name, number = " ".join(REPORTER[:2]), REPORTER[2]
    return city.facts(name=name, phone=f"+62{number}", consents=frozenset({"applying"}))


def told_by_reporter() -> dict[str, Json]:
    """The answers that the reporter sends at the end of the form."""
    session, facts = ChatSession(greeted=True), reporter()
    said = ("bantu usaha lain", "ya", "nasi uduk", "cipete utara", "depan musala", "pagi", "belum")
    for one in (*said, "ya kirim"):
        turn = advance(FLOWS, session, Said(one), facts)
        session = turn.session
    (sent,) = (effect for effect in turn.effects if isinstance(effect, Submit))
    return dict(sent.answers)


def written(*values: object) -> Iterator[str]:
    """Each value as people read it, in both languages, with all choices of a message."""
    for value in values:
        for locale in ("id", "en"):
            if isinstance(value, messages.Message):
                yield CATALOGUE.text(value, locale)
                yield from (str(CATALOGUE.say(c.label, locale)) for c in value.choices)
            elif isinstance(value, Say):
                yield CATALOGUE.say(value, locale)
            else:
                yield str(value)


def sent_in(effects: Iterable[Effect]) -> list[messages.Message]:
    return [effect.message for effect in effects if isinstance(effect, Reply)]


def assert_silent(*values: object) -> None:
    for text in written(*values):
        found = [one for one in REPORTER if one.casefold() in text.casefold()]
        assert not found, text


def test_the_answers_of_a_reporter_name_nobody() -> None:
    assert_silent(told_by_reporter())


@pytest.mark.parametrize("state", STATES)
def test_each_page_of_the_visit_is_silent(state: str) -> None:
    facts = officer(place(state))
    news = Happened("news", "9", {"opens": "visit", "parts": []})
    turn = advance(FLOWS, ChatSession(greeted=True), news, facts)
    sent = sent_in(turn.effects)
    assert sent
    assert_silent(*sent, turn.session.to_json())


def asked(draft: Draft, facts: Facts) -> TurnBuilder:
    """The turn in which a draft's open question is asked."""
    turn = TurnBuilder(FLOWS, ChatSession(greeted=True, draft=draft), facts)
    drafts.go_on(turn)
    turn.flush()
    return turn


@pytest.mark.parametrize(("step", "given"), DOOR, ids=[step for step, _ in DOOR])
def test_each_question_at_the_door_is_silent(step: str, given: dict[str, Json]) -> None:
    facts = officer(place("arrived"))
    held = {**FLOWS.by_id["visit"].prefill("9", facts), **given}
    turn = asked(Draft("visit", "9", held), facts)
    assert turn.session.asked is not None and turn.session.asked.step == step
    assert_silent(*sent_in(turn.effects))


def test_each_question_of_the_form_at_the_place_is_silent() -> None:
    facts = officer(place("arrived"))
    facts = replace(facts, rounds=replace(facts.rounds, assisted=(city.helping(visit_id=9),)))
    form = FLOWS.by_id["business_permit"]
    for number, _ in enumerate(form.steps):
        before = {one.id for one in form.steps[:number]}
        given = {one: answer for one, answer in city.HELD.items() if one in before}
        draft = Draft(form.id, "assisted:9", given, on_behalf=city.OWNER_ID)
        sent = sent_in(asked(draft, facts).effects)
        assert sent
        assert_silent(*sent)


def test_sentences_to_officers_are_filled_in_from_the_place_and_the_visit_alone() -> None:
    """A parameter that is new to these sentences is looked at: could it tell who told us?"""
    keys = [key for key in CATALOGUE.entries if key.startswith(TO_OFFICERS)]
    assert len(keys) > 100
    for key in keys:
        for line in CATALOGUE.entries[key].values():
            named = {name for _, name, _, _ in Formatter().parse(line) if name}
            assert named <= OF_THE_VISIT, f"{key}: {sorted(named - OF_THE_VISIT)}"


def test_notices_hold_nothing_of_somebody_that_was_not_looked_at() -> None:
    """A notice with a new parameter is looked at: can it go to an officer, and tell who told us?"""
    found = set()
    for key in (key for key in CATALOGUE.entries if key.startswith("notices.")):
        for line in CATALOGUE.entries[key].values():
            named = {name for _, name, _, _ in Formatter().parse(line) if name}
            if named - OF_THE_VISIT - OF_NOTICES:
                found.add(key.removeprefix("notices."))
    assert found == {*OF_SOMEBODY}


def test_notices_to_those_who_told_us_of_a_place_name_nothing_at_all() -> None:
    told = [key for key in CATALOGUE.entries if key.startswith("notices.told_")]
    assert len(told) > 3
    for key in told:
        for line in CATALOGUE.entries[key].values():
            assert not [name for _, name, _, _ in Formatter().parse(line) if name], key


def test_what_a_supervisor_decides_on_is_silent_until_a_head_asks() -> None:
    case = city.told(city.case(81, "in_review", reasons=("many_referrals",)))
    facts = city.facts(role="supervisor", name="Ratna Dewi", attention=(case,))
    turn = asked(Draft("held", "81"), facts)
    assert "who" not in {choice.value for choice in turn.session.shown}
    assert_silent(*sent_in(turn.effects))
