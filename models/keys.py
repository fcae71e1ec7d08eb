"""Canaries: a known value encrypted under each key in use, so that a wrong key is found at once.

A process stores canaries of its own keys when it starts, and does not start if its keys can't read
the existing ones. A key that never encrypted anything has no canary and may be removed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from importlib import import_module
from pkgutil import iter_modules

from sqlalchemy import LargeBinary, func, select, type_coerce
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

import models
from models.base import Base, Code
from models.identity import NIK_INDEX, Identity
from models.infrastructure import encryption
from models.infrastructure.encryption import Encrypted, EncryptedJson, UnknownKey, UnreadableValue
from models.infrastructure.errors import OperatorError
from models.person import ENCRYPTED, Address, decrypted

KNOWN = b"izin datang"  # the plain text of a canary
SAMPLE = 200  # oldest and as many newest values of a column, read when there are no canaries yet
DAMAGED = 0.1  # share of the sample: up to it unreadable values count as damaged, above as no key

_CANARY = "keys.canary"
_ENCRYPTS, _INDEXES = "encrypts", "indexes"
_INDEX_KEY = "INDEX_KEY"  # it has no name of its own


class KeyCanary(Base):
    """The known value, encrypted under one key; for `INDEX_KEY`, its fingerprint."""

    __tablename__ = "keys"

    use: Mapped[Code] = mapped_column(primary_key=True)  # encrypts, indexes
    name: Mapped[Code] = mapped_column(primary_key=True)
    canary: Mapped[bytes] = mapped_column(LargeBinary)
    entered_at: Mapped[datetime] = mapped_column(default=func.now())


class WrongKeys(OperatorError):
    """This process's keys can't read the database; the message says which key, and the fix."""


def enter(tx: Session) -> None:
    """Store canaries of this process's keys and check all canaries; call before any other read.

    Idempotent, and safe under concurrent calls. In a database with rows but no canaries, a sample
    of the rows tells which keys are in use.

    Raises:
        WrongKeys: the keys can't read the database; roll back, so that nothing is stored.
    """
    found = {(row.use, row.name) for row in tx.scalars(select(KeyCanary))}
    current = encryption.current()
    wanted = {(_ENCRYPTS, current), (_INDEXES, _INDEX_KEY)} - found
    if not found:
        wanted |= {(_ENCRYPTS, name) for name in _written_with(tx)}
        if message := _index_problem(tx):
            raise WrongKeys(message)
    for use, name in sorted(wanted):
        canary = _fingerprint() if use == _INDEXES else encryption.seal_with(name, KNOWN, _CANARY)
        row = {"use": use, "name": name, "canary": canary, "entered_at": func.now()}
        tx.execute(insert(KeyCanary).values(row).on_conflict_do_nothing())
    if message := problem(tx):
        raise WrongKeys(message)


def problem(tx: Session) -> str | None:
    """Return the problem with this process's keys, and the fix; None when they fit all canaries."""
    for row in tx.scalars(select(KeyCanary).order_by(KeyCanary.use, KeyCanary.name)):
        if row.use == _INDEXES:
            if row.canary != _fingerprint():
                return _OTHER_INDEX_KEY
            continue
        try:
            encryption.unseal(row.canary, _CANARY)
        except UnknownKey:
            return _missing(row.name)
        except UnreadableValue:
            return _other(row.name)
    return None


def examine(tx: Session) -> str | None:
    """Return as `problem` does; without canaries, judge by a sample of the rows."""
    if tx.scalar(select(func.count()).select_from(KeyCanary)):
        return problem(tx)
    try:
        _written_with(tx)
    except WrongKeys as error:
        return str(error)
    return _index_problem(tx)


def _fingerprint() -> bytes:
    return encryption.blind_index(KNOWN.decode(), _CANARY)


def _missing(name: str) -> str:
    return (
        f"no key {name!r} in ENCRYPTION_KEYS, and values were written under it. "
        "Put it back, behind the newer ones."
    )


def _other(name: str) -> str:
    return (
        f"ENCRYPTION_KEYS has a key of the right name ({name!r}) that does not open what it "
        "closed. Put back the one that the database was written with."
    )


_OTHER_INDEX_KEY = (
    "INDEX_KEY is not the one that the database was written with: the same person would not be "
    "found again. Put that one back."
)


def _written_with(tx: Session) -> set[str]:
    """Return the names of the keys in use, by a sample of every encrypted column.

    Raises:
        WrongKeys: more than the share `DAMAGED` of the values fails under one key.
    """
    opened: set[str] = set()
    failed: dict[str, Counter[str]] = defaultdict(Counter)
    values = 0
    for column, stored in _sample(tx):
        values += 1
        try:
            encryption.unseal(stored, column)
            opened.add(encryption.key_id(stored))
        except UnknownKey:
            failed["missing"][encryption.key_id(stored)] += 1
        except UnreadableValue:
            failed["other"][_name(stored)] += 1
    for kind, names in failed.items():
        for name, number in names.items():
            if number > DAMAGED * values:
                raise WrongKeys(_missing(name) if kind == "missing" else _other(name))
    return opened


def _name(stored: bytes) -> str:
    try:
        return encryption.key_id(stored)
    except UnreadableValue:
        return "?"


def _sample(tx: Session) -> Iterator[tuple[str, bytes]]:
    """Yield the oldest and newest values of each encrypted column: (table.column, ciphertext)."""
    for module in iter_modules(models.__path__, "models."):
        import_module(module.name)  # a table is in the metadata once its module is imported
    for table in Base.metadata.sorted_tables:
        (number, *_) = table.primary_key.columns
        for column in table.columns:
            if not isinstance(column.type, Encrypted | EncryptedJson):
                continue
            for order in (number, number.desc()):
                rows = select(type_coerce(column, LargeBinary)).order_by(order).limit(SAMPLE)
                for stored in tx.scalars(rows):
                    if stored is not None:
                        yield column.type.bound_to, bytes(stored)


def _index_problem(tx: Session) -> str | None:
    """Return the problem if INDEX_KEY matches none of the newest rows written with it, or None."""
    rows = tx.scalars(select(Identity).order_by(Identity.id.desc()).limit(SAMPLE))
    found = [
        encryption.blind_index(nik, NIK_INDEX) == row.nik_index
        for row in rows
        if (nik := encryption.readable(row.nik)) is not None
    ]
    for channel in ENCRYPTED:
        newest = select(Address.address).where(Address.channel == channel)
        for address in tx.scalars(newest.order_by(Address.id.desc()).limit(SAMPLE)):
            if not address.isdecimal():  # decimal: written before addresses were encrypted
                found.append(_unveils(channel, address))
    return _OTHER_INDEX_KEY if found and not any(found) else None


def _unveils(channel: str, address: str) -> bool:
    try:
        decrypted(channel, address)
    except ValueError:
        return False
    return True
