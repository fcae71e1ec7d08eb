"""Validation of the values in a delivery, by type and size.

Each function returns None for a value that is out of bounds. The reader then refuses the delivery
(`Malformed`) if the value is required, and leaves the value out if it is optional.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

BIGINT: Final = 2**63 - 1  # the largest value of PostgreSQL's bigint
MAX_ID = 128  # characters of an id that is indexed; providers' ids have at most 60
MAX_REFERENCE = 2_048  # characters of a file's id or URL
MAX_WORDS = 65_536  # characters; WhatsApp's longest message, Telegram's has 4,096
MAX_TOKEN = 1_024  # characters of a tap's data; Telegram allows 64 bytes, Twilio 256 characters

_ID = re.compile(rf"[!-~]{{1,{MAX_ID}}}")
_REFERENCE = re.compile(rf"[!-~]{{1,{MAX_REFERENCE}}}")
_DIGITS = re.compile(r"[0-9]{1,9}")
#: PostgreSQL's text can't hold NUL, and UTF-8 can't encode half a surrogate pair.
_UNFIT = re.compile("[\x00\ud800-\udfff]")


def whole(value: object, at_least: int, at_most: int) -> int | None:
    """Return a whole number within limits; True and False are not numbers."""
    if not isinstance(value, int) or isinstance(value, bool) or not at_least <= value <= at_most:
        return None
    return value


def digits(value: str) -> int | None:
    """Parse a whole number of at most nine digits."""
    return int(value) if _DIGITS.fullmatch(value) else None


def degrees(value: object, at_most: int) -> float | None:
    """Return a latitude (`at_most` 90) or a longitude (180)."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if -at_most <= value <= at_most else None  # false for NaN too


def identifier(value: object) -> str | None:
    """Return a provider's id: visible ASCII, short enough for an index."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def reference(value: object) -> str | None:
    """Return the provider's reference to a file: its id or URL."""
    return value if isinstance(value, str) and _REFERENCE.fullmatch(value) else None


def url_parts(text: str) -> SplitResult | None:
    """Split an untrusted URL; None if it is invalid, such as "http://[x"."""
    try:
        return urlsplit(text)
    except ValueError:
        return None


def words(text: str) -> str:
    """Return a text without characters that can't be stored, truncated to `MAX_WORDS`."""
    return _UNFIT.sub("", text[:MAX_WORDS])
