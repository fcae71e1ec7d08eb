"""What the checks found: one row for each check and version of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base


class FindingRow(Base):
    """One check's word on one version of a case's answers.

    `outcome` is ok, fix_by_owner, needs_a_person or unavailable; `reason` a key of the catalogue.
    A later version of the same check replaces an earlier one; a check that a correction does not
    touch keeps its row.
    """

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("case_id", "check", "answers_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    check: Mapped[str]
    answers_version: Mapped[int]
    outcome: Mapped[str]
    reason: Mapped[str]
    step: Mapped[str | None]  # the question the owner answers again
    params: Mapped[dict[str, Any]]  # of the reason's sentence; no personal data
    found_at: Mapped[datetime] = mapped_column(default=func.now())


def write(tx: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write findings; a check that already judged this version is left as it is."""
    if rows:
        tx.execute(insert(FindingRow).values(rows).on_conflict_do_nothing())


def latest(tx: Session, case_ids: Sequence[int]) -> Sequence[FindingRow]:
    """The newest finding of each check, for each of these cases."""
    return tx.scalars(
        select(FindingRow)
        .where(FindingRow.case_id.in_(case_ids))
        .ext(distinct_on(FindingRow.case_id, FindingRow.check))
        .order_by(FindingRow.case_id, FindingRow.check, FindingRow.answers_version.desc())
    ).all()
