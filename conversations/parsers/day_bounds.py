"""Reads numbers beside days, and the words that bound days: "sebelum", "mulai"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta

from conversations.parsers.day_arithmetic import FAR, following
from conversations.parsers.numbers import spoken, unit

_LARGE = 10**6  # stands for any larger number

_FOR_DAYS = re.compile(r"\b(\w+) (?:hari|days?)(?: kerja)? (?:mulai|dari|sejak|from|starting) $")
_BEFORE = re.compile(r"\b(?:sebelum|paling lambat|maksimal|before|by) (?:hari )?$")
_AT_LAST = re.compile(r"(?:lambat|maksimal|by) (?:hari )?$")
_AFTER = re.compile(r"\b(?:setelah|sesudah|lewat|after) (?:hari )?$")
_FROM = re.compile(r"\b(?:mulai|sejak|from) (?:hari )?$")


def bounded(days: Sequence[date], before: str, today: date) -> Sequence[date]:
    """Return the days that "sebelum", "paling lambat", "setelah" or "mulai" allows."""
    if not days or not before:
        return days
    if _BEFORE.search(before):
        last = days[0] if _AT_LAST.search(before) else None
        end = last or days[0] - timedelta(days=1)
        return following(today - timedelta(days=1), min((end - today).days + 1, 31))
    if _AFTER.search(before):
        return following(days[-1], 7)
    counted = _FOR_DAYS.search(before)
    if counted and (count := number_of([counted[1]])) and count <= FAR:
        return following(days[0] - timedelta(days=1), min(count, 31))
    if len(days) == 1 and _FROM.search(before):
        return following(days[0] - timedelta(days=1), 7)
    return days


def number_of(words: Sequence[str]) -> int | None:
    """Return the number that words spell, or None."""
    if len(words) == 1 and words[0].isdecimal():
        return int(words[0]) if len(words[0]) <= 6 else _LARGE
    values = [unit(word)[1] for word in words]
    match values:
        case [int(tens), int(ones)] if 1 <= tens <= 3 and ones < 10:  # "dua lima" means 25
            return tens * 10 + ones
    return spoken(words) if any(value is not None for value in values) else None
