"""Reads short words of an officer at the list of visits, and after a complaint was noted.

"Boleh" takes a visit that is offered, six digits are the code of the visit that they are at.
"""

from __future__ import annotations

import re

from conversations import lexicon
from conversations.effects import Concern
from conversations.engine import drafts, rounds_moves
from conversations.engine import rounds_reports as reports
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.engine.matters import raised_in
from conversations.engine.reading import choices_named
from conversations.facts import VisitFact
from conversations.lexicon import lists, whole
from conversations.lifecycle import VisitState
from conversations.messages import Say
from conversations.phrases import Intent, whole_intent
from conversations.reference import door_codes
from conversations.session import Draft
from conversations.words import standardised

CODE = "code"  # the step of a visit that asks for the owner's code
LEAST_WORDS = 2  # of words that go on with a complaint


def code_elsewhere(turn: TurnBuilder, text: str) -> Draft | None:
    """Return the visit whose code six digits may be, if its question is not the open one.

    A right code at "what happened?" says that nothing has gone wrong.
    """
    if not _may_be_code(turn, text):
        return None
    there = [
        visit
        for visit in turn.facts.rounds.visits
        if visit.state == VisitState.ARRIVED and not visit.code_proved
    ]
    if len(there) != 1:
        return None
    flow = turn.flows.by_id[rounds_moves.FLOW]
    draft = rounds_moves.restored(turn, there[0])
    step = flow.open_step(turn.context(draft))
    return draft if step is not None and step.id == CODE else None


def _may_be_code(turn: TurnBuilder, text: str) -> bool:
    step = turn.asked_step()
    numeric = step is not None and step.numeric
    return code_in(text) is not None and not numeric


def code_in(text: str) -> str | None:
    """Return the six digits of a message that says nothing else: "kodenya 482 915 ya pak"."""
    codes = door_codes(text)
    if len(codes) != 1:
        return None
    said = re.findall(r"[^\W\d_]+", standardised(text))
    only = lists.words("officers", "beside_code").issuperset(said)
    return next(iter(codes)) if only else None


def code_too_early(turn: TurnBuilder, text: str) -> bool:
    """Whether six digits may be the code of a visit to which the officer is on the way."""
    states = {visit.state for visit in turn.facts.rounds.visits}
    early = VisitState.ON_THE_WAY in states and VisitState.ARRIVED not in states
    return early and _may_be_code(turn, text)


def code_early(turn: TurnBuilder, visit: VisitFact, text: str) -> None:
    """Say that the arrival comes before the code, and ask for it."""
    turn.says.append(Say("rounds_desk.code_early"))
    rounds_moves.arrive(turn, visit, text)


def hears(turn: TurnBuilder, text: str) -> str | None:
    """Return the matter that a whole message means at the list, where nothing else is asked."""
    if not turn.at_home():
        return None
    states = {visit.state for visit in turn.facts.rounds.visits}
    if turn.told("complaint") and (said := _after_complaint(turn, text)) is not None:
        return said
    for situation, fitting in _SITUATIONS:
        if states & fitting and (meant := whole.said(situation, text)) is not None:
            return meant
    return None


#: The situations of `whole.said`, with the states of a visit that make them.
_SITUATIONS = (
    ("offered", visits.OFFERED),
    ("under_way", visits.UNDER_WAY),
    ("agreed", visits.OFFERED | visits.AGREED),
)


def _after_complaint(turn: TurnBuilder, text: str) -> str | None:
    """Return what words mean just after a complaint was noted: more of it, or who reads it."""
    known = whole.said("complained", text)
    if known is not None or len(text.split()) < LEAST_WORDS or whole_intent(text) is not None:
        return known
    ranked = lexicon.desk("officer").rank(text)
    other = any(one.weight >= 1 and one.name not in reports.COMPLAINT_GOES_ON for one in ranked)
    other = other or bool(visits.named_in(turn.facts.rounds.visits, text))
    raised = raised_in(turn, text)
    other = other or (raised is not None and raised.intent is not Intent.COMPLAINT)
    return None if other or "?" in text or choices_named(turn, text) else "complain_again"


def complain_again(turn: TurnBuilder, text: str) -> None:
    """Ask whether words are to be noted as well, just after a complaint was."""
    reports.ask(turn, Concern(turn.told("complaint")), None, text)


def who_reads(turn: TurnBuilder, text: str) -> None:
    """Tell who reads the complaint that was noted."""
    drafts.digress(turn, Say(f"rounds_desk.{turn.told('complaint')}.reads"))


def not_left(turn: TurnBuilder, text: str) -> None:
    """Tell what is recorded, to an officer who says that they have not left."""
    now = visits.current(turn)
    if now is not None and now.state in visits.UNDER_WAY:
        reports.say_mistake(turn, now)
    else:
        drafts.digress(turn, Say("rounds_desk.not_left"))
