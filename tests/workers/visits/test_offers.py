"""Who is asked to come, in which order, and what follows when nobody takes it."""

from __future__ import annotations

import threading
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from models import lifecycle, visit
from models.case import Case
from models.lifecycle import CaseState, VisitState
from models.offer import LEAST, answer_by, offer_to
from models.officer import Officer
from models.task import Task
from models.visit import Offer, Visit
from models.window import Window, coming
from tests import world as make
from tests.clock import now
from tests.workers.processes import until
from tests.world import news, next_week, same_week, silence, staff, work_off
from workers import jobs
from workers.visits import offers

LATER = timedelta(days=30)


@pytest.fixture
def wanted(tx: Session) -> Visit:
    """A visit next week that no officer has been sought for."""
    return want(tx)


def want(tx: Session, *, number: str = "26-000001", on: Window | None = None) -> Visit:
    owner = make.person(tx)
    case = make.case(tx, owner, make.answers(1), number=number)
    row = make.visit(tx, case, on=on)
    visit.plan_offer(tx, row)
    tx.commit()
    return row


def busy(tx: Session, officer: Officer, on: Window, count: int) -> None:
    """Give an officer some visits."""
    for index in range(count):
        number = f"99-{officer.id:03d}{on.on.day:02d}{index}"
        case = make.case(tx, make.person(tx), make.answers(1), number=number)
        make.visit(tx, case, on=on, state=VisitState.ACCEPTED, officer_id=officer.id)
    tx.commit()


def asked(tx: Session, row: Visit) -> list[tuple[str, str | None]]:
    """Who was asked, in order, with their answer."""
    return [
        (badge, answer)
        for badge, answer in tx.execute(
            select(Officer.badge, Offer.answer)
            .join(Offer, Offer.officer_id == Officer.id)
            .where(Offer.visit_id == row.id)
            .order_by(Offer.id)
        )
    ]


def decline(tx: Session, row: Visit) -> None:
    """The officer who was asked says no, as the bot writes it."""
    tx.refresh(row)
    made = tx.scalars(select(Offer).where(Offer.visit_id == row.id, Offer.answer.is_(None))).one()
    made.answer, made.reason, made.answered_at = "declined", "too_far", now()
    row.officer_id = None
    lifecycle.move(tx, row, VisitState.WANTED, actor="person:1")
    visit.plan_offer(tx, row)
    tx.commit()


def test_the_officer_is_asked_in_chat(city: Engine, tx: Session, wanted: Visit) -> None:
    officer = staff(tx, "101")
    tx.commit()
    assert work_off(city) == ["offer"]
    tx.refresh(wanted)
    assert (wanted.state, wanted.officer_id) == (VisitState.OFFERED, officer.id)
    assert news(tx, officer.person_id) == [("visit_offered", [], "visit")]


def test_an_evening_and_a_sunday_go_to_who_works_then(city: Engine, tx: Session) -> None:
    staff(tx, "by day")
    staff(tx, "evenings", hours="mon-fri evening; sat,sun morning,evening")
    day = next_week().on
    sunday = day + timedelta(days=6 - day.weekday())
    evening = want(tx, on=Window(day, "evening"))
    weekend = want(tx, number="26-000002", on=Window(sunday, "morning"))
    while work_off(city):
        pass
    assert asked(tx, evening) == asked(tx, weekend) == [("evenings", None)]
    decline(tx, evening)
    work_off(city)
    tx.refresh(evening)
    assert evening.state == VisitState.UNASSIGNED, "nobody else works then: a supervisor decides"


def test_the_least_busy_of_the_day_is_asked_first_then_of_the_week_then_the_oldest(
    city: Engine, tx: Session, wanted: Visit
) -> None:
    that_day, that_week = Window(wanted.on, "afternoon"), Window(same_week(wanted.on), "morning")
    busy(tx, staff(tx, "busy that day"), that_day, 2)
    busy(tx, staff(tx, "busy that week"), that_week, 2)
    busy(tx, staff(tx, "a little busy that week"), that_week, 1)
    busy(tx, staff(tx, "just as busy, and younger"), that_week, 1)
    for _ in range(4):
        work_off(city)
        decline(tx, wanted)
    assert [badge for badge, _ in asked(tx, wanted)] == [
        "a little busy that week",
        "just as busy, and younger",
        "busy that week",
        "busy that day",
    ]


