"""A day is closed: no new visit is agreed for it, and those that stand there are moved away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.messages import Say, Value
from models import application as applications
from models import calendar, lifecycle
from models import person as people
from models import visit as visits
from models.application import Application
from models.base import now
from models.lifecycle import ApplicationState, VisitState
from models.officer import Officer
from models.visit import OPEN, Visit
from workers.news import tell, tell_supervisors, window_of

MOVABLE = frozenset(
    {VisitState.WANTED, VisitState.OFFERED, VisitState.UNASSIGNED, VisitState.ACCEPTED}
)


def close(tx: Session, on: date, reason: str, *, actor: str, move: bool) -> Sequence[int]:
    """Close a day; gives the visits that stand there.

    With `move` false and visits there, nothing is changed. Officers are locked as by those who
    agree on a window (`models.window.take`): whoever came first is seen, whoever comes later sees.
    """
    tx.execute(select(Officer.id).order_by(Officer.id).with_for_update(key_share=True))
    standing = tx.scalars(select(Visit.id).where(OPEN, Visit.on == on).order_by(Visit.id)).all()
    if move or not standing:
        calendar.decide(tx, on, works=False, reason=reason, actor=actor)
    return standing


def give_up(tx: Session, visit_id: int, *, actor: str) -> bool:
    """Give a visit's window up and offer its owner others; False if the officer is under way."""
    known = tx.get_one(Visit, visit_id)
    people.lock(tx, [known.owner_id])
    (application,) = applications.lock(tx, [known.application_id])
    (visit,) = visits.lock(tx, [visit_id])
    if visit.state not in lifecycle.OPEN_VISITS:
        return True  # settled meanwhile
    if visit.state not in MOVABLE:
        return False
    for offer in visits.offers_of(tx, [visit.id]):
        if offer.answer is None:
            offer.answer, offer.answered_at = "withdrawn", now(tx)
    lifecycle.move(tx, visit, VisitState.CANCELLED, actor=actor, reason="day_closed")
    if application.state == ApplicationState.SCHEDULED:
        lifecycle.move(tx, application, ApplicationState.VERIFIED, actor=actor)
        applications.plan_windows(tx, application)
    _tell(tx, application, visit)
    return True


def _tell(tx: Session, application: Application, visit: Visit) -> None:
    params: dict[str, Value] = {"number": application.number, "window": window_of(visit)}
    closed = Say("notices.day_closed", params)
    tell(tx, visit.owner_id, "day_closed", visit.id, closed, occasion="once")
    comes = tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if comes is not None and comes.person_id is not None:
        stay = Say("notices.day_closed_officer", params)
        tell(tx, comes.person_id, "day_closed", visit.id, stay, occasion="once")
    moved = Say("notices.day_closed_supervisor", params)
    tell_supervisors(tx, visit.kelurahan_code, "day_closed", visit.id, moved, occasion="once")
