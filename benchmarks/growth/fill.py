"""Fill: a record as it lies after a year, at any scale, made by PostgreSQL out of sampled rows.

Everything personal is sealed by the product itself: the samples are what it wrote when a few people
talked with it, and what it seals of a few more values. Nearly all rows are closed, as they would
be: taken, sent, done. Ids follow time. Who is who follows from the ids, so that a measurement finds
whom it needs; see `Size` and `address`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from benchmarks.growth import samples
from conversations import events
from conversations.events import News
from conversations.messages import Say
from models import identity
from models.base import Base
from models.consent import CURRENT_VERSION
from models.infrastructure.encryption import blind_index, seal, seal_json
from models.person import encrypt_addresses, encrypted
from models.reference import area
from models.visit import new_code
from workers.verification import CHECKS

PER_KECAMATAN = 6  # officers; and one supervisor
SCRAMBLE, MODULUS = 2_654_435_761, 2**32  # odd, and a power of two: no two ids share an address
FIRST_ADDRESS = 5_000_000_000  # nobody who writes for the first time has a chat id as high
VALUES = (
    32  # different ones of each personal column, shared among all rows; `fill.sql` counts on it
)

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Size:
    """How many rows there are; what follows from others (visits, permits, ...) is not named.

    Every tenth person has an open form, people whose ids end in 1, 2 or 3 have applied, and the
    last people are the city's staff, kecamatan by kecamatan. Without cases there are no
    conversations but those with an open form.
    """

    people: int = 1_000_000
    cases: int = 300_000
    inbox: int = 3_300_000
    outbox: int = 3_300_000
    audit: int = 1_200_000
    findings: int = 1_500_000
    tasks: int = 700_000

    @classmethod
    def at(cls, scale: float) -> Size:
        """The city's year at a scale: 1 is a million people and ten million rows of logs."""
        return cls(**{name: round(rows * scale) for name, rows in asdict(cls()).items()})

    @property
    def staff(self) -> int:
        """Officers and supervisors: the city has as many at any scale."""
        return len(_kecamatan()) * (PER_KECAMATAN + 1)


def address(person_id: int) -> str:
    """The chat id of a person of a filled database: in no order, as a channel's are."""
    return str(FIRST_ADDRESS + person_id * SCRAMBLE % MODULUS)


def lines_said(person_id: int) -> int:
    """How many lines of the script somebody with an open form has said."""
    return samples.DRAFTS[person_id // 10 % len(samples.DRAFTS)]


def fill(engine: Engine, size: Size, told: Callable[[str], None] = lambda _: None) -> None:
    """Put a year in the place of the samples' talk; `told` hears of each table as it is done.

    Rows refer to each other rightly by construction, so the foreign keys are not asked row by row.
    """
    given = asdict(size) | {"staff": size.staff, "per_kecamatan": PER_KECAMATAN}
    given |= {"first_address": FIRST_ADDRESS, "scramble": SCRAMBLE, "modulus": MODULUS}
    given |= {"purpose": "applying", "version": CURRENT_VERSION}
    with engine.begin() as tx:
        _put_samples_aside(tx)
        _empty(tx)
        tx.execute(text("SET LOCAL session_replication_role = replica"))
        for table, statement in statements(_HERE / "fill.sql"):
            began = time.perf_counter()
            rows = run(tx, statement, given)
            if table == "addresses":
                encrypt_addresses(tx, "telegram")
            told(f"{table:<16} {rows:>9,} rows {time.perf_counter() - began:6.1f} s")
        for row in Base.metadata.sorted_tables:
            if "id" in row.c:
                _continue_ids(tx, row.name)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def _empty(tx: Connection) -> None:
    """Delete all rows, but those of the keys that have written: the samples are under them."""
    tables = ", ".join(Base.metadata.tables.keys() - {"keys"})
    tx.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


def _continue_ids(tx: Connection, table: str) -> None:
    last = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608  a table's name of ours
    tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}), false)"))


def statements(file: Path) -> Iterator[tuple[str, str]]:
    """The statements of a file, each with the name above it."""
    for part in file.read_text().split(";\n"):
        named = re.search(r"^-- (\w+)$", part, re.MULTILINE)
        if part.strip():
            yield named[1] if named else "", part


def run(tx: Connection, statement: str, given: Mapping[str, Any]) -> int:
    """Run a statement with those of the values that it names; gives how many rows it wrote."""
    wanted = text(statement)
    used = {name: given[name] for name in wanted.compile().params}
    return tx.execute(wanted, used).rowcount


def _put_samples_aside(tx: Connection) -> None:
    chats = [
        {"address": encrypted("telegram", str(lines)), "lines": lines}
        for lines in {*samples.DRAFTS, *samples.IDLE}
    ]
    tx.execute(text("CREATE TEMP TABLE chats (address text, lines int) ON COMMIT DROP"))
    tx.execute(text("INSERT INTO chats VALUES (:address, :lines)"), chats)
    given = {"drafts": list(samples.DRAFTS)}
    for _, statement in statements(_HERE / "samples.sql"):
        run(tx, statement, given)
    kelurahan = [
        {"k": k, "code": one.code}
        for k, kecamatan in enumerate(_kecamatan())
        for one in area.load()
        if one.parent_code == kecamatan
    ]
    tx.execute(text("INSERT INTO kelurahan (k, code) VALUES (:k, :code)"), kelurahan)
    checks = [{"name": name} for name in CHECKS]
    tx.execute(text("INSERT INTO checks (name) VALUES (:name)"), checks)
    tx.execute(_SEALED, [_sealed(n) for n in range(VALUES)])


_SEALED = text(
    """
    INSERT INTO sealed VALUES (:n, :name, :code, :identity_name, :nik, :nik_index, :born_on,
                               :address, :news)
    """
)


def _sealed(n: int) -> dict[str, Any]:
    """One value of each personal column that the samples lack."""
    nik = f"317407570590{n + 1:04d}"
    told = Say("notices.in_review", {"number": f"26-{n:06d}"})
    return {
        "n": n,
        "name": seal(b"Siti Aminah", "people.name"),
        "code": seal(new_code().encode(), "visits.code"),
        "identity_name": seal(b"SITI AMINAH", "identities.name"),
        "nik": seal(nik.encode(), "identities.nik"),
        "nik_index": blind_index(nik, identity.NIK_INDEX),
        "born_on": seal(b"1990-05-17", "identities.born_on"),
        "address": seal(b"Jalan Damai 3", "identities.address"),
        "news": seal_json(events.news(News.IN_REVIEW, n, told, unasked=True), "inbox.event"),
    }


def _kecamatan() -> list[str]:
    return sorted(one.code for one in area.load() if one.level == "kecamatan")
