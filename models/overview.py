"""Figures and lists over the areas of a supervisor, read when one asks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import ticket
from models.case import Case
from models.infrastructure.wib import WIB
from models.lifecycle import OPEN_CASES, CaseState, VisitState
from models.officer import Officer
from models.scope import Scope
from models.ticket import Ticket
from models.visit import OPEN, Visit

#: States of a visit that its officer should have moved on once its hours have begun.
IN_HAND = (VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED)


def start_of(day: date) -> datetime:
    """Return when a day begins in Jakarta."""
    return datetime.combine(day, time(0), WIB)


def visits_by_state(tx: Session, scope: Scope, since: date, until: date) -> Mapping[str, int]:
    """Count the visits of these days, the last included, by state."""
    rows = tx.execute(
        select(Visit.state, func.count())
        .where(
            Visit.state.in_(list(VisitState)),  # the index begins with the state
            Visit.on.between(since, until),
            scope.holds(Visit.area_code),
        )
        .group_by(Visit.state)
    )
    return {state: count for state, count in rows}


def in_hand(tx: Session, scope: Scope, on: date) -> Sequence[tuple[Visit, Case, Officer]]:
    """Return the accepted visits of a day and the days before that are not reported yet."""
    rows = tx.execute(
        select(Visit, Case, Officer)
        .join(Case, Case.id == Visit.case_id)
        .join(Officer, Officer.id == Visit.officer_id)
        .where(Visit.state.in_(IN_HAND), Visit.on <= on, scope.holds(Visit.area_code))
        .order_by(Visit.on, Visit.id)
    )
    return [(visit, case, officer) for visit, case, officer in rows]


def day_of(tx: Session, officer_id: int, on: date) -> Sequence[tuple[Visit, Case]]:
    """Return an officer's visits of a day, the one moved last at first."""
    rows = tx.execute(
        select(Visit, Case)
        .join(Case, Case.id == Visit.case_id)
        .where(Visit.officer_id == officer_id, Visit.on == on)
        .order_by(Visit.moved_at.desc())
    )
    return [(visit, case) for visit, case in rows]


def open_visits(tx: Session, officer_id: int) -> Sequence[tuple[Visit, Case]]:
    """Return an officer's open visits, accepted or offered, soonest first."""
    rows = tx.execute(
        select(Visit, Case)
        .join(Case, Case.id == Visit.case_id)
        .where(Visit.officer_id == officer_id, OPEN)
        .order_by(Visit.on, Visit.id)
    )
    return [(visit, case) for visit, case in rows]


def latest_visit(tx: Session, case_id: int) -> Visit | None:
    """Return a case's newest visit that was not cancelled."""
    return tx.scalars(
        select(Visit)
        .where(Visit.case_id == case_id, Visit.state != VisitState.CANCELLED)
        .order_by(Visit.id.desc())
        .limit(1)
    ).one_or_none()


def complaints(
    tx: Session, scope: Scope, since: datetime, *, me: Officer, limit: int
) -> Sequence[tuple[Case, Ticket]]:
    """Return the complaints that were filed since a time, oldest first, and that `me` may read."""
    rows = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(
            Ticket.about == "complaint",
            Case.submitted_at >= since,
            ticket.readable_by(scope, me),
        )
        .order_by(Case.id)
        .limit(limit)
    )
    return [(case, row) for case, row in rows]


@dataclass(frozen=True, slots=True)
class Figures:
    """Cases that came in, and those that came to an end, within some days."""

    submitted: int
    done: int
    rejected: int


def figures(
    tx: Session, scope: Scope, since: date, until: date, *, but: Collection[str]
) -> Figures:
    """Count the cases of these days, the last included, `but` those of some services."""
    begin, end = start_of(since), start_of(until + timedelta(days=1))

    def count(states: Iterable[str], *, submitted: bool = False) -> int:
        moved = [Case.state.in_(list(states)), Case.moved_at >= begin]  # by its index
        came = [Case.submitted_at >= begin, Case.submitted_at < end] if submitted else []
        ended = [] if submitted else [Case.moved_at < end]
        found = select(func.count()).select_from(Case).where(Case.service.not_in(but))
        return tx.scalar(found.where(*moved, *came, *ended, scope.holds(Case.area_code))) or 0

    return Figures(
        submitted=count(CaseState, submitted=True),
        done=count([CaseState.DONE]),
        rejected=count([CaseState.REJECTED]),
    )


def unvisited(
    tx: Session, scope: Scope, before: datetime, *, but: Collection[str], limit: int
) -> tuple[int, Sequence[Case]]:
    """Return how many open cases were submitted before a time, and the oldest of them.

    `but` those of some services.
    """
    waits = (
        Case.service.not_in(but),
        Case.state.in_(sorted(OPEN_CASES)),
        Case.submitted_at <= before,
        scope.holds(Case.area_code),
    )
    total = tx.scalar(select(func.count()).select_from(Case).where(*waits)) or 0
    oldest = select(Case).where(*waits).order_by(Case.submitted_at).limit(limit)
    return total, tx.scalars(oldest).all()
