"""Telegram chat ids, encrypted for the database.

A private chat's id is the person's id at Telegram; in plain text it would reveal who asked for a
permit.
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
    """Read an update as `telegram_updates.read` does, with addresses as the database stores them.

    Raises:
        Malformed: a field that the Bot API promises is missing, of another type or out of bounds.
    """
    return read(update, _kept)


def chat(address: str) -> int:
    """Return the chat id of a stored address; also accepts one that is not encrypted yet.

    Raises:
        ValueError: the address can't be decrypted: it is not ours, or INDEX_KEY was changed.
    """
    return int(address if _NUMBER.fullmatch(address) else decrypted(NAME, address))
