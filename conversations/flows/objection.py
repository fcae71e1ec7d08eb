"""Objection: an owner says in their own words why they do not accept a rejection."""

from __future__ import annotations

from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.parsers.note import story
from conversations.step import Context
from conversations.steps import Ask
from conversations.ticketing import LONGEST, ObjectTo


def _number(context: Context) -> dict[str, str]:
    return {"number": context.facts.the_case(context.subject).number}


def _finish(context: Context) -> Ending:
    return Ending((ObjectTo(int(context.subject), str(context.answers["words"])),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    until = case.object_until if case is not None else None
    return until is not None and facts.today <= until


FLOW = Flow(
    id="objection",
    form=False,
    steps=(Ask("words", parse=story(at_most=LONGEST), story=True, params=_number, counted=False),),
    finish=_finish,
    alive=_alive,
)
