"""A day is closed: visits that stand there are moved, and everybody concerned is told."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from casework import days
from casework.act import Act, by_office
from conversations.lifecycle import MOVABLE
from models import calendar, visit, window
from models.case import Case
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.task import Task
from models.visit import Offer, Visit
from tests import world as make
from tests.clock import now
from tests.world import news, next_week, staff, work_off


def operator(tx: Session) -> Act:
    return by_office(tx, "operator", "day")


def standing(tx: Session, state: VisitState, number: int = 1) -> Visit:
    """A visit next week in this state, with an officer if it has one."""
    owner = make.person(tx)
    officer = staff(tx, f"041{number}")
    case = make.case(tx, owner, make.answers(number), number=f"26-00000{number}")
    case.state = CaseState.UNDER_WAY
    row = make.visit(tx, case, on=next_week())
    row.state = state
    if state not in (VisitState.WANTED, VisitState.UNASSIGNED):
        row.officer_id = officer.id
    tx.flush()
    return row


@pytest.mark.parametrize("state", sorted(MOVABLE))
def test_a_visit_on_a_closed_day_is_offered_another_time(
    city: Engine, tx: Session, state: VisitState
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    row = standing(tx, state)
    if state is VisitState.OFFERED:
        tx.add(Offer(visit_id=row.id, officer_id=row.officer_id, expires_at=now()))
    tx.commit()
    assert days.close(operator(tx), row.on, "cuti", move=True) == [row.id]
    assert days.give_up(operator(tx), row.id)
    tx.commit()
    case = tx.get_one(Case, row.case_id)
    assert (row.state, case.state) == (VisitState.CANCELLED, CaseState.ACCEPTED)
    assert ("day_closed", ["notices.day_closed"], "") in news(tx, row.host_id)
    assert [what for what, _, _ in news(tx, supervisor.person_id)] == ["day_closed"]
    told = [what for what, _, _ in news(tx, staff_of(tx, row))] if row.officer_id else []
    assert told == (["day_closed"] if row.officer_id else [])
    assert all(o.answer == "withdrawn" for o in visit.offers_of(tx, [row.id]))
    planned = tx.scalars(select(Task.subject_id).where(Task.kind == "open_windows")).all()
    assert planned == [case.id]


def staff_of(tx: Session, row: Visit) -> int:
    person_id = tx.get_one(Officer, row.officer_id).person_id
    assert person_id is not None
    return person_id


@pytest.mark.parametrize("state", [VisitState.ON_THE_WAY, VisitState.ARRIVED])
def test_an_officer_who_is_under_way_is_not_called_back(
    city: Engine, tx: Session, state: VisitState
) -> None:
    row = standing(tx, state)
    assert not days.give_up(operator(tx), row.id)
    assert row.state == state


def test_nothing_changes_while_visits_stand_there_and_nobody_said_to_move_them(
    city: Engine, tx: Session
) -> None:
    row = standing(tx, VisitState.ACCEPTED)
    assert days.close(operator(tx), row.on, "cuti", move=False) == [row.id]
    assert calendar.load(tx).works(row.on)
    assert row.state == VisitState.ACCEPTED


def test_moving_twice_tells_once(city: Engine, tx: Session) -> None:
    row = standing(tx, VisitState.ACCEPTED)
    days.close(operator(tx), row.on, "cuti", move=True)
    assert days.give_up(operator(tx), row.id)
    assert days.give_up(operator(tx), row.id)
    assert [what for what, _, _ in news(tx, row.host_id)] == ["day_closed"]


def test_no_window_is_offered_or_taken_on_a_closed_day(city: Engine, tx: Session) -> None:
    staff(tx, "0417")
    chosen = next_week()
    code = str(make.answers(1)["place"]["kelurahan"])
    assert window.take(tx, code, chosen, now())
    days.close(operator(tx), chosen.on, "cuti", move=False)
    assert not window.take(tx, code, chosen, now())
    assert chosen.on not in {w.on for w in window.free(tx, code, now())}


def test_the_owner_is_offered_times_on_other_days(city: Engine, tx: Session) -> None:
    row = standing(tx, VisitState.ACCEPTED)
    days.close(operator(tx), row.on, "cuti", move=True)
    days.give_up(operator(tx), row.id)
    tx.commit()
    work_off(city)
    assert ("verified", ["notices.new_window"], "visit_window") in news(tx, row.host_id)


def test_who_takes_a_window_meanwhile_is_seen_or_refused(city: Engine, tx: Session) -> None:
    staff(tx, "0417")
    chosen = next_week()
    code = str(make.answers(1)["place"]["kelurahan"])
    tx.commit()
    taken: list[bool] = []

    def take(on: date) -> None:
        with Session(city) as other:
            taken.append(window.take(other, code, chosen, now()))

    days.close(operator(tx), chosen.on, "cuti", move=False)
    racing = threading.Thread(target=take, args=(chosen.on,))
    racing.start()
    racing.join(0.2)
    assert taken == []  # it waits for the day to be decided
    tx.commit()
    racing.join(10)
    assert taken == [False]
