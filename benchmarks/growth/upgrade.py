"""Measure the upgrade of a grown database: python -m benchmarks.growth.upgrade --people 1000000.

Loads the dump of the earlier version, multiplies its rows to a year of the city, and runs the later
migrations one by one. Prints for each its duration, the size of its write-ahead log and the size of
the database afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import psycopg
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from benchmarks.growth.fill import run, statements
from benchmarks.growth.product import use_keys
from demo import embedded
from models import migrations
from models.infrastructure.database import driver_url

_HERE = Path(__file__).parent
DUMP = _HERE.parents[1] / "tests" / "dumps" / "2026_11_26" / "record.sql"
GIGA = 2**30


def main() -> None:
    """Fill, upgrade, and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth.upgrade")
    parser.add_argument("--people", type=int, default=1_000_000)
    people: int = parser.parse_args().people
    use_keys()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            with embedded.servers(folder) as servers:
                measure(servers.database_url, people)
        finally:
            embedded.discard(folder)


def measure(url: str, people: int) -> None:
    """Measure in a database without tables."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        connection.execute(DUMP.read_bytes())
    engine = create_engine(driver_url(url), poolclass=NullPool)
    _fill(engine, people)
    _say(f"filled: {_size(engine) / GIGA:.2f} GiB\n")
    with engine.connect() as connection:
        steps = migrations.missing(connection)
    for revision in steps:
        log, began = _log(engine), time.perf_counter()
        migrations.upgrade(url, revision)
        seconds = time.perf_counter() - began
        _say(
            f"{revision}: {seconds:.1f} s ({seconds / 60:.1f} min),"
            f" log {(_log(engine) - log) / GIGA:.2f} GiB,"
            f" then {_size(engine) / GIGA:.2f} GiB"
        )
    began = time.perf_counter()
    _vacuum(engine)
    _say(f"VACUUM (ANALYZE): {time.perf_counter() - began:.1f} s, {_size(engine) / GIGA:.2f} GiB")


def _fill(engine: Engine, people: int) -> None:
    given = {"people": people, "applications": people * 7 // 10, "messages": people * 2}
    with engine.begin() as tx:
        tx.execute(text("SET LOCAL session_replication_role = replica"))
        for table, statement in statements(_HERE / "upgrade.sql"):
            began = time.perf_counter()
            rows = run(tx, statement, given)
            if table != "samples":
                _say(f"{table:<16} {rows:>9,} rows {time.perf_counter() - began:6.1f} s")
    _vacuum(engine)


def _vacuum(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE)"))
        connection.execute(text("CHECKPOINT"))


def _size(engine: Engine) -> int:
    return _number(engine, "SELECT pg_database_size(current_database())")


def _log(engine: Engine) -> int:
    return _number(engine, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")


def _number(engine: Engine, question: str) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text(question)).scalar_one())


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
