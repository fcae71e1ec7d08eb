"""Quiet hours: at night nobody is told what can wait until the morning."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from models.base import WIB

FROM, UNTIL = time(20, 0), time(7, 0)  # WIB
LEAST = timedelta(hours=1)  # of the morning that must be left to answer what waited for it

_kept = False


def keep(wanted: bool) -> None:
    """Let this process keep quiet hours, or not; once, at its start."""
    global _kept
    _kept = wanted


def kept() -> bool:
    """Whether this process keeps quiet hours."""
    return _kept


def awake(at: datetime) -> bool:
    """Whether it is day."""
    return UNTIL <= at.astimezone(WIB).time() < FROM


def morning(at: datetime) -> datetime:
    """When quiet hours that hold at `at` are over; by day, `at` itself."""
    if awake(at):
        return at
    local = at.astimezone(WIB)
    day = local.date() + timedelta(days=1 if local.time() >= FROM else 0)
    return datetime.combine(day, UNTIL, WIB).astimezone(at.tzinfo)


def can_wait(ends: datetime, at: datetime) -> bool:
    """Whether what ends then, and is to be told now, would leave time to answer if it waited."""
    return ends >= morning(at) + LEAST


def later(moment: str) -> str:
    """SQL as `morning`, of SQL that gives a time."""
    local = f"({moment} AT TIME ZONE interval '7 hours')"
    day = f"date_trunc('day', {local} + interval '24 hours' - time '{FROM}')"
    return f"""
        CASE WHEN {local}::time >= time '{UNTIL}' AND {local}::time < time '{FROM}' THEN {moment}
             ELSE ({day} + time '{UNTIL}') AT TIME ZONE interval '7 hours' END
    """
