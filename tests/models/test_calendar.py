"""Working days: without public holidays, joint leave and closed days."""

from __future__ import annotations

import itertools
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import calendar, window
from models.audit import AuditEntry
from models.calendar import HOLIDAYS, Calendar
from models.infrastructure.wib import WIB

JOINT_LEAVE = (
    (2026, 2, 16),
    (2026, 3, 18),
    (2026, 3, 20),
    (2026, 3, 23),
    (2026, 3, 24),
    (2026, 5, 15),
    (2026, 5, 28),
    (2026, 12, 24),
    (2025, 12, 26),
    (2025, 6, 9),
    (2024, 4, 15),
    (2027, 12, 24),
)
CLOSED = date(2026, 12, 31)


def at(on: date, hours: int = 9) -> datetime:
    return datetime.combine(on, time(hours), WIB)


@pytest.mark.parametrize("day", JOINT_LEAVE)
def test_joint_leave_is_no_working_day(day: tuple[int, int, int]) -> None:
    on = date(*day)
    assert HOLIDAYS.why_not(on) == "joint_leave"
    week_before = at(on - timedelta(days=7))
    assert on not in {w.on for w in window.coming(week_before)}
    assert HOLIDAYS.working_days_after(at(on - timedelta(days=1)), 1) > on
    assert HOLIDAYS.working_time_after(at(on), timedelta(hours=1)).astimezone(WIB).date() > on


@pytest.mark.parametrize(
    ("on", "why"),
    [
        (date(2026, 12, 25), "holiday"),
        (date(2026, 12, 26), "weekend"),
        (date(2026, 12, 28), None),
        (CLOSED, "closed"),
        (date(2026, 12, 24), None),
        (date(2027, 1, 1), "holiday"),
    ],
)
def test_what_was_entered_goes_before_what_the_library_knows(on: date, why: str | None) -> None:
    entered = Calendar({CLOSED: False, date(2026, 12, 24): True, date(2026, 12, 26): True})
    assert entered.why_not(on) == why
    assert entered.is_open(on) is (why in (None, "weekend"))


@pytest.mark.parametrize("first", [date(2026, 12, day) for day in range(18, 32)])
def test_windows_across_the_new_year_are_on_working_days(first: date) -> None:
    entered = Calendar({CLOSED: False})
    days = {w.on for w in window.coming(at(first, 5), entered)}
    assert days
    assert not days & {date(2026, 12, 24), date(2026, 12, 25), CLOSED, date(2027, 1, 1)}
    assert all(first <= on < first + window.LOOK_AHEAD for on in days)
    assert any(on.year == 2027 for on in days) or first < date(2026, 12, 22)


def test_promises_are_counted_over_the_closed_days() -> None:
    entered = Calendar({CLOSED: False})
    assert entered.working_days_after(at(date(2026, 12, 28)), 3) == date(2027, 1, 4)
    later = entered.working_time_after(at(date(2026, 12, 30), 14), timedelta(hours=4))
    assert later.astimezone(WIB) == at(date(2027, 1, 4), 10)


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_years_whose_decree_the_library_holds_are_known(year: int) -> None:
    assert HOLIDAYS.knows(year)


@pytest.mark.parametrize("year", [2099, 2100])
def test_a_year_without_joint_leave_is_unknown_until_days_are_entered(year: int) -> None:
    assert not HOLIDAYS.knows(year)
    assert not Calendar({date(year, 3, 3): True}).knows(year)
    assert Calendar({date(year, 3, 3): False}).knows(year)


@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 9, 30), [2026]),
        (date(2026, 10, 1), [2026, 2027]),
        (date(2026, 12, 31), [2026, 2027]),
        (date(2027, 1, 1), [2027]),
    ],
)
def test_next_years_decree_is_asked_for_from_october(today: date, years: list[int]) -> None:
    assert calendar.years_to_know(today) == years


def test_days_are_kept_with_who_decided(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        for on, works in itertools.product((CLOSED, date(2027, 3, 3)), (True, False)):
            calendar.decide(tx, on, works=works, reason="cuti", actor="operator")
    with Session(engine) as tx:
        assert not calendar.load(tx).works(CLOSED)
        assert [row.on for row in calendar.special_days(tx, date(2027, 1, 1))] == [date(2027, 3, 3)]
        noted = tx.query(AuditEntry).filter_by(subject="day:2026-12-31").all()
        assert [entry.action for entry in noted] == ["day.opened", "day.closed"]
