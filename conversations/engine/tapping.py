"""Tapping: what a tap on a button means, which may stand in an old message. Pure."""

from __future__ import annotations

from conversations.engine.builder import TurnBuilder, same
from conversations.engine.interruption import is_on, tapped_before
from conversations.engine.meanings import Meaning, Pick, PickElsewhere, Stale
from conversations.events import Tapped
from conversations.flow import Flow


def tapped(turn: TurnBuilder, tap: Tapped) -> Meaning:
    """Return the meaning of a tap: on the open question, or on an earlier one."""
    asked = turn.session.asked
    if asked is not None and is_on(tap, asked, turn.session.since):
        choice = next((c for c in turn.session.shown if c.value == tap.value), None)
        if choice is not None:
            return Pick(choice)
    before = tapped_before(turn, tap)
    if before is not None:
        return before
    flow = turn.flows.by_id.get(tap.flow)
    if flow is None:
        return Stale()
    offered = tap.flow in turn.facts.mine.services
    begins = offered and not turn.draft_of(flow, tap.subject).answers
    listens = flow.home in turn.facts.me.roles or tap.subject or begins
    return _elsewhere(turn, flow, tap) if listens else Stale()


def _elsewhere(turn: TurnBuilder, flow: Flow, tap: Tapped) -> PickElsewhere | Stale:
    """Return the pick of a tap on a question that is not open, if it may still be answered.

    That is a menu, a form's first question before it has an answer, or another matter's open
    question; any other tap is stale, and one below an earlier showing of what is confirmed.
    """
    if not flow.open_to(tap.subject, turn.facts):
        return Stale(flow.closed(tap.subject, turn.facts))
    draft = turn.draft_of(flow, tap.subject)
    context = turn.context(draft)
    step = flow.open_step(context)
    stale = Stale(flow.left(tap.subject, turn.facts))
    if step is None or step.id != tap.step or step.confirms:
        return stale
    choices = step.prompt(context).choices
    choice = next((c for c in choices if c.value == tap.value), None)
    current = turn.session.draft
    if choice is None or (current is not None and same(current, draft) and flow.form):
        return stale
    return PickElsewhere(draft, step.id, choices, choice)