def test_who_cannot_come_is_not_asked(city: Engine, tx: Session, wanted: Visit) -> None:
    full = staff(tx, "full", capacity=1)
    busy(tx, full, Window(wanted.on, wanted.part), 1)
    staff(tx, "elsewhere", areas=("31.71",))
    staff(tx, "never joined", joined=False)
    staff(tx, "supervisor", role="supervisor")
    staff(tx, "gone").active = False
    for badge, column in (("blocked us", "unreachable_at"), ("wants no news", "opted_out_at")):
        silence(tx, staff(tx, badge).person_id, column)
    tx.get_one(Officer, staff(tx, "the owner").id).person_id = wanted.host_id
    staff(tx, "free")
    tx.commit()
    work_off(city)
    assert asked(tx, wanted) == [("free", None)]


def test_capacity_holds_for_many_visits(city: Engine, tx: Session) -> None:
    staff(tx, "one at a time", capacity=1)
    staff(tx, "two at a time", capacity=2)
    window = next_week()
    rows = [want(tx, number=f"26-{n:06d}", on=window) for n in range(4)]
    work_off(city)
    for row in rows:
        tx.refresh(row)
    assert sorted(row.state for row in rows) == ["offered", "offered", "offered", "unassigned"]


def test_the_last_room_is_not_given_away_twice_at_once(city: Engine, tx: Session) -> None:
    staff(tx, "101", capacity=1)
    window = next_week()
    first, second = (want(tx, number=f"26-{n:06d}", on=window) for n in range(2))
    one, other = tx.scalars(select(Task).order_by(Task.id)).all()
    offers.offer(tx, one)
    thread = threading.Thread(target=jobs.run, args=(other.id,))
    thread.start()
    until(lambda: not thread.is_alive() or _somebody_waits(city))
    tx.commit()
    thread.join()
    tx.refresh(second)
    assert (first.state, second.state) == (VisitState.OFFERED, VisitState.UNASSIGNED)


