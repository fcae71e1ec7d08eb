"""Consents: what somebody agreed to, in which wording, and since when."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now

APPLYING = "applying"
CURRENT_VERSION = "2026-11"  # of the wording; a new one is asked for again


class Consent(Base):
    """One person's yes to one purpose in one wording. Source: UU PDP 27/2022 art. 20-22."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("person_id", "purpose", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    purpose: Mapped[str]
    version: Mapped[str]
    given_at: Mapped[datetime] = mapped_column(default=now)


def give(tx: Session, person_id: int, purpose: str = APPLYING) -> None:
    """Record a yes to the current wording; saying it twice changes nothing."""
    tx.execute(
        insert(Consent)
        .values(person_id=person_id, purpose=purpose, version=CURRENT_VERSION, given_at=now())
        .on_conflict_do_nothing()
    )
