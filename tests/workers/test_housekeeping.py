"""What got stuck moves on; what is over is cleared away."""

from __future__ import annotations

import secrets
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from models import identity, link, task
from models.alias import Alias
from models.aside import SessionAside
from models.audit import AuditEntry
from models.case import Case
from models.identity import IdentityLink
from models.inbox import InboxMessage
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState, VisitState
from models.link import LinkCode
from models.offer import offer_to
from models.outbox import OutboundMessage
from models.person import Address
from models.task import Task
from models.visit import Visit
from models.window import Window
from tests import world as make
from tests.clock import now
from tests.world import news, staff, work_off
from workers import housekeeping, jobs
from workers.context import Context
from workers.settings import Kept

LONG_AGO = now() - timedelta(hours=1)


def sweep(city: Engine, tx: Session, run: str = "sweep:1") -> list[str]:
    """One sweep, and everything it set going."""
    task.plan(tx, "sweep", 0, run)
    tx.commit()
    kinds = work_off(city)
    tx.expire_all()
    return kinds


@pytest.fixture
def case(tx: Session, storage: Storage) -> Case:
    """A sound case that was sent an hour ago, and has no task."""
    owner = make.person(tx)
    photo = make.stored_photo(tx, storage, owner)
    return make.case(tx, owner, make.answers(photo.id), moved_at=LONG_AGO)


def test_a_case_without_a_task_is_verified_after_all(city: Engine, tx: Session, case: Case) -> None:
    staff(tx, "101")
    assert sweep(city, tx) == ["sweep", "verify", "open_windows"]
    assert case.state == CaseState.ACCEPTED


def test_what_has_a_task_is_left_to_it(city: Engine, tx: Session, case: Case) -> None:
    later = now() + timedelta(minutes=5)
    task.plan(tx, "verify", case.id, "verify:1", due_at=later)
    assert sweep(city, tx) == ["sweep"]


def test_an_owner_who_was_never_invited_is_and_only_once(
    city: Engine, tx: Session, case: Case
) -> None:
    staff(tx, "101")
    case.state = CaseState.ACCEPTED
    assert sweep(city, tx) == ["sweep", "open_windows"]
    assert sweep(city, tx, "sweep:2") == ["sweep"]
    assert len(news(tx, case.person_id)) == 1


def test_a_wanted_visit_without_a_task_is_offered(city: Engine, tx: Session, case: Case) -> None:
    staff(tx, "101")
    visit = make.visit(tx, case, moved_at=LONG_AGO)
    assert sweep(city, tx) == ["sweep", "offer"]
    assert visit.state == VisitState.OFFERED


def test_an_offer_that_should_be_over_is_passed_on(city: Engine, tx: Session, case: Case) -> None:
    first = staff(tx, "101")
    visit = make.visit(tx, case)
    offer_to(tx, visit, first, at=LONG_AGO, actor="worker").expires_at = LONG_AGO
    gone = tx.scalars(select(Task)).one()
    gone.failed_at = now()
    assert sweep(city, tx) == ["sweep", "expire_offer", "offer"]
    assert visit.state == VisitState.UNASSIGNED


def test_a_permit_without_its_document_gets_it(city: Engine, tx: Session, case: Case) -> None:
    today = now().date()
    row = make.issue(
        tx,
        case_id=case.id,
        person_id=case.person_id,
        kota_code="31.74",
        issued_on=today,
    )
    case.state = CaseState.DONE
    row.made_at = LONG_AGO
    assert sweep(city, tx) == ["sweep", "document"]
    assert row.path is not None


def yesterday() -> Window:
    return Window((now() - timedelta(days=1)).date(), "morning")


@pytest.mark.parametrize("state", [VisitState.WANTED, VisitState.UNASSIGNED])
def test_nobody_waits_for_a_visit_whose_time_has_come_and_nobody_goes(
    city: Engine, tx: Session, case: Case, state: VisitState
) -> None:
    visit = make.visit(tx, case, on=yesterday(), state=state)
    assert sweep(city, tx)[:3] == ["sweep", "offer", "open_windows"]
    assert visit.state == VisitState.CANCELLED
    assert case.state == CaseState.ACCEPTED
    assert news(tx, case.person_id)[0][0] == "window_passed"


