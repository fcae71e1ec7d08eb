"""The clock by which tests write rows themselves: this machine's, and so their servers'."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """The time it is, aware, in UTC."""
    return datetime.now(UTC)
