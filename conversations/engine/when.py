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


_MONTHS = {
    "jan": 1, "feb": 2, "peb": 2, "mar": 3, "apr": 4, "mei": 5, "may": 5, "jun": 6, "jul": 7,
    "agu": 8, "agt": 8, "ags": 8, "aug": 8, "sep": 9, "okt": 10, "oct": 10, "nov": 11, "nop": 11,
    "des": 12, "dec": 12,
}  # fmt: skip
_MONTH = (
    r"(januari|january|jan|februari|february|pebruari|feb|maret|march|mar|april|apr|mei|may|juni|june"
    r"|jun|juli|july|jul|agustus|august|agt|ags|aug|september|sept|sep|oktober|october|okt|oct"
    r"|november|nopember|nov|desember|december|des|dec)"
)
_SPAN = re.compile(
    rf"(?:(\d{{1,2}})(?:\s*(?:-|sampai|s/d|sd|to|until)\s*(\d{{1,2}}))?\s+)?"
    rf"\b{_MONTH}\b(?:\s+(20\d\d))?"
)
_LAST_DAYS = re.compile(
    r"(\d+)\s*(?:hari|days?)\s*(?:terakhir|belakangan|lalu|ke belakang)|last (\d+) days"
)
#: Words that, alone, ask for the figures of another time: "bulan lalu?".
_OF_PERIODS = frozenset({
    "hari", "ini", "minggu", "pekan", "bulan", "tahun", "lalu", "kemarin", "kemaren", "yang",
    "kalau", "kalo", "untuk", "tanggal", "tgl", "sampai", "terakhir", "week", "month", "last",
    "this",
    "yesterday", "gimana", "berapa", "dan", "the", "how", "about", "what",
})  # fmt: skip


_WEEKDAYS = {
    "senin": 0, "selasa": 1, "rabu": 2, "kamis": 3, "jumat": 4, "jum'at": 4, "sabtu": 5,
    "minggu": 6, "ahad": 6, "monday": 0, "tuesday": 1, "wednesday": 2, "thursday": 3, "friday": 4,
    "saturday": 5, "sunday": 6,
}  # fmt: skip
_SINCE = re.compile(
    rf"\b(?:dari|sejak|mulai|semenjak|since|from) (?:hari )?({'|'.join(_WEEKDAYS)})\b(?! ini| lalu)"
)


def only_a_period(text: str) -> bool:
    """Whether words name a week, a month or days, and nothing else: "bulan lalu?"."""
    said = _SINCE.sub(" minggu ", standardised(text))
    rest = set(_WORD.findall(_SPAN.sub(" ", said)))
    names_one = _SPAN.search(said) is not None or rest & {
        "minggu",
        "pekan",
        "bulan",
        "week",
        "month",
    }
    return bool(names_one) and all(word in _OF_PERIODS or word.isdecimal() for word in rest)


def day(text: str, today: date) -> date:
    """Return the day that the words name: yesterday, tomorrow; today if none."""
    words = _WORD.findall(standardised(text))
    return today + timedelta(days=next((_DAYS[word] for word in words if word in _DAYS), 0))


def period(text: str, today: date, *, otherwise: Literal["day", "week"]) -> tuple[date, date]:
    """Return the first and the last day that the words name; `otherwise` if they name none."""
    named = _named(standardised(text), today)
    if named is not None:
        return named
    words = set(_WORD.findall(standardised(text)))
    monday = today - timedelta(days=today.weekday())
    earlier = bool(words & {"lalu", "kemarin", "kemaren", "last", "sebelumnya"})
    if words & {"minggu", "mingguan", "pekan", "week", "weekly", "mgg"}:
        first = monday - timedelta(days=7) if earlier else monday
        return (first, first + timedelta(days=6)) if earlier else (first, today)
    if words & {"tahun", "tahunan", "year", "yearly"} and not earlier:
        return today.replace(month=1, day=1), today
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


def _named(said: str, today: date) -> tuple[date, date] | None:
    """Return the days of a month that is named, at most until today, or the last few days."""
    if found := _LAST_DAYS.search(said):
        number = min(int(found[1] or found[2]), MOST)
        return today - timedelta(days=max(number - 1, 0)), today
    if found := _SINCE.search(said):
        past = (today.weekday() - _WEEKDAYS[found[1]]) % 7
        return today - timedelta(days=past), today
    found = _SPAN.search(said)
    if found is None:
        return None
    first, last, month, year = found.groups()
    number = _MONTHS[month[:3]]
    of = int(year) if year else today.year - (number > today.month)
    try:
        since = date(of, number, int(first or 1))
        until = date(of, number, int(last or first)) if first else _end_of(since)
    except ValueError:
        return None
    return (since, min(until, today)) if since <= min(until, today) else None


def _end_of(month: date) -> date:
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


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
