"""Encryption of personal columns: AES-256-GCM under a key ring, bound to table and column.

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
NONCES = 256  # read from the system at once: each call releases the GIL, and waits to get it back
REMEMBERED = 10_000  # cached names, encrypted and decrypted: 14 and 24 µs each without the cache
BLIND_INDEX = 16  # bytes kept of HMAC-SHA256

_KEY_ID = re.compile(r"[\w.-]{1,64}")

T = TypeVar("T")

_log = structlog.get_logger(__name__)


class NoKeys(RuntimeError):
    """A personal column was read or written before `use` was called with a key ring."""


class UnreadableValue(ValueError):
    """A stored value was altered, belongs to another column, or is not text or JSON."""

    key_missing = False


class UnknownKey(UnreadableValue, LookupError):
    """A value was encrypted under a key that is missing in ENCRYPTION_KEYS: put it back."""

    key_missing = True


_ring: KeyRing | None = None


def use(ring: KeyRing) -> None:
    """Set the keys with which this process reads and writes personal columns."""
    global _ring
    _ring = ring


def _current_ring() -> KeyRing:
    if _ring is None:
        raise NoKeys("call encryption.use(KeyRing) before reading or writing the database")
    return _ring


def current() -> str:
    """Return the id of the key with which this process encrypts."""
    return _current_ring().current


def seal(plain: bytes, bound_to: str) -> bytes:
    """Encrypt with `bound_to` (`table.column`) as associated data: unreadable in another column."""
    return seal_with(_current_ring().current, plain, bound_to)


def seal_with(key_id: str, plain: bytes, bound_to: str) -> bytes:
    """Encrypt as `seal` does, with this key of the ring."""
    nonce = _nonce()
    box = _cipher(_current_ring().keys[key_id]).encrypt(nonce, plain, bound_to.encode())
    return _header(key_id) + nonce + box


@lru_cache(16)
def _header(key_id: str) -> bytes:
    name = key_id.encode()
    return bytes([len(name)]) + name


_nonces: deque[bytes] = deque()
os.register_at_fork(after_in_child=_nonces.clear)  # or the child would reuse the parent's nonces


def _nonce() -> bytes:
    while True:
        try:
            return _nonces.popleft()
        except IndexError:
            fresh = os.urandom(NONCE * NONCES)
            _nonces.extend(fresh[at : at + NONCE] for at in range(0, len(fresh), NONCE))


def unseal(stored: bytes, bound_to: str) -> bytes:
    """Decrypt a value that `seal` returned for the same column.

    Raises:
        UnknownKey: the ring lacks the key of the value.
        UnreadableValue: it was altered, or belongs to another column.
    """
    name = key_id(stored)
    at = 1 + stored[0]
    key = _current_ring().keys.get(name)
    if key is None:
        if not _KEY_ID.fullmatch(name):  # not from `seal`, and perhaps personal: do not quote it
            raise UnreadableValue(f"these bytes name no key (column {bound_to})")
        raise UnknownKey(f"no key {name!r} in ENCRYPTION_KEYS (column {bound_to})")
    try:
        box = stored[at + NONCE :]
        return _cipher(key).decrypt(stored[at : at + NONCE], box, bound_to.encode())
    except (InvalidTag, ValueError) as error:  # ValueError: the nonce is truncated
        raise UnreadableValue(f"the key {name!r} does not open it (column {bound_to})") from error


def key_id(stored: bytes) -> str:
    """Return the id of a value's key, which is stored unencrypted in front.

    Raises:
        UnreadableValue: `seal` did not make these bytes.
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
    """Return a keyed fingerprint, by which equal values are found without decryption."""
    key = _current_ring().index_key
    return hmac.digest(key, f"{purpose}\0{value}".encode(), "sha256")[:BLIND_INDEX]


def key_for(purpose: str) -> bytes:
    """Return a key of 64 bytes for one purpose, derived from the index key."""
    return _derived(purpose, _current_ring().index_key)


def _derived(purpose: str, index_key: bytes) -> bytes:
    return hmac.digest(index_key, f"key\0{purpose}".encode(), "sha512")


def encrypt_searchable(name: str, purpose: str) -> str:
    """Encrypt deterministically, so that equal names can be looked up by their ciphertext.

    AES-SIV (RFC 5297), as URL-safe base64 without padding.
    """
    return _encrypt_searchable(name, purpose, _current_ring().index_key)


def decrypt_searchable(encrypted: str, purpose: str) -> str:
    """Decrypt a name that `encrypt_searchable` returned for the same purpose.

    Raises:
        ValueError: `encrypt_searchable` did not make it, or with another purpose or index key.
    """
    return _decrypt_searchable(encrypted, purpose, _current_ring().index_key)


