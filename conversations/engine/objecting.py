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

LEAST = 6  # words that tell more than that somebody objects


def rejected(turn: TurnBuilder, text: str) -> CaseFact | None:
    """Return the newest rejected case that the words object to; None if they object to none.

    "Keberatan" at a form's question is an answer to it.
    """
    flow = turn.flow(turn.session.draft)
    asked = flow is not None and (flow.form or flow.id == "objection")
    if asked or turn.facts.me.desk != "owner":
        return None
    if lists.any_of("objecting", "objects").search(standardised(text)) is None:
        return None
    return next((one for one in turn.facts.mine.cases if one.object_until is not None), None)


def heard(turn: TurnBuilder, event: Heard) -> Objection | None:
    """Return the meaning of words that object to a rejection; None for all others."""
    case = rejected(turn, event.text) if isinstance(event, Said) else None
    return Objection(case, event.text) if case and isinstance(event, Said) else None


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
