"""How many checks of documents and badges a person made lately."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from models.infrastructure.quotas import CHECKS

CHECKED = "number.checked"  # the action in the audit, about the person who asked


def lately(tx: Session, person_id: int) -> int:
    """How many checks of this person were answered within the period of the quota."""
    return (
        tx.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .where(
                AuditEntry.subject == f"person:{person_id}",
                AuditEntry.action == CHECKED,
                AuditEntry.at > func.now() - CHECKS.within,
            )
        )
        or 0
    )
