"""Where each person's conversation stands: the session as JSON, encrypted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.encryption import EncryptedJson


class Conversation(Base):
    """One person's session between two turns; what it means is known to `conversations.session`."""

    __tablename__ = "conversations"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    session: Mapped[Any] = mapped_column(EncryptedJson("conversations.session"))
    has_draft: Mapped[bool] = mapped_column(default=False)
    spoke_at: Mapped[datetime] = mapped_column(default=now)  # when they were last heard
    reminded: Mapped[int] = mapped_column(default=0)  # reminders sent since they last spoke


def load(tx: Session, person_ids: Iterable[int]) -> dict[int, Any]:
    """The stored sessions of these people, by person id; those who have none are left out."""
    rows = tx.execute(
        select(Conversation.person_id, Conversation.session).where(
            Conversation.person_id.in_(list(person_ids))
        )
    )
    return {person_id: session for person_id, session in rows}


@dataclass(frozen=True, slots=True)
class Saved:
    """What `save` writes for one person; `spoke` is false when only news came."""

    person_id: int
    session: Any
    has_draft: bool
    spoke: bool


def save(tx: Session, sessions: Iterable[Saved], at: datetime) -> None:
    """Write sessions; the clock of reminders starts anew for those who spoke."""
    rows = list(sessions)
    for spoke in (True, False):
        values = [
            {
                "person_id": row.person_id,
                "session": row.session,
                "has_draft": row.has_draft,
                "spoke_at": at,
                "reminded": 0,
            }
            for row in rows
            if row.spoke is spoke
        ]
        if not values:
            continue
        statement = insert(Conversation).values(values)
        new = statement.excluded
        changed = {"session": new.session, "has_draft": new.has_draft}
        if spoke:
            changed |= {"spoke_at": new.spoke_at, "reminded": new.reminded}
        tx.execute(
            statement.on_conflict_do_update(index_elements=[Conversation.person_id], set_=changed)
        )