@lru_cache(REMEMBERED)
def _encrypt_searchable(name: str, purpose: str, index_key: bytes) -> str:
    box = _searchable(purpose, index_key).encrypt(name.encode(), [purpose.encode()])
    return base64.urlsafe_b64encode(box).rstrip(b"=").decode()


@lru_cache(REMEMBERED)
def _decrypt_searchable(encrypted: str, purpose: str, index_key: bytes) -> str:
    try:
        box = base64.urlsafe_b64decode(encrypted + "=" * (-len(encrypted) % 4))
        return _searchable(purpose, index_key).decrypt(box, [purpose.encode()]).decode()
    except (InvalidTag, ValueError):
        raise ValueError(f"not encrypted for {purpose}") from None


@lru_cache(16)
def _searchable(purpose: str, index_key: bytes) -> AESSIV:
    return AESSIV(_derived(purpose, index_key))


def seal_json(value: Any, bound_to: str) -> bytes:
    """Encrypt a JSON value; `EncryptedJson` does so for a column."""
    return seal(msgspec.json.encode(value), bound_to)


def unseal_json(stored: bytes, bound_to: str) -> Any:
    """Decrypt a value that `seal_json` returned for the same column.

    Raises:
        UnreadableValue: as `unseal`, or it is not JSON.
    """
    try:
        return msgspec.json.decode(unseal(stored, bound_to))
    except msgspec.DecodeError as error:
        raise UnreadableValue(f"it is no JSON (column {bound_to})") from error


def unseal_text(stored: bytes, bound_to: str) -> str:
    """Decrypt text that was sealed for the same column.

    Raises:
        UnreadableValue: as `unseal`, or it is not text.
    """
    try:
        return unseal(stored, bound_to).decode()
    except UnicodeDecodeError as error:
        raise UnreadableValue(f"it is no text (column {bound_to})") from error


class Unreadable:
    """A placeholder for a stored value that can't be read.

    Loading a row never raises because of such a value, so other rows are not affected. Using the
    placeholder as the value raises its `UnreadableValue`. If `key_missing`, another process may
    have the key.
    """

    __slots__ = ("_error",)

    def __init__(self, error: UnreadableValue) -> None:
        self._error = error

    @property
    def key_missing(self) -> bool:
        """Whether the value was encrypted under a key that this process does not have."""
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
        if name.startswith("__"):  # Python looks up dunder attributes on any value
            raise AttributeError(name)
        raise self._error


#: Reads of unreadable values by this process, by column.
_unread: Counter[str] = Counter()


def unread() -> dict[str, int]:
    """Return how often this process read a value that it can't decrypt, by `table.column`."""
    return dict(_unread)


def open_json(stored: bytes, bound_to: str) -> Any:
    """Decrypt as `unseal_json`; count and return an `Unreadable` instead of raising."""
    try:
        return unseal_json(stored, bound_to)
    except UnreadableValue as error:
        return _marked(error, bound_to)


def open_text(stored: bytes, bound_to: str) -> str | Unreadable:
    """Decrypt as `unseal_text`; count and return an `Unreadable` instead of raising."""
    try:
        return unseal_text(stored, bound_to)
    except UnreadableValue as error:
        return _marked(error, bound_to)


def _marked(error: UnreadableValue, bound_to: str) -> Unreadable:
    _unread[bound_to] += 1
    _log.error("value_unreadable", column=bound_to, why=str(error))
    return Unreadable(error)


def readable(value: T | None) -> T | None:
    """Return the value, or None if it is `Unreadable`."""
    return None if isinstance(value, Unreadable) else value


class Encrypted(TypeDecorator[str]):
    """Text that is encrypted in the table; `bound_to` is `table.column`.

    Text that can't be decrypted is loaded as an `Unreadable`.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, bound_to: str) -> None:
        super().__init__()
        self.bound_to = bound_to

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else seal(value.encode(), self.bound_to)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        # An `Unreadable` is typed as text: code that uses it as text gets its error.
        return None if value is None else cast("str", open_text(bytes(value), self.bound_to))


class EncryptedJson(TypeDecorator[Any]):
    """A JSON value that is encrypted in the table; `bound_to` is `table.column`.

    A value that can't be decrypted is loaded as an `Unreadable`.
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
    """Return the encrypted columns of these tables (`table.column`)."""
    every = (column.type for table in tables.sorted_tables for column in table.columns)
    return [kind.bound_to for kind in every if isinstance(kind, Encrypted | EncryptedJson)]
