"""Objecting: an owner's words that do not accept the rejection of a request."""

from __future__ import annotations

from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import Heard, Objection
from conversations.events import Said
from conversations.facts import CaseFact
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.session import Draft
from conversations.words import standardised

_OBJECTS = lists.any_of("objecting", "objects")
_HINTS = lists.any_of("objecting", "hints")
LEAST = 6  # words that tell more than that somebody objects


def rejected(turn: TurnBuilder, text: str) -> CaseFact | None:
    """Return the newest rejected case that the words object to, or seem to; None if there is none.

    "Keberatan" at a form's question is an answer to it.
    """
    flow = turn.flow(turn.session.draft)
    asked = flow is not None and (flow.form or flow.id == "objection")
    if asked or turn.facts.me.desk != "owner":
        return None
    case = next((one for one in turn.facts.mine.cases if one.object_until is not None), None)
    if case is None or objects(text):
        return case
    open_now = case.object_until is not None and turn.facts.today <= case.object_until
    hinted = open_now and case is turn.facts.mine.cases[0]  # nothing newer is asked about
    return case if hinted and _HINTS.search(standardised(text)) is not None else None


def objects(text: str) -> bool:
    """Whether words say outright that somebody does not accept a decision."""
    return _OBJECTS.search(standardised(text)) is not None


def heard(turn: TurnBuilder, event: Heard) -> Objection | None:
    """Return the meaning of words that object to a rejection; None for all others.

    Words that only seem to object are not taken as the reason.
    """
    case = rejected(turn, event.text) if isinstance(event, Said) else None
    if case is None or not isinstance(event, Said):
        return None
    return Objection(case, event.text if objects(event.text) else "")


def hear(turn: TurnBuilder, case: CaseFact, text: str) -> None:
    """Ask why the owner objects; words that tell it are taken. Say so if it is too late."""
    until = case.object_until
    if until is None or until < turn.facts.today:
        late = Say("objection.late", {"number": case.number, "until": until or turn.facts.today})
        drafts.digress(turn, late)
        return
    told = {"words": text} if len(text.split()) >= LEAST else {}
    drafts.switch_to(turn, Draft("objection", str(case.id), told))
    drafts.go_on(turn)
