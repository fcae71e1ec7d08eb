"""Consents: what somebody agreed to, in which wording, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.database import packed
from models.wire import Run

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
    given_at: Mapped[datetime] = mapped_column(default=func.now())


def give(run: Run, person_ids: Iterable[int], purpose: str = APPLYING) -> None:
    """Record people's yes to the current wording; saying it twice changes nothing."""
    ids = list(person_ids)
    given = {"people": packed(ids), "purpose": purpose, "version": CURRENT_VERSION}
    if ids:
        run(_GIVE, given)


_GIVE = """
    INSERT INTO consents (person_id, purpose, version, given_at)
    SELECT CAST(value AS bigint), %(purpose)s, %(version)s, now()
      FROM json_array_elements_text(%(people)s)
    ON CONFLICT DO NOTHING
"""
