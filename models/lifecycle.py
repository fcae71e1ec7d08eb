"""What may follow what: the allowed moves of applications and visits, each with its audit row."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Protocol

from sqlalchemy.orm import Session

from models import audit
from models.base import now


class Moving(Protocol):
    """A row with a lifecycle: an application or a visit."""

    id: int
    state: str
    moved_at: datetime


class ApplicationState(StrEnum):
    """Where an application stands."""

    SUBMITTED = "submitted"  # being verified
    NEEDS_FIX = "needs_fix"  # the owner answers some items again
    IN_REVIEW = "in_review"  # a supervisor decides
    VERIFIED = "verified"  # the owner chooses a window
    SCHEDULED = "scheduled"  # a visit is on its way through its own states
    PERMITTED = "permitted"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class VisitState(StrEnum):
    """Where a visit stands."""

    WANTED = "wanted"  # a window is chosen, an officer is sought
    OFFERED = "offered"
    UNASSIGNED = "unassigned"  # nobody left to ask: a supervisor decides
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    HANDED_OVER = "handed_over"
    FAILED = "failed"
    CANCELLED = "cancelled"


_A = ApplicationState
APPLICATION_MOVES: dict[ApplicationState, frozenset[ApplicationState]] = {
    _A.SUBMITTED: frozenset({_A.NEEDS_FIX, _A.IN_REVIEW, _A.VERIFIED, _A.CANCELLED}),
    _A.NEEDS_FIX: frozenset({_A.SUBMITTED, _A.IN_REVIEW, _A.CANCELLED}),
    _A.IN_REVIEW: frozenset({_A.VERIFIED, _A.NEEDS_FIX, _A.REJECTED, _A.CANCELLED}),
    _A.VERIFIED: frozenset({_A.SCHEDULED, _A.SUBMITTED, _A.CANCELLED}),
    _A.SCHEDULED: frozenset({_A.VERIFIED, _A.IN_REVIEW, _A.PERMITTED, _A.CANCELLED}),
    _A.PERMITTED: frozenset(),
    _A.REJECTED: frozenset(),
    _A.CANCELLED: frozenset(),
}

_V = VisitState
VISIT_MOVES: dict[VisitState, frozenset[VisitState]] = {
    _V.WANTED: frozenset({_V.OFFERED, _V.UNASSIGNED, _V.CANCELLED}),
    _V.OFFERED: frozenset({_V.ACCEPTED, _V.WANTED, _V.CANCELLED}),
    _V.UNASSIGNED: frozenset({_V.OFFERED, _V.WANTED, _V.CANCELLED}),
    _V.ACCEPTED: frozenset({_V.ON_THE_WAY, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.ON_THE_WAY: frozenset({_V.ARRIVED, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.ARRIVED: frozenset({_V.HANDED_OVER, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.HANDED_OVER: frozenset(),
    _V.FAILED: frozenset(),
    _V.CANCELLED: frozenset(),
}

OPEN_APPLICATIONS = frozenset(state for state, moves in APPLICATION_MOVES.items() if moves)
OPEN_VISITS = frozenset(state for state, moves in VISIT_MOVES.items() if moves)


class NotAllowed(Exception):
    """The move is not in the table: somebody else was quicker, or the caller is wrong."""


def move(
    tx: Session,
    row: Moving,
    to: ApplicationState | VisitState,
    *,
    actor: str,
    reason: str | None = None,
) -> None:
    """Move a row to a state, with its audit row in the same transaction.

    Raises:
        NotAllowed: the table has no such move from where the row stands.
    """
    what = "visit" if isinstance(to, VisitState) else "application"
    if isinstance(to, VisitState):
        allowed = to in VISIT_MOVES[VisitState(row.state)]
    else:
        allowed = to in APPLICATION_MOVES[ApplicationState(row.state)]
    if not allowed:
        raise NotAllowed(f"{what} {row.id} can't go from {row.state} to {to}")
    details = {"from": row.state, "to": to.value} | ({"reason": reason} if reason else {})
    row.state = to.value
    row.moved_at = now(tx)
    audit.note(tx, actor, f"{what}.moved", f"{what}:{row.id}", **details)
