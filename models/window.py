"""Windows: parts of days in which officers can come, and those that are free."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from models import absence
from models.calendar import HOLIDAYS, Calendar, load
from models.infrastructure.wib import WIB
from models.officer import Officer, available
from models.visit import OPEN, Visit

KNOWN = 30  # at most this many free windows are returned, some two weeks; an owner is shown a few
LOOK_AHEAD = timedelta(days=14)
LEAD = timedelta(hours=2)  # time to find an officer who gets there
FRIDAY = 4


class Part(StrEnum):
    """A part of the working day, 08.00 to 16.00 WIB."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"


_HOURS = {
    Part.MORNING: (time(8, 0), time(10, 30)),
    Part.MIDDAY: (time(10, 30), time(13, 0)),
    Part.AFTERNOON: (time(13, 0), time(16, 0)),
}
_FRIDAY_MIDDAY = (time(10, 30), time(11, 30))  # no visits during Friday prayers, 11.30 to 13.00


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


def hours(on: date, part: Part) -> tuple[time, time]:
    """Return when a part of this day begins and ends, in WIB."""
    if on.weekday() == FRIDAY and part is Part.MIDDAY:
        return _FRIDAY_MIDDAY
    return _HOURS[part]


def coming(at: datetime, calendar: Calendar = HOLIDAYS) -> Iterator[Window]:
    """Yield the windows of working days that begin at least `LEAD` after `at`, soonest first."""
    first = at.astimezone(WIB).date()
    for offset in range(LOOK_AHEAD.days):
        on = first + timedelta(days=offset)
        if calendar.works(on):
            for part in Part:
                window = Window(on, part.value)
                if window.starts_at >= at + LEAD:
                    yield window


def free(
    tx: Session, kelurahan_code: str, at: datetime, calendar: Calendar | None = None
) -> Sequence[Window]:
    """Return the next windows in which the kelurahan's officers have room, soonest first.

    Only officers who can be offered visits count, and not on their days of absence. A visit
    without an officer takes room as well. Without `calendar` it is read from the database.
    """
    officers = available(tx, kelurahan_code)
    known = calendar or load(tx)
    return list(islice(_with_room(tx, officers, kelurahan_code, at, known), KNOWN))


def take(tx: Session, kelurahan_code: str, window: Window, at: datetime) -> bool:
    """Lock the kelurahan's officers, and return whether this window has room left.

    The lock, held until the transaction ends, keeps two owners from both taking the last room.
    """
    officers = available(tx, kelurahan_code)
    ids = [officer.id for officer in officers]
    by_id = select(Officer.id).where(Officer.id.in_(ids)).order_by(Officer.id)
    tx.execute(by_id.with_for_update(key_share=True))
    calendar = load(tx)  # after the lock: a day may have been closed during the wait
    return window in _with_room(tx, officers, kelurahan_code, at, calendar)


def _with_room(
    tx: Session, officers: Sequence[Officer], kelurahan_code: str, at: datetime, calendar: Calendar
) -> Iterator[Window]:
    if not officers:
        return
    taken = _taken(tx, officers, kelurahan_code, at)
    away = absence.coming(tx, [one.id for one in officers], at.astimezone(WIB).date())
    for window in coming(at, calendar):
        room = sum(one.capacity for one in officers if window.on not in away.get(one.id, ()))
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
