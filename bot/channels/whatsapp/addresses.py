"""Where people write from, as the record keeps it: no number can be read there, and one is enough.

A number in the record's tables would tell who has asked for a permit, so addresses are veiled.
WhatsApp names a sender by number, or by an id of theirs if they hide it; who is told by both stays
the person that they were first, and is written to there.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace

from bot.channels.base import Heard
from bot.channels.whatsapp.updates import NAME
from models import alias, person
from models.infrastructure.database import Record

MOST = 10_000  # senders that one process remembers


@dataclass(slots=True)
class Addresses:
    """Finds the address that the record knows a sender by; what it has found does not change."""

    record: Record
    _known: OrderedDict[tuple[str, str | None], str] = field(default_factory=OrderedDict)

    async def settle(self, heard: Heard) -> Heard:
        """What was heard, from the address by which the record knows the sender.

        Raises:
            sqlalchemy.exc.DBAPIError: the record is away.
        """
        told = heard.address, heard.alias
        known = self._known.get(told)
        if known is None:
            address = veiled(heard.address)
            name = veiled(heard.alias) if heard.alias else None
            known = await self.record.do(lambda tx: alias.resolve(tx, NAME, address, name))
            self._known[told] = known
            if len(self._known) > MOST:
                self._known.popitem(last=False)
        return replace(heard, address=known, alias=None)


def veiled(address: str) -> str:
    """A number or id of WhatsApp's, as the record keeps it."""
    return person.veiled(NAME, address)


def to(address: str) -> str:
    """Where Twilio shall deliver what goes to an address of the record.

    Raises:
        ValueError: it is none of ours, or INDEX_KEY was changed.
    """
    return f"whatsapp:{person.unveiled(NAME, address)}"
