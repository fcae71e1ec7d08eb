"""Templates of messages at a provider: made for each account, approved by others, at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, now

APPROVED = "approved"
#: States in which a template that was asked for can't be used, for longer than a look takes.
REFUSED = frozenset({"rejected", "paused", "disabled"})


class MessageTemplate(Base):
    """One template as the provider knows it, in one language and in one wording."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("name", "locale", "content_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Code]
    locale: Mapped[Code]
    content_hash: Mapped[Code]
    sid: Mapped[Code]
    status: Mapped[Code]  # the provider's word: received, pending, approved, rejected, paused, …
    reason: Mapped[Code | None]  # why it was rejected
    checked_at: Mapped[datetime] = mapped_column(default=func.now())


class Approved(NamedTuple):
    """A fingerprint of a template, whatever its SID."""

    name: str
    locale: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How a template stands at the provider."""

    name: str
    locale: str
    content_hash: str
    sid: str
    status: str
    reason: str | None = None


def approved(tx: Session) -> Mapping[Approved, str]:
    """The SIDs of all that may be sent."""
    rows = tx.scalars(select(MessageTemplate).where(MessageTemplate.status == APPROVED))
    return {Approved(row.name, row.locale, row.content_hash): row.sid for row in rows}


def keep(tx: Session, standing: Standing) -> MessageTemplate | None:
    """Keep how a template stands; gives its row if that is news."""
    wanted = select(MessageTemplate).where(
        MessageTemplate.name == standing.name,
        MessageTemplate.locale == standing.locale,
        MessageTemplate.content_hash == standing.content_hash,
    )
    row = tx.scalars(wanted.with_for_update()).one_or_none()
    if row is None:
        row = MessageTemplate(
            name=standing.name, locale=standing.locale, content_hash=standing.content_hash
        )
        tx.add(row)
        changed = True
    else:
        changed = row.status != standing.status
    row.sid, row.status, row.reason = standing.sid, standing.status, standing.reason
    row.checked_at = now(tx)
    tx.flush()
    return row if changed else None


def refused(tx: Session) -> Sequence[MessageTemplate]:
    """Those that can't be used although they were asked for, by name."""
    rows = select(MessageTemplate).where(MessageTemplate.status.in_(REFUSED))
    return tx.scalars(rows.order_by(MessageTemplate.name, MessageTemplate.locale)).all()


def standings(tx: Session) -> dict[str, int]:
    """How many templates stand in each state."""
    counted = select(MessageTemplate.status, func.count()).group_by(MessageTemplate.status)
    return {status: number for status, number in tx.execute(counted)}
