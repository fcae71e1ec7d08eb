"""Situations of the first page: of an owner with a ticket, a rejection, no visit, or one begun."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from conversations.facts import Facts, TicketFact
from conversations.lifecycle import CaseState, VisitState

OBJECT_WITHIN = timedelta(days=5)


def situations(
    facts: Callable[[], Facts], ticket: Callable[[Facts], TicketFact]
) -> dict[str, Callable[[], Facts]]:
    """Return the facts of an owner on the first page, by situation."""

    def own_ticket() -> Facts:
        known = facts()
        return replace(known, mine=replace(known.mine, visits=(), tickets=(ticket(known),)))

    def rejected() -> Facts:
        known = facts()
        until = known.today + OBJECT_WITHIN
        case = replace(known.mine.cases[0], state=CaseState.REJECTED, object_until=until)
        return replace(known, mine=replace(known.mine, cases=(case,), visits=()))

    def in_review() -> Facts:
        known = facts()
        case = replace(known.mine.cases[0], state=CaseState.IN_REVIEW)
        return replace(known, mine=replace(known.mine, cases=(case,), visits=()))

    def on_the_way() -> Facts:
        known = facts()
        visits = (replace(known.mine.visits[0], state=VisitState.ON_THE_WAY),)
        return replace(known, mine=replace(known.mine, visits=visits))

    return {
        "with_ticket": own_ticket,
        "rejected": rejected,
        "in_review": in_review,
        "on_the_way": on_the_way,
    }
