"""Bounds of what a delivery may hold: a value of another type or size never gets past the readers.

Each function gives None for a value that is out of bounds. The reader then refuses the delivery
(`Malformed`) where the value is needed, and leaves the value out where it is not.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

BIGINT: Final = 2**63 - 1  # the largest whole number that PostgreSQL keeps
MAX_ID = 128  # characters of an id that is indexed; providers' ids have at most 60
MAX_REFERENCE = 2_048  # characters of a file's id or URL
MAX_WORDS = 65_536  # characters; WhatsApp's longest message, Telegram's has 4,096
MAX_TOKEN = 1_024  # characters of a tap's data; Telegram passes on 64 bytes, Twilio 256 characters

_ID = re.compile(rf"[!-~]{{1,{MAX_ID}}}")
_REFERENCE = re.compile(rf"[!-~]{{1,{MAX_REFERENCE}}}")
_DIGITS = re.compile(r"[0-9]{1,9}")
#: NUL does not fit into a text of PostgreSQL's, and half a surrogate pair into no UTF-8.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def whole(value: object, at_least: int, at_most: int) -> int | None:
    """A whole number within limits; True and False are none."""
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= at_most:
        return None
    return value


def digits(value: str) -> int | None:
    """A whole number of at most nine digits, as text."""
    return int(value) if _DIGITS.fullmatch(value) else None


def degrees(value: object, at_most: int) -> float | None:
    """A latitude (`at_most` 90) or a longitude (180)."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if -at_most <= value <= at_most else None  # NaN is not, either


def identifier(value: object) -> str | None:
    """A provider's id: some visible ASCII, short enough for an index."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def reference(value: object) -> str | None:
    """The provider's name of a file: its id or URL."""
    return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def url_parts(text: str) -> SplitResult | None:
    """The parts of a URL that others gave; None if it is none, such as "http://[x"."""
    try:
        return urlsplit(text)
    except ValueError:
        return None


def words(text: str) -> str:
    """Somebody's words without characters that can't be kept, cut at `MAX_WORDS`."""
    return _UNFIT.sub("", text[:MAX_WORDS])
