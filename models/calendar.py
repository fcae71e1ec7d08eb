"""Working days: Monday to Friday, except public holidays, joint leave and days entered as closed.

An officer may have other hours (`models.working_hours`), on weekends too; what is a holiday or
closed is so for everybody.

Public holidays and joint leave (cuti bersama) come from the `holidays` library, which follows the
yearly decree of three ministers. Days that the library does not know are entered by `izin days`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Literal

import holidays
from sqlalchemy import func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, Code
from models.infrastructure.wib import WIB

SATURDAY = 5
OPENS, CLOSES = time(8, 0), time(16, 0)  # the working day, in WIB
DECREE_BY = 10  # by this month next year's decree is out; usually it is published in September

Why = Literal["weekend", "holiday", "joint_leave", "closed"]


class SpecialDay(Base):
    """An extra closed day, or a holiday on which officers work."""

    __tablename__ = "special_days"

    on: Mapped[date] = mapped_column(primary_key=True)
    works: Mapped[bool]
    reason: Mapped[Code]
    set_at: Mapped[datetime] = mapped_column(default=func.now())


@dataclass(frozen=True, slots=True)
class Calendar:
    """The city's working days; `special` (day -> whether officers work) overrides the library."""

    special: Mapping[date, bool] = field(default_factory=dict)

    def works(self, on: date) -> bool:
        """Whether the office works on this day."""
        return self.why_not(on) is None

    def is_open(self, on: date) -> bool:
        """Whether visits are made on this day by officers in whose hours it is, as on a Sunday."""
        return self.why_closed(on) is None

    def why_not(self, on: date) -> Why | None:
        """Why the office does not work on this day; None if it does."""
        return "weekend" if on.weekday() >= SATURDAY else self.why_closed(on)

    def why_closed(self, on: date) -> Why | None:
        """Why nobody works on this day, whatever their hours; None if it is open."""
        if on in self.special:
            return None if self.special[on] else "closed"
        if on in _public(on.year):
            return "holiday"
        return "joint_leave" if on in _joint_leave(on.year) else None

    def knows(self, year: int) -> bool:
        """Whether joint leave of a year is known, from the library or because it was entered."""
        entered = any(on.year == year and not works for on, works in self.special.items())
        return bool(_joint_leave(year)) or entered

    def working_days_after(self, at: datetime, days: int) -> date:
        """Return the date in Jakarta that is `days` working days after `at`."""
        on = at.astimezone(WIB).date()
        while days:
            on += timedelta(days=1)
            days -= self.works(on)
        return on

    def working_days_before(self, on: date, days: int) -> date:
        """Return the date that is `days` working days before `on`."""
        while days:
            on -= timedelta(days=1)
            days -= self.works(on)
        return on

    def working_time_after(self, at: datetime, span: timedelta) -> datetime:
        """Return when `span` of working hours will have passed since `at`, in UTC."""
        on, left = at.astimezone(WIB).date(), span
        while True:
            if self.works(on):
                starts = max(at, datetime.combine(on, OPENS, WIB))
                ends = datetime.combine(on, CLOSES, WIB)
                if starts + left <= ends:
                    return (starts + left).astimezone(UTC)
                left -= max(ends - starts, timedelta(0))
            on += timedelta(days=1)


HOLIDAYS = Calendar()  # the library's days, without special days

#: SQL column for other statements: special days since yesterday as JSON, day -> works.
COMING = """
    (SELECT json_object_agg("on", works) FROM special_days WHERE "on" >= current_date - 1)
"""


def read(coming: Mapping[str, bool] | None) -> Calendar:
    """Return the calendar for a value of `COMING`."""
    return Calendar({date.fromisoformat(on): works for on, works in (coming or {}).items()})


def load(tx: Session) -> Calendar:
    """Return the calendar with all special days."""
    rows = tx.execute(select(SpecialDay.on, SpecialDay.works))
    return Calendar({on: works for on, works in rows})


def special_days(tx: Session, since: date) -> list[SpecialDay]:
    """Return special days from `since` on, in order."""
    rows = select(SpecialDay).where(SpecialDay.on >= since).order_by(SpecialDay.on)
    return list(tx.scalars(rows))


def decide(tx: Session, on: date, *, works: bool, reason: str, actor: str) -> None:
    """Set whether officers work on a day; replaces an earlier entry."""
    tx.merge(SpecialDay(on=on, works=works, reason=reason, set_at=func.now()))
    action = "day.opened" if works else "day.closed"
    audit.note(tx, actor, action, f"day:{on.isoformat()}", reason=reason)


def years_to_know(today: date) -> list[int]:
    """Return the years whose joint leave should be known by now."""
    return [today.year, today.year + 1] if today.month >= DECREE_BY else [today.year]


@cache
def _public(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("ID", years=year))


@cache
def _joint_leave(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("ID", years=year, categories=("government",)))
