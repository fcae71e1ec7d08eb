"""Places that wait: their deadline is one working day, and supervisors hear of them at seven."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import waiting
from casework import digests
from casework.act import by_office
from conversations.facts import CaseFact
from models import absence, calendar
from models.case import Case
from models.inbox import InboxMessage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState
from models.officer import Officer
from tests import world as make
from workers.schedule import PERIODIC

FRIDAY = date(2026, 11, 27)
PLACE = {"place": {"kelurahan": "31.74.07.1006", "pin": None}}


def at(on: date, hour: int = 7) -> datetime:
    return datetime.combine(on, time(hour), WIB)


def hold(tx: Session, since: datetime, *, number: str, service: str = "referral") -> Case:
    """A place that waits for a supervisor of Jakarta Selatan."""
    owner = make.person(tx)
    return make.case(
        tx,
        owner,
        PLACE,
        number=number,
        service=service,
        state=CaseState.IN_REVIEW,
        moved_at=since,
    )


def digest(tx: Session, on: date, hour: int = 7) -> None:
    digests.tell_held(replace(by_office(tx, "worker", "digest"), at=at(on, hour)))
    tx.flush()


def told(tx: Session, who: Officer) -> list[tuple[object, object, object]]:
    """The digests of somebody: how many wait, since when, and the place that is opened."""
    rows = select(InboxMessage).where(InboxMessage.person_id == who.person_id)
    found = []
    for row in tx.scalars(rows.order_by(InboxMessage.id)):
        params = row.event["params"]
        ((key, given),) = params["parts"]
        assert (key, params["opens"]) == ("notices.held_digest", "held")
        found.append((given["n"], given["since"], row.event["subject"]))
    return found


@pytest.fixture
def boss(tx: Session) -> Officer:
    return make.staff(tx, "900", role="supervisor", areas=("31.74",))


def test_supervisors_of_the_area_hear_once_a_day_how_many_wait(tx: Session, boss: Officer) -> None:
    far = make.staff(tx, "901", role="supervisor", areas=("31.72",))
    head = make.staff(tx, "902", role="head", areas=())
    hold(tx, at(FRIDAY, 6), number="26-000002")
    oldest = hold(tx, at(FRIDAY - timedelta(days=2), 23), number="26-000001")
    hold(tx, at(FRIDAY, 5), number="26-000003")
    hold(tx, at(FRIDAY - timedelta(days=9)), number="26-000004", service="business_permit")
    digest(tx, FRIDAY)
    digest(tx, FRIDAY, hour=12)
    since = {"date": "2026-11-25"}
    assert told(tx, boss) == [(3, since, str(oldest.id))]
    assert told(tx, far) == told(tx, head) == []
    oldest.state = CaseState.ACCEPTED
    digest(tx, FRIDAY + timedelta(days=3))
    assert [n for n, _, _ in told(tx, boss)] == [3, 2]


def test_nothing_is_said_where_nothing_waits(tx: Session, boss: Officer) -> None:
    hold(tx, at(FRIDAY), number="26-000001", service="business_permit")
    digest(tx, FRIDAY)
    assert told(tx, boss) == []


@pytest.mark.parametrize(
    ("on", "hours", "heard"),
    [
        (FRIDAY, "mon-fri morning", True),
        (FRIDAY, "mon-thu morning", False),
        (FRIDAY + timedelta(days=1), "mon-fri morning", False),  # a Saturday
        (FRIDAY + timedelta(days=1), "sat morning", True),
        (date(2026, 12, 25), "mon-fri morning", False),  # Christmas, a Friday
    ],
)
def test_nobody_hears_on_a_day_off(
    tx: Session, boss: Officer, on: date, hours: str, heard: bool
) -> None:
    boss.hours = hours
    hold(tx, at(FRIDAY - timedelta(days=1)), number="26-000001")
    digest(tx, on)
    assert bool(told(tx, boss)) is heard


def test_nobody_hears_while_absent_or_on_a_closed_day(tx: Session, boss: Officer) -> None:
    other = make.staff(tx, "901", role="supervisor", areas=("31.74",))
    hold(tx, at(FRIDAY - timedelta(days=1)), number="26-000001")
    absence.add(tx, boss.id, [FRIDAY])
    digest(tx, FRIDAY)
    assert (len(told(tx, boss)), len(told(tx, other))) == (0, 1)
    monday = FRIDAY + timedelta(days=3)
    calendar.decide(tx, monday, works=False, reason="banjir", actor="test")
    digest(tx, monday)
    assert (len(told(tx, boss)), len(told(tx, other))) == (0, 1)


def test_it_is_planned_for_seven_in_jakarta() -> None:
    (kind,) = (one for one in PERIODIC if one.kind == "digest")
    seven = datetime(2026, 11, 27, 0, 0, tzinfo=UTC)
    assert kind.run_key(seven) == "digest:2026-11-27T07:00"
    assert kind.run_key(seven - timedelta(seconds=1)) == "digest:2026-11-26T07:00"


@pytest.mark.parametrize(
    ("today", "overdue"),
    [
        (FRIDAY, False),
        (FRIDAY + timedelta(days=3), False),  # Monday is the day by which to decide
        (FRIDAY + timedelta(days=4), True),
    ],
)
def test_a_place_is_decided_within_one_working_day(tx: Session, today: date, overdue: bool) -> None:
    review = hold(tx, at(FRIDAY - timedelta(days=9)), number="26-000001", service="business_permit")
    place = hold(tx, at(FRIDAY, 23), number="26-000002")
    rows = [(review, fact(review)), (place, replace(fact(place), told=True))]
    shown = waiting.by_deadline(tx, rows, today)
    assert [one.number for one in shown] == sorted(["26-000001", "26-000002"], reverse=overdue), (
        "what is overdue stands at the top"
    )
    (found,) = (one for one in shown if one.told)
    assert (found.decide_by, found.overdue) == (FRIDAY + timedelta(days=3), overdue)
    assert not any(one.overdue or one.decide_by for one in shown if not one.told)


def test_days_on_which_the_office_is_closed_do_not_count(tx: Session) -> None:
    calendar.decide(tx, FRIDAY + timedelta(days=3), works=False, reason="banjir", actor="test")
    place = hold(tx, at(FRIDAY), number="26-000001")
    rows = [(place, replace(fact(place), told=True))]
    (found,) = waiting.by_deadline(tx, rows, FRIDAY + timedelta(days=4))
    assert (found.decide_by, found.overdue) == (FRIDAY + timedelta(days=4), False)
    (found,) = waiting.by_deadline(tx, rows, FRIDAY + timedelta(days=5))
    assert found.overdue


def fact(case: Case) -> CaseFact:
    return CaseFact(case.id, case.number, case.service, case.state, {}, case.submitted_at)
