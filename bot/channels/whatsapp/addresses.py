"""Addresses of WhatsApp senders, encrypted in a way that still allows lookup.

A number in plain text would reveal that its owner has asked for a permit. WhatsApp identifies a
sender by number, or by an id if the number is hidden. A sender seen under both remains one person;
messages go to the address that was stored first.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from bot.channels.base import InboundMessage
from bot.channels.whatsapp.updates import NAME
from models import alias, person
from models.infrastructure.database import Database

MOST = 10_000  # senders in the cache of one process


@dataclass(slots=True)
class Addresses:
    """Finds a sender's stored address; results never change, so they are cached."""

    db: Database
    _known: OrderedDict[tuple[str, str | None], str] = field(default_factory=OrderedDict)

    async def settle(self, heard: InboundMessage) -> InboundMessage:
        """Return the message with the sender's address as the database stores it.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable.
        """
        names = heard.address, heard.alias
        known = self._known.get(names)
        if known is None:
            address = encrypted(heard.address)
            name = encrypted(heard.alias) if heard.alias else None
            known = await self.db.do(lambda tx: alias.resolve(tx, NAME, address, name))
            self._known[names] = known
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return replace(heard, address=known, alias=None)


def encrypted(address: str) -> str:
    """Encrypt a number or id of WhatsApp's as the database stores it."""
    return person.encrypted(NAME, address)


def to(address: str) -> str:
    """Return Twilio's `To` for a stored address.

    Raises:
        ValueError: the address can't be decrypted: it is not ours, or INDEX_KEY was changed.
    """
    return f"whatsapp:{person.decrypted(NAME, address)}"
