"""Files that came with complaints: erased a month after the complaint is closed, or was left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from models import erasure
from models.attachment import EVIDENCE_STORED, Attachment, AttachmentState, ids_in
from models.base import now
from models.case import Case
from models.conversation import Conversation
from models.infrastructure.encryption import readable
from models.ticket import Ticket
from workers.context import Context

KEPT = timedelta(days=30)  # after the ticket was closed
AT_ONCE = 500  # files that one run erases


def erase(context: Context) -> list[int]:
    """Delete the files of closed complaints from the store; return the ids of their rows.

    Idempotent. Holds no lock.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        rows = over(tx, now(tx))
        for path in erasure.only_theirs(tx, rows):
            context.storage.delete(path)
        return [row.id for row in rows]


def forget(tx: Session, ids: Sequence[int]) -> None:
    """Empty the rows of files that the store has lost."""
    for row in tx.scalars(select(Attachment).where(Attachment.id.in_(ids)).with_for_update()):
        row.state, row.refusal, row.leased_until = AttachmentState.REFUSED, erasure.ERASED, None
        row.path = row.sha256 = row.reference = None


def over(tx: Session, at: datetime) -> list[Attachment]:
    """Return the stored files that no ticket needs any more: none that is open, or closed lately.

    A form that is not sent yet may hold a file; it is dropped a month after the last message.
    """
    old = tx.scalars(
        select(Attachment)
        .where(text(EVIDENCE_STORED), Attachment.received_at < at - KEPT)
        .order_by(Attachment.id)
        .limit(AT_ONCE)
    ).all()
    if not old:
        return []
    people = {row.person_id for row in old}
    needed = select(Case.answers).join(Ticket, Ticket.case_id == Case.id)
    needed = needed.where(
        Case.person_id.in_(people),
        or_(Ticket.closed_at.is_(None), Ticket.closed_at > at - KEPT),
    )
    held = {one for answers in tx.scalars(needed) for one in ids_in(readable(answers))}
    forms = select(Conversation.person_id).where(
        Conversation.person_id.in_(people),
        Conversation.has_draft,
        func.coalesce(Conversation.spoke_at, at) > at - KEPT,
    )
    busy = set(tx.scalars(forms))
    return [row for row in old if row.id not in held and row.person_id not in busy]
