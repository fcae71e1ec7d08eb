"""A day is closed: no new visit is agreed for it, and those that stand there are moved away."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from casework.act import Act
from casework.news import window_of
from casework.visits import MOVABLE, give_window_up
from conversations.events import News
from conversations.messages import Say, Value
from models import calendar, lifecycle
from models import case as cases
from models import person as people
from models import visit as visits
from models.case import Case
from models.officer import Officer
from models.visit import OPEN, Visit


def close(act: Act, on: date, reason: str, *, move: bool) -> Sequence[int]:
    """Close a day; gives the visits that stand there.

    With `move` false and visits there, nothing is changed. Officers are locked as by those who
    agree on a window (`models.window.take`): whoever came first is seen, whoever comes later sees.
    """
    act.must_be_office()
    act.tx.execute(select(Officer.id).order_by(Officer.id).with_for_update(key_share=True))
    standing = act.tx.scalars(select(Visit.id).where(OPEN, Visit.on == on).order_by(Visit.id)).all()
    if move or not standing:
        calendar.decide(act.tx, on, works=False, reason=reason, actor=act.actor)
    return standing


def give_up(act: Act, visit_id: int) -> bool:
    """Give a visit's window up and offer its owner others; False if the officer is under way."""
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
    comes = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if comes is not None and comes.person_id is not None:
        stay = Say("notices.day_closed_officer", params)
        act.tell(comes.person_id, News.DAY_CLOSED, visit.id, stay)
    moved = Say("notices.day_closed_supervisor", params)
    act.tell_supervisors(visit.area_code, News.DAY_CLOSED, visit.id, moved)
