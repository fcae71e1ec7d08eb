"""Requests for help: supervisors are notified of the same request at most once a day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Identity
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.personal import Linking, on_linking

QUIET = timedelta(days=1)  # between two notices about the same person's same request


class HelpRequest(Base):
    """One kind of request of one person: when supervisors were notified, and repeats since.

    `answer_by` is the deadline that the person was told; None for requests without one.
    """

    __tablename__ = "help_requests"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), primary_key=True, info=on_linking(Linking.MERGED)
    )
    kind: Mapped[Code] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
    repeats: Mapped[int] = mapped_column(default=0)
    number: Mapped[int] = mapped_column(Identity())
    answer_by: Mapped[datetime | None]


def count(tx: Session, person_id: int, kind: str, at: datetime) -> int | None:
    """Count a (locked) person's request.

    Return the repeats to report to supervisors now; None if they were notified within `QUIET`.
    """
    row = tx.get(HelpRequest, (person_id, kind))
    if row is None:
        tx.add(HelpRequest(person_id=person_id, kind=kind, told_at=at, repeats=0))
        return 0
    if at - row.told_at < QUIET:
        row.repeats += 1
        return None
    repeats, row.repeats, row.told_at = row.repeats, 0, at
    return repeats
