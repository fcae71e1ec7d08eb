"""Staff who end, or work elsewhere: their rights go at once, their visits to other officers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.messages import Say
from models import application as applications
from models import identity, lifecycle, officer, visit
from models.application import Application
from models.base import now
from models.lifecycle import OPEN_VISITS, VisitState
from models.officer import Officer, StaffRole
from models.visit import Visit
from workers.news import tell, window_of

#: The owner was told who comes, and holds a code for them.
_PROMISED = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED})


def end(tx: Session, row: Officer, *, actor: str) -> int:
    """End an officer's or supervisor's work; gives how many visits are offered anew.

    Safe to repeat: visits that were offered to them meanwhile go back as well.
    """
    mine = _open_visits(tx, row)
    was_active = row.active
    officer.end(tx, row, actor=actor)
    _give_back(tx, row, mine, actor=actor, reason="officer_ended")
    if row.person_id is not None:
        identity.end_links_held(tx, row.person_id)
        if was_active:
            say = Say("notices.duty_ended", {"badge": row.badge})
            tell(tx, row.person_id, "duty_ended", row.id, say, occasion=now(tx).isoformat())
    return len(mine)


def move(tx: Session, row: Officer, areas: Sequence[str], *, actor: str) -> int:
    """Give an officer other areas; visits outside them are offered anew: gives how many."""
    mine = _open_visits(tx, row)
    officer.work_in(tx, row, areas, actor=actor)
    outside = [
        (application, one)
        for application, one in mine
        if set(areas).isdisjoint(officer.holding(one.kelurahan_code))
    ]
    _give_back(tx, row, outside, actor=actor, reason="areas_changed")
    return len(outside)


def promote(tx: Session, row: Officer, role: StaffRole, *, actor: str) -> int:
    """Make an officer a supervisor, or the other way round; gives how many visits go back."""
    mine = _open_visits(tx, row) if role != row.role else []
    officer.work_as(tx, row, role, actor=actor)
    _give_back(tx, row, mine, actor=actor, reason="role_changed")
    return len(mine)


def _open_visits(tx: Session, row: Officer) -> list[tuple[Application, Visit]]:
    """Visits offered to or accepted by an officer, locked in the order that everybody keeps."""
    ids = visit.open_ids(tx, officer_ids=[row.id])
    of = tx.scalars(select(Visit.application_id).where(Visit.id.in_(ids))).all()
    locked = {one.id: one for one in applications.lock(tx, sorted(of))}
    return [
        (locked[one.application_id], one)
        for one in visit.lock(tx, ids)
        if one.state in OPEN_VISITS and one.officer_id == row.id
    ]


def _give_back(
    tx: Session,
    row: Officer,
    mine: Sequence[tuple[Application, Visit]],
    *,
    actor: str,
    reason: str,
) -> None:
    """Take visits from an officer and have another one sought; their owners and he are told."""
    for offer in visit.offers_of(tx, [one.id for _, one in mine]):
        if offer.officer_id == row.id:
            offer.answer, offer.reason, offer.answered_at = "withdrawn", reason, now(tx)
    for application, one in mine:
        promised = one.state in _PROMISED
        one.officer_id, one.code, one.code_tries, one.code_proved_at = None, None, 0, None
        lifecycle.move(tx, one, VisitState.WANTED, actor=actor, reason=reason)
        visit.plan_offer(tx, one)
        occasion, window = one.moved_at.isoformat(), window_of(one)
        if promised:
            say = Say("notices.officer_changes", {"window": window})
            tell(tx, one.owner_id, "officer_changes", one.id, say, occasion=occasion)
        if promised and row.person_id is not None and row.active:
            say = Say("notices.visit_cancelled", {"number": application.number, "window": window})
            tell(tx, row.person_id, "visit_cancelled", one.id, say, occasion=occasion)
