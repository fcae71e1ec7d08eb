"""Canaries: a known value for each key that has written, so that a wrong key is found at once.

A process enters its own keys when it starts, and does not start with keys that can't read what
others wrote. A key that has never written has no canary, and may be taken away.
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
from models.person import VEILED, Address, unveiled

KNOWN = b"izin datang"  # what a canary holds
SAMPLE = 200  # values of one column that are read where there are no canaries yet: oldest, newest
DAMAGED = 0.1  # of the sample: so many unreadable values may be damaged rows, more lack a key

_CANARY = "keys.canary"
_ENCRYPTS, _INDEXES = "encrypts", "indexes"
_INDEX_KEY = "INDEX_KEY"  # it has no name of its own


class KeyCanary(Base):
    """The known value as one key wrote it: encrypted, or for `INDEX_KEY` its fingerprint."""

    __tablename__ = "keys"

    use: Mapped[Code] = mapped_column(primary_key=True)  # encrypts, indexes
    name: Mapped[Code] = mapped_column(primary_key=True)
    canary: Mapped[bytes] = mapped_column(LargeBinary)
    entered_at: Mapped[datetime] = mapped_column(default=func.now())


class WrongKeys(OperatorError):
    """This process's keys do not read what others wrote; the message says which, and the mend."""


def enter(tx: Session) -> None:
    """Enter the keys of this process, unless they are known; to be called before anything is read.

    Safe when several processes do so at once. In a database that has no canaries yet, but rows,
    the rows tell which keys have written.

    Raises:
        WrongKeys: they do not read what is there; nothing is entered.
    """
    found = {(row.use, row.name) for row in tx.scalars(select(KeyCanary))}
    current = encryption.current()
    wanted = {(_ENCRYPTS, current), (_INDEXES, _INDEX_KEY)} - found
    if not found:
        wanted |= {(_ENCRYPTS, name) for name in _written_with(tx)}
        if told := _index_problem(tx):
            raise WrongKeys(told)
    for use, name in sorted(wanted):
        canary = _fingerprint() if use == _INDEXES else encryption.seal_with(name, KNOWN, _CANARY)
        row = {"use": use, "name": name, "canary": canary, "entered_at": func.now()}
        tx.execute(insert(KeyCanary).values(row).on_conflict_do_nothing())
    if told := problem(tx):
        raise WrongKeys(told)


def problem(tx: Session) -> str | None:
    """The problem with the keys of this process, and the mend; None when they read everything."""
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
    """As `problem`; a database without canaries is judged by its rows."""
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
    """The keys that have written, by a sample of every encrypted column.

    Raises:
        WrongKeys: more than a few values can't be opened.
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
    """The oldest and the newest values of each encrypted column: (table.column, as stored)."""
    for module in iter_modules(models.__path__, "models."):
        import_module(module.name)  # a table counts once its module was imported
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
    """Whether INDEX_KEY finds none of the newest rows that were written with it."""
    rows = tx.scalars(select(Identity).order_by(Identity.id.desc()).limit(SAMPLE))
    found = [
        encryption.blind_index(nik, NIK_INDEX) == row.nik_index
        for row in rows
        if (nik := encryption.readable(row.nik)) is not None
    ]
    for channel in VEILED:
        newest = select(Address.address).where(Address.channel == channel)
        for address in tx.scalars(newest.order_by(Address.id.desc()).limit(SAMPLE)):
            if not address.isdecimal():  # an old process wrote it, before addresses were encrypted
                found.append(_unveils(channel, address))
    return _OTHER_INDEX_KEY if found and not any(found) else None


def _unveils(channel: str, address: str) -> bool:
    try:
        unveiled(channel, address)
    except ValueError:
        return False
    return True
