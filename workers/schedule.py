"""The schedule: each run of a periodic task has a run key, so it is planned only once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models import task
from models.infrastructure.wib import WIB
from models.task import Task


@dataclass(frozen=True, slots=True)
class Periodic:
    """A kind of task with a period `every`; runs are counted from midnight WIB plus `since`."""

    kind: str
    every: timedelta
    since: timedelta = timedelta(0)

    def run_key(self, at: datetime) -> str:
        """Return the key of the latest run that is due at or before `at`."""
        local = at.astimezone(WIB)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = (local - midnight - self.since) // self.every
        slot = midnight + self.since + passed * self.every
        return f"{self.kind}:{slot:%Y-%m-%dT%H:%M}"


PERIODIC = (
    Periodic("sweep", timedelta(minutes=5)),
    Periodic("tidy", timedelta(days=1), since=timedelta(hours=3)),
    Periodic("digest", timedelta(days=1), since=timedelta(hours=7)),  # when the quiet hours end
    Periodic("remind", timedelta(minutes=10)),
    Periodic("erase_drafts", timedelta(days=1), since=timedelta(hours=3)),
)


def tick(tx: Session, at: datetime, periodic: Iterable[Periodic] = PERIODIC) -> None:
    """Plan each kind's latest run unless it is planned; earlier missed runs are skipped."""
    due = {one.run_key(at): one.kind for one in periodic}
    planned = set(tx.scalars(select(Task.run_key).where(Task.run_key.in_(due))))
    for run_key in due.keys() - planned:
        task.plan(tx, due[run_key], 0, run_key)
