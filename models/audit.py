"""The audit log: append-only rows about acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, Details
from models.infrastructure.database import packed
from models.infrastructure.wire import Execute

#: The action and subject of an entry about news for which there was no supervisor and no head.
UNTOLD, SUPERVISORS = "supervisors.missing", "supervisors"


class AuditEntry(Base):
    """One act. `actor` and `subject` are kind and id ("person:5", "case:81"), never names."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=func.now())
    actor: Mapped[Code]
    action: Mapped[Code]
    subject: Mapped[Code] = mapped_column(index=True)
    details: Mapped[Details] = mapped_column(default=dict)


def note(tx: Session, actor: str, action: str, subject: str, **details: Any) -> None:
    """Add an entry in this transaction; `details` must hold no personal data."""
    tx.add(AuditEntry(actor=actor, action=action, subject=subject, details=details))


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry for `write`."""

    actor: str
    action: str
    subject: str
    details: Mapping[str, Any] = field(default_factory=dict)


def write(execute: Execute, entries: Iterable[Entry]) -> None:
    """Add the INSERT of several entries to the pipeline."""
    rows = [
        {"actor": one.actor, "action": one.action, "subject": one.subject, "details": one.details}
        for one in entries
    ]
    execute(_WRITE, {"rows": packed(rows)})


_WRITE = """
    INSERT INTO audit (at, actor, action, subject, details)
    SELECT now(), actor, action, subject, details
      FROM json_to_recordset(%(rows)s)
           AS new (actor text, action text, subject text, details jsonb)
"""
