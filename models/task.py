"""Tasks for workers: rows that stay open until the work is done, even if Redis loses its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Index, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, unleased
from models.infrastructure.database import TASKS, pipeline

MAX_FAILURES = 6
FIRST_PAUSE = timedelta(seconds=5)
LONGER = 4  # factor of the pause after each failure: the sixth comes 28 minutes after the first
#: Kinds of tasks; `workers.jobs` runs them.
KINDS = (
    "verify",
    "open_windows",
    "offer",
    "expire_offer",
    "document",
    "sweep",
    "tidy",
    "remind",
    "erase_drafts",
    "link",
    "erase",
    "portrait",
    "alarm",
    "digest",
    "check_form",
    "forget_confided",
    "follow_up",
    "letter_to_desk",
    "remind_instalment",
    "second_letter",
    "erase_letter",
)
_OPEN = "done_at IS NULL AND failed_at IS NULL"


class Task(Base):
    """One job to run for one row: `kind` names the job, `subject_id` the row.

    Open until `done_at` or `failed_at` is set. `run_key` names the occasion and dedupes tasks. A
    nudge (the RQ job) is enqueued while `leased_until` is in the future.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        UniqueConstraint("run_key"),
        Index("ix_tasks_open", "due_at", postgresql_where=_OPEN),
        Index("ix_tasks_failed", "failed_at", postgresql_where="failed_at IS NOT NULL"),
        Index("ix_tasks_subject", "subject_id", "kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    subject_id: Mapped[int]
    run_key: Mapped[Code]
    due_at: Mapped[datetime] = mapped_column(default=func.now())
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[Code | None]  # the error's type and place, no personal data
    done_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]  # given up: a supervisor sees it


def plan(
    tx: Session, kind: str, subject_id: int, run_key: str, *, due_at: datetime | None = None
) -> None:
    """Enqueue a task, once for each run key, and wake the dispatcher at commit."""
    with pipeline(tx) as execute:
        execute(
            _PLAN,
            {
                "kind": kind,
                "subject_id": str(subject_id),
                "run_key": run_key,
                "due_at": due_at,
                "channel": TASKS,
            },
        )


_PLAN = """
    WITH planned AS (
      INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures)
      VALUES (%(kind)s, CAST(%(subject_id)s AS bigint), %(run_key)s,
              coalesce(CAST(%(due_at)s AS timestamptz), now()), now(), 0)
      ON CONFLICT DO NOTHING
      RETURNING id
    )
    SELECT pg_notify(%(channel)s, '') FROM planned
"""


def is_pending(tx: Session, run_key: str) -> bool:
    """Whether the task with this key is planned and not done."""
    pending = select(Task.id).where(Task.run_key == run_key, Task.done_at.is_(None))
    return tx.scalar(pending) is not None


def settle(tx: Session, kind: str, subject_id: int) -> None:
    """Close the open tasks of this kind for a row: their work was done elsewhere."""
    tx.execute(
        update(Task)
        .where(Task.kind == kind, Task.subject_id == subject_id, text(_OPEN))
        .values(done_at=func.now()),
        execution_options={"synchronize_session": False},
    )


def claim(tx: Session, *, lease: timedelta, limit: int) -> Sequence[tuple[int, str]]:
    """Lease due tasks for nudges; return (task id, kind), oldest first."""
    free = (
        select(Task.id)
        .where(text(_OPEN), Task.due_at <= func.now(), unleased(Task.leased_until, lease))
        .order_by(Task.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    rows = tx.execute(
        update(Task)
        .where(Task.id.in_(select(free.c.id)))
        .values(leased_until=func.now() + lease)
        .returning(Task.due_at, Task.id, Task.kind),
        execution_options={"synchronize_session": False},
    )
    return [(task_id, kind) for _, task_id, kind in sorted(rows, key=lambda row: row[0])]


def mend(tx: Session) -> None:
    """Make tasks due that were created in the future: the database's clock was set back.

    A job checks by itself whether it runs too early.
    """
    early = (
        select(Task.id)
        .where(text(_OPEN), Task.created_at > func.now())
        .with_for_update(skip_locked=True)
        .cte("early")
    )
    tx.execute(
        update(Task)
        .where(Task.id.in_(select(early.c.id)))
        .values(due_at=func.now(), leased_until=None),
        execution_options={"synchronize_session": False},
    )


def take(tx: Session, task_id: int) -> Task | None:
    """Lock an open task until the transaction ends; None when it is closed or locked already."""
    return tx.scalars(
        select(Task).where(Task.id == task_id, text(_OPEN)).with_for_update(skip_locked=True)
    ).one_or_none()


def fail(tx: Session, task_id: int, error: str) -> bool:
    """Count a failure and postpone the task; True when it was given up after its last try."""
    task = tx.get(Task, task_id, with_for_update=True)
    if task is None or task.done_at or task.failed_at:
        return False
    task.failures += 1
    task.last_error = error
    task.leased_until = None
    if task.failures >= MAX_FAILURES:
        task.failed_at = func.now()
        return True
    task.due_at = func.now() + FIRST_PAUSE * LONGER ** (task.failures - 1)
    return False


def release(tx: Session, task_ids: Sequence[int]) -> None:
    """End the leases of tasks whose nudge could not be enqueued."""
    tx.execute(update(Task).where(Task.id.in_(task_ids)).values(leased_until=None))
