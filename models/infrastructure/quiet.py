"""Quiet hours: what can wait is not told at night.

They are a setting of the process, handed to whatever opens its transactions (`Record`,
`database.session`, the workers' `Context`), and found again with `of(tx)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from models.infrastructure.wib import WIB

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LEAST = timedelta(hours=1)  # of the morning that must be left to answer what waited for it

_INFO = "quiet_hours"  # where a transaction keeps them


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The part of the night in which nobody is told what can wait, in WIB; or none at all."""

    begins: time = time(20, 0)
    ends: time = time(7, 0)
    kept: bool = True  # False: every hour is day

    def awake(self, at: datetime) -> bool:
        """Whether people may be told anything at `at`."""
        return not self.kept or self.ends <= at.astimezone(WIB).time() < self.begins

    def morning(self, at: datetime) -> datetime:
        """When quiet hours that hold at `at` are over; by day, `at` itself."""
        if self.awake(at):
            return at
        local = at.astimezone(WIB)
        day = local.date() + timedelta(days=1 if local.time() >= self.begins else 0)
        return datetime.combine(day, self.ends, WIB).astimezone(at.tzinfo)

    def can_wait(self, until: datetime, at: datetime) -> bool:
        """Whether what is told now and ends at `until` may wait: time to answer is left."""
        return until >= self.morning(at) + LEAST

    @property
    def info(self) -> dict[str, Any]:
        """The `info` of a SQLAlchemy session that keeps these hours."""
        return {_INFO: self}

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of SQL with `later` in it."""
        return {"quiet_begins": self.begins.isoformat(), "quiet_ends": self.ends.isoformat()}


OFF = QuietHours(kept=False)


def of(tx: Session) -> QuietHours:
    """The quiet hours of this transaction's process; none where it was handed none."""
    hours: QuietHours = tx.info.get(_INFO, OFF)
    return hours


def later(moment: str) -> str:
    """SQL as `QuietHours.morning`, of SQL that gives a time; takes `QuietHours.parameters`."""
    local = f"({moment} AT TIME ZONE interval '7 hours')"
    begins, ends = "CAST(%(quiet_begins)s AS time)", "CAST(%(quiet_ends)s AS time)"
    day = f"date_trunc('day', {local} + interval '24 hours' - {begins})"
    return f"""
        CASE WHEN {local}::time >= {ends} AND {local}::time < {begins} THEN {moment}
             ELSE ({day} + {ends}) AT TIME ZONE interval '7 hours' END
    """
