"""Where each person's conversation stands: the session as JSON, encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.encryption import EncryptedJson, seal_json, unseal_json


class Conversation(Base):
    """One person's session between two turns; what it means is known to `conversations.session`."""

    __tablename__ = "conversations"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    session: Mapped[Any] = mapped_column(EncryptedJson("conversations.session"))
    has_draft: Mapped[bool] = mapped_column(default=False)
    spoke_at: Mapped[datetime] = mapped_column(default=now)  # when they were last heard
    reminded: Mapped[int] = mapped_column(default=0)  # reminders sent since then


_SESSION = "conversations.session"


def load(tx: Session, person_ids: Iterable[int]) -> dict[int, Any]:
    """The stored sessions of these people, by person id; those who have none are left out."""
    rows = tx.execute(_LOAD, {"ids": list(person_ids)})
    return {person_id: unseal_json(stored, _SESSION) for person_id, stored in rows}


_LOAD = text(
    "SELECT person_id, session FROM conversations WHERE person_id = ANY(CAST(:ids AS bigint[]))"
)


@dataclass(frozen=True, slots=True)
class Saved:
    """What `save` writes for one person."""

    person_id: int
    session: Any
    has_draft: bool


def save(tx: Session, sessions: Iterable[Saved], at: datetime) -> None:
    """Write sessions, in one statement."""
    rows = list(sessions)
    given = {
        "ids": [row.person_id for row in rows],
        "sessions": [seal_json(row.session, _SESSION) for row in rows],
        "drafts": [row.has_draft for row in rows],
    }
    tx.execute(_SAVE, {**given, "at": at})


_SAVE = text(
    """
    INSERT INTO conversations (person_id, session, has_draft, spoke_at, reminded)
    SELECT new.*, :at, 0
      FROM unnest(CAST(:ids AS bigint[]), CAST(:sessions AS bytea[]),
                  CAST(:drafts AS boolean[])) AS new
    ON CONFLICT (person_id) DO UPDATE
       SET session = excluded.session, has_draft = excluded.has_draft
    """
)
