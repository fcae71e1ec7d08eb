"""Lifecycles: the allowed moves of cases and visits; each move is audited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol, runtime_checkable

from sqlalchemy.orm import Session

from models import audit
from models.base import now


class Moving(Protocol):
    """A row with a lifecycle: a case or a visit."""

    id: int
    state: str
    moved_at: datetime


@runtime_checkable
class Timed(Protocol):
    """A row with a deadline of its own, which ends when the row moves on."""

    due_at: datetime | None


class CaseState(StrEnum):
    """States of a case."""

    SUBMITTED = "submitted"  # being verified
    NEEDS_FIX = "needs_fix"  # the owner answers some items again
    IN_REVIEW = "in_review"  # a supervisor decides
    ACCEPTED = "accepted"  # the owner's turn: to choose a window
    UNDER_WAY = "under_way"  # the office's turn: there is a visit, with states of its own
    WAITING = "waiting"  # somebody outside the office acts next, and tells us
    DONE = "done"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


class VisitState(StrEnum):
    """States of a visit."""

    WANTED = "wanted"  # the window is chosen; an officer is being sought
    OFFERED = "offered"
    UNASSIGNED = "unassigned"  # no officer left to ask: a supervisor decides
    ACCEPTED = "accepted"
    ON_THE_WAY = "on_the_way"
    ARRIVED = "arrived"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_C = CaseState
CASE_MOVES: dict[CaseState, frozenset[CaseState]] = {
    _C.SUBMITTED: frozenset({_C.NEEDS_FIX, _C.IN_REVIEW, _C.ACCEPTED, _C.CANCELLED}),
    _C.NEEDS_FIX: frozenset({_C.SUBMITTED, _C.IN_REVIEW, _C.CANCELLED}),
    _C.IN_REVIEW: frozenset({_C.ACCEPTED, _C.NEEDS_FIX, _C.REJECTED, _C.CANCELLED}),
    _C.ACCEPTED: frozenset({_C.UNDER_WAY, _C.WAITING, _C.SUBMITTED, _C.CANCELLED}),
    _C.UNDER_WAY: frozenset(
        {
            _C.ACCEPTED,
            _C.NEEDS_FIX,  # mended at a door
            _C.IN_REVIEW,
            _C.WAITING,
            _C.DONE,
            _C.CANCELLED,
        }
    ),
    _C.WAITING: frozenset({_C.ACCEPTED, _C.NEEDS_FIX, _C.DONE, _C.CANCELLED}),
    _C.DONE: frozenset({_C.WAITING}),  # who did not answer may answer later
    _C.REJECTED: frozenset({_C.IN_REVIEW}),  # an objection was upheld
    _C.CANCELLED: frozenset(),
}

_V = VisitState
VISIT_MOVES: dict[VisitState, frozenset[VisitState]] = {
    _V.WANTED: frozenset({_V.OFFERED, _V.UNASSIGNED, _V.CANCELLED}),
    _V.OFFERED: frozenset({_V.ACCEPTED, _V.WANTED, _V.CANCELLED}),
    _V.UNASSIGNED: frozenset({_V.OFFERED, _V.WANTED, _V.CANCELLED}),
    _V.ACCEPTED: frozenset({_V.ON_THE_WAY, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.ON_THE_WAY: frozenset({_V.ARRIVED, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.ARRIVED: frozenset({_V.DONE, _V.WANTED, _V.FAILED, _V.CANCELLED}),
    _V.DONE: frozenset(),
    _V.FAILED: frozenset(),
    _V.CANCELLED: frozenset(),
}


class Turn(StrEnum):
    """The side that must act next."""

    APPLICANT = "applicant"
    SUPERVISOR = "supervisor"
    OFFICE = "office"  # jobs, and officers whose deadlines jobs watch
    OUTSIDE = "outside"  # the owner or another institution; jobs ask the owner again


@dataclass(frozen=True, slots=True)
class Wait:
    """The side that must move a case on from a state, and the time after which it is overdue."""

    turn: Turn
    within: timedelta


#: Every open state of a case has a responsible side and a time limit.
WAITS: Mapping[CaseState, Wait] = MappingProxyType(
    {
        _C.SUBMITTED: Wait(Turn.OFFICE, timedelta(hours=1)),
        _C.NEEDS_FIX: Wait(Turn.APPLICANT, timedelta(days=30)),
        _C.IN_REVIEW: Wait(Turn.SUPERVISOR, timedelta(days=3)),
        _C.ACCEPTED: Wait(Turn.APPLICANT, timedelta(days=30)),
        _C.UNDER_WAY: Wait(Turn.OFFICE, timedelta(days=21)),  # windows reach 14 days ahead
        _C.WAITING: Wait(Turn.OUTSIDE, timedelta(days=30)),  # if its stage sets no deadline
    }
)

OPEN_CASES = frozenset(WAITS)
OPEN_VISITS = frozenset(state for state, moves in VISIT_MOVES.items() if moves)


class NotAllowed(Exception):
    """The move is not in the table: the row was moved concurrently, or the caller has a bug."""


def move(
    tx: Session,
    row: Moving,
    to: CaseState | VisitState,
    *,
    actor: str,
    reason: str | None = None,
) -> None:
    """Move a row to a state, and audit the move in the same transaction.

    Raises:
        NotAllowed: the table has no such move from the row's state.
    """
    what = "visit" if isinstance(to, VisitState) else "case"
    if isinstance(to, VisitState):
        allowed = to in VISIT_MOVES[VisitState(row.state)]
    else:
        allowed = to in CASE_MOVES[CaseState(row.state)]
    if not allowed:
        raise NotAllowed(f"{what} {row.id} can't go from {row.state} to {to}")
    details = {"from": row.state, "to": to.value} | ({"reason": reason} if reason else {})
    row.state = to.value
    row.moved_at = now(tx)
    if isinstance(row, Timed):
        row.due_at = None
    audit.note(tx, actor, f"{what}.moved", f"{what}:{row.id}", **details)
