"""Tidying: measures how fast the task `tidy` deletes expired rows."""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median

from sqlalchemy import text

from benchmarks.growth.queries import Grown, do, use_jobs
from benchmarks.processes import free_port

RUNS = 5


@dataclass(frozen=True, slots=True)
class Tidied:
    """The result of some runs of the task; a run is one transaction."""

    median_seconds: float
    longest_seconds: float
    forgotten: int  # deleted rows of inbox and outbox

    def __str__(self) -> str:
        return (
            f"tidy: {RUNS} runs forgot {self.forgotten:,} messages, besides tasks; one takes "
            f"{self.median_seconds:.2f} s in the median, {self.longest_seconds:.2f} s at most"
        )


def tidy(grown: Grown) -> Tidied:
    """Do the task a few times; its deletions are permanent."""
    use_jobs(grown, grown.place.environment("http://127.0.0.1:1", free_port()))
    before, took = _oldest(grown), []
    for _ in range(RUNS):
        began = time.perf_counter()
        do(grown.engine, "tidy", 0)
        took.append(time.perf_counter() - began)
    return Tidied(median(took), max(took), _oldest(grown) - before)


def _oldest(grown: Grown) -> int:
    """Return the sum of the lowest ids; ids have no gaps in a filled database."""
    first = text("SELECT (SELECT min(id) FROM inbox) + (SELECT min(id) FROM outbox)")
    with grown.engine.connect() as connection:
        return int(connection.execute(first).scalar_one())
