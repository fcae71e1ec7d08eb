"""Offers: a wanted visit is offered to one officer after the other, and to a supervisor at last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.messages import Say
from models import application as applications
from models import area, lifecycle, officer, quiet
from models import offer as offers
from models import visit as visits
from models.application import Application
from models.base import now
from models.lifecycle import ApplicationState, VisitState
from models.officer import Officer
from models.task import Task
from models.visit import Offer, Visit
from models.window import Part, Window
from workers.context import ACTOR
from workers.news import tell, tell_supervisors, window_of

NOBODY_YET = frozenset({VisitState.WANTED, VisitState.UNASSIGNED})


def offer(tx: Session, task: Task) -> datetime | None:
    """Offer a wanted visit to the next officer; with nobody left, a supervisor decides.

    A window that begins with nobody to come is given up, and the owner chooses anew.
    """
    application, visit = _locked(tx, task.subject_id)
    began = Window(visit.on, Part(visit.part)).starts_at <= now(tx)
    if began and visit.state in NOBODY_YET:
        _give_window_up(tx, application, visit)
        return None
    if visit.state != VisitState.WANTED:
        return None
    chosen = _next_officer(tx, visit)
    if chosen is None:
        _hand_to_supervisors(tx, application, visit)
        return None
    made = offers.offer_to(tx, visit, chosen, at=now(tx), actor=ACTOR)
    _tell_officer(tx, made, "visit_offered", opens="visit")
    return None


def expire(tx: Session, task: Task) -> datetime | None:
    """Take an unanswered offer back and ask the next officer."""
    visit_id = tx.scalar(select(Offer.visit_id).where(Offer.id == task.subject_id))
    if visit_id is None:
        return None
    application, visit = _locked(tx, visit_id)
    made = tx.get_one(Offer, task.subject_id, populate_existing=True)
    if made.answer is not None or visit.state != VisitState.OFFERED:
        return None
    if made.expires_at > now(tx):  # offered again since, or too early
        return made.expires_at
    made.answer, made.answered_at = "silent", now(tx)
    visit.officer_id = None
    lifecycle.move(tx, visit, VisitState.WANTED, actor=ACTOR, reason="silent")
    visits.plan_offer(tx, visit)
    passed = Say("notices.offer_passed", {"number": application.number})
    _tell_officer(tx, made, "offer_passed", passed)
    return None


def _locked(tx: Session, visit_id: int) -> tuple[Application, Visit]:
    """A visit with its application, locked in the order that everybody keeps."""
    application_id = tx.scalar(select(Visit.application_id).where(Visit.id == visit_id))
    (application,) = applications.lock(tx, [application_id] if application_id else [])
    (visit,) = visits.lock(tx, [visit_id])
    return application, visit


def _next_officer(tx: Session, visit: Visit) -> Officer | None:
    """Who has room in the window: the least busy that day, then that week, then who came first.

    Their rows are locked first, so that two visits sought for at once can't take the same room.
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
    """Officers of the kelurahan who can be reached and were not asked yet, locked."""
    asked = {made.officer_id for made in visits.offers_of(tx, [visit.id])}
    free = officer.available(tx, visit.kelurahan_code)
    ids = [o.id for o in free if o.id not in asked and o.person_id != visit.owner_id]
    return tx.scalars(  # nobody hands a permit to himself
        select(Officer)
        .where(Officer.id.in_(ids), Officer.active)
        .order_by(Officer.id)
        .with_for_update(key_share=True)
    ).all()


def _tell_officer(tx: Session, made: Offer, what: str, *parts: Say, opens: str = "") -> None:
    person_id = tx.get_one(Officer, made.officer_id).person_id
    if person_id is not None:
        tell(
            tx,
            person_id,
            what,
            made.visit_id,
            *parts,
            occasion=made.offered_at.isoformat(),
            opens=opens,
            can_wait=quiet.of(tx).can_wait(made.expires_at, now(tx)) or what != "visit_offered",
        )


def _hand_to_supervisors(tx: Session, application: Application, visit: Visit) -> None:
    lifecycle.move(tx, visit, VisitState.UNASSIGNED, actor=ACTOR)
    kelurahan = area.load().get(visit.kelurahan_code)
    tell_supervisors(
        tx,
        visit.kelurahan_code,
        "visit_unassigned",
        visit.id,
        Say(
            "notices.visit_unassigned",
            {
                "number": application.number,
                "place": kelurahan.name if kelurahan else "-",
                "window": window_of(visit),
            },
        ),
        occasion=visit.moved_at.isoformat(),
        opens="assignment",
    )


def _give_window_up(tx: Session, application: Application, visit: Visit) -> None:
    """The window has come and nobody goes: say so, and let the owner choose another."""
    lifecycle.move(tx, visit, VisitState.CANCELLED, actor=ACTOR, reason="window_passed")
    if application.state == ApplicationState.SCHEDULED:
        lifecycle.move(tx, application, ApplicationState.VERIFIED, actor=ACTOR)
        applications.plan_windows(tx, application)
    number, window = application.number, window_of(visit)
    to_owner = Say("notices.window_passed", {"number": number, "window": window})
    tell(tx, visit.owner_id, "window_passed", visit.id, to_owner, occasion="once")
    to_supervisors = Say("notices.window_missed", {"number": number, "window": window})
    tell_supervisors(
        tx, visit.kelurahan_code, "window_missed", visit.id, to_supervisors, occasion="once"
    )
