"""Working hours: the parts of a day, and in which of them an officer makes visits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from functools import lru_cache
from itertools import groupby

from models.infrastructure.errors import OperatorError

FRIDAY = 4
OFFICE = "mon-fri morning,midday,afternoon"  # the hours of everybody who was given no others
NEVER = "none"  # the hours of an officer who makes no visits for a while


class Part(StrEnum):
    """A part of the day, 08.00 to 19.30 WIB."""

    MORNING = "morning"
    MIDDAY = "midday"
    AFTERNOON = "afternoon"
    EVENING = "evening"


_HOURS = {
    Part.MORNING: (time(8, 0), time(10, 30)),
    Part.MIDDAY: (time(10, 30), time(13, 0)),
    Part.AFTERNOON: (time(13, 0), time(16, 0)),
    Part.EVENING: (time(16, 0), time(19, 30)),  # half an hour for the last visit, until 20.00
}
_FRIDAY_MIDDAY = (time(10, 30), time(11, 30))  # no visits during Friday prayers, 11.30 to 13.00

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_NAMES = (
    ("monday", "senin"),
    ("tuesday", "selasa"),
    ("wednesday", "rabu"),
    ("thursday", "kamis"),
    ("friday", "jumat"),
    ("saturday", "sabtu"),
    ("sunday", "minggu"),
)
_PART_NAMES = {
    "pagi": Part.MORNING,
    "siang": Part.MIDDAY,
    "sore": Part.AFTERNOON,
    "petang": Part.EVENING,
}
_SPAN = re.compile(r"([a-z]+)(?:-([a-z]+))?")
_LEAST_SPAN = 3  # days in a row that are written as a span
_LEAST_LETTERS = 3  # of a day's name


class HoursRefused(OperatorError):
    """These words name no working hours; the message says which word, and gives an example."""


def hours(on: date, part: Part) -> tuple[time, time]:
    """Return when a part of this day begins and ends, in WIB."""
    if on.weekday() == FRIDAY and part is Part.MIDDAY:
        return _FRIDAY_MIDDAY
    return _HOURS[part]


def part_at(moment: time) -> Part:
    """Return the part of the day that a moment (WIB) is in; outside the hours, the nearest one."""
    begun = [part for part, (starts, _) in _HOURS.items() if starts <= moment]
    return begun[-1] if begun else Part.MORNING


@dataclass(frozen=True, slots=True)
class Week:
    """The parts of the days of a week, Monday is 0, in which somebody works."""

    parts: frozenset[tuple[int, Part]]

    def holds(self, on: date, part: str) -> bool:
        """Whether this part of this day is among them."""
        return (on.weekday(), part) in self.parts

    def on(self, weekday: int) -> tuple[Part, ...]:
        """Return the parts of one day of the week, in order."""
        return tuple(part for part in Part if (weekday, part) in self.parts)

    def by_days(self) -> Iterator[tuple[tuple[int, ...], tuple[Part, ...]]]:
        """Yield days of the week with the same parts, and these parts, the earliest day first."""
        with_parts = [day for day in range(len(_DAYS)) if self.on(day)]
        for parts in dict.fromkeys(map(self.on, with_parts)):
            yield tuple(day for day in with_parts if self.on(day) == parts), parts

    def hours(self) -> Iterator[tuple[tuple[int, ...], tuple[tuple[time, time], ...]]]:
        """Yield days with the same parts, and from when to when these are; none on Friday noon."""
        for days, parts in self.by_days():
            spans = list[tuple[time, time]]()
            for part in parts:
                starts, ends = _HOURS[part]
                if spans and spans[-1][1] == starts:
                    spans[-1] = spans[-1][0], ends
                else:
                    spans.append((starts, ends))
            yield days, tuple(spans)

    def __str__(self) -> str:
        """As `read` reads it."""
        return "; ".join(_line(days, parts) for days, parts in self.by_days()) or NEVER


@lru_cache(maxsize=1024)
def read(words: str) -> Week:
    """Read working hours: "mon-fri morning,midday,afternoon; sat,sun evening", or "none".

    Raises:
        HoursRefused: the words name no days, no parts of a day, or something else.
    """
    if words.strip().lower() == NEVER:
        return Week(frozenset())
    found = set[tuple[int, Part]]()
    for line in filter(str.strip, re.split(r"[;\n]", words.lower())):
        days, parts = set[int](), set[Part]()
        for word in re.split(r"[\s,]+", re.sub(r"\s*-\s*", "-", line.strip())):
            if (part := _part(word)) is not None:
                parts.add(part)
            else:
                days.update(_span(word))
        if not days or not parts:
            missing = "the days" if not days else "the parts of the day"
            raise HoursRefused(f"{line.strip()!r} lacks {missing}. {_EXAMPLE}")
        found.update((day, part) for day in days for part in parts)
    if not found:
        raise HoursRefused(f"Hours are missing. {_EXAMPLE}")
    return Week(frozenset(found))


def together(weeks: Iterable[Week]) -> Week:
    """Return the parts in which at least one of them works."""
    return Week(frozenset().union(*(week.parts for week in weeks)))


_EXAMPLE = (
    f"Days are {' '.join(_DAYS)}, parts of a day {', '.join(Part)}. "
    f'Example: --hours "{OFFICE}; sat,sun evening"; for no visits at all: --hours {NEVER}'
)


def _part(word: str) -> Part | None:
    return Part(word) if word in tuple(Part) else _PART_NAMES.get(word)


def _span(word: str) -> Iterator[int]:
    """Yield the days of "mon", "mon-fri", or "fri-mon" over the weekend.

    Raises:
        HoursRefused: it is neither a day nor a span of days.
    """
    match = _SPAN.fullmatch(word)
    first = _day(match[1]) if match else None
    last = _day(match[2] or match[1]) if match else None
    if first is None or last is None:
        raise HoursRefused(f"{word!r} is neither a day nor a part of a day. {_EXAMPLE}")
    for offset in range((last - first) % len(_DAYS) + 1):
        yield (first + offset) % len(_DAYS)


def _day(word: str) -> int | None:
    fits = len(word) >= _LEAST_LETTERS
    found = (day for day, names in enumerate(_DAY_NAMES) if any(n.startswith(word) for n in names))
    return next(found, None) if fits else None


def _line(days: tuple[int, ...], parts: tuple[Part, ...]) -> str:
    spans = []
    for _, row in groupby(enumerate(days), key=lambda one: one[1] - one[0]):
        names = [_DAYS[day] for _, day in row]
        spans += names if len(names) < _LEAST_SPAN else [f"{names[0]}-{names[-1]}"]
    return f"{','.join(spans)} {','.join(parts)}"
