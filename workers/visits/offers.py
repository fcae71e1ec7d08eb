"""Offers: a wanted visit is offered to one officer after another, then to the supervisors."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import visits as visit_acts
from casework.act import by_office
from models import absence, officer, ticket
from models import case as cases
from models import visit as visits
from models.base import now
from models.case import Case
from models.lifecycle import VisitState
from models.officer import Officer
from models.task import Task
from models.visit import Offer, Visit
from models.window import Window
from models.working_hours import Part
from workers.context import ACTOR

NOBODY_YET = frozenset({VisitState.WANTED, VisitState.UNASSIGNED})


def offer(tx: Session, task: Task) -> datetime | None:
    """Offer a wanted visit to the next officer; with no officer left, a supervisor decides.

    If the window begins without an officer, it is given up and the owner chooses again.
    """
    case, visit = _locked(tx, task.subject_id)
    act = by_office(tx, ACTOR, task.run_key)
    began = Window(visit.on, Part(visit.part)).starts_at <= act.at
    if began and visit.state in NOBODY_YET:
        visit_acts.window_passed(act, case, visit)
        return None
    if visit.state != VisitState.WANTED:
        return None
    chosen = _next_officer(tx, visit)
    if chosen is None:
        visit_acts.hand_to_supervisors(act, case, visit)
    else:
        visit_acts.offer_to(act, visit, chosen)
    return None


def expire(tx: Session, task: Task) -> datetime | None:
    """Withdraw an unanswered offer and ask the next officer."""
    visit_id = tx.scalar(select(Offer.visit_id).where(Offer.id == task.subject_id))
    if visit_id is None:
        return None
    case, visit = _locked(tx, visit_id)
    made = tx.get_one(Offer, task.subject_id, populate_existing=True)
    if made.answer is not None or visit.state != VisitState.OFFERED:
        return None
    if made.expires_at > now(tx):  # offered again meanwhile, or too early
        return made.expires_at
    act = by_office(tx, ACTOR, task.run_key)
    visit_acts.expire_offer(act, case, visit, made)
    return None


def _locked(tx: Session, visit_id: int) -> tuple[Case, Visit]:
    """Lock a case and its visit, in the order that all code uses."""
    case_id = tx.scalar(select(Visit.case_id).where(Visit.id == visit_id))
    (case,) = cases.lock(tx, [case_id] if case_id else [])
    (visit,) = visits.lock(tx, [visit_id])
    return case, visit


def _next_officer(tx: Session, visit: Visit) -> Officer | None:
    """Return the officer with room in the window and the least visits that day, then that week.

    Ties go to the lowest id. Candidates' rows are locked, so that two concurrent tasks cannot use
    the same room.
    """
    candidates = _candidates(tx, visit)
    monday = visit.on - timedelta(days=visit.on.weekday())
    sunday = monday + timedelta(days=6)
    load = visits.workload(tx, [o.id for o in candidates], monday, sunday)

    def busy(one: Officer) -> tuple[int, int, int]:
        theirs = [(day, count) for (who, day, _), count in load.items() if who == one.id]
        that_day = sum(count for day, count in theirs if day == visit.on)
        return that_day, sum(count for _, count in theirs), one.id

    with_room = [o for o in candidates if load.get((o.id, visit.on, visit.part), 0) < o.capacity]
    return min(with_room, key=busy, default=None)


def _candidates(tx: Session, visit: Visit) -> Sequence[Officer]:
    """Lock and return the kelurahan's reachable officers who work then and were not asked yet.

    An officer of whom the host complained is not asked, unless that was unfounded.
    """
    asked = {made.officer_id for made in visits.offers_of(tx, [visit.id])}
    asked |= absence.away(tx, visit.on)
    if visit.host_id is not None:
        asked |= ticket.accused_by(tx, visit.host_id)
    free = officer.available(tx, visit.area_code)
    ids = [o.id for o in free if o.id not in asked and o.person_id != visit.host_id]
    locked = tx.scalars(  # officers do not visit themselves
        select(Officer)
        .where(Officer.id.in_(ids), Officer.active)
        .order_by(Officer.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)  # hours may have changed during the wait
    )
    return [one for one in locked if one.works(visit.on, visit.part)]
