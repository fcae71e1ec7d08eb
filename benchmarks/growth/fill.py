"""Fill: makes the database of a year, at any scale, by multiplying sample rows in PostgreSQL.

Personal data is encrypted by the product itself: the samples are rows that it wrote in a few
conversations, and a few more encrypted values. Nearly all rows are closed, as after a year: taken,
sent, done. Ids are in order of time. A person's role follows from the id, so that a measurement can
find the people it needs; see `Size` and `address`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import BigInteger, Connection, Engine, text

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
FIRST_ADDRESS = 5_000_000_000  # above the chat ids of newcomers
VALUES = 32  # distinct values of each personal column, shared by all rows; also in `fill.sql`

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Size:
    """Numbers of rows; numbers that follow from others (visits, permits, ...) are not listed.

    Every tenth person has an open form, people whose ids end in 1, 2 or 3 have applied, and the
    last people are the city's staff, kecamatan by kecamatan. Without cases, the only conversations
    are those with an open form.
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
        """Return the city's year at a scale: 1 is a million people and ten million rows of logs."""
        return cls(**{name: round(rows * scale) for name, rows in asdict(cls()).items()})

    @property
    def staff(self) -> int:
        """The number of officers and supervisors, which is the same at any scale."""
        return len(_kecamatan()) * (PER_KECAMATAN + 1)


def address(person_id: int) -> str:
    """Return the chat id of a person of a filled database; unordered, like a channel's ids."""
    return str(FIRST_ADDRESS + person_id * SCRAMBLE % MODULUS)


def lines_said(person_id: int) -> int:
    """Return how many lines of the script a person with an open form has said."""
    return samples.DRAFTS[person_id // 10 % len(samples.DRAFTS)]


def fill(engine: Engine, size: Size, told: Callable[[str], None] = lambda _: None) -> None:
    """Replace the samples by a year of rows; `told` is called after each table.

    Foreign keys are correct by construction, so their checks are off.
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
            if "id" in row.c and isinstance(row.c.id.type, BigInteger):
                _continue_ids(tx, row.name)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def _empty(tx: Connection) -> None:
    """Delete all rows except the keys, with which the samples are encrypted."""
    tables = ", ".join(Base.metadata.tables.keys() - {"keys"})
    tx.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))


def _continue_ids(tx: Connection, table: str) -> None:
    last = f"SELECT coalesce(max(id), 0) + 1 FROM {table}"  # noqa: S608  one of our table names
    tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), ({last}), false)"))


def statements(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the statements of a file, each with the table name above it."""
    for part in file.read_text().split(";\n"):
        named = re.search(r"^-- (\w+)$", part, re.MULTILINE)
        if part.strip():
            yield named[1] if named else "", part


def run(tx: Connection, statement: str, given: Mapping[str, Any]) -> int:
    """Run a statement with the parameters that it names; return the number of written rows."""
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
    """Return one value of each personal column that the samples lack."""
    nik = f"317407570590{n + 1:04d}"
    say = Say("notices.in_review", {"number": f"26-{n:06d}"})
    return {
        "n": n,
        "name": seal(b"Siti Aminah", "people.name"),
        "code": seal(new_code().encode(), "visits.code"),
        "identity_name": seal(b"SITI AMINAH", "identities.name"),
        "nik": seal(nik.encode(), "identities.nik"),
        "nik_index": blind_index(nik, identity.NIK_INDEX),
        "born_on": seal(b"1990-05-17", "identities.born_on"),
        "address": seal(b"Jalan Damai 3", "identities.address"),
        "news": seal_json(events.news(News.IN_REVIEW, n, say, unasked=True), "inbox.event"),
    }


def _kecamatan() -> list[str]:
    return sorted(one.code for one in area.load() if one.level == "kecamatan")
