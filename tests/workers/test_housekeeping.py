"""What got stuck moves on; what is over is cleared away."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import identity, permit, task
from models.application import Application
from models.base import now
from models.identity import IdentityLink
from models.lifecycle import ApplicationState, VisitState
from models.offer import offer_to
from models.storage import Storage
from models.task import Task
from models.visit import Visit
from models.window import Window
from tests.workers import city as make
from tests.workers.city import news, staff, work_off

LONG_AGO = now() - timedelta(hours=1)


def sweep(city: Engine, tx: Session, run: str = "sweep:1") -> list[str]:
    """One sweep, and everything it set going."""
    task.plan(tx, "sweep", 0, run)
    tx.commit()
    kinds = work_off(city)
    tx.expire_all()
    return kinds


@pytest.fixture
def application(tx: Session, storage: Storage) -> Application:
    """A sound application that was sent an hour ago, and has no task."""
    owner = make.person(tx)
    photo = make.stored_photo(tx, storage, owner)
    return make.application(tx, owner, make.answers(photo.id), moved_at=LONG_AGO)


def test_an_application_without_a_task_is_verified_after_all(
    city: Engine, tx: Session, application: Application
) -> None:
    staff(tx, "101")
    assert sweep(city, tx) == ["sweep", "verify", "open_windows"]
    assert application.state == ApplicationState.VERIFIED


def test_what_has_a_task_is_left_to_it(city: Engine, tx: Session, application: Application) -> None:
    later = now() + timedelta(minutes=5)
    task.plan(tx, "verify", application.id, "verify:1", due_at=later)
    assert sweep(city, tx) == ["sweep"]


def test_an_owner_who_was_never_invited_is_and_only_once(
    city: Engine, tx: Session, application: Application
) -> None:
    staff(tx, "101")
    application.state = ApplicationState.VERIFIED
    assert sweep(city, tx) == ["sweep", "open_windows"]
    assert sweep(city, tx, "sweep:2") == ["sweep"]
    assert len(news(tx, application.person_id)) == 1


def test_a_wanted_visit_without_a_task_is_offered(
    city: Engine, tx: Session, application: Application
) -> None:
    staff(tx, "101")
    visit = make.visit(tx, application, moved_at=LONG_AGO)
    assert sweep(city, tx) == ["sweep", "offer"]
    assert visit.state == VisitState.OFFERED


def test_an_offer_that_should_be_over_is_passed_on(
    city: Engine, tx: Session, application: Application
) -> None:
    first = staff(tx, "101")
    visit = make.visit(tx, application)
    offer_to(tx, visit, first, at=LONG_AGO, actor="worker").expires_at = LONG_AGO
    gone = tx.scalars(select(Task)).one()
    gone.failed_at = now()
    assert sweep(city, tx) == ["sweep", "expire_offer", "offer"]
    assert visit.state == VisitState.UNASSIGNED


def test_a_permit_without_its_document_gets_it(
    city: Engine, tx: Session, application: Application
) -> None:
    today = now().date()
    row = permit.issue(
        tx,
        application_id=application.id,
        person_id=application.person_id,
        kota_code="31.74",
        issued_on=today,
    )
    application.state = ApplicationState.PERMITTED
    row.made_at = LONG_AGO
    assert sweep(city, tx) == ["sweep", "permit"]
    assert row.path is not None


def yesterday() -> Window:
    return Window((now() - timedelta(days=1)).date(), "morning")


@pytest.mark.parametrize("state", [VisitState.WANTED, VisitState.UNASSIGNED])
def test_nobody_waits_for_a_visit_whose_time_has_come_and_nobody_goes(
    city: Engine, tx: Session, application: Application, state: VisitState
) -> None:
    visit = make.visit(tx, application, on=yesterday(), state=state)
    assert sweep(city, tx) == ["sweep", "offer", "open_windows"]
    assert visit.state == VisitState.CANCELLED
    assert application.state == ApplicationState.VERIFIED
    assert news(tx, application.person_id)[0][0] == "window_passed"


def test_a_visit_that_should_be_over_is_reported_once(
    city: Engine, tx: Session, application: Application
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    officer = staff(tx, "101")
    visit = make.visit(
        tx, application, on=yesterday(), state=VisitState.ACCEPTED, officer_id=officer.id
    )
    sweep(city, tx)
    sweep(city, tx, "sweep:2")
    assert visit.state == VisitState.ACCEPTED
    assert news(tx, supervisor.person_id) == [("visit_overdue", ["notices.visit_overdue"], "")]


def test_a_visit_still_to_come_is_left_alone(
    city: Engine, tx: Session, application: Application
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    visit: Visit = make.visit(tx, application, state=VisitState.UNASSIGNED, moved_at=LONG_AGO)
    assert sweep(city, tx) == ["sweep"]
    assert visit.state == VisitState.UNASSIGNED
    assert news(tx, supervisor.person_id) == []


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
    task.plan(tx, "sweep", 0, "sweep:old")
    tx.flush()
    tx.scalars(select(Task)).one().done_at = now() - timedelta(days=31)
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    assert work_off(city) == ["tidy"]
    tx.expire_all()
    assert len(tx.scalars(select(IdentityLink)).all()) == 1
    assert identity.open_link(tx, living) is not None
    assert [row.run_key for row in tx.scalars(select(Task))] == ["tidy:1"]