def test_a_visit_that_should_be_over_is_reported_once(
    city: Engine, tx: Session, case: Case
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    officer = staff(tx, "101")
    visit = make.visit(tx, case, on=yesterday(), state=VisitState.ACCEPTED, officer_id=officer.id)
    sweep(city, tx)
    sweep(city, tx, "sweep:2")
    assert visit.state == VisitState.ACCEPTED
    assert news(tx, supervisor.person_id) == [
        ("visit_overdue", ["notices.visit_overdue"], "lost_visit")
    ]


def test_a_visit_still_to_come_is_left_alone(city: Engine, tx: Session, case: Case) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    visit: Visit = make.visit(tx, case, state=VisitState.UNASSIGNED, moved_at=LONG_AGO)
    assert sweep(city, tx) == ["sweep"]
    assert visit.state == VisitState.UNASSIGNED
    assert news(tx, supervisor.person_id) == []


def test_a_visit_that_was_reported_long_ago_is_not_reported_again(
    city: Engine, tx: Session, case: Case
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    officer = staff(tx, "101")
    long_ago = Window((now() - timedelta(days=9)).date(), "morning")
    make.visit(tx, case, on=long_ago, state=VisitState.ACCEPTED, officer_id=officer.id)
    sweep(city, tx)
    assert news(tx, supervisor.person_id) == []


def test_who_was_invited_long_ago_is_not_invited_again_when_the_task_is_forgotten(
    city: Engine, tx: Session, case: Case
) -> None:
    staff(tx, "101")
    case.state = CaseState.ACCEPTED
    case.moved_at = now() - timedelta(days=40)
    assert sweep(city, tx) == ["sweep"]


def test_an_owner_whose_case_was_verified_anew_is_invited_anew(
    city: Engine, tx: Session, case: Case
) -> None:
    staff(tx, "101")
    case.state = CaseState.ACCEPTED
    assert sweep(city, tx) == ["sweep", "open_windows"]
    later = now() - timedelta(minutes=11)
    tx.scalars(select(Task).filter_by(kind="open_windows")).one().created_at = LONG_AGO
    case.moved_at = later
    assert sweep(city, tx, "sweep:2") == ["sweep", "open_windows"]


def test_dead_links_and_old_tasks_are_deleted(city: Engine, tx: Session) -> None:
    person_id = make.person(tx)
    identity.link(tx, person_id=person_id, holder_id=person_id)
    living = identity.link(tx, person_id=person_id, holder_id=person_id)
    tx.flush()
    dead = tx.scalars(select(IdentityLink)).all()
    assert identity.open_link(tx, living) in dead
    for row in dead:
        if row is not identity.open_link(tx, living):
            row.expires_at = now() - timedelta(days=2)
    link.offer(tx, make.person(tx))
    tx.scalars(select(LinkCode)).one().expires_at = now() - timedelta(days=2)
    link.offer(tx, person_id)
    task.plan(tx, "sweep", 0, "sweep:old")
    task.plan(tx, "sweep", 0, "sweep:gave_up")
    tx.flush()
    done, gave_up = tx.scalars(select(Task).order_by(Task.run_key.desc()))
    done.done_at = gave_up.failed_at = now() - timedelta(days=31)
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    assert work_off(city) == ["tidy"]
    tx.expire_all()
    assert len(tx.scalars(select(IdentityLink)).all()) == 1
    assert identity.open_link(tx, living) is not None
    assert [row.person_id for row in tx.scalars(select(LinkCode))] == [person_id]
    assert [row.run_key for row in tx.scalars(select(Task))] == ["tidy:1"]


# What was said


def messages(tx: Session, **age: timedelta) -> None:
    """One message heard and one said, each so old, and since then in these states."""
    person_id, at = make.person(tx), now() - max(age.values())
    ended = {column: now() - since for column, since in age.items()}
    tx.add(
        InboxMessage(
            channel="chat",
            provider_id=secrets.token_hex(4),
            person_id=person_id,
            event={},
            heard_at=at,
            **{column: ended[column] for column in ("taken_at", "set_aside_at") if column in ended},
        )
    )
    tx.add(
        OutboundMessage(
            person_id=person_id,
            dedupe_key=secrets.token_hex(4),
            message={},
            created_at=at,
            **{column: ended[column] for column in ("sent_at", "failed_at") if column in ended},
        )
    )


def tidy(city: Engine, tx: Session, runs: int = 1) -> None:
    """Tidy up so many times, as the dispatcher does while there is more."""
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    for _ in range(runs):
        work_off(city)
    tx.expire_all()


def count(tx: Session) -> tuple[int, int]:
    """Messages that are there: heard, said."""
    return (
        tx.scalar(select(func.count()).select_from(InboxMessage)) or 0,
        tx.scalar(select(func.count()).select_from(OutboundMessage)) or 0,
    )


DAYS = timedelta(days=1)


def test_messages_that_were_dealt_with_are_forgotten_after_three_months(
    city: Engine, tx: Session
) -> None:
    messages(tx, taken_at=91 * DAYS, sent_at=91 * DAYS)
    messages(tx, set_aside_at=91 * DAYS, failed_at=91 * DAYS)
    messages(tx, taken_at=89 * DAYS, sent_at=89 * DAYS)
    tidy(city, tx)
    assert count(tx) == (1, 1)


def test_a_message_that_waits_is_kept_however_old_it_is(city: Engine, tx: Session) -> None:
    messages(tx, heard_at=400 * DAYS)
    messages(tx, taken_at=91 * DAYS, sent_at=91 * DAYS)
    tidy(city, tx)
    assert count(tx) == (1, 1)


def test_many_messages_are_forgotten_some_at_a_time(
    city: Engine, tx: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "FORGOTTEN", 4)
    messages(tx, heard_at=400 * DAYS)  # in the way of each run
    for _ in range(9):
        messages(tx, taken_at=91 * DAYS, sent_at=91 * DAYS)
    tidy(city, tx)
    assert count(tx) == (7, 7)
    run = tx.scalars(select(Task)).one()
    assert run.done_at is None
    assert run.due_at <= now()
    for _ in range(3):
        work_off(city)
    tx.expire_all()
    assert count(tx) == (1, 1)
    assert run.done_at is not None


def test_an_operator_may_keep_messages_for_a_shorter_time(
    city: Engine, tx: Session, storage: Storage
) -> None:
    kept = Kept(messages=31 * DAYS)
    jobs.use(Context(city, storage, "https://izin.example", kept=kept))
    messages(tx, taken_at=32 * DAYS, sent_at=32 * DAYS)
    messages(tx, taken_at=30 * DAYS, sent_at=30 * DAYS)
    tidy(city, tx)
    assert count(tx) == (1, 1)


def test_the_audit_is_kept_for_years(city: Engine, tx: Session) -> None:
    for years in (7, 5):
        at = now() - years * 365 * DAYS
        tx.add(AuditEntry(actor="person:1", action="x", subject=f"years:{years}", at=at))
    tidy(city, tx)
    assert [row.subject for row in tx.scalars(select(AuditEntry))] == ["years:5"]


#: Days since the name was made, and since its address was heard from (None: never); does it end?
ALIASES = [
    (0, 0, False),
    (0, None, False),
    (729, None, False),
    (731, 0, False),
    (731, 1, False),
    (731, 729, False),
    (3000, 700, False),
    (729, 731, False),
    (731, 731, True),
    (731, None, True),
    (3000, 3000, True),
    (3000, 740, True),
]


@pytest.mark.parametrize(("made", "heard", "ends"), ALIASES)
def test_a_lasting_name_ends_two_years_after_it_was_heard_from(
    city: Engine, tx: Session, made: int, heard: int | None, ends: bool
) -> None:
    at = now()
    tx.add(Alias(channel="whatsapp", name="n", address="a", made_at=at - timedelta(days=made)))
    tx.add(Alias(channel="whatsapp", name="other", address="b"))
    if heard is not None:
        owner = make.person(tx)
        address = tx.scalars(select(Address).where(Address.person_id == owner)).first()
        if address is None:
            address = Address(person_id=owner)
            tx.add(address)
        address.channel, address.address = "whatsapp", "a"
        address.heard_at = at - timedelta(days=heard)
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    work_off(city)
    tx.expire_all()
    left = set(tx.scalars(select(Alias.name)))
    assert left == ({"other"} if ends else {"n", "other"})


@pytest.mark.parametrize(("days", "stays"), [(0, True), (29, True), (31, False), (400, False)])
def test_a_session_that_is_set_aside_is_kept_as_long_as_a_draft(
    city: Engine, tx: Session, days: int, stays: bool
) -> None:
    owner, at = make.person(tx), now() - timedelta(days=days)
    tx.add(SessionAside(person_id=owner, session=b"x", has_draft=True, set_aside_at=at))
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    work_off(city)
    assert tx.scalar(select(func.count()).select_from(SessionAside)) == int(stays)
