"""When: the day, the days or the number of days that a supervisor's words mean. Pure."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Literal

from conversations.parsers.numbers import spoken
from conversations.words import standardised

WAITING = 3  # days, where no number is named
MOST = 365  # days
_WORD = re.compile(r"[^\W_]+")
#: Words that name a day by its distance from today.
_DAYS = {
    "kemarin": -1, "kmrn": -1, "kemaren": -1, "yesterday": -1,
    "besok": 1, "bsk": 1, "tomorrow": 1, "lusa": 2,
}  # fmt: skip
_COUNTED = re.compile(r"([^\W_]+)\s*(?:hari|hr|hri|days?|minggu|mgg|weeks?)\b")
_GLUED = re.compile(r"\b(\d+)(?=hari|hr)")


def day(text: str, today: date) -> date:
    """Return the day that the words name: yesterday, tomorrow; today if none."""
    words = _WORD.findall(standardised(text))
    return today + timedelta(days=next((_DAYS[word] for word in words if word in _DAYS), 0))


def period(text: str, today: date, *, otherwise: Literal["day", "week"]) -> tuple[date, date]:
    """Return the first and the last day that the words name; `otherwise` if they name none."""
    words = set(_WORD.findall(standardised(text)))
    monday = today - timedelta(days=today.weekday())
    earlier = bool(words & {"lalu", "kemarin", "kemaren", "last", "sebelumnya"})
    if words & {"minggu", "mingguan", "pekan", "week", "weekly", "mgg"}:
        first = monday - timedelta(days=7) if earlier else monday
        return (first, first + timedelta(days=6)) if earlier else (first, today)
    if words & {"bulan", "bulanan", "month", "monthly"}:
        first = today.replace(day=1)
        if not earlier:
            return first, today
        last = first - timedelta(days=1)
        return last.replace(day=1), last
    if earlier or words & {"yesterday"}:
        return today - timedelta(days=1), today - timedelta(days=1)
    if words & {"hari", "today", "harian"} or otherwise == "day":
        return today, today
    return monday, today


def days(text: str) -> int:
    """Return the number of days that the words name; `WAITING` if they name none."""
    said = _GLUED.sub(r"\1 ", standardised(text))
    for found in _COUNTED.finditer(said):
        weeks = 7 if re.search(r"minggu|mgg|week", found[0]) else 1
        number = int(found[1]) if found[1].isdecimal() else spoken([found[1]])
        if number:
            return min(number * weeks, MOST)
    if re.search(r"\bsehari\b|\ba day\b", said):
        return 1
    return 7 if re.search(r"\bseminggu\b|\ba week\b", said) else WAITING
