"""Periodic tasks are planned once for each run, whoever ticks and however late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.task import Task
from workers.schedule import Periodic, tick

MORNING = Periodic("summary", timedelta(days=1), since=timedelta(hours=7))
OFTEN = Periodic("sweep", timedelta(minutes=5))


def run_keys(tx: Session) -> list[str]:
    return sorted(tx.scalars(select(Task.run_key)))


def test_a_run_is_planned_once(tx: Session) -> None:
    at = datetime(2026, 11, 24, 0, 7, 30, tzinfo=UTC)  # 07.07.30 in Jakarta
    for _ in range(3):
        tick(tx, at, [MORNING, OFTEN])
    assert run_keys(tx) == ["summary:2026-11-24T07:00", "sweep:2026-11-24T07:05"]


def test_the_next_run_follows_at_its_time(tx: Session) -> None:
    at = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)  # a second before seven
    tick(tx, at, [MORNING])
    tick(tx, at + timedelta(seconds=1), [MORNING])
    assert run_keys(tx) == ["summary:2026-11-23T07:00", "summary:2026-11-24T07:00"]


def test_of_runs_missed_only_the_last_is_made_up_for(tx: Session) -> None:
    at = datetime(2026, 11, 24, 0, 0, tzinfo=UTC)
    tick(tx, at, [OFTEN])
    tick(tx, at + timedelta(hours=1, minutes=2), [OFTEN])
    assert run_keys(tx) == ["sweep:2026-11-24T07:00", "sweep:2026-11-24T08:00"]
