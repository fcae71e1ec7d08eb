"""Findings of checks: one row for each check and version of the answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, Details

#: A supervisor rejected the case: `reason` tells why, `params` the last day for an objection
#: ("until", ISO) and the supervisor ("by", an officer's id, or None).
REFUSAL = "refusal"
#: Other cases may be about the same place: `params["of"]` lists their ids and numbers.
SAME_PLACE = "same_place"
#: Somebody who told of a place that was not found has added where it is.
ADDED = "added"
#: An objection to the refusal was upheld: somebody else decides again.
UPHELD = "objection"


class Outcome(StrEnum):
    """The kinds of findings, by the action that they ask for."""

    OK = "ok"
    FIX_BY_OWNER = "fix_by_owner"
    NEEDS_A_PERSON = "needs_a_person"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result on one version of the answers.

    If several steps are asked again, `params["steps"]` holds them all, and `step` the first.
    """

    check: str
    outcome: Outcome
    reason: str = ""  # a key of the catalogue; empty when OK
    step: str | None = None  # the question to ask again when the owner must fix it
    params: Mapping[str, Any] = field(default_factory=dict)  # JSON; never personal data


class FindingRow(Base):
    """A `Finding` about one version of a case's answers.

    Per check, the finding on the latest version counts; a check that a correction does not affect
    keeps its earlier one.
    """

    __tablename__ = "findings"
    __table_args__ = (UniqueConstraint("case_id", "check", "answers_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    check: Mapped[Code]
    answers_version: Mapped[int]
    outcome: Mapped[Code]
    reason: Mapped[Code]
    step: Mapped[Code | None]  # the question the owner answers again
    params: Mapped[Details]  # of the reason's sentence; no personal data
    found_at: Mapped[datetime] = mapped_column(default=func.now())


def write(tx: Session, case_id: int, version: int, findings: Iterable[Finding]) -> None:
    """Insert findings; an existing finding of the same check and version is kept."""
    rows = _rows(case_id, version, findings)
    if rows:
        tx.execute(insert(FindingRow).values(rows).on_conflict_do_nothing())


def renew(tx: Session, case_id: int, version: int, one: Finding) -> None:
    """Insert a finding in place of an earlier one of the same check and version."""
    adding = insert(FindingRow).values(_rows(case_id, version, [one]))
    columns = ("outcome", "reason", "step", "params")
    new = {name: adding.excluded[name] for name in columns} | {"found_at": func.now()}
    of = ["case_id", "check", "answers_version"]
    tx.execute(adding.on_conflict_do_update(index_elements=of, set_=new))


def _rows(case_id: int, version: int, findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "case_id": case_id,
            "check": one.check,
            "answers_version": version,
            "outcome": one.outcome,
            "reason": one.reason,
            "step": one.step,
            "params": dict(one.params),
        }
        for one in findings
    ]


def has(tx: Session, case_id: int, check: str) -> bool:
    """Whether a case has a finding of this check, on any version of its answers."""
    of = select(FindingRow.check).where(FindingRow.case_id == case_id, FindingRow.check == check)
    return tx.scalar(of.limit(1)) is not None


def latest(tx: Session, case_ids: Sequence[int]) -> Sequence[FindingRow]:
    """Return the newest finding of each check, for each of these cases."""
    return tx.scalars(
        select(FindingRow)
        .where(FindingRow.case_id.in_(case_ids))
        .ext(distinct_on(FindingRow.case_id, FindingRow.check))
        .order_by(FindingRow.case_id, FindingRow.check, FindingRow.answers_version.desc())
    ).all()