def _somebody_waits(city: Engine) -> bool:
    with city.connect() as connection:
        return bool(connection.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_silence_passes_the_offer_on(city: Engine, tx: Session, wanted: Visit) -> None:
    first, second = staff(tx, "101"), staff(tx, "102")
    tx.commit()
    work_off(city)
    end = tx.scalars(select(Offer)).one()
    end.expires_at = now()
    tx.commit()
    work_off(city, until=now() + LATER)
    assert asked(tx, wanted) == [("101", "silent"), ("102", None)]
    assert news(tx, first.person_id)[1:] == [("offer_passed", ["notices.offer_passed"], "")]
    assert news(tx, second.person_id) == [("visit_offered", [], "visit")]


def test_an_offer_that_was_answered_does_not_expire(
    city: Engine, tx: Session, wanted: Visit
) -> None:
    staff(tx, "101")
    staff(tx, "102")
    tx.commit()
    work_off(city)
    made = tx.scalars(select(Offer)).one()
    made.answer, made.answered_at, made.expires_at = "accepted", now(), now()
    tx.refresh(wanted)
    lifecycle.move(tx, wanted, VisitState.ACCEPTED, actor="person:1")
    tx.commit()
    work_off(city, until=now() + LATER)
    tx.refresh(wanted)
    assert wanted.state == VisitState.ACCEPTED
    assert asked(tx, wanted) == [("101", "accepted")]


def test_an_offer_does_not_expire_before_its_time(city: Engine, tx: Session, wanted: Visit) -> None:
    staff(tx, "101")
    tx.commit()
    work_off(city)
    made = tx.scalars(select(Offer)).one()
    task = tx.scalars(select(Task).where(Task.kind == "expire_offer")).one()
    assert task.due_at == made.expires_at
    task.due_at = now()
    tx.commit()
    work_off(city)
    tx.refresh(task)
    assert (task.due_at, task.done_at) == (made.expires_at, None)


def test_when_all_have_declined_a_supervisor_decides(
    city: Engine, tx: Session, wanted: Visit
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    staff(tx, "101")
    staff(tx, "102")
    tx.commit()
    for _ in range(2):
        work_off(city)
        decline(tx, wanted)
    work_off(city)
    tx.refresh(wanted)
    assert wanted.state == VisitState.UNASSIGNED
    assert news(tx, supervisor.person_id) == [
        ("visit_unassigned", ["notices.visit_unassigned"], "assignment")
    ]


def test_a_supervisor_may_ask_somebody_again_who_then_has_time_to_answer(
    city: Engine, tx: Session, wanted: Visit
) -> None:
    officer = staff(tx, "101")
    tx.commit()
    work_off(city)
    decline(tx, wanted)
    work_off(city)
    tx.refresh(wanted)
    offer_to(tx, wanted, officer, at=now(), actor="person:9")
    tx.commit()
    assert asked(tx, wanted) == [("101", None)]
    tx.scalars(select(Offer)).one().expires_at = now()
    tx.commit()
    work_off(city, until=now() + LATER)
    tx.refresh(wanted)
    assert wanted.state == VisitState.UNASSIGNED
    assert asked(tx, wanted) == [("101", "silent")]


def test_a_window_that_has_begun_is_given_up_and_the_owner_chooses_anew(
    city: Engine, tx: Session, wanted: Visit
) -> None:
    staff(tx, "101")
    supervisor = staff(tx, "S1", role="supervisor")
    wanted.on = now().date() - timedelta(days=1)
    tx.commit()
    work_off(city)
    tx.refresh(wanted)
    case = tx.get_one(Case, wanted.case_id)
    assert (wanted.state, case.state) == (
        VisitState.CANCELLED,
        CaseState.ACCEPTED,
    )
    assert news(tx, wanted.host_id) == [
        ("window_passed", ["notices.window_passed"], ""),
        ("verified", ["notices.new_window"], "visit_window"),
    ]
    assert [what for what, _, _ in news(tx, supervisor.person_id)] == ["window_missed"]


def test_an_offer_runs_four_working_hours_and_ends_before_the_window() -> None:
    windows = list(coming(now()))
    far = windows[-1]
    at = windows[0].starts_at
    assert answer_by(far, at) - at >= timedelta(hours=4)
    assert answer_by(windows[0], at - timedelta(hours=2)) == at - timedelta(hours=1)
    assert answer_by(windows[0], at - timedelta(minutes=30)) == at - timedelta(minutes=30) + LEAST


@pytest.mark.parametrize(
    ("on", "made", "ends"),
    [
        # Sunday, 29 November 2026, in the evening
        (Window(date(2026, 11, 29), "evening"), "2026-11-27 15:00", "2026-11-27 19:00"),
        (Window(date(2026, 11, 29), "evening"), "2026-11-28 09:00", "2026-11-28 13:00"),
        (Window(date(2026, 11, 29), "evening"), "2026-11-28 17:30", "2026-11-29 08:00"),
        (Window(date(2026, 11, 29), "evening"), "2026-11-29 13:30", "2026-11-29 15:00"),
        # Wednesday, in the evening and in the morning
        (Window(date(2026, 11, 25), "evening"), "2026-11-24 14:00", "2026-11-24 18:00"),
        (Window(date(2026, 11, 26), "morning"), "2026-11-24 14:00", "2026-11-25 10:00"),
    ],
)
def test_an_offer_for_an_evening_or_a_weekend_counts_the_hours_of_the_day(
    on: Window, made: str, ends: str
) -> None:
    until = answer_by(on, datetime.fromisoformat(f"{made}+07:00"))
    assert until == datetime.fromisoformat(f"{ends}+07:00")
