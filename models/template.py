"""Message templates at a provider: created per account; others approve or reject them later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, now

APPROVED = "approved"
#: Lasting states in which a submitted template can't be used.
REFUSED = frozenset({"rejected", "paused", "disabled"})


class MessageTemplate(Base):
    """One template at the provider, in one language and one wording."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("name", "locale", "content_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[Code]
    locale: Mapped[Code]
    content_hash: Mapped[Code]
    sid: Mapped[Code]
    status: Mapped[Code]  # the provider's value: received, pending, approved, rejected, paused, …
    reason: Mapped[Code | None]  # why it was rejected
    checked_at: Mapped[datetime] = mapped_column(default=func.now())


class Approved(NamedTuple):
    """The key of a template, independent of its SID."""

    name: str
    locale: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a template at the provider."""

    name: str
    locale: str
    content_hash: str
    sid: str
    status: str
    reason: str | None = None


def approved(tx: Session) -> Mapping[Approved, str]:
    """Return the SIDs of approved templates."""
    rows = tx.scalars(select(MessageTemplate).where(MessageTemplate.status == APPROVED))
    return {Approved(row.name, row.locale, row.content_hash): row.sid for row in rows}


def keep(tx: Session, standing: Standing) -> MessageTemplate | None:
    """Store a template's state; return its row if it is new or its status changed, else None."""
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
    """Return submitted templates in a state of `REFUSED`, by name."""
    rows = select(MessageTemplate).where(MessageTemplate.status.in_(REFUSED))
    return tx.scalars(rows.order_by(MessageTemplate.name, MessageTemplate.locale)).all()


def standings(tx: Session) -> dict[str, int]:
    """Return the number of templates in each state."""
    counted = select(MessageTemplate.status, func.count()).group_by(MessageTemplate.status)
    return {status: number for status, number in tx.execute(counted)}
