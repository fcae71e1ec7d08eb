"""Absences: days on which an officer does not work. No reason is stored."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import ForeignKey, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base


class Absence(Base):
    """One day in Jakarta on which an officer is away."""

    __tablename__ = "absences"

    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"), primary_key=True)
    on: Mapped[date] = mapped_column(primary_key=True, index=True)
    told_at: Mapped[datetime] = mapped_column(default=func.now())


def add(tx: Session, officer_id: int, days: Iterable[date]) -> list[date]:
    """Insert an officer's absences; return the days that were not known."""
    rows = [{"officer_id": officer_id, "on": day} for day in days]
    if not rows:
        return []
    return sorted(
        tx.scalars(
            insert(Absence).values(rows).on_conflict_do_nothing().returning(Absence.on)
        ).all()
    )


def end(tx: Session, officer_id: int, since: date) -> None:
    """Delete an officer's absences from a day on."""
    tx.execute(delete(Absence).where(Absence.officer_id == officer_id, Absence.on >= since))


def coming(tx: Session, officer_ids: Iterable[int], since: date) -> dict[int, tuple[date, ...]]:
    """Return the days of absence of each of these officers, from a day on, in order."""
    found: dict[int, tuple[date, ...]] = {}
    rows = select(Absence).where(Absence.officer_id.in_(list(officer_ids)), Absence.on >= since)
    for row in tx.scalars(rows.order_by(Absence.on)):
        found[row.officer_id] = (*found.get(row.officer_id, ()), row.on)
    return found


def away(tx: Session, on: date) -> set[int]:
    """Return the ids of the officers who are absent on a day."""
    return set(tx.scalars(select(Absence.officer_id).where(Absence.on == on)))
