"""Windows: which hours of which days there are, in Jakarta's time, and how many fit into them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from models import absence, calendar, window
from models.calendar import HOLIDAYS
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import QuietHours
from models.infrastructure.wib import WIB
from models.lifecycle import VisitState
from models.officer import Officer
from models.person import Person
from models.window import LEAD, Window, coming, free
from models.working_hours import Part, Week, hours
from tests import world

MONDAY = date(2026, 11, 23)
FRIDAY = date(2026, 11, 27)
HERE = "31.74.07.1010"  # Cipete Utara
NEIGHBOUR = "31.74.07.1001"  # the same kecamatan
ELSEWHERE = "31.74.01.1001"  # another kecamatan of the same kota


def at(on: date, clock: str) -> datetime:
    """A moment in Jakarta, told in UTC as everywhere in the database."""
    return datetime.combine(on, time.fromisoformat(clock), WIB).astimezone(UTC)


def parts(windows: list[Window], on: date) -> list[str]:
    return [w.part for w in windows if w.on == on]


# -- hours and days ------------------------------------------------------------------------------


def test_nobody_comes_during_friday_prayers() -> None:
    prayers = at(FRIDAY, "11:30"), at(FRIDAY, "13:00")
    for part in Part:
        one = Window(FRIDAY, part)
        assert one.ends_at <= prayers[0] or one.starts_at >= prayers[1]
    assert hours(FRIDAY, Part.MIDDAY) == (time(10, 30), time(11, 30))
    assert hours(MONDAY, Part.MIDDAY) == (time(10, 30), time(13, 0))


def test_parts_of_a_day_follow_each_other_and_never_overlap() -> None:
    for on in (MONDAY, FRIDAY):
        spans = [hours(on, part) for part in Part]
        assert all(starts < ends for starts, ends in spans)
        assert all(one[1] <= other[0] for one, other in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("on", "works"),
    [
        (MONDAY, True),
        (FRIDAY, True),
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 11, 29), False),  # Sunday
        (date(2026, 8, 17), False),  # Independence Day, a Monday
        (date(2026, 12, 25), False),  # Christmas, a Friday
        (date(2027, 1, 1), False),
        (date(2026, 5, 1), False),  # Labour Day
    ],
)
def test_officers_work_from_monday_to_friday_but_not_on_holidays(on: date, works: bool) -> None:
    assert HOLIDAYS.works(on) is works


@pytest.mark.parametrize(
    ("since", "days", "until"),
    [
        (at(MONDAY, "09:00"), 3, date(2026, 11, 26)),
        (at(date(2026, 11, 26), "09:00"), 3, date(2026, 12, 1)),  # over a weekend
        (at(date(2026, 12, 23), "09:00"), 3, date(2026, 12, 30)),  # over Christmas and a weekend
        (at(MONDAY, "09:00"), 0, MONDAY),
        (at(date(2026, 11, 24), "00:30"), 1, date(2026, 11, 25)),  # still Monday in UTC
        (at(MONDAY, "23:30"), 1, date(2026, 11, 24)),
    ],
)
def test_working_days_are_counted_in_jakarta(since: datetime, days: int, until: date) -> None:
    assert HOLIDAYS.working_days_after(since, days) == until


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (at(MONDAY, "09:00"), at(MONDAY, "13:00")),
        (at(MONDAY, "03:00"), at(MONDAY, "12:00")),  # before the day begins
        (at(MONDAY, "14:00"), at(date(2026, 11, 24), "10:00")),
        (at(MONDAY, "20:00"), at(date(2026, 11, 24), "12:00")),
        (at(FRIDAY, "14:00"), at(date(2026, 11, 30), "10:00")),  # over the weekend
        (at(date(2026, 11, 24), "06:30"), at(date(2026, 11, 24), "12:00")),  # Monday in UTC
    ],
)
def test_four_working_hours_pass_while_people_work(since: datetime, until: datetime) -> None:
    assert HOLIDAYS.working_time_after(since, timedelta(hours=4)) == until


# -- what is still to come -----------------------------------------------------------------------


def test_a_window_must_still_be_reached() -> None:
    assert parts(list(coming(at(MONDAY, "05:59"))), MONDAY) == ["morning", "midday", "afternoon"]
    assert parts(list(coming(at(MONDAY, "06:01"))), MONDAY) == ["midday", "afternoon"]
    assert parts(list(coming(at(MONDAY, "11:00"))), MONDAY) == ["afternoon"]
    assert parts(list(coming(at(MONDAY, "11:01"))), MONDAY) == []
    assert timedelta(hours=2) == LEAD


def test_the_day_changes_at_midnight_in_jakarta_and_not_in_utc() -> None:
    late = at(MONDAY, "23:59")
    assert late.date() == MONDAY and next(iter(coming(late))).on == date(2026, 11, 24)
    early = at(date(2026, 11, 24), "00:01")
    assert early.date() == MONDAY and next(iter(coming(early))).on == date(2026, 11, 24)


def test_weekends_and_holidays_are_left_out_and_two_weeks_are_seen() -> None:
    found = list(coming(at(date(2026, 12, 24), "05:00")))
    assert found == sorted(found, key=lambda w: w.starts_at)
    assert all(HOLIDAYS.works(w.on) for w in found)
    assert max(w.on for w in found) - date(2026, 12, 24) < window.LOOK_AHEAD
    assert not parts(found, date(2026, 12, 25))


# -- room ----------------------------------------------------------------------------------------


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


NOW = at(MONDAY, "05:00")
FIRST = Window(MONDAY, "morning")


def visit(tx: Session, code: str = HERE, on: Window = FIRST, **columns: object) -> None:
    number = f"26-{tx.query(Person).count():06d}"
    given = world.answers(1, place={"kelurahan": code, "pin": None})
    row = world.visit(tx, world.case(tx, world.person(tx), given, number=number), on=on)
    for name, value in columns.items():
        setattr(row, name, value)
    tx.flush()


def test_without_officers_nothing_is_free(tx: Session) -> None:
    assert free(tx, HERE, NOW) == []
    world.staff(tx, "101", joined=False)
    world.staff(tx, "S1", role="supervisor")
    world.staff(tx, "102", areas=("31.71",))
    assert free(tx, HERE, NOW) == []


def test_those_of_two_weeks_are_given_soonest_first(tx: Session) -> None:
    world.staff(tx, "101")
    found = list(free(tx, HERE, NOW))
    assert found[0] == FIRST and len(found) == 10 * 3
    assert found == sorted(found, key=lambda w: w.starts_at)


def test_each_part_of_a_day_has_its_own_room(tx: Session) -> None:
    world.staff(tx, "101", capacity=2)
    visit(tx)
    assert FIRST in free(tx, HERE, NOW)
    visit(tx)
    assert FIRST not in free(tx, HERE, NOW)
    assert Window(MONDAY, "midday") in free(tx, HERE, NOW)


def test_officers_add_up(tx: Session) -> None:
    world.staff(tx, "101", capacity=1)
    world.staff(tx, "102", capacity=1, areas=("31.74.07",))
    visit(tx)
    assert FIRST in free(tx, HERE, NOW)
    visit(tx, NEIGHBOUR)
    assert FIRST not in free(tx, HERE, NOW)


def test_what_an_officer_does_elsewhere_takes_their_room(tx: Session) -> None:
    officer = world.staff(tx, "101", capacity=1)
    visit(tx, ELSEWHERE)
    assert FIRST in free(tx, HERE, NOW), "nobody has taken it, and it is in another kecamatan"
    visit(tx, ELSEWHERE, officer_id=officer.id, state=VisitState.ACCEPTED)
    assert FIRST not in free(tx, HERE, NOW)


def test_an_officer_who_is_absent_is_no_room_on_that_day(tx: Session) -> None:
    away = world.staff(tx, "101", capacity=1)
    absence.add(tx, away.id, [MONDAY])
    assert MONDAY not in {one.on for one in free(tx, HERE, NOW)}
    world.staff(tx, "102", capacity=1)
    assert FIRST in free(tx, HERE, NOW)
    visit(tx)
    assert FIRST not in free(tx, HERE, NOW)


@pytest.mark.parametrize("state", [VisitState.CANCELLED, VisitState.FAILED, VisitState.DONE])
def test_a_visit_that_is_over_takes_no_room(tx: Session, state: VisitState) -> None:
    officer = world.staff(tx, "101", capacity=1)
    visit(tx, state=state, officer_id=officer.id)
    assert FIRST in free(tx, HERE, NOW)


@pytest.mark.parametrize("column", ["unreachable_at", "opted_out_at"])
def test_an_officer_who_cannot_be_written_to_is_no_room(tx: Session, column: str) -> None:
    officer = world.staff(tx, "101")
    world.silence(tx, officer.person_id, column)
    assert free(tx, HERE, NOW) == []


def test_an_officer_who_was_made_inactive_is_no_room(tx: Session) -> None:
    officer = world.staff(tx, "101")
    tx.get_one(Officer, officer.id).active = False
    tx.flush()
    assert free(tx, HERE, NOW) == []


def test_a_window_that_is_full_or_over_cannot_be_taken(tx: Session) -> None:
    world.staff(tx, "101", capacity=1)
    assert window.take(tx, HERE, FIRST, NOW)
    visit(tx)
    assert not window.take(tx, HERE, FIRST, NOW)
    assert not window.take(tx, HERE, Window(MONDAY, "midday"), at(MONDAY, "09:00"))
    assert not window.take(tx, HERE, Window(date(2026, 11, 28), "morning"), NOW), "a Saturday"
    assert not window.take(tx, HERE, Window(MONDAY, "night"), NOW)


# -- officers' own hours -------------------------------------------------------------------------

SATURDAY, SUNDAY = date(2026, 11, 28), date(2026, 11, 29)


def test_evenings_and_weekends_are_free_where_an_officer_works_then(tx: Session) -> None:
    world.staff(tx, "101")
    evenings = {w for w in free(tx, HERE, NOW) if w.part == "evening"}
    assert not evenings
    world.staff(tx, "102", areas=("31.74.07",), hours="mon evening; sat,sun evening")
    found = free(tx, HERE, NOW)
    assert {w.on for w in found if w.part == "evening"} >= {MONDAY, SATURDAY, SUNDAY}
    assert parts([*found], SATURDAY) == parts([*found], SUNDAY) == ["evening"]
    assert parts([*found], MONDAY) == ["morning", "midday", "afternoon", "evening"]
    assert found == sorted(found, key=lambda w: w.starts_at)
    assert not [w for w in free(tx, ELSEWHERE, NOW) if w.part == "evening"], "another kecamatan"
    assert window.take(tx, HERE, Window(SUNDAY, "evening"), NOW)
    assert not window.take(tx, HERE, Window(SUNDAY, "morning"), NOW)
    assert not window.take(tx, ELSEWHERE, Window(SUNDAY, "evening"), NOW)


def test_only_who_works_in_the_evening_has_room_then(tx: Session) -> None:
    evening = Window(MONDAY, "evening")
    world.staff(tx, "101", capacity=5)
    late = world.staff(tx, "102", capacity=1, hours="mon-fri evening")
    assert evening in free(tx, HERE, NOW)
    visit(tx, on=evening, officer_id=late.id, state=VisitState.ACCEPTED)
    assert evening not in free(tx, HERE, NOW)
    assert Window(MONDAY, "afternoon") in free(tx, HERE, NOW)
    assert not window.take(tx, HERE, evening, NOW)


def test_a_visit_outside_its_officers_hours_still_takes_room(tx: Session) -> None:
    evening = Window(MONDAY, "evening")
    before = world.staff(tx, "101", hours="mon-fri morning")
    world.staff(tx, "102", capacity=1, hours="mon-fri evening")
    visit(tx, on=evening, officer_id=before.id, state=VisitState.ACCEPTED)
    assert evening not in free(tx, HERE, NOW), "somebody must make it, and 102 is the only one"


def test_holidays_closed_days_and_absences_hold_in_all_hours(tx: Session) -> None:
    always = world.staff(tx, "101", hours="mon-sun morning,midday,afternoon,evening")
    christmas = at(date(2026, 12, 23), "05:00")
    calendar.decide(tx, date(2026, 12, 27), works=False, reason="-", actor="test")  # a Sunday
    tx.flush()
    found = {w.on for w in free(tx, HERE, christmas)}
    assert {date(2026, 12, 26), date(2027, 1, 2), date(2027, 1, 3)} <= found, "a weekend is open"
    assert not found & {date(2026, 12, 25), date(2026, 12, 27), date(2027, 1, 1)}
    absence.add(tx, always.id, [SATURDAY])
    assert SATURDAY not in {w.on for w in free(tx, HERE, NOW)}
    assert SUNDAY in {w.on for w in free(tx, HERE, NOW)}


def test_an_evening_must_be_reached_and_is_over_half_an_hour_before_quiet_hours(
    tx: Session,
) -> None:
    world.staff(tx, "101", hours="mon-sun evening")
    assert Window(MONDAY, "evening") in free(tx, HERE, at(MONDAY, "14:00"))
    assert Window(MONDAY, "evening") not in free(tx, HERE, at(MONDAY, "14:01"))
    for on in (MONDAY, FRIDAY, SUNDAY):
        assert hours(on, Part.EVENING) == (time(16, 0), time(19, 30))
    last = datetime.combine(MONDAY, time(19, 30)) + timedelta(minutes=30)
    assert last.time() == QuietHours().begins


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(weeks=st.lists(st.sets(st.tuples(st.integers(0, 6), st.sampled_from(Part))), max_size=3))
def test_no_window_is_offered_in_which_nobody_works(
    tx: Session, weeks: list[set[tuple[int, Part]]]
) -> None:
    with tx.begin_nested() as undo:
        rows = [
            world.staff(tx, f"{number}", hours=str(Week(frozenset(week))))
            for number, week in enumerate(weeks, 201)
        ]
        found = free(tx, HERE, NOW)
        assert all(any(one.works(w.on, w.part) for one in rows) for w in found)
        assert {(w.on.weekday(), w.part) for w in found} == set().union(*weeks)
        undo.rollback()


def test_without_other_officers_the_hours_do_not_add_a_statement(tx: Session) -> None:
    world.staff(tx, "101")
    for number in range(5):
        world.staff(tx, f"10{number + 2}", hours="mon-sun evening")
    statements: list[str] = []
    event.listen(
        tx.connection(), "before_cursor_execute", lambda *given: statements.append(given[2])
    )
    free(tx, HERE, NOW, HOLIDAYS)
    assert len(statements) == 4, "the area's officers, who can be reached, visits, absences"
