"""Personal columns at rest: AES-256-GCM under a key ring, bound to their table and column.

A stored value is: length of the key's id (1 byte), the key's id, nonce (12 bytes), ciphertext,
tag.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
from collections import Counter, deque
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from sqlalchemy import Dialect, LargeBinary, MetaData
from sqlalchemy.types import TypeDecorator

from models.infrastructure.key_ring import KeyRing

NONCE = 12  # bytes; the size AES-GCM is specified for
TAG = 16  # bytes
NONCES = 256  # asked of the system at once: each asking lets another thread in, and waits for it
REMEMBERED = 10_000  # names that a process has encrypted, or decrypted, last: 14 and 24 µs each
BLIND_INDEX = 16  # bytes kept of HMAC-SHA256

_KEY_ID = re.compile(r"[\w.-]{1,64}")

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class NoKeys(RuntimeError):
    """A personal column was touched before `use` was called with a key ring."""


class UnreadableValue(ValueError):
    """A stored value that was altered, belongs to another column, or is no text or JSON."""

    key_missing = False


class UnknownKey(UnreadableValue, LookupError):
    """A value was written under a key that is gone: put it back into ENCRYPTION_KEYS."""

    key_missing = True


_ring: KeyRing | None = None


def use(ring: KeyRing) -> None:
    """Let this process read and write personal columns with these keys."""
    global _ring
    _ring = ring


def _current_ring() -> KeyRing:
    if _ring is None:
        raise NoKeys("call encryption.use(KeyRing) before reading or writing the database")
    return _ring


def current() -> str:
    """The id of the key under which this process writes."""
    return _current_ring().current


def seal(plain: bytes, bound_to: str) -> bytes:
    """Encrypt, bound to a place (`table.column`) so that it can't be read from another."""
    return seal_with(_current_ring().current, plain, bound_to)


def seal_with(key_id: str, plain: bytes, bound_to: str) -> bytes:
    """Encrypt as `seal` does, under this key of the ring."""
    nonce = _nonce()
    box = _cipher(_current_ring().keys[key_id]).encrypt(nonce, plain, bound_to.encode())
    return _named(key_id) + nonce + box


