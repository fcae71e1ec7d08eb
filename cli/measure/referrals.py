"""Situations of places that somebody tells of: the form, the officer there, and the supervisor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from cli.measure.played import Played
from conversations import flows
from conversations.assisting import BeginForm
from conversations.effects import FailVisit, FinishVisit, ForgetWords
from conversations.facts import Desk, Facts, Me, Mine, Rounds, VisitFact
from conversations.flows import lost_place
from conversations.lifecycle import CaseState
from conversations.messages import Json
from conversations.referrals import (
    DecideReferral,
    LeaveToThem,
    LeaveUnsafe,
    PostponeVisit,
    SendToAll,
    ShowReporters,
)
from conversations.session import Draft

FORM, VISIT, HELD = "referral", "visit", "held"
_FLOWS = (FORM, VISIT, HELD, lost_place.ID)
ANSWERS: dict[str, Json] = {
    "purpose": "yes",
    "trade": {"code": None, "words": "nasi uduk"},
    "place": {"kelurahan": "31.74.07.1010", "pin": None},
    "landmark": "depan musala Al-Ikhlas",
    "open": "morning",
    "knows": "agreed",
    "called": "Bu Siti",
}
#: The question at a place that somebody told of -> the answers before it.
_AT_PLACE: dict[str, dict[str, Json]] = {
    "met": {},
    "same": {"met": "later"},
    "may_tell": {"met": "now", "same": "no"},
    "again": {"met": "later", "same": "no"},
    "permit_number": {"met": "has_permit", "same": "no"},
    "why_not": {"met": "not_wanted", "same": "no"},
    "moved_to": {"met": "moved", "same": "no"},
    "new_place": {"met": "moved", "same": "no", "moved_to": "known"},
    "why_impossible": {"met": "impossible", "same": "no"},
}
_HELD: dict[str, dict[str, Json]] = {"decision": {}, "why": {"decision": "who"}}


Play = Callable[[Draft | None, str, Facts], Any]
Matters = Callable[[Any], set[str]]


def situations(
    play: Play, facts: Callable[[], Facts], visit: VisitFact, matters: Matters, at_desk: Matters
) -> Mapping[str, Callable[[str], set[str]]]:
    """Return the situations.

    `facts` are of an owner with cases; `matters` and `at_desk` return the matters that a reply to
    an owner or to staff answers.
    """

    def told(step: str) -> Callable[[str], set[str]]:
        known = facts()
        known = replace(known, mine=Mine(services=known.mine.services))
        before = dict(list(ANSWERS.items())[: list(ANSWERS).index(step)])
        return lambda said: _heard(step, play(Draft(FORM, "", before), said, known), matters)

    def there(step: str) -> Callable[[str], set[str]]:
        me = Me(roles=frozenset({"owner", "officer"}))
        known = replace(facts(), me=me, mine=Mine(), rounds=Rounds((visit,)))
        held = flows.load().by_id[VISIT].prefill(str(visit.id), known)
        draft = Draft(VISIT, str(visit.id), {**held, **_AT_PLACE[step]})
        return lambda said: _heard(step, play(draft, said, known), at_desk)

    def decided(step: str) -> Callable[[str], set[str]]:
        case = replace(facts().mine.cases[0], state=CaseState.IN_REVIEW, told=True)
        me = Me(roles=frozenset({"owner", "supervisor", "head"}))
        desk = Desk(cases=(case, replace(case, id=case.id + 1)))
        known = replace(facts(), me=me, mine=Mine(), desk=desk)
        draft = Draft(HELD, str(case.id), _HELD[step])
        return lambda said: _heard(step, play(draft, said, known), at_desk)

    def lost() -> Callable[[str], set[str]]:
        known = replace(facts(), mine=Mine(services=facts().mine.services))
        draft = Draft(lost_place.ID, lost_place.subject_of(1, known.today))
        return lambda said: _heard(lost_place.MORE, play(draft, said, known), matters)

    def later(said: str) -> set[str]:
        """Somebody on the first page who has told of a place."""
        known = facts()
        case = replace(known.mine.cases[0], service=FORM, answers=ANSWERS)
        mine = Mine(cases=(case,), services=known.mine.services)
        return matters(play(None, said, replace(known, mine=mine)))

    def failed(said: str) -> set[str]:
        """An officer whose only visit has just failed."""
        known = replace(facts(), me=Me(roles=frozenset({"owner", "officer"})), mine=Mine())
        return at_desk(play(Draft("officer_desk"), said, known))

    made = {"lost_place": lost} | {f"referral_{step}": partial(told, step) for step in ANSWERS}
    made |= {f"told_{step}": partial(there, step) for step in _AT_PLACE}
    made |= {f"held_{step}": partial(decided, step) for step in _HELD}
    others = {"referral_later": later, "after_failure": failed}
    return {kind: _when_played(make) for kind, make in made.items()} | others


def _when_played(make: Callable[[], Callable[[str], set[str]]]) -> Callable[[str], set[str]]:
    return lambda said: make()(said)


def _heard(step: str, played: Played, matters: Matters) -> set[str]:
    """Return what one line answers at a question, and the matters that the reply answers."""
    got = {end for key in played.keys if (end := _ended(step, key))}
    got |= {name for effect in played.turn.effects for name in _done(step, effect)}
    draft = played.turn.session.draft
    if draft is not None and draft.flow in _FLOWS and step in played.answers:
        got |= _given(played.answers[step])
    if played.effects(ForgetWords):
        got.add("accusation")
    if played.asks_back:
        got.add("asked_back")
    if any(key.endswith(f"{step}.why") for key in played.keys):
        got.add("explains")
    if any(key.startswith("refusals.") for key in played.keys):
        got.add("refused")
    return got | (matters(played) - {"greeting", "today"})


def _ended(step: str, key: str) -> str | None:
    """Return the option after which the form ends, from the key of its last sentence."""
    _, _, rest = key.partition(f".{step}.")
    option, _, last = rest.partition(".")
    return option if last == "end" else None


def _done(step: str, effect: object) -> set[str]:
    """Return the answer that an effect carries out."""
    match effect:
        case FailVisit():
            return {"any" if effect.reason == "other_day" else effect.reason}
        case FinishVisit():
            return _given(effect.answers.get(step))
        case PostponeVisit():
            return {f"{effect.on.isoformat()}.{effect.part}"}
        case DecideReferral():
            return {"go" if effect.go else "no"}
        case ShowReporters():
            return {effect.why}
    return {_NAMES[type(effect)]} if type(effect) in _NAMES else set()


_NAMES: dict[type[object], str] = {
    BeginForm: "now",
    LeaveToThem: "self",
    LeaveUnsafe: "unsafe",
    SendToAll: "all",
}


def _given(answer: Json) -> set[str]:
    """Return the labels of an answer."""
    if isinstance(answer, dict) and "open" in answer:  # of a place that was not found
        return {str(answer["open"]) if answer["open"] else "", "words" if answer["words"] else ""}
    if isinstance(answer, dict):
        return {"trade" if "words" in answer else f"place={answer.get('kelurahan')}"}
    return {"none" if answer is None else str(answer), "words"}
