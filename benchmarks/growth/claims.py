"""Claims: measures how long a sender takes to claim messages when 100,000 notices are due."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import inbox, outbox, sending
from models.infrastructure.database import Database, pipeline

NOTICES, RUNS, AT_ONCE = 100_000, 7, 500


@dataclass(frozen=True, slots=True)
class Claims:
    """Durations of claims, each rolled back; seconds."""

    notices: int
    median_claim: float
    longest_claim: float
    median_waiting: float

    def __str__(self) -> str:
        return (
            f"claim: with {self.notices:,} notices due, {AT_ONCE} are claimed in "
            f"{1000 * self.median_claim:.1f} ms in the median, {1000 * self.longest_claim:.1f} ms "
            f"at most; inbox.waiting takes {1000 * self.median_waiting:.1f} ms with as much news"
        )


async def claim(engine: Engine, database_url: str) -> Claims:
    """Insert NOTICES notices and news, claim a few times, and delete them again."""
    with engine.begin() as tx:
        rows = tx.execute(text(_INSERT_NOTICES), {"most": NOTICES}).rowcount
        tx.execute(text(_INSERT_NEWS), {"most": NOTICES})
    db = Database(database_url)
    try:
        claims = [await db.do(_claim) for _ in range(RUNS)]
        waits = [await db.do(_wait) for _ in range(RUNS)]
    finally:
        await db.close()
        with engine.begin() as tx:
            tx.execute(text("DELETE FROM outbox WHERE dedupe_key LIKE 'claims:%'"))
            tx.execute(text("DELETE FROM inbox WHERE provider_id LIKE 'claims:%'"))
    return Claims(rows, median(claims), max(claims), median(waits))


def _claim(tx: Session) -> float:
    began = time.perf_counter()
    with pipeline(tx) as execute:
        found = sending.claim(execute, lease=outbox.LEASE, limit=AT_ONCE)
    took = time.perf_counter() - began
    if not found.rows:
        raise RuntimeError("nothing was claimed")
    tx.rollback()
    return took


def _wait(tx: Session) -> float:
    began = time.perf_counter()
    inbox.waiting(tx, limit=64)
    return time.perf_counter() - began


_INSERT_NOTICES = """
    INSERT INTO outbox (person_id, dedupe_key, message, lane, provisional, due_at, created_at,
                        attempts)
    SELECT people.id, 'claims:' || people.id, sample.message, 'notice', false, now(), now(), 0
      FROM (SELECT id FROM people ORDER BY id LIMIT :most) AS people,
           (SELECT message FROM outbox LIMIT 1) AS sample
"""
_INSERT_NEWS = """
    INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)
    SELECT 'news', 'claims:' || people.id, people.id, sample.event, now(), 0
      FROM (SELECT id FROM people ORDER BY id LIMIT :most) AS people,
           (SELECT event FROM inbox LIMIT 1) AS sample
"""
