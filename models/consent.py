"""Consents: the purposes a person agreed to, in which wording, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.database import packed
from models.infrastructure.wire import Execute
from models.personal import Linking, on_linking

CURRENT_VERSION = "2026-11"  # of the wording; after a change people are asked again


class Consent(Base):
    """One person's yes to one purpose in one wording. Source: UU PDP 27/2022 art. 20-22."""

    __tablename__ = "consents"
    __table_args__ = (UniqueConstraint("person_id", "purpose", "version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), info=on_linking(Linking.MERGED))
    purpose: Mapped[Code]
    version: Mapped[Code]
    given_at: Mapped[datetime] = mapped_column(default=func.now())


def give(execute: Execute, consents: Iterable[tuple[int, str]]) -> None:
    """Add consents (person id, purpose) to the current wording to the pipeline. Idempotent."""
    rows = [{"person_id": person_id, "purpose": purpose} for person_id, purpose in consents]
    if rows:
        execute(_GIVE, {"rows": packed(rows), "version": CURRENT_VERSION})


def given(tx: Session, person_id: int, purposes: Iterable[str]) -> bool:
    """Whether a person agreed to all of these purposes, in whatever wording."""
    theirs = select(Consent.purpose).where(Consent.person_id == person_id)
    return set(purposes) <= set(tx.scalars(theirs))


def take_back(tx: Session, person_id: int, purpose: str) -> None:
    """Delete a person's consent to a purpose, in every wording; the audit says when."""
    tx.execute(delete(Consent).where(Consent.person_id == person_id, Consent.purpose == purpose))


_GIVE = """
    INSERT INTO consents (person_id, purpose, version, given_at)
    SELECT person_id, purpose, %(version)s, now()
      FROM json_to_recordset(%(rows)s) AS new (person_id bigint, purpose text)
    ON CONFLICT DO NOTHING
"""
