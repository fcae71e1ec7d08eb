"""A task is done once, and never in silence."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from models import task
from models.audit import AuditEntry
from models.case import Case
from models.lifecycle import CaseState
from models.task import MAX_FAILURES, Task
from tests import world as make
from tests.clock import now
from tests.world import news, staff, work_off
from workers import jobs


def planned(tx: Session, kind: str, subject_id: int) -> Task:
    task.plan(tx, kind, subject_id, f"{kind}:{subject_id}")
    tx.commit()
    return tx.scalars(select(Task).where(Task.kind == kind)).one()


@pytest.fixture
def verified(tx: Session) -> Case:
    """A case whose owner is to be invited."""
    staff(tx, "101")
    row = make.case(tx, make.person(tx), make.answers(1), state=CaseState.ACCEPTED)
    tx.commit()
    return row


def test_every_kind_of_task_has_its_job() -> None:
    assert sorted((*jobs.LONG, *jobs.SHORT)) == sorted(task.KINDS)


def test_a_task_run_again_is_done_once(tx: Session, verified: Case) -> None:
    row = planned(tx, "open_windows", verified.id)
    jobs.run(row.id)
    jobs.run(row.id)
    tx.refresh(row)
    assert row.done_at is not None
    assert len(news(tx, verified.person_id)) == 1


def test_a_task_in_another_workers_hands_is_left_to_it(
    city: Engine, tx: Session, verified: Case
) -> None:
    row = planned(tx, "open_windows", verified.id)
    with Session(city) as other:
        assert task.take(other, row.id) is not None
        jobs.run(row.id)
    tx.refresh(row)
    assert (row.done_at, row.failures) == (None, 0)
    assert news(tx, verified.person_id) == []


def test_the_same_task_run_by_many_at_once_is_done_once(tx: Session, verified: Case) -> None:
    row = planned(tx, "open_windows", verified.id)
    together = threading.Barrier(4)

    def run() -> None:
        together.wait()
        jobs.run(row.id)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tx.refresh(row)
    assert (row.done_at is not None, row.failures) == (True, 0)
    assert len(news(tx, verified.person_id)) == 1


def test_a_task_of_an_unknown_kind_is_put_off_for_a_newer_worker(tx: Session, city: Engine) -> None:
    row = planned(tx, "fly", 1)
    jobs.run(row.id)
    tx.refresh(row)
    assert (row.done_at, row.failures) == (None, 1)
    assert row.due_at > now()
    assert row.last_error is not None
    assert row.last_error.startswith("UnknownKind at jobs.py:")


def test_after_the_last_failure_a_supervisor_hears_of_it_and_the_audit_knows(
    city: Engine, tx: Session, verified: Case
) -> None:
    supervisor = staff(tx, "S1", role="supervisor")
    verified.area_code = None  # which no visit can do without
    visit = make.visit(tx, verified)
    visit.part = "at night"
    tx.commit()
    row = planned(tx, "offer", visit.id)
    for _ in range(MAX_FAILURES):
        work_off(city, until=now() + timedelta(hours=1))
    tx.refresh(row)
    assert row.failed_at is not None
    assert news(tx, supervisor.person_id) == [("ticket_opened", ["notices.stuck_offer"], "ticket")]
    noted = tx.scalars(select(AuditEntry).where(AuditEntry.action == "task.gave_up")).one()
    assert noted.subject == f"task:{row.id}"
    assert noted.details == {"kind": "offer", "error": row.last_error}


def test_no_words_of_an_error_are_kept(city: Engine, tx: Session, verified: Case) -> None:
    visit = make.visit(tx, verified)
    visit.part = "3174015203870001"
    tx.commit()
    row = planned(tx, "offer", visit.id)
    jobs.run(row.id)
    tx.refresh(row)
    assert row.last_error is not None
    assert row.last_error.startswith("ValueError at ")
    assert "3174015203870001" not in row.last_error
