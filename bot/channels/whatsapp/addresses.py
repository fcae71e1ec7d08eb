"""Addresses of WhatsApp's senders, encrypted so that they can still be searched for.

A number in a table would tell that its owner has asked for a permit. WhatsApp names a sender by
number, or by an id if the number is hidden. A sender who is named by both stays the person of the
first, and is written to there.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from bot.channels.base import InboundMessage
from bot.channels.whatsapp.updates import NAME
from models import alias, person
from models.infrastructure.database import Database

MOST = 10_000  # senders that one process remembers


@dataclass(slots=True)
class Addresses:
    """Finds the address that the database knows a sender by; what it has found does not change."""

    db: Database
    _known: OrderedDict[tuple[str, str | None], str] = field(default_factory=OrderedDict)

    async def settle(self, heard: InboundMessage) -> InboundMessage:
        """Give the message with the address by which the database knows the sender.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away.
        """
        told = heard.address, heard.alias
        known = self._known.get(told)
        if known is None:
            address = encrypted(heard.address)
            name = encrypted(heard.alias) if heard.alias else None
            known = await self.db.do(lambda tx: alias.resolve(tx, NAME, address, name))
            self._known[told] = known
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return replace(heard, address=known, alias=None)


def encrypted(address: str) -> str:
    """A number or id of WhatsApp's, as the database keeps it."""
    return person.encrypted(NAME, address)


def to(address: str) -> str:
    """Where Twilio shall deliver what goes to an address of the database.

    Raises:
        ValueError: it is none of ours, or INDEX_KEY was changed.
    """
    return f"whatsapp:{person.decrypted(NAME, address)}"
