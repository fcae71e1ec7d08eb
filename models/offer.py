"""Offers of visits to officers, and their deadlines."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import lifecycle, task
from models.calendar import CLOSES, HOLIDAYS, Calendar, load
from models.infrastructure import quiet
from models.infrastructure.quiet import QuietHours
from models.lifecycle import VisitState
from models.officer import Officer
from models.visit import Offer, Visit
from models.window import Window
from models.working_hours import Part

LIFE = timedelta(hours=4)  # promised: an officer has accepted within 4 working hours
BEFORE_THE_WINDOW = timedelta(hours=1)  # leaves time for the next officer to get there
LEAST = timedelta(minutes=5)  # nobody answers faster on a motorbike


def answer_by(on: Window, at: datetime, calendar: Calendar = HOLIDAYS) -> datetime:
    """Return when an offer made at `at` expires and goes to the next officer.

    An evening or a weekend goes to officers who work outside the office's hours: there the hours
    of the day count, or a Saturday's offer would leave the next officer no time.
    """
    ends = calendar.working_time_after(at, LIFE)
    if not calendar.works(on.on) or on.ends > CLOSES:
        ends = min(ends, _by_day(at + LIFE))
    return max(min(ends, on.starts_at - BEFORE_THE_WINDOW), at + LEAST)


def _by_day(moment: datetime) -> datetime:
    """Return this moment, or at night an hour after the next morning began."""
    hours = QuietHours()
    return moment if hours.awake(moment) else hours.morning(moment) + quiet.LEAST


def offer_to(tx: Session, visit: Visit, officer: Officer, *, at: datetime, actor: str) -> Offer:
    """Offer a (locked) visit to an officer and enqueue the offer's expiry.

    The caller notifies the officer. Offering again to the same officer renews the earlier offer.

    Raises:
        NotAllowed: the visit is neither wanted nor unassigned.
    """
    lifecycle.move(tx, visit, VisitState.OFFERED, actor=actor)
    visit.officer_id = officer.id
    ends_at = answer_by(Window(visit.on, Part(visit.part)), at, load(tx))
    offer = tx.scalars(
        select(Offer).where(Offer.visit_id == visit.id, Offer.officer_id == officer.id)
    ).one_or_none()
    if offer is None:
        offer = Offer(visit_id=visit.id, officer_id=officer.id)
        tx.add(offer)
    offer.offered_at, offer.expires_at = at, ends_at
    offer.answer, offer.reason, offer.answered_at = None, None, None
    tx.flush()
    run_key = f"expire_offer:{offer.id}:{int(at.timestamp() * 1000)}"
    task.plan(tx, "expire_offer", offer.id, run_key, due_at=offer.expires_at)
    return offer
