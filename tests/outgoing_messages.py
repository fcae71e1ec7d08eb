"""Messages for tests: what a channel is given to send."""

from __future__ import annotations

from datetime import datetime

from bot.channels.base import File, OutgoingMessage
from conversations.messages import Message


def outgoing(
    address: str,
    message: Message,
    locale: str = "id",
    file: File | None = None,
    *,
    number: int = 1,
    heard_at: datetime | None = None,
    at: datetime | None = None,
    attempts: int = 1,
    unsure: bool = False,
) -> OutgoingMessage:
    """A message whose outbox row has the id `number`."""
    return OutgoingMessage(number, address, message, locale, file, heard_at, at, attempts, unsure)
