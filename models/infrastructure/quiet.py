"""Quiet hours: notices that can wait are not sent at night.

They are a setting of the process, passed to everything that opens transactions (`Database`,
`database.session`, the workers' `Context`); `of(tx)` returns them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from models.infrastructure.wib import WIB

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LEAST = timedelta(hours=1)  # time to answer that must be left in the morning

_INFO = "quiet_hours"  # key in `Session.info`


@dataclass(frozen=True, slots=True)
class QuietHours:
    """The hours, in WIB, in which notices that can wait are not sent; or none at all."""

    begins: time = time(20, 0)
    ends: time = time(7, 0)
    kept: bool = True  # False: every hour is day

    def awake(self, at: datetime) -> bool:
        """Whether any notice may be sent at `at`."""
        return not self.kept or self.ends <= at.astimezone(WIB).time() < self.begins

    def morning(self, at: datetime) -> datetime:
        """Return when the quiet hours at `at` end; by day, `at` itself."""
        if self.awake(at):
            return at
        local = at.astimezone(WIB)
        day = local.date() + timedelta(days=1 if local.time() >= self.begins else 0)
        return datetime.combine(day, self.ends, WIB).astimezone(at.tzinfo)

    def can_wait(self, until: datetime, at: datetime) -> bool:
        """Whether a notice at `at` with deadline `until` may wait: `LEAST` is left to answer."""
        return until >= self.morning(at) + LEAST

    @property
    def info(self) -> dict[str, Any]:
        """The `info` of a SQLAlchemy session with these hours."""
        return {_INFO: self}

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters of SQL with `later` in it."""
        return {"quiet_begins": self.begins.isoformat(), "quiet_ends": self.ends.isoformat()}


OFF = QuietHours(kept=False)


def of(tx: Session) -> QuietHours:
    """Return the quiet hours of this transaction; `OFF` if it was opened without any."""
    hours: QuietHours = tx.info.get(_INFO, OFF)
    return hours


def later(moment: str) -> str:
    """Return SQL of `QuietHours.morning` for SQL of a time; takes `QuietHours.parameters`."""
    local = f"({moment} AT TIME ZONE interval '7 hours')"
    begins, ends = "CAST(%(quiet_begins)s AS time)", "CAST(%(quiet_ends)s AS time)"
    day = f"date_trunc('day', {local} + interval '24 hours' - {begins})"
    return f"""
        CASE WHEN {local}::time >= {ends} AND {local}::time < {begins} THEN {moment}
             ELSE ({day} + {ends}) AT TIME ZONE interval '7 hours' END
    """
