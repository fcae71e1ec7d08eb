"""Cases: a person's requests and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import calendar, task
from models.base import NOT_PERSONAL, Base, Code
from models.calendar import COMING, Calendar
from models.infrastructure.database import TASKS, packed, pipeline
from models.infrastructure.encryption import EncryptedJson, seal_json
from models.lifecycle import OPEN_CASES, CaseState
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

_ANSWERS = "applications.answers"  # the associated data of its encryption: the old table's name


class Case(Base):
    """One request of one person for one service.

    `answers` are the form's, by step. `answers_version` grows with every correction; a finding
    names the version that it judged. `stage` is an accepted case's stage in its service's course.
    `same_as` is equal for requests of one person that ask for the same. The unencrypted columns
    are those that queries need; none is personal.
    """

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_cases_state_moved_at", "state", "moved_at"),
        Index("ix_cases_area_code_service", "area_code", "service"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[Code]
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    service: Mapped[Code]
    state: Mapped[Code] = mapped_column(default=CaseState.SUBMITTED)
    answers: Mapped[Any] = mapped_column(
        EncryptedJson(_ANSWERS), info=personal(Personal.WORDS, Keep.CASE, Erasing.REDUCED)
    )
    answers_version: Mapped[int] = mapped_column(default=1)
    changed: Mapped[list[str] | None] = mapped_column(
        JSONB(none_as_null=True), info=NOT_PERSONAL
    )  # steps that the last correction answered again; None before the first
    #: By step, "officer:17" or "person"; None if the person gave all answers.
    answered_by: Mapped[dict[str, str] | None] = mapped_column(
        JSONB(none_as_null=True), info=NOT_PERSONAL
    )
    stage: Mapped[Code] = mapped_column(default="")
    same_as: Mapped[Code | None]
    area_code: Mapped[Code | None]  # supervisors of this area see the case
    submitted_at: Mapped[datetime] = mapped_column(default=func.now())
    moved_at: Mapped[datetime] = mapped_column(default=func.now())
    failed_visits: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]  # of its stage, if that has a deadline of its own


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to be inserted."""

    person_id: int
    service: str
    answers: Any
    area_code: str | None = None
    same_as: str | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """An inserted case, and the calendar from today on, for its deadlines."""

    id: int
    number: str
    calendar: Calendar


def submit(tx: Session, new: Sequence[NewCase]) -> list[Submitted]:
    """Insert cases and enqueue their verification, in one round trip; return them in this order.

    The number is the year in Jakarta and the id, such as `26-004512`. Gaps may occur (ids come from
    a sequence); permit numbers have none.
    """
    rows = [
        {
            "place": place,
            "person_id": one.person_id,
            "service": one.service,
            "answers": seal_json(one.answers, _ANSWERS),
            "area_code": one.area_code,
            "same_as": one.same_as,
        }
        for place, one in enumerate(new)
    ]
    with pipeline(tx) as execute:
        sent = execute(_SUBMIT, {"rows": packed(rows), "channel": TASKS})
    return [
        Submitted(case_id, number, calendar.read(days)) for case_id, number, days, _ in sent.rows
    ]


_SUBMIT = f"""
    WITH new AS MATERIALIZED (
      SELECT nextval(pg_get_serial_sequence('cases', 'id')) AS id, given.*
        FROM json_to_recordset(%(rows)s)
          AS given (place int, person_id bigint, service text, answers text,
                    area_code text, same_as text)
    ), sent AS (
      INSERT INTO cases (id, number, person_id, service, state, answers, answers_version,
                         area_code, same_as, stage, submitted_at, moved_at, failed_visits)
      SELECT id,
             to_char(timezone('Asia/Jakarta', now()), 'YY') || '-' ||
               lpad(CAST(id AS text), greatest(6, length(CAST(id AS text))), '0'),
             person_id, service, 'submitted', decode(answers, 'base64'), 1,
             area_code, same_as, '', now(), now(), 0
        FROM new
      RETURNING id, number
    ), planned AS (
      INSERT INTO tasks (kind, subject_id, run_key, due_at, created_at, failures)
      SELECT 'verify', id, 'verify:' || id || ':1', now(), now(), 0 FROM sent
    )
    SELECT id, number, {COMING}, pg_notify(%(channel)s, '')
      FROM sent JOIN new USING (id) ORDER BY place
"""


def lock(tx: Session, ids: Sequence[int]) -> Sequence[Case]:
    """Lock cases in id order (`FOR NO KEY UPDATE`)."""
    return tx.scalars(
        select(Case)
        .where(Case.id.in_(ids))
        .order_by(Case.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def by_number(tx: Session, number: str) -> Case | None:
    """Return the case with this number, such as "26-004512"."""
    return tx.scalars(select(Case).where(Case.number == number)).one_or_none()


def open_twins(tx: Session, case: Case, person_ids: Sequence[int]) -> list[str]:
    """Return the numbers of these people's earlier cases, open or done, that ask for the same."""
    states = [*OPEN_CASES, CaseState.DONE]
    return list(
        tx.scalars(
            select(Case.number)
            .where(
                Case.person_id.in_(person_ids),
                Case.service == case.service,
                Case.same_as == case.same_as,
                Case.state.in_(states),
                Case.id < case.id,
            )
            .order_by(Case.id)
        )
    )


def asked_again(tx: Session, case: Case) -> str | None:
    """Return the number of the owner's newest later case, open or done, that asks for the same."""
    states = [*OPEN_CASES, CaseState.DONE]
    return tx.scalars(
        select(Case.number)
        .where(
            Case.person_id == case.person_id,
            Case.service == case.service,
            Case.same_as.is_not_distinct_from(case.same_as),
            Case.state.in_(states),
            Case.id > case.id,
        )
        .order_by(Case.id.desc())
        .limit(1)
    ).one_or_none()


def plan_verification(tx: Session, case: Case) -> None:
    """Enqueue the verification of a case's answers; idempotent for each version of them."""
    version = case.answers_version
    task.plan(tx, "verify", case.id, f"verify:{case.id}:{version}")


def plan_windows(tx: Session, case: Case) -> None:
    """Enqueue the owner's invitation to choose a window; idempotent for each move of the case."""
    moved_ms = int(case.moved_at.timestamp() * 1000)
    task.plan(tx, "open_windows", case.id, f"windows:{case.id}:{moved_ms}")
