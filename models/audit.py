"""Who did what, when: rows that are only ever added."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now


class AuditEntry(Base):
    """One act. `actor` and `subject` are kind and id ("person:5", "application:81"); no names."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=now)
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)


def note(tx: Session, actor: str, action: str, subject: str, **details: Any) -> None:
    """Add an entry in this transaction; `details` hold no personal data."""
    tx.add(AuditEntry(actor=actor, action=action, subject=subject, details=details))
