"""The encryption keys of the database, parsed from settings for `encryption`.

Imports nothing heavy, so that reading the settings does not load SQLAlchemy.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

LONGEST_NAME = 255  # bytes of a key's id: stored values hold its length in one byte


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Encryption keys by id: the first encrypts, all decrypt; `index_key` is for blind indexes."""

    keys: dict[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    @classmethod
    def parse(cls, keys: str, index_key: str) -> KeyRing:
        """Read `k2:<base64>,k1:<base64>` and a base64 index key; every key is 32 bytes.

        Raises:
            ValueError: the text is malformed; the message does not contain the key.
        """
        ring: dict[str, bytes] = {}
        for entry in keys.split(","):
            name, colon, encoded = entry.strip().partition(":")
            if not colon or not name:
                raise ValueError("each key is written as name:base64, several with commas between")
            if name in ring:
                raise ValueError(f"two keys are called {name!r}")
            if len(name.encode()) > LONGEST_NAME:
                raise ValueError(f"a key's name may have {LONGEST_NAME} bytes")
            ring[name] = _key(encoded, f"the key {name!r}")
        return cls(ring, _key(index_key, "the index key"))

    @property
    def current(self) -> str:
        """The id of the key that encrypts."""
        return next(iter(self.keys))


def _key(encoded: str, what: str) -> bytes:
    try:
        key = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{what} is not base64") from error
    if len(key) != 32:
        raise ValueError(f"{what} has {len(key)} bytes instead of 32")
    return key
