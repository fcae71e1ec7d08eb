"""What was sent to the demo page's phones, kept so that a reload shows it again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.encryption import EncryptedJson


class BrowserMessage(Base):
    """One bubble on one demo phone: `sent` by the bot, or heard from the person."""

    __tablename__ = "browser_messages"
    __table_args__ = (Index("ix_browser_messages_phone", "address", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str]
    sent: Mapped[bool]
    payload: Mapped[Any] = mapped_column(EncryptedJson("browser_messages.payload"))
    at: Mapped[datetime] = mapped_column(default=now)


def after(tx: Session, address: str, message_id: int) -> Sequence[BrowserMessage]:
    """The bubbles of one phone after a given one, oldest first."""
    return tx.scalars(
        select(BrowserMessage)
        .where(BrowserMessage.address == address, BrowserMessage.id > message_id)
        .order_by(BrowserMessage.id)
        .limit(500)
    ).all()
