"""Permits: numbered without gaps for each year and kota, issued in the hand-over's transaction."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base

VALID_YEARS = 5  # Pergub DKI 30/2018


class Permit(Base):
    """One permit. `path` is its PDF under STORAGE_URL, once it is typeset."""

    __tablename__ = "permits"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("application_id"),
        Index("ix_permits_unwritten", "made_at", postgresql_where=text("path IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str]
    application_id: Mapped[int] = mapped_column(ForeignKey("applications.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    issued_on: Mapped[date]
    valid_until: Mapped[date]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]
    path: Mapped[str | None]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


class PermitCounter(Base):
    """The last number given in one year and kota; its row's lock is what keeps numbers whole."""

    __tablename__ = "permit_counters"

    year: Mapped[int] = mapped_column(primary_key=True)
    kota: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


def issue(
    tx: Session, *, application_id: int, person_id: int, kota_code: str, issued_on: date
) -> Permit:
    """Give an application its permit; asked again, the same one.

    A transaction that rolls back gives its number back, so there are no gaps.
    """
    known = tx.scalars(select(Permit).where(Permit.application_id == application_id)).one_or_none()
    if known is not None:
        return known
    kota = kota_code.replace(".", "")
    counter = (
        insert(PermitCounter)
        .values(year=issued_on.year, kota=kota, last=1)
        .on_conflict_do_update(
            index_elements=[PermitCounter.year, PermitCounter.kota],
            set_={"last": PermitCounter.last + 1},
        )
        .returning(PermitCounter.last)
    )
    permit = Permit(
        number=f"IUMK-{issued_on.year}-{kota}-{tx.scalar(counter):06d}",
        application_id=application_id,
        person_id=person_id,
        issued_on=issued_on,
        valid_until=_years_later(issued_on, VALID_YEARS),
    )
    tx.add(permit)
    tx.flush()
    return permit


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def by_number(tx: Session, number: str) -> Permit | None:
    """The permit with this number, as it is written on the permit."""
    return tx.scalars(select(Permit).where(Permit.number == number)).one_or_none()


def masked(name: str) -> str:
    """A name by which its bearer can be recognised, and nobody else found: `Siti A*****`."""
    first, *rest = name.split()
    return " ".join([first, *(part[0] + "*" * max(len(part) - 1, 1) for part in rest)])
