"""How often one person or one connection may check permits and badges: enough for a market."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.audit import AuditEntry

MOST = 60  # too few to list all numbers, which follow one another
WITHIN = timedelta(minutes=10)
CHECKED = "number.checked"  # the action in the audit, about the person who asked


def lately(tx: Session, person_id: int) -> int:
    """How many checks of this person were answered within the last ten minutes."""
    return (
        tx.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .where(
                AuditEntry.subject == f"person:{person_id}",
                AuditEntry.action == CHECKED,
                AuditEntry.at > func.now() - WITHIN,
            )
        )
        or 0
    )
