"""Whereabouts: where an owner who waits for a visit will be found, told beside another question.

A place that words or a location tell is asked back before it becomes the place of the visit.
"""

from __future__ import annotations

import re

from msgspec import structs

from conversations.arrival import meeting_at
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import Matter, matter
from conversations.engine.precedence import fills_in
from conversations.events import Located
from conversations.facts import VisitFact
from conversations.lexicon import lists
from conversations.lifecycle import MOVABLE
from conversations.messages import Json, Say
from conversations.parsers.day_names import DAY_NAMES
from conversations.session import Choice, Draft
from conversations.spot import LONGEST, place
from conversations.step import Prompt
from conversations.words import standardised, tidy

MEETING, TIME = "meeting_place", "visit_window"  # flows in which the place is a step
_STEPS = {MEETING: "where", TIME: "spot"}
_BESIDE = lists.one_of("whereabouts", "beside")
#: Words that tell where somebody is, up to the place: "sekarang saya di", "pindah ke".
_TELLS = re.compile(
    rf"^\W*(?:(?:{_BESIDE})\W+){{0,3}}(?P<first>{lists.one_of('whereabouts', 'at')})\b"
    rf"|\b(?:{lists.one_of('whereabouts', 'stays')})\b(?:\W+(?:{_BESIDE})\b){{0,4}}"
    rf"\W+(?P<at>{lists.one_of('whereabouts', 'at')})\b"
    rf"|\b(?:{lists.one_of('whereabouts', 'moves')})\b(?:\W+(?:{_BESIDE})\b){{0,4}}"
    rf"\W+(?P<to>{lists.one_of('whereabouts', 'at')}|{lists.one_of('whereabouts', 'to')})\b"
)
#: Prepositions that are left out of the place: "di pasar" is "pasar", "depan sd" stays.
_BARE = lists.words("whereabouts", "bare")
_OF_OTHERS = lists.any_of("whereabouts", "unless")
_NO_PLACE = re.compile(rf"\W*(?:\d|(?:{lists.one_of('whereabouts', 'no_place')})\b)")
_ENDS = re.compile(
    rf"(?:\W+(?:{lists.one_of('whereabouts', 'ends')}|(?:on |hari )?(?:{DAY_NAMES})))+\W*$",
    re.IGNORECASE,
)
_AT_FIRST = re.compile(rf"(?:(?:{lists.one_of('whereabouts', 'at')})\W+)+", re.IGNORECASE)
_STREET = re.compile(r"\b(?:gang|gg|jalan|jln?)\b\.? [^\W\d_]+")  # "gang mawar"
_TOO_LITTLE = lists.words("whereabouts", "too_little")


def told(turn: TurnBuilder, raised: Matter | None, text: str) -> str | None:
    """Return the place that words tell, if a visit is awaited; None if they tell none.

    Words of moving alone raise no other matter: "pindah ke gandaria" fears no eviction.
    """
    step = turn.asked_step()
    if not _may_be_told(turn) or (step is not None and step.takes_place):
        return None
    said = standardised(text)
    found = _TELLS.search(said)
    if found is None or "?" in text or _OF_OTHERS.search(said):
        return None
    if _NO_PLACE.match(said, found.end()):
        return None
    beside = _STREET.sub(" ", said[: found.start()] + said[found.end() :])
    if raised is not None and matter(beside) is not None:
        return None
    at = "at" if found["at"] else "first"
    begins = found.end() if found["to"] or found[at] in _BARE else found.start(at)
    words = tidy(text).split()[len(said[:begins].split()) :]
    named = _ENDS.sub("", " ".join(words)).strip(" ,.!")
    if turn.facts.places.outside(_AT_FIRST.sub("", named, count=1)):
        return None
    little = {*re.findall(r"[^\W_]+", named.lower())} <= _TOO_LITTLE or re.search(
        r"[^\W_]{2}", named
    ) is None
    return None if little else named[:LONGEST]


def _may_be_told(turn: TurnBuilder) -> bool:
    """Whether an owner awaits a visit, and is asked nothing that words must answer."""
    asked = turn.session.asked
    own = asked is not None and asked.flow == "common"
    if turn.facts.me.desk != "owner" or own or fills_in(turn):
        return False
    return bool(turn.facts.mine.visits) or _choosing(turn) is not None


def _choosing(turn: TurnBuilder) -> Draft | None:
    """Return the open question for a first time; None if another question is open."""
    draft = turn.session.draft
    if draft is None or draft.flow != TIME or not turn.alive(draft):
        return None
    return draft if turn.facts.mine.agreed(int(draft.subject)) is None else None


def _movable(turn: TurnBuilder) -> VisitFact | None:
    """Return the visit whose place is meant: the soonest, or that of the open question."""
    draft, mine = turn.session.draft, turn.facts.mine
    if draft is not None and draft.flow == TIME:
        return mine.agreed(int(draft.subject))
    own = (one for one in mine.visits if one.state in MOVABLE)
    return min(own, key=lambda one: (one.on, one.starts), default=None)


def ask(turn: TurnBuilder, words: str) -> None:
    """Ask whether this place becomes the place of the visit."""
    if not _ask_back(turn, place(None, words)):
        coming = next(iter(turn.facts.mine.visits))
        officer = f"{coming.officer_name or '-'} ({coming.officer_badge or '-'})"
        drafts.digress(turn, Say("common.place_by_location", {"officer": officer}))


def located(turn: TurnBuilder, here: Located) -> bool:
    """Ask whether a location becomes the place of the visit; False if nobody waits for one."""
    step = turn.asked_step()
    if not _may_be_told(turn) or (step is not None and step.takes_place):
        return False
    visit = _movable(turn)
    if visit is None and _choosing(turn) is None:
        return False
    agreed = visit.area_code if visit is not None else ""
    if meeting_at(turn.facts.places, here.lat, here.lon, agreed) is None:
        drafts.digress(turn, Say("refusals.outside_jakarta"))
        return True
    return _ask_back(turn, place((round(here.lat, 6), round(here.lon, 6))))


def _ask_back(turn: TurnBuilder, answer: Json) -> bool:
    """Show the place with the visit that it is for; False if its officer has set off."""
    choosing, visit = _choosing(turn), _movable(turn)
    if choosing is None:
        if visit is None:
            return False
        drafts.park(turn)
        turn.session = structs.replace(turn.session, draft=Draft(MEETING, str(visit.id)))
    draft = turn.open_draft()
    flow = turn.flows.by_id[draft.flow]
    step = flow.step(_STEPS[flow.id])
    if step is None:
        raise LookupError(f"{flow.id} asks for no place")
    context = turn.context(draft)
    yes = Choice("yes", Say("common.meet_there.yes"), answer, means="yes")
    no = Choice("none", Say("common.not_this"), None, "again", means="no")
    asked = Say("common.meet_there", {"place": step.show(answer, context), "when": _when(visit)})
    turn.show(step.id, Prompt(asked, (yes, no)), clarifying=True)
    return True


def _when(visit: VisitFact | None) -> Say | str:
    if visit is None:
        return ""
    return Say("common.meet_there.when", {"day": visit.on})
