"""Chats of Telegram's, as the database keeps them: encrypted, so that no number can be read there.

A chat's number is its person's id at Telegram: in the tables it would tell who asked for a permit.
"""

from __future__ import annotations

import re
from functools import partial

from bot.channels.base import InboundMessage
from bot.channels.telegram.updates import NAME, read
from conversations.messages import Json
from models.person import decrypted, encrypted

_kept = partial(encrypted, NAME)
_NUMBER = re.compile(r"[0-9]{1,19}")  # shorter than anything encrypted


def heard(update: Json) -> list[InboundMessage]:
    """Read an update as `telegram_updates.read` does, from addresses as the database keeps them.

    Raises:
        Malformed: a field that the Bot API promises is missing, of another type or out of bounds.
    """
    return read(update, _kept)


def chat(address: str) -> int:
    """The chat to which a message for an address goes; one that was not encrypted yet is itself.

    Raises:
        ValueError: the address is none of ours, or INDEX_KEY was changed.
    """
    return int(address if _NUMBER.fullmatch(address) else decrypted(NAME, address))