@lru_cache(16)
def _named(key_id: str) -> bytes:
    name = key_id.encode()
    return bytes([len(name)]) + name


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
        UnreadableValue: it was altered, or belongs to another column.
    """
    name = key_id(stored)
    at = 1 + stored[0]
    key = _current_ring().keys.get(name)
    if key is None:
        if not _KEY_ID.fullmatch(name):  # rubbish, which may be somebody's words: do not quote it
            raise UnreadableValue(f"these bytes name no key (column {bound_to})")
        raise UnknownKey(f"no key {name!r} in ENCRYPTION_KEYS (column {bound_to})")
    try:
        box = stored[at + NONCE :]
        return _cipher(key).decrypt(stored[at : at + NONCE], box, bound_to.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: the nonce is cut off
        raise UnreadableValue(f"the key {name!r} does not open it (column {bound_to})") from error


def key_id(stored: bytes) -> str:
    """The id of the key under which a value was written; it stands in clear before it.

    Raises:
        UnreadableValue: these bytes were not written by `seal`.
    """
    try:
        end = 1 + stored[0]
        name = stored[1:end].decode()
    except (IndexError, UnicodeDecodeError) as error:
        raise UnreadableValue("these bytes name no key") from error
    if len(stored) < end + NONCE + TAG:
        raise UnreadableValue("these bytes are too few")
    return name


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


def encrypt_searchable(name: str, purpose: str) -> str:
    """Encrypt so that equal names stay equal: what is found by it can't be read without the key.

    AES-SIV (RFC 5297), in letters that fit into addresses.
    """
    return _veil(name, purpose, _current_ring().index_key)


def decrypt_searchable(encrypted: str, purpose: str) -> str:
    """Decrypt what `veil` gave for the same purpose.

    Raises:
        ValueError: it was not made by `veil`, or with another index key.
    """
    return _unveil(encrypted, purpose, _current_ring().index_key)


@lru_cache(REMEMBERED)
def _veil(name: str, purpose: str, index_key: bytes) -> str:
    box = _searchable(purpose, index_key).encrypt(name.encode(), [purpose.encode()])
    return base64.urlsafe_b64encode(box).rstrip(b"=").decode()


@lru_cache(REMEMBERED)
def _unveil(encrypted: str, purpose: str, index_key: bytes) -> str:
    try:
        box = base64.urlsafe_b64decode(encrypted + "=" * (-len(encrypted) % 4))
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
    """Decrypt what `seal_json` gave for the same place.

    Raises:
        UnreadableValue: as `unseal`, or it is no JSON.
    """
    try:
        return msgspec.json.decode(unseal(stored, bound_to))
    except msgspec.DecodeError as error:
        raise UnreadableValue(f"it is no JSON (column {bound_to})") from error


def unseal_text(stored: bytes, bound_to: str) -> str:
    """Decrypt text that was sealed for the same place.

    Raises:
        UnreadableValue: as `unseal`, or it is no text.
    """
    try:
        return unseal(stored, bound_to).decode()
    except UnicodeDecodeError as error:
        raise UnreadableValue(f"it is no text (column {bound_to})") from error


class Unreadable:
    """Stands in for a stored value that can't be read, so that its row can be handled alone.

    Reading a row gives it and never raises: the rows beside it are not affected. Using it as if it
    were the value raises. `key_missing` tells that another process may have the key.
    """

    __slots__ = ("_error",)

    def __init__(self, error: UnreadableValue) -> None:
        self._error = error

    @property
    def key_missing(self) -> bool:
        """Whether the value was written under a key that this process does not have."""
        return self._error.key_missing

    @property
    def why(self) -> str:
        """The problem, without the value."""
        return str(self._error)

    def _refuse(self, *_: object, **__: object) -> Any:
        raise self._error

    __bool__ = __str__ = __format__ = __iter__ = __len__ = _refuse
    __getitem__ = __contains__ = __call__ = _refuse

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # Python asks values of every kind for these
            raise AttributeError(name)
        raise self._error


#: How many values of each column could not be read by this process, since it started.
_unread: Counter[str] = Counter()


def unread() -> dict[str, int]:
    """How often this process met a value that it can't read, by column (`table.column`)."""
    return dict(_unread)


def open_json(stored: bytes, bound_to: str) -> Any:
    """As `unseal_json`; gives an `Unreadable`, which is counted, instead of raising."""
    try:
        return unseal_json(stored, bound_to)
    except UnreadableValue as error:
        return _marked(error, bound_to)


def open_text(stored: bytes, bound_to: str) -> str | Unreadable:
    """As `unseal_text`; gives an `Unreadable`, which is counted, instead of raising."""
    try:
        return unseal_text(stored, bound_to)
    except UnreadableValue as error:
        return _marked(error, bound_to)


def _marked(error: UnreadableValue, bound_to: str) -> Unreadable:
    _unread[bound_to] += 1
    _log.error("value_unreadable", column=bound_to, why=str(error))
    return Unreadable(error)


def readable(value: T | None) -> T | None:
    """The value; None in place of one that can't be read."""
    return None if isinstance(value, Unreadable) else value


class Encrypted(TypeDecorator[str]):
    """Text that is encrypted in the table; `bound_to` is `table.column`.

    One that can't be read is loaded as an `Unreadable`.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seal(value.encode(), self.bound_to)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        # An `Unreadable` passes for text: whoever uses it as such gets its error.
        return None if value is None else cast("str", open_text(bytes(value), self.bound_to))


class EncryptedJson(TypeDecorator[Any]):
    """A JSON value that is encrypted in the table; `bound_to` is `table.column`.

    One that can't be read is loaded as an `Unreadable`.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else seal_json(value, self.bound_to)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else open_json(bytes(value), self.bound_to)


def columns(tables: MetaData) -> list[str]:
    """The encrypted columns of these tables (`table.column`)."""
    every = (column.type for table in tables.sorted_tables for column in table.columns)
    return [kind.bound_to for kind in every if isinstance(kind, Encrypted | EncryptedJson)]
