"""What was heard: each message, tap and piece of news once, in the order it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.database import INBOX, notify
from models.encryption import EncryptedJson, seal_json, unseal_json

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


_EVENT = "inbox.event"


def record(tx: Session, arrivals: Iterable[Arrival]) -> list[int]:
    """Write deliveries down; those heard before are left out. Gives the new rows' ids."""
    rows = list(arrivals)
    if not rows:
        return []
    given = {
        "channels": [a.channel for a in rows],
        "provider_ids": [a.provider_id for a in rows],
        "people": [a.person_id for a in rows],
        "events": [seal_json(a.event, _EVENT) for a in rows],
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


@dataclass(frozen=True, slots=True)
class Untaken:
    """An open row of the inbox, as a turn needs it."""

    id: int
    person_id: int
    channel: str
    event: Any
    heard_at: datetime


def untaken(tx: Session, person_ids: Iterable[int]) -> list[Untaken]:
    """What lies untaken for these people, in the order it was heard; lock the people first."""
    rows = tx.execute(_UNTAKEN, {"people": list(person_ids)})
    return [
        Untaken(row.id, row.person_id, row.channel, unseal_json(row.event, _EVENT), row.heard_at)
        for row in rows
    ]


_UNTAKEN = text(
    """
    SELECT id, person_id, channel, event, heard_at FROM inbox
     WHERE person_id = ANY(CAST(:people AS bigint[]))
       AND taken_at IS NULL AND set_aside_at IS NULL
     ORDER BY id
    """
)


def close(tx: Session, taken: Sequence[int], heard: Mapping[int, str], at: datetime) -> None:
    """Mark rows as taken, and people (id -> channel) as heard from; one statement for all.

    The clock of reminders starts anew for them.
    """
    given = {"taken": list(taken), "people": list(heard), "channels": list(heard.values())}
    tx.execute(_CLOSE, {**given, "at": at})


_CLOSE = text(
    """
    WITH heard AS (
      UPDATE people SET last_heard_at = :at, last_channel = spoke.channel, unreachable_at = NULL
        FROM unnest(CAST(:people AS bigint[]), CAST(:channels AS text[])) AS spoke (id, channel)
       WHERE people.id = spoke.id
    ), awake AS (
      UPDATE conversations SET spoke_at = :at, reminded = 0
       WHERE person_id = ANY(CAST(:people AS bigint[]))
    )
    UPDATE inbox SET taken_at = :at WHERE id = ANY(CAST(:taken AS bigint[]))
    """
)


def count_failure(tx: Session, inbox_id: int, *, at_most: int) -> bool:
    """Count a turn that raised; True when it was one too many and the row is set aside."""
    row = tx.get_one(InboundMessage, inbox_id)
    row.failures += 1
    if row.failures < at_most:
        return False
    row.set_aside_at = now()
    return True
