"""Delivery reports of messages that a provider accepted; they may come late, twice or reordered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, Interval, case, func, select, type_coerce, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure.database import OUTBOX, notify
from models.outbox import OutboundMessage

#: Progress of a message, by status; a report never lowers it: a message that was read can't fail.
RANKS = {
    "accepted": 0,
    "scheduled": 0,
    "queued": 1,
    "sending": 2,
    "sent": 3,
    "failed": 4,
    "undelivered": 4,
    "canceled": 4,
    "delivered": 5,
    "read": 6,
}
NEAR = 10_000  # ids: rows of the outbox further before the given one are not searched
FAILED = frozenset({"failed", "undelivered", "canceled"})


class Receipt(Base):
    """One message at the provider, and its outbox row, which may have several."""

    __tablename__ = "receipts"

    provider_id: Mapped[Code] = mapped_column(primary_key=True)
    outbox_id: Mapped[int] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), index=True)
    status: Mapped[Code]
    code: Mapped[int | None]  # the provider's error, if it failed
    reported_at: Mapped[datetime] = mapped_column(default=func.now())
    seen_to_at: Mapped[datetime | None]  # when its failure was handled


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A report on one try to send a message."""

    provider_id: str
    status: str
    code: int | None

    @property
    def failed(self) -> bool:
        """Whether the try failed."""
        return self.status in FAILED


def note(tx: Session, outbox_id: int, delivery: DeliveryReport) -> bool:
    """Store a report; return whether the try has failed and the failure is not handled yet.

    False, and nothing is stored, if the outbox row is gone.
    """
    there = select(OutboundMessage.id).where(OutboundMessage.id == outbox_id)
    if tx.scalar(there.with_for_update(read=True, key_share=True)) is None:
        return False
    row = insert(Receipt).values(
        provider_id=delivery.provider_id,
        outbox_id=outbox_id,
        status=delivery.status,
        code=delivery.code,
        reported_at=func.now(),
    )
    new = row.excluded
    tx.execute(
        row.on_conflict_do_update(
            index_elements=[Receipt.provider_id],
            set_={"status": new.status, "code": new.code, "reported_at": new.reported_at},
            where=case(RANKS, value=Receipt.status, else_=-1) < RANKS.get(delivery.status, -1),
        )
    )
    known = tx.execute(
        select(Receipt.status, Receipt.seen_to_at).where(
            Receipt.provider_id == delivery.provider_id
        )
    ).one()
    return known.status in FAILED and known.seen_to_at is None


@dataclass(frozen=True, slots=True)
class Past:
    """The earlier tries of a message: its reports, oldest first.

    `owed_at` is when it was enqueued, `age` the time since it was first due.
    """

    owed_at: datetime
    age: timedelta
    reports: tuple[DeliveryReport, ...]


def past(tx: Session, outbox_id: int) -> Past:
    """Return the past of a message."""
    due_at = func.coalesce(OutboundMessage.first_due_at, OutboundMessage.due_at)
    owed_at, age = tx.execute(
        select(OutboundMessage.created_at, type_coerce(func.now() - due_at, Interval)).where(
            OutboundMessage.id == outbox_id
        )
    ).one()
    return Past(owed_at, age, reports(tx, outbox_id))


def reports(tx: Session, outbox_id: int) -> tuple[DeliveryReport, ...]:
    """Return the reports on a message's tries, oldest first."""
    rows = tx.scalars(
        select(Receipt).where(Receipt.outbox_id == outbox_id).order_by(Receipt.reported_at)
    )
    return tuple(DeliveryReport(row.provider_id, row.status, row.code) for row in rows)


def settled(tx: Session, outbox_id: int) -> bool:
    """Whether no sender still has to store the outcome of a try of this message.

    True if the message was sent or given up, or is not leased: its next try reads the stored
    reports.
    """
    row = tx.execute(
        select(
            OutboundMessage.provider_id, OutboundMessage.failed_at, OutboundMessage.leased_until
        ).where(OutboundMessage.id == outbox_id)
    ).one_or_none()
    if row is None or row.leased_until is None:
        return True
    return row.provider_id is not None or row.failed_at is not None


def enqueue_again(tx: Session, outbox_id: int, provider_id: str, *, after: timedelta) -> bool:
    """Enqueue a message again whose last try failed at the provider; return whether it was.

    Marks the failure as handled. A message that another try has sent, or that was given up, is not
    enqueued.
    """
    tx.execute(
        update(Receipt).where(Receipt.provider_id == provider_id).values(seen_to_at=func.now())
    )
    opened = tx.scalar(
        update(OutboundMessage)
        .where(
            OutboundMessage.id == outbox_id,
            OutboundMessage.provider_id == provider_id,
            OutboundMessage.sent_at.is_not(None),
        )
        .values(
            sent_at=None,
            provider_id=None,
            outcome="undelivered",
            due_at=func.now() + after,
            first_due_at=func.coalesce(OutboundMessage.first_due_at, OutboundMessage.due_at),
        )
        .returning(OutboundMessage.id)
    )
    if opened is not None:
        notify(tx, OUTBOX)
    return opened is not None


def of_others(tx: Session, provider_ids: Sequence[str], *, outbox_id: int) -> set[str]:
    """Return those of these provider ids that belong to other rows of the outbox."""
    reported = select(Receipt.provider_id).where(
        Receipt.provider_id.in_(provider_ids), Receipt.outbox_id != outbox_id
    )
    sent = select(OutboundMessage.provider_id).where(
        OutboundMessage.id > outbox_id - NEAR,
        OutboundMessage.id != outbox_id,
        OutboundMessage.provider_id.in_(provider_ids),
    )
    return {one for one in (*tx.scalars(reported), *tx.scalars(sent)) if one is not None}
