"""Acts on flags: what is unusual of an officer's forms, for supervisors to look at once.

No flag is an accusation, and its officer is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import combinations

from casework.act import Act
from casework.documents import day
from conversations.arrival import km_between
from conversations.events import News
from conversations.messages import Say
from conversations.words import tidy
from models import assisted, flag
from models.assisted import Assisted, Finished
from models.case import Case
from models.flag import LONGEST, Flag, FlagKind
from models.infrastructure import guards
from models.infrastructure.guards import Guards
from models.officer import Officer

COMPARED = timedelta(days=30)  # as long as an officer's location is kept
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Cause:
    """Something unusual of some forms, with their ids; see `Flag.measure`."""

    kind: FlagKind
    forms: frozenset[int]
    measure: int


def look(act: Act, form: Assisted) -> None:
    """Note what is unusual of an officer's forms since this one was handed in. Idempotent."""
    act.must_be_office()
    done = assisted.finished(act.tx, form.officer_id, form.moved_at - COMPARED)
    mine = next((one for one in done if one.id == form.id), None)
    if mine is None:
        return  # it corrects a case
    before = [one for one in done if (one.at, one.id) <= (mine.at, mine.id)]
    for cause in _causes(mine, before, guards.of(act.tx)):
        _note(act, form, cause)


def see(act: Act, flag_id: int, remark: str = "") -> None:
    """Record that a supervisor has looked; does nothing if another one has.

    Raises:
        NotAllowed: the person who acts does not supervise the area.
    """
    me, row = act.supervisor(), flag.lock(act.tx, flag_id)
    act.must_supervise(row.area_code)
    if row.seen_at is not None:
        return
    row.seen_at, row.seen_by_id = act.at, me.id
    row.remark = tidy(remark)[:LONGEST] or None
    act.note("flag.seen", f"flag:{row.id}", officer=row.officer_id, remark=bool(remark))


def _note(act: Act, form: Assisted, cause: _Cause) -> None:
    """Note a cause once: forms that go on with it join its flag, also when it was looked at.

    Quick forms join a flag that waits, so that a supervisor looks once at several.
    """
    for row in flag.of_officer(act.tx, form.officer_id, cause.kind):
        if form.id in row.forms:
            return
        waits = cause.kind is FlagKind.QUICK and row.seen_at is None
        if waits or not cause.forms.isdisjoint(row.forms):
            quicker = waits and row.measure < cause.measure
            flag.join(row, cause.forms, row.measure if quicker else cause.measure)
            return
    case = act.tx.get_one(Case, form.case_id)
    row = Flag(
        officer_id=form.officer_id,
        area_code=case.area_code,
        kind=cause.kind.value,
        forms=sorted(cause.forms),
        measure=cause.measure,
    )
    act.tx.add(row)
    act.tx.flush()
    act.note("flag.noted", f"flag:{row.id}", officer=row.officer_id, kind=row.kind)
    one = act.tx.get_one(Officer, form.officer_id)
    said = Say("notices.flag", {"name": one.name, "badge": one.badge})
    act.tell_supervisors(case.area_code, News.FORMS_UNUSUAL, row.id, said, opens="flag")


def _causes(mine: Finished, before: Sequence[Finished], rules: Guards) -> Iterator[_Cause]:
    """Yield what is unusual of a form, and of those before it."""
    took = mine.at - mine.begun_at
    if took < timedelta(minutes=rules.form_minutes):
        yield _Cause(FlagKind.QUICK, frozenset({mine.id}), _minutes(took))
    hour = _busiest_hour(mine, before)
    if rules.forms_an_hour and len(hour) >= rules.forms_an_hour:
        ids = frozenset(one.id for one in hour)
        yield _Cause(FlagKind.HOUR, ids, _minutes(hour[-1].worked_at - hour[0].worked_at))
    near = [one for one in before if _metres(one, mine) <= rules.form_metres]
    if rules.forms_at_one_place and near and _together(mine, near, rules):
        ids = frozenset(one.id for one in near)
        yield _Cause(FlagKind.PLACE, ids, len({day(one.worked_at) for one in near}))


def _busiest_hour(mine: Finished, before: Sequence[Finished]) -> list[Finished]:
    """Return the forms of the hour around this one in which the officer worked at the most."""
    around = sorted(
        (one for one in before if abs(one.worked_at - mine.worked_at) < HOUR),
        key=lambda one: one.worked_at,
    )
    hours = (
        [one for one in around if timedelta(0) <= one.worked_at - first.worked_at < HOUR]
        for first in around
        if first.worked_at <= mine.worked_at
    )
    return max(hours, key=len)


def _together(mine: Finished, near: Sequence[Finished], rules: Guards) -> bool:
    """Whether enough forms, each of another day, lie near this one and near one another.

    Of each day, the nearest one counts.
    """
    days: dict[date, Finished] = {}
    for one in sorted(near, key=lambda one: _metres(one, mine)):
        days.setdefault(day(one.worked_at), one)
    days.pop(day(mine.worked_at), None)
    return any(
        all(_metres(*pair) <= rules.form_metres for pair in combinations(others, 2))
        for others in combinations(days.values(), rules.forms_at_one_place - 1)
    )


def _metres(one: Finished, other: Finished) -> float:
    """Return how far apart the officer was at two forms; infinite if that is not known."""
    if one.pin is None or other.pin is None:
        return float("inf")
    return 1000 * km_between(one.pin, other.pin)


def _minutes(span: timedelta) -> int:
    """Return a span in minutes, rounded up; at least one."""
    return max(1, -(-span // MINUTE))
