"""Requests for help: supervisors hear of one thing once a day, and then how often it came again."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.personal import Linking, on_linking

QUIET = timedelta(days=1)  # between two tellings of the same person's same request


class HelpRequest(Base):
    """One kind of request of one person: when supervisors were told, and repeats since."""

    __tablename__ = "help_requests"

    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), primary_key=True, info=on_linking(Linking.MERGED)
    )
    kind: Mapped[Code] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]
    repeats: Mapped[int] = mapped_column(default=0)


def count(tx: Session, person_id: int, kind: str, at: datetime) -> int | None:
    """Count a (locked) person's request; gives the repeats to tell now, None if told lately."""
    row = tx.get(HelpRequest, (person_id, kind))
    if row is None:
        tx.add(HelpRequest(person_id=person_id, kind=kind, told_at=at, repeats=0))
        return 0
    if at - row.told_at < QUIET:
        row.repeats += 1
        return None
    repeats, row.repeats, row.told_at = row.repeats, 0, at
    return repeats
