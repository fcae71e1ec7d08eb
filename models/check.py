"""The count of a person's recent checks of documents and badges."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.audit import AuditEntry
from models.infrastructure.quotas import CHECKS

CHECKED = "number.checked"  # the action in the audit; its subject is the person who asked


def lately(tx: Session, person_id: int) -> int:
    """Return how many checks this person got an answer to within the quota's period."""
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
