"""Arithmetic of days: resolves a day's number, a month or a distance, relative to a day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta

_YEARS = range(1900, 2200)  # others are typos, and dates overflow at the calendar's ends
FAR = 400  # days, weeks or months from today; larger distances are refused


def day_on(year: int, month: int, on: int) -> tuple[date, ...]:
    """Return the day; empty if there is no such day."""
    try:
        return (date(year, month, on),) if year in _YEARS else ()
    except ValueError:
        return ()


def full_year(digits: str) -> int:
    """Read a year of two digits or four: "26" is 2026."""
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def of_month(on: int, month: int, today: date) -> tuple[date, ...]:
    """Return the day in this year, or in the next if it passed more than half a year ago."""
    this = day_on(today.year, month, on)
    if this and today - this[0] <= timedelta(days=182):
        return this
    return day_on(today.year + 1, month, on) if this or (month, on) == (2, 29) else ()


def day_from(on: int, today: date, *, depan: bool = False) -> tuple[date, ...] | None:
    """Return the next day with this number, today included; None if no month has it."""
    if not 1 <= on <= 31:
        return None
    first = next_month(today.replace(day=1)) if depan else today.replace(day=1)
    for _ in range(1 if depan else 4):
        found = day_on(first.year, first.month, on)
        if found and (depan or found[0] >= today):
            return found
        first = next_month(first)
    return None


def next_month(first: date) -> date:
    """Return the first day of the month after the one that begins on `first`."""
    return (first + timedelta(days=32)).replace(day=1)


def moved(today: date, count: int, what: str) -> date | None:
    """Return the day `count` "hari", "minggu" or "bulan" away; None if farther than `FAR`."""
    if abs(count) > FAR:
        return None
    if what != "bulan":
        return today + timedelta(days=count * (7 if what == "minggu" else 1))
    months = today.year * 12 + today.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))


def following(start: date, count: int) -> list[date]:
    """Return the `count` days after `start`."""
    return [start + timedelta(days=ahead) for ahead in range(1, count + 1)]
