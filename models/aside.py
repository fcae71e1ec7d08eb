"""Rows that were set aside, since they could not be read or failed for a reason of our own.

An operator lists them, has them tried again once the cause is gone, and closes what is settled.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, func
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SessionAside(Base):
    """A conversation's session that could not be read, byte for byte as it was stored.

    Open until `closed_at` is set: it was put back, or an operator closed it.
    """

    __tablename__ = "sessions_aside"
    __table_args__ = (
        Index("ix_sessions_aside_open", "set_aside_at", postgresql_where="closed_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    session: Mapped[bytes] = mapped_column(LargeBinary)  # encrypted, as in `conversations`
    has_draft: Mapped[bool]
    set_aside_at: Mapped[datetime] = mapped_column(default=func.now())
    closed_at: Mapped[datetime | None]
