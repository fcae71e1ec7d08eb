"""What is owed: messages to people, sent at least once, in order for each person."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.database import OUTBOX, origin
from models.encryption import EncryptedJson, seal_json, unseal_json

_OPEN = "sent_at IS NULL AND failed_at IS NULL"


class Lane(StrEnum):
    """Replies go before notices."""

    REPLY = "reply"
    NOTICE = "notice"


class OutboundMessage(Base):
    """One message owed to one person: catalogue keys and parameters, no language, no channel.

    Open until `sent_at` or `failed_at` is set; due from `due_at`. Sent at least once: a crash
    between the provider's yes and our commit leaves the outcome unknown.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_open", "person_id", "id", postgresql_where=_OPEN),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    dedupe_key: Mapped[str]  # the fact, and who is told: "application:81:verified:owner"
    message: Mapped[Any] = mapped_column(EncryptedJson("outbox.message"))  # conversations.messages
    lane: Mapped[str] = mapped_column(default=Lane.REPLY)
    provisional: Mapped[bool] = mapped_column(default=False)  # dropped if anything else is said
    due_at: Mapped[datetime] = mapped_column(default=now)
    created_at: Mapped[datetime] = mapped_column(default=now)
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[str | None]
    failed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]  # why it is not sent, or not yet: an error's name, no personal data


@dataclass(frozen=True, slots=True)
class Owed:
    """What `owe` writes for one message."""

    person_id: int
    dedupe_key: str
    message: Any
    lane: Lane = Lane.REPLY
    after: timedelta = timedelta(0)
    provisional: bool = False


_MESSAGE = "outbox.message"


def owe(tx: Session, messages: Iterable[Owed]) -> None:
    """Owe messages, each fact once, and wake the sender at commit; one statement for all.

    A provisional message that has not been sent gives way to the reply that is said after it; a
    notice comes behind it, since it does not ask the open question again.
    """
    rows = list(messages)
    if not rows:
        return
    moment = now()
    given = {
        "people": [m.person_id for m in rows],
        "answered": [m.person_id for m in rows if m.lane is Lane.REPLY],
        "keys": [m.dedupe_key for m in rows],
        "messages": [seal_json(m.message, _MESSAGE) for m in rows],
        "lanes": [m.lane.value for m in rows],
        "provisional": [m.provisional for m in rows],
        "due": [moment + m.after for m in rows],
    }
    tx.execute(_OWE, {**given, "at": moment, "channel": OUTBOX, "origin": origin()})


_OWE = text(
    """
    WITH dropped AS (
      DELETE FROM outbox
       WHERE person_id = ANY(CAST(:answered AS bigint[])) AND provisional
         AND sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL
    ), owed AS (
      INSERT INTO outbox (person_id, dedupe_key, message, lane, provisional, due_at, created_at,
                          attempts)
      SELECT new.*, :at, 0
        FROM unnest(CAST(:people AS bigint[]), CAST(:keys AS text[]), CAST(:messages AS bytea[]),
                    CAST(:lanes AS text[]), CAST(:provisional AS boolean[]),
                    CAST(:due AS timestamptz[])) AS new
      ON CONFLICT DO NOTHING
    )
    SELECT pg_notify(:channel, :origin)
    """
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased message with all that sending it needs; no `channel` when there is no address."""

    id: int
    person_id: int
    message: Any
    lane: str
    attempts: int
    locale: str
    opted_out: bool
    channel: str | None
    address: str | None


def claim(tx: Session, *, lease: timedelta, limit: int) -> list[Claimed]:
    """Lease the first open message of each person whose first is due, replies before notices.

    Only a person's oldest open message can be claimed, so their order holds whoever sends. It goes
    to the channel they spoke on last.
    """
    moment = now()
    rows = tx.execute(_CLAIM, {"at": moment, "until": moment + lease, "limit": limit})
    return [
        Claimed(
            row.id,
            row.person_id,
            unseal_json(row.message, _MESSAGE),
            row.lane,
            row.attempts,
            row.locale,
            row.opted_out_at is not None,
            row.channel,
            row.address,
        )
        for row in rows
    ]


_CLAIM = text(
    """
    WITH heads AS (
      SELECT DISTINCT ON (person_id) id FROM outbox
       WHERE sent_at IS NULL AND failed_at IS NULL
       ORDER BY person_id, id
    ), free AS (
      SELECT id FROM outbox
       WHERE id IN (SELECT id FROM heads) AND due_at <= :at
         AND sent_at IS NULL AND failed_at IS NULL  -- asked again of the locked row
         AND (leased_until IS NULL OR leased_until <= :at)
       ORDER BY lane DESC, id
       LIMIT :limit
         FOR NO KEY UPDATE SKIP LOCKED
    ), leased AS (
      UPDATE outbox SET leased_until = :until, attempts = attempts + 1
       WHERE id IN (SELECT id FROM free)
      RETURNING id, person_id, message, lane, attempts
    )
    SELECT leased.*, people.locale, people.opted_out_at, reach.channel, reach.address
      FROM leased JOIN people ON people.id = leased.person_id
      LEFT JOIN LATERAL (
        SELECT channel, address FROM addresses WHERE addresses.person_id = people.id
         ORDER BY channel = people.last_channel DESC, id LIMIT 1
      ) AS reach ON true
     ORDER BY leased.lane DESC, leased.id
    """
)


def settle(tx: Session, sent: dict[int, str]) -> None:
    """Mark messages as sent, in one statement: id -> the provider's id."""
    if sent:
        given = {"ids": list(sent), "provider_ids": list(sent.values()), "at": now()}
        tx.execute(_SETTLE, given)


_SETTLE = text(
    """
    UPDATE outbox
       SET sent_at = :at, provider_id = done.provider_id, outcome = 'sent', leased_until = NULL
      FROM unnest(CAST(:ids AS bigint[]), CAST(:provider_ids AS text[])) AS done (id, provider_id)
     WHERE outbox.id = done.id
    """
)


def give_up(tx: Session, message_id: int, outcome: str) -> None:
    """Close a message that can't be sent."""
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, text(_OPEN))
        .values(failed_at=now(), outcome=outcome, leased_until=None)
    )


def postpone(tx: Session, message_id: int, after: timedelta, outcome: str) -> None:
    """Try a message again later."""
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, text(_OPEN))
        .values(due_at=now() + after, outcome=outcome, leased_until=None)
    )
