"""What was heard: each message, tap and piece of news once, in the order it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.database import INBOX, notify
from models.encryption import EncryptedJson, seal_json

NEWS = "news"  # the channel of what the city itself has to tell a conversation


class InboundMessage(Base):
    """One thing heard from, or for, one person.

    Open until `taken_at` or `set_aside_at` is set. `provider_id` is the provider's own id of the
    delivery; for news it names the fact, so that the same news is told once.
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index(
            "ix_inbox_open",
            "person_id",
            "id",
            postgresql_where="taken_at IS NULL AND set_aside_at IS NULL",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str]
    provider_id: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    event: Mapped[Any] = mapped_column(EncryptedJson("inbox.event"))
    heard_at: Mapped[datetime] = mapped_column(default=now)
    taken_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    set_aside_at: Mapped[datetime | None]  # failed three times; a supervisor sees it


@dataclass(frozen=True, slots=True)
class Arrival:
    """What `record` writes for one delivery."""

    channel: str
    provider_id: str
    person_id: int
    event: Any


EVENT = "inbox.event"


def record(tx: Session, arrivals: Iterable[Arrival]) -> list[int]:
    """Write deliveries down; those heard before are left out. Gives the new rows' ids."""
    rows = list(arrivals)
    if not rows:
        return []
    given = {
        "channels": [a.channel for a in rows],
        "provider_ids": [a.provider_id for a in rows],
        "people": [a.person_id for a in rows],
        "events": [seal_json(a.event, EVENT) for a in rows],
        "at": now(),
    }
    return list(tx.scalars(_RECORD, given))


_RECORD = text(
    """
    INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)
    SELECT new.*, :at, 0
      FROM unnest(CAST(:channels AS text[]), CAST(:provider_ids AS text[]),
                  CAST(:people AS bigint[]), CAST(:events AS bytea[])) AS new
    ON CONFLICT DO NOTHING
    RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What `record_known` writes for one delivery: from an address, not yet from a person."""

    channel: str
    address: str
    provider_id: str
    event: Any


def record_known(tx: Session, deliveries: Iterable[Delivery]) -> dict[tuple[str, str], int]:
    """Write down deliveries from addresses that are known, each once, in one statement.

    Gives (channel, address) -> person id; whoever is not in it has never written before.
    """
    rows = list(deliveries)
    if not rows:
        return {}
    given = {
        "channels": [d.channel for d in rows],
        "addresses": [d.address for d in rows],
        "provider_ids": [d.provider_id for d in rows],
        "events": [seal_json(d.event, EVENT) for d in rows],
        "at": now(),
    }
    found = tx.execute(_RECORD_KNOWN, given)
    return {(row.channel, row.address): row.person_id for row in found}


_RECORD_KNOWN = text(
    """
    WITH known AS (
      SELECT new.*, addresses.person_id
        FROM unnest(CAST(:channels AS text[]), CAST(:addresses AS text[]),
                    CAST(:provider_ids AS text[]), CAST(:events AS bytea[]))
             AS new (channel, address, provider_id, event)
        JOIN addresses USING (channel, address)
    ), recorded AS (
      INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)
      SELECT channel, provider_id, person_id, event, :at, 0 FROM known
      ON CONFLICT DO NOTHING
    )
    SELECT channel, address, person_id FROM known
    """
)


def known(tx: Session, channel: str, provider_id: str) -> bool:
    """Whether a delivery was heard before."""
    return (
        tx.scalar(
            select(InboundMessage.id).where(
                InboundMessage.channel == channel, InboundMessage.provider_id == provider_id
            )
        )
        is not None
    )


def tell(tx: Session, person_id: int, fact: str, event: Any) -> None:
    """Give a conversation news, once for each `fact`, and wake the bot at commit."""
    if record(tx, [Arrival(NEWS, f"{fact}:{person_id}", person_id, event)]):
        notify(tx, INBOX)


def waiting(tx: Session, *, limit: int) -> Sequence[int]:
    """People for whom something lies untaken, longest first."""
    open_rows = (
        select(InboundMessage.person_id, InboundMessage.id)
        .where(InboundMessage.taken_at.is_(None), InboundMessage.set_aside_at.is_(None))
        .order_by(InboundMessage.id)
        .limit(limit)
        .subquery()
    )
    return list(dict.fromkeys(tx.scalars(select(open_rows.c.person_id))))


def count_failure(tx: Session, person_id: int, *, at_most: int) -> int | None:
    """Count that a (locked) person's next turn raised; gives the row's id when it is set aside."""
    row = tx.scalars(
        select(InboundMessage)
        .where(
            InboundMessage.person_id == person_id,
            InboundMessage.taken_at.is_(None),
            InboundMessage.set_aside_at.is_(None),
        )
        .order_by(InboundMessage.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    row.failures += 1
    if row.failures < at_most:
        return None
    row.set_aside_at = now()
    return row.id
