"""What is owed: messages to people, sent at least once, in order for each person."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, case, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.database import OUTBOX, notify
from models.encryption import EncryptedJson

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


def owe(tx: Session, messages: Iterable[Owed]) -> None:
    """Owe messages, each fact once, and wake the sender at commit.

    A provisional message that has not been sent gives way to whatever is said after it.
    """
    moment = now()
    rows = [
        {
            "person_id": m.person_id,
            "dedupe_key": m.dedupe_key,
            "message": m.message,
            "lane": m.lane,
            "provisional": m.provisional,
            "due_at": moment + m.after,
            "created_at": moment,
        }
        for m in messages
    ]
    if not rows:
        return
    tx.execute(
        delete(OutboundMessage).where(
            OutboundMessage.person_id.in_({row["person_id"] for row in rows}),
            OutboundMessage.provisional,
            OutboundMessage.sent_at.is_(None),
            OutboundMessage.leased_until.is_(None),
        )
    )
    tx.execute(insert(OutboundMessage).values(rows).on_conflict_do_nothing())
    notify(tx, OUTBOX)


def claim(tx: Session, *, lease: timedelta, limit: int) -> Sequence[OutboundMessage]:
    """Lease the first open message of each person whose first is due, replies before notices.

    Only a person's oldest open message can be claimed, so their order holds whoever sends.
    """
    heads = (
        select(OutboundMessage.id)
        .where(text(_OPEN))
        .ext(distinct_on(OutboundMessage.person_id))
        .order_by(OutboundMessage.person_id, OutboundMessage.id)
        .subquery()
    )
    moment = now()
    rows = tx.scalars(
        select(OutboundMessage)
        .where(
            OutboundMessage.id.in_(select(heads.c.id)),
            text(_OPEN),  # asked again of the locked row: another sender may just have settled it
            OutboundMessage.due_at <= moment,
            func.coalesce(OutboundMessage.leased_until, moment) <= moment,
        )
        .order_by(OutboundMessage.lane.desc(), OutboundMessage.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        row.leased_until = moment + lease
        row.attempts += 1
    return rows


def next_due(tx: Session) -> datetime | None:
    """When the sender has something to do next; None when nothing is open."""
    soonest = func.min(func.greatest(OutboundMessage.due_at, OutboundMessage.leased_until))
    at: datetime | None = tx.scalar(select(soonest).where(text(_OPEN)))
    return at


def settle(tx: Session, sent: dict[int, str]) -> None:
    """Mark messages as sent, in one statement: id -> the provider's id."""
    if sent:
        tx.execute(
            update(OutboundMessage)
            .where(OutboundMessage.id.in_(sent))
            .values(
                sent_at=now(),
                provider_id=case(sent, value=OutboundMessage.id),
                outcome="sent",
                leased_until=None,
            )
        )


def give_up(tx: Session, message_id: int, outcome: str) -> None:
    """Close a message that can't be sent."""
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .values(failed_at=now(), outcome=outcome, leased_until=None)
    )


def postpone(tx: Session, message_id: int, after: timedelta, outcome: str) -> None:
    """Try a message again later."""
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .values(due_at=now() + after, outcome=outcome, leased_until=None)
    )
