"""Personal columns at rest: AES-256-GCM under a key ring, bound to their table and column.

A stored value is: length of the key's id (1 byte), the key's id, nonce (12 bytes), ciphertext,
tag.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

NONCE = 12  # bytes; the size AES-GCM is specified for
NONCES = 256  # asked of the system at once: each asking lets another thread in, and waits for it
LONGEST_NAME = 255  # bytes of a key's id: its length is written in one
REMEMBERED = 10_000  # names that a process has encrypted, or decrypted, last: 14 and 24 µs each
BLIND_INDEX = 16  # bytes kept of HMAC-SHA256


class NoKeys(RuntimeError):
    """A personal column was touched before `use` was called with a key ring."""


class UnknownKey(LookupError):
    """A value was written under a key that is gone: put it back into ENCRYPTION_KEYS."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of the record: the first encrypts, all decrypt; `index_key` makes blind indexes."""

    keys: dict[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    @classmethod
    def parse(cls, keys: str, index_key: str) -> KeyRing:
        """Read `k2:<base64>,k1:<base64>` and a base64 index key; every key is 32 bytes.

        Raises:
            ValueError: what is wrong, without the key.
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


_ring: KeyRing | None = None


def use(ring: KeyRing) -> None:
    """Let this process read and write personal columns with these keys."""
    global _ring
    _ring = ring


def _current_ring() -> KeyRing:
    if _ring is None:
        raise NoKeys("call models.encryption.use(KeyRing) before touching the record")
    return _ring


def seal(plain: bytes, bound_to: str) -> bytes:
    """Encrypt, bound to a place (`table.column`) so that it can't be read from another."""
    ring = _current_ring()
    name = ring.current.encode()
    nonce = _nonce()
    box = _cipher(ring.keys[ring.current]).encrypt(nonce, plain, bound_to.encode())
    return bytes([len(name)]) + name + nonce + box


_nonces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_nonces.clear)  # a nonce is used once, by one process


def _nonce() -> bytes:
    while True:
        try:
            return _nonces.popleft()
        except IndexError:
            fresh = os.urandom(NONCE * NONCES)
            _nonces.extend(fresh[at : at + NONCE] for at in range(0, len(fresh), NONCE))


def unseal(stored: bytes, bound_to: str) -> bytes:
    """Decrypt what `seal` gave for the same place.

    Raises:
        UnknownKey: the ring lacks the key it was written under.
        cryptography.exceptions.InvalidTag: it was altered, or belongs to another column.
    """
    at = 1 + stored[0]
    name = stored[1:at].decode()
    key = _current_ring().keys.get(name)
    if key is None:
        raise UnknownKey(f"no key {name!r} in ENCRYPTION_KEYS (column {bound_to})")
    return _cipher(key).decrypt(stored[at : at + NONCE], stored[at + NONCE :], bound_to.encode())


@lru_cache(16)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def blind_index(value: str, purpose: str) -> bytes:
    """A keyed fingerprint by which equal values can be found without being read."""
    key = _current_ring().index_key
    return hmac.digest(key, f"{purpose}\0{value}".encode(), "sha256")[:BLIND_INDEX]


def key_for(purpose: str) -> bytes:
    """A key of 64 bytes for one purpose, made from the index key."""
    return _derived(purpose, _current_ring().index_key)


def _derived(purpose: str, index_key: bytes) -> bytes:
    return hmac.digest(index_key, f"key\0{purpose}".encode(), "sha512")


def veil(name: str, purpose: str) -> str:
    """Encrypt so that equal names stay equal: what is found by it can't be read without the key.

    AES-SIV (RFC 5297), in letters that fit into addresses.
    """
    return _veil(name, purpose, _current_ring().index_key)


def unveil(veiled: str, purpose: str) -> str:
    """Decrypt what `veil` gave for the same purpose.

    Raises:
        ValueError: it was not made by `veil`, or with another index key.
    """
    return _unveil(veiled, purpose, _current_ring().index_key)


@lru_cache(REMEMBERED)
def _veil(name: str, purpose: str, index_key: bytes) -> str:
    box = _searchable(purpose, index_key).encrypt(name.encode(), [purpose.encode()])
    return base64.urlsafe_b64encode(box).rstrip(b"=").decode()


@lru_cache(REMEMBERED)
def _unveil(veiled: str, purpose: str, index_key: bytes) -> str:
    try:
        box = base64.urlsafe_b64decode(veiled + "=" * (-len(veiled) % 4))
        return _searchable(purpose, index_key).decrypt(box, [purpose.encode()]).decode()
    except (InvalidTag, ValueError):
        raise ValueError(f"not veiled for {purpose}") from None


@lru_cache(16)
def _searchable(purpose: str, index_key: bytes) -> AESSIV:
    return AESSIV(_derived(purpose, index_key))


def seal_json(value: Any, bound_to: str) -> bytes:
    """Encrypt a JSON value; `EncryptedJson` does so for a column."""
    return seal(msgspec.json.encode(value), bound_to)


def unseal_json(stored: bytes, bound_to: str) -> Any:
    """Decrypt what `seal_json` gave for the same place."""
    return msgspec.json.decode(unseal(stored, bound_to))


class Encrypted(TypeDecorator[str]):
    """Text that is encrypted in the table; `bound_to` is `table.column`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seal(value.encode(), self.bound_to)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else unseal(bytes(value), self.bound_to).decode()


class EncryptedJson(TypeDecorator[Any]):
    """A JSON value that is encrypted in the table; `bound_to` is `table.column`."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else seal_json(value, self.bound_to)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else unseal_json(bytes(value), self.bound_to)
