"""Closing a day: no visit can be booked for it, and visits already booked are moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from casework.act import Act
from casework.news import window_of
from casework.visits import give_window_up
from conversations.events import News
from conversations.lifecycle import MOVABLE
from conversations.messages import Say, Value
from models import calendar, lifecycle
from models import case as cases
from models import person as people
from models import visit as visits
from models.case import Case
from models.officer import Officer
from models.visit import OPEN, Visit


def close(act: Act, on: date, reason: str, *, move: bool) -> Sequence[int]:
    """Close a day; return the ids of the open visits booked for it.

    If there are any and `move` is false, nothing is changed. Officers are locked as in
    `models.window.take`, so a concurrent booking either is found here or sees the closed day.
    """
    act.must_be_office()
    act.tx.execute(select(Officer.id).order_by(Officer.id).with_for_update(key_share=True))
    booked = act.tx.scalars(select(Visit.id).where(OPEN, Visit.on == on).order_by(Visit.id)).all()
    if move or not booked:
        calendar.decide(act.tx, on, works=False, reason=reason, actor=act.actor)
    return booked


def give_up(act: Act, visit_id: int) -> bool:
    """Cancel a visit and offer its owner other windows; False if the officer is under way."""
    act.must_be_office()
    known = act.tx.get_one(Visit, visit_id)
    people.lock(act.tx, [known.host_id] if known.host_id is not None else [])
    (case,) = cases.lock(act.tx, [known.case_id])
    (visit,) = visits.lock(act.tx, [visit_id])
    if visit.state not in lifecycle.OPEN_VISITS:
        return True  # settled meanwhile
    if visit.state not in MOVABLE:
        return False
    give_window_up(act, case, visit, "day_closed")
    _tell(act, case, visit)
    return True


def _tell(act: Act, case: Case, visit: Visit) -> None:
    params: dict[str, Value] = {"number": case.number, "window": window_of(visit)}
    act.tell(visit.host_id, News.DAY_CLOSED, visit.id, Say("notices.day_closed", params))
    assigned = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if assigned is not None and assigned.person_id is not None:
        to_officer = Say("notices.day_closed_officer", params)
        act.tell(assigned.person_id, News.DAY_CLOSED, visit.id, to_officer)
    to_supervisors = Say("notices.day_closed_supervisor", params)
    act.tell_supervisors(visit.area_code, News.DAY_CLOSED, visit.id, to_supervisors)
