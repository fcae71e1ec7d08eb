"""What is unusual of an officer's forms is told to supervisors once, and to nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import flags
from casework.act import Act, Rows, by_office
from models import flag
from models.assisted import Assisted, AssistedState, Way
from models.audit import AuditEntry
from models.flag import Flag
from models.infrastructure.guards import Guards
from models.lifecycle import VisitState
from models.officer import Officer
from models.person import LockedPerson
from models.visit import Visit
from tests import world as make

NINE = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # on a Monday, in Jakarta
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
METRE = 1 / 111_200  # in degrees of latitude
PIN = (-6.2612, 106.8023)


def north(metres: float) -> tuple[float, float]:
    return (PIN[0] + metres * METRE, PIN[1])


@pytest.fixture
def boss(tx: Session) -> Officer:
    return make.staff(tx, "S1", role="supervisor")


@pytest.fixture
def joko(tx: Session, boss: Officer) -> Officer:
    return make.staff(tx, "0417")


def hand_in(
    tx: Session,
    by: Officer,
    at: datetime,
    *,
    took: timedelta = 20 * MINUTE,
    pin: tuple[float, float] | None = None,
    on_the_road: bool = False,
    given_by: str | None = None,
    way: Way = Way.SIGNATURE,
) -> Assisted:
    """A form that an officer filled in at a visit or on the road, and what is noted of it."""
    count = len(tx.scalars(select(Assisted.id)).all())
    given = make.answers(1, place={"kelurahan": "31.74.07.1006", "pin": pin and [*pin]})
    case = make.case(tx, make.person(tx), given, number=f"26-{count + 1:06d}")
    case.answered_by = {"place": given_by or f"officer:{by.id}"}
    visit = None if on_the_road else visited(tx, by, pin, count)
    form = Assisted(
        service="business_permit",
        officer_id=by.id,
        person_id=case.person_id,
        visit_id=visit and visit.id,
        case_id=case.id,
        state=AssistedState.SENT,
        way=way.value,
        made_at=at - took,
        moved_at=at,
    )
    tx.add(form)
    tx.flush()
    flags.look(by_office(tx, "worker", f"check_form:{form.id}"), form)
    return form


def visited(tx: Session, by: Officer, pin: tuple[float, float] | None, count: int) -> Visit:
    of = make.case(tx, make.person(tx), make.answers(1), number=f"26-{count + 500_001:06d}")
    row = make.visit(tx, of, officer_id=by.id, state=VisitState.DONE)
    row.officer_pin = pin and [*pin]
    return row


def noted(tx: Session) -> list[tuple[str, int, int]]:
    """The flags: the kind, how many forms, and the measure."""
    tx.flush()
    tx.expire_all()
    rows = tx.scalars(select(Flag).order_by(Flag.id))
    return [(row.kind, len(row.forms), row.measure) for row in rows]


def see(tx: Session, who: Officer, remark: str = "") -> None:
    """Somebody looks at all that waits."""
    assert who.person_id is not None
    speaker = LockedPerson(who.person_id, "id", who.name, None, None)
    act = Act(tx, f"person:{who.person_id}", NINE, "test", Rows(tx), speaker)
    for flag_id in tx.scalars(select(Flag.id).where(Flag.seen_at.is_(None))).all():
        flags.see(act, flag_id, remark)


# -- causes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("took", "found"),
    [
        (timedelta(seconds=20), [("quick", 1, 1)]),
        (timedelta(seconds=179), [("quick", 1, 3)]),
        (3 * MINUTE, []),
    ],
)
def test_a_form_that_is_finished_very_soon(
    tx: Session, joko: Officer, took: timedelta, found: list[tuple[str, int, int]]
) -> None:
    hand_in(tx, joko, NINE, took=took)
    assert noted(tx) == found


def test_quick_forms_wait_together_until_somebody_has_looked(
    tx: Session, joko: Officer, boss: Officer
) -> None:
    hand_in(tx, joko, NINE, took=MINUTE)
    hand_in(tx, joko, NINE + DAY, took=2 * MINUTE)
    assert noted(tx) == [("quick", 2, 1)]
    see(tx, boss)
    hand_in(tx, joko, NINE + 2 * DAY, took=2 * MINUTE)
    assert noted(tx) == [("quick", 2, 1), ("quick", 1, 2)]


def test_many_forms_within_an_hour_are_one_cause(tx: Session, joko: Officer, boss: Officer) -> None:
    for number in range(4):
        hand_in(tx, joko, NINE + number * 10 * MINUTE)
    assert noted(tx) == []
    hand_in(tx, joko, NINE + 40 * MINUTE)
    assert noted(tx) == [("hour", 5, 40)]
    see(tx, boss)
    hand_in(tx, joko, NINE + 50 * MINUTE)
    assert noted(tx) == [("hour", 6, 50)], "the same hour is not told again"
    for number in range(5):
        hand_in(tx, joko, NINE + DAY + number * 10 * MINUTE)
    assert noted(tx) == [("hour", 6, 50), ("hour", 5, 40)], "another day is another cause"


def test_five_forms_in_a_little_more_than_an_hour_are_none(tx: Session, joko: Officer) -> None:
    for number in range(5):
        hand_in(tx, joko, NINE + number * 15 * MINUTE)
    assert noted(tx) == []


@pytest.mark.parametrize(
    ("metres", "days", "found"),
    [
        ((0, 10, 15), (0, 1, 2), [("place", 3, 3)]),
        ((0, 10), (0, 1), []),
        ((0, 10, 15), (0, 1, 1), []),  # two days only
        ((0, 10, 40), (0, 1, 2), []),
        ((0, 30, 15), (0, 1, 2), []),  # not all of them near one another
        ((0, 10, None), (0, 1, 2), []),  # nobody knows where the officer was
        ((0, 3, 10, 15), (0, 1, 1, 5), [("place", 4, 3)]),
        ((0, 10, 15), (0, 1, 40), []),  # long ago
    ],
)
def test_forms_in_one_place_on_different_days(
    tx: Session,
    joko: Officer,
    metres: Sequence[float | None],
    days: Sequence[int],
    found: list[tuple[str, int, int]],
) -> None:
    for metre, on in zip(metres, days, strict=True):
        hand_in(tx, joko, NINE + on * DAY, pin=None if metre is None else north(metre))
    assert noted(tx) == found


def test_one_place_is_one_cause_also_after_somebody_has_looked(
    tx: Session, joko: Officer, boss: Officer
) -> None:
    for on in range(3):
        hand_in(tx, joko, NINE + on * DAY, pin=PIN)
    see(tx, boss, "memang satu pasar")
    for on in range(3, 6):
        hand_in(tx, joko, NINE + on * DAY, pin=north(8))
    assert noted(tx) == [("place", 6, 6)]
    for on in range(6, 9):
        hand_in(tx, joko, NINE + on * DAY, pin=north(500))
    assert [kind for kind, _, _ in noted(tx)] == ["place", "place"], "elsewhere is another cause"


def test_on_the_road_the_pin_that_the_officer_gave_tells_where_it_was(
    tx: Session, joko: Officer
) -> None:
    for on in range(2):
        hand_in(tx, joko, NINE + on * DAY, pin=PIN, on_the_road=True)
    hand_in(tx, joko, NINE + 2 * DAY, pin=PIN, on_the_road=True, given_by="person")
    assert noted(tx) == []
    hand_in(tx, joko, NINE + 3 * DAY, pin=PIN, on_the_road=True)
    assert noted(tx) == [("place", 3, 3)]


def test_when_people_send_their_forms_themselves_is_not_the_officers_doing(
    tx: Session, joko: Officer
) -> None:
    for number in range(5):
        sent = NINE + 10 * HOUR + number * MINUTE
        hand_in(tx, joko, sent, took=(9 - number) * HOUR, way=Way.OWN_PHONE)
    for later in range(1, 4):  # of one day's work in one spot
        sent = NINE + later * DAY
        hand_in(tx, joko, sent, took=later * DAY + later * HOUR, pin=PIN, way=Way.OWN_PHONE)
    assert noted(tx) == []


def test_an_hour_of_work_is_noticed_in_whatever_order_people_send(
    tx: Session, joko: Officer
) -> None:
    for number in range(5):
        sent = NINE + 10 * HOUR + number * HOUR
        begun = NINE + (50 - number * 10) * MINUTE
        hand_in(tx, joko, sent, took=sent - begun, way=Way.OWN_PHONE)
    assert noted(tx) == [("hour", 5, 40)]


def test_forms_of_two_officers_are_two_matters(tx: Session, joko: Officer) -> None:
    other = make.staff(tx, "0418")
    for number in range(4):
        hand_in(tx, joko, NINE + number * DAY, pin=north(number * 100))
        hand_in(tx, other, NINE + number * DAY + HOUR, pin=north(number * 100 + 3))
    assert noted(tx) == []


def test_a_correction_at_the_door_is_no_new_form(tx: Session, joko: Officer) -> None:
    form = hand_in(tx, joko, NINE)
    form.mends, form.made_at = form.case_id, form.moved_at
    tx.flush()
    flags.look(by_office(tx, "worker", "again"), form)
    assert noted(tx) == []


def test_a_form_is_looked_at_once_however_often_the_task_runs(tx: Session, joko: Officer) -> None:
    form = hand_in(tx, joko, NINE, took=MINUTE)
    flags.look(by_office(tx, "worker", "again"), form)
    assert noted(tx) == [("quick", 1, 1)]


def test_0_switches_each_cause_off(tx: Session, joko: Officer) -> None:
    off = Guards(forms_at_one_place=0, form_minutes=0, forms_an_hour=0)
    tx.info.update(off.info)
    for number in range(6):
        hand_in(tx, joko, NINE + (number % 3) * DAY + number * MINUTE, took=MINUTE, pin=PIN)
    assert noted(tx) == []


# -- who hears of it -------------------------------------------------------------------------------


def test_supervisors_of_the_area_hear_once_and_the_officer_nothing(
    tx: Session, joko: Officer, boss: Officer
) -> None:
    far = make.staff(tx, "S2", role="supervisor", areas=("31.72",))
    hand_in(tx, joko, NINE, took=MINUTE)
    hand_in(tx, joko, NINE + DAY, took=MINUTE)
    tx.flush()
    assert make.news(tx, boss.person_id) == [("forms_unusual", ["notices.flag"], "flag")]
    assert make.news(tx, far.person_id) == make.news(tx, joko.person_id) == []


def test_who_looks_is_audited_and_the_remark_is_kept_for_a_year(
    tx: Session, joko: Officer, boss: Officer
) -> None:
    hand_in(tx, joko, NINE, took=MINUTE)
    see(tx, boss, "sudah ditanya, wajar")
    see(tx, make.staff(tx, "S3", role="supervisor"), "lain")
    (row,) = tx.scalars(select(Flag)).all()
    assert (row.seen_by_id, row.remark) == (boss.id, "sudah ditanya, wajar")
    entries = select(AuditEntry.action, AuditEntry.actor).where(
        AuditEntry.subject == f"flag:{row.id}"
    )
    assert [tuple(one) for one in tx.execute(entries.order_by(AuditEntry.id))] == [
        ("flag.noted", "worker"),
        ("flag.seen", f"person:{boss.person_id}"),
    ]
    flag.tidy(tx)
    assert noted(tx) == [("quick", 1, 1)]
    row.moved_at -= 366 * DAY
    tx.flush()
    flag.tidy(tx)
    assert noted(tx) == []
