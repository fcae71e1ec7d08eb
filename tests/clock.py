"""The clock by which tests write rows themselves: this machine's, and so their servers'."""

from __future__ import annotations

from datetime import UTC, datetime, time

from models.infrastructure.quiet import QuietHours

#: Quiet hours in which every moment lies, whenever a test runs; the morning is a day away or so.
ALWAYS_NIGHT = QuietHours(begins=time.min, ends=time.max)


def now() -> datetime:
    """The time it is, aware, in UTC."""
    return datetime.now(UTC)
