"""Windows: parts of days in which officers can come, and those that are free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from models import absence, working_hours
from models.calendar import HOLIDAYS, Calendar, load
from models.infrastructure.wib import WIB
from models.officer import Officer, available
from models.visit import OPEN, Visit
from models.working_hours import Part, Week, hours

LOOK_AHEAD = timedelta(days=14)
LEAD = timedelta(hours=2)  # time to find an officer who gets there


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """One part of one day; hours in WIB."""

    on: date
    part: str

    @property
    def starts(self) -> time:
        return hours(self.on, Part(self.part))[0]

    @property
    def ends(self) -> time:
        return hours(self.on, Part(self.part))[1]

    @property
    def starts_at(self) -> datetime:
        return datetime.combine(self.on, self.starts, WIB).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.on, self.ends, WIB).astimezone(UTC)


def coming(
    at: datetime, calendar: Calendar = HOLIDAYS, week: Week | None = None
) -> Iterator[Window]:
    """Yield the windows of a week that begin at least `LEAD` after `at`, soonest first.

    Without `week` the office's; none on holidays and closed days.
    """
    kept = working_hours.read(working_hours.OFFICE) if week is None else week
    first = at.astimezone(WIB).date()
    for offset in range(LOOK_AHEAD.days):
        on = first + timedelta(days=offset)
        parts = kept.on(on.weekday())
        if parts and calendar.is_open(on):
            for part in parts:
                window = Window(on, part.value)
                if window.starts_at >= at + LEAD:
                    yield window


def free(
    tx: Session, kelurahan_code: str, at: datetime, calendar: Calendar | None = None
) -> Sequence[Window]:
    """Return the next windows in which the kelurahan's officers have room, soonest first.

    Only officers who can be offered visits count, in their own hours and not on their days of
    absence. A visit without an officer takes room as well, and so does one outside its officer's
    hours. Without `calendar` it is read from the database.
    """
    officers = available(tx, kelurahan_code)
    known = calendar or load(tx)
    return list(_with_room(tx, officers, kelurahan_code, at, known))


def take(tx: Session, kelurahan_code: str, window: Window, at: datetime) -> bool:
    """Lock the kelurahan's officers, and return whether this window has room left.

    The lock, held until the transaction ends, keeps two owners from both taking the last room.
    """
    ids = [officer.id for officer in available(tx, kelurahan_code)]
    by_id = select(Officer).where(Officer.id.in_(ids), Officer.active).order_by(Officer.id)
    fresh = by_id.with_for_update(key_share=True).execution_options(populate_existing=True)
    officers = tx.scalars(fresh).all()  # after the lock: hours may have changed during the wait
    calendar = load(tx)  # a day may have been closed as well
    return window in _with_room(tx, officers, kelurahan_code, at, calendar)


def _with_room(
    tx: Session, officers: Sequence[Officer], kelurahan_code: str, at: datetime, calendar: Calendar
) -> Iterator[Window]:
    if not officers:
        return
    taken = _taken(tx, officers, kelurahan_code, at)
    away = absence.coming(tx, [one.id for one in officers], at.astimezone(WIB).date())
    weeks = [(one, working_hours.read(one.hours)) for one in officers]
    for window in coming(at, calendar, working_hours.together(week for _, week in weeks)):
        room = sum(
            one.capacity
            for one, week in weeks
            if week.holds(window.on, window.part) and window.on not in away.get(one.id, ())
        )
        if taken.get(window, 0) < room:
            yield window


def _taken(
    tx: Session, officers: Sequence[Officer], kelurahan_code: str, at: datetime
) -> Mapping[Window, int]:
    kecamatan = kelurahan_code.rsplit(".", 1)[0]
    counted = (
        select(Visit.on, Visit.part, func.count())
        .where(OPEN, Visit.on >= at.astimezone(WIB).date())
        .group_by(Visit.on, Visit.part)
    )
    theirs = counted.where(Visit.officer_id.in_([o.id for o in officers]))
    nobodys = counted.where(Visit.officer_id.is_(None), Visit.area_code.startswith(kecamatan + "."))
    taken: Counter[Window] = Counter()
    for on, part, count in tx.execute(union_all(theirs, nobodys)):  # each by its own index
        taken[Window(on, part)] += count
    return taken
