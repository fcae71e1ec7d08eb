"""Messages on the demo page's phones, stored so that a reload shows them again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base
from models.infrastructure.encryption import EncryptedJson
from models.personal import Erasing, Keep, Personal, personal


class BrowserMessage(Base):
    """One message on one demo phone: `sent` by the bot, or received from the person."""

    __tablename__ = "browser_messages"
    __table_args__ = (Index("ix_browser_messages_phone", "address", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(info=personal(Personal.REACH, Keep.MESSAGES, Erasing.LAST))
    sent: Mapped[bool]
    payload: Mapped[Any] = mapped_column(
        EncryptedJson("browser_messages.payload"),
        info=personal(Personal.WORDS, Keep.MESSAGES, Erasing.LAST),
    )
    at: Mapped[datetime] = mapped_column(default=func.now())


def keep(tx: Session, address: str, payload: Any, *, sent: bool) -> int:
    """Add a message and return its id.

    Takes the phone's lock, so that ids grow in commit order: a page that reads messages after the
    last id it knows misses none.
    """
    lock(tx, address)
    row = BrowserMessage(address=address, sent=sent, payload=payload)
    tx.add(row)
    tx.flush()
    return row.id


def lock(tx: Session, address: str) -> None:
    """Take the phone's advisory lock until the transaction ends; one writer a phone at a time."""
    tx.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:phone, 0))"),
        {"phone": f"{BrowserMessage.__tablename__}:{address}"},
    )


def recent(tx: Session, address: str, *, at_most: int) -> Sequence[BrowserMessage]:
    """Return the last messages of one phone, newest first."""
    return tx.scalars(
        select(BrowserMessage)
        .where(BrowserMessage.address == address)
        .order_by(BrowserMessage.id.desc())
        .limit(at_most)
    ).all()


def after(tx: Session, address: str, message_id: int) -> Sequence[BrowserMessage]:
    """Return up to 500 messages of one phone after a given id, oldest first."""
    return tx.scalars(
        select(BrowserMessage)
        .where(BrowserMessage.address == address, BrowserMessage.id > message_id)
        .order_by(BrowserMessage.id)
        .limit(500)
    ).all()
