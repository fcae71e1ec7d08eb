"""States of cases and visits, as flows read them; `models.lifecycle` has the same states.

This package can't import `models`; a test compares the two.
"""

from __future__ import annotations

from enum import StrEnum


class CaseState(StrEnum):
    """The state of a case."""

    SUBMITTED = "submitted"
    NEEDS_FIX = "needs_fix"
    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"
    UNDER_WAY = "under_way"
    WAITING = "waiting"  # somebody outside the office acts next, and tells us
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class VisitState(StrEnum):
    """The state of a visit."""

    WANTED = "wanted"
    OFFERED = "offered"
    UNASSIGNED = "unassigned"
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: States of a case that needs nothing any more.
SETTLED = frozenset({CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED})

#: States of a visit that its owner may still move or cancel: the officer has not set off.
MOVABLE = frozenset(
    {VisitState.WANTED, VisitState.OFFERED, VisitState.UNASSIGNED, VisitState.ACCEPTED}
)
