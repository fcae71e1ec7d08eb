"""Duty: the days of the week and the hours in which an officer makes visits, and their words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import reduce
from itertools import groupby
from typing import TypeAlias

from conversations.messages import Say

Span: TypeAlias = tuple[time, time]
_OFFICE_DAYS = range(5)
_LEAST_SPAN = 3  # days in a row that are written as a span


@dataclass(frozen=True, slots=True)
class Duty:
    """When an officer makes visits; Monday is 0, times are in WIB.

    `parts` are the parts of the week, `lines` the same as people read them: days with equal hours,
    and these hours.
    """

    parts: frozenset[tuple[int, str]]
    lines: tuple[tuple[tuple[int, ...], tuple[Span, ...]], ...]

    def holds(self, on: date, part: str) -> bool:
        """Whether this part of this day is among them."""
        return (on.weekday(), part) in self.parts


OFFICE = Duty(
    frozenset((day, part) for day in _OFFICE_DAYS for part in ("morning", "midday", "afternoon")),
    ((tuple(_OFFICE_DAYS), ((time(8), time(16)),)),),
)


def duty_words(duty: Duty) -> Say:
    """The hours of an officer: `Sen-Jum 08.00-16.00; Sab, Min 16.00-19.30 WIB`."""
    if not duty.lines:
        return Say("common.duty.none")
    lines = [
        Say("common.duty.line", {"days": _joined(_days(days)), "hours": _joined(_hours(spans))})
        for days, spans in duty.lines
    ]
    listed = reduce(lambda said, one: Say("common.list", {"said": said, "next": one}), lines)
    return Say("common.duty", {"lines": listed})


def _days(days: Sequence[int]) -> list[Say]:
    said = []
    for _, row in groupby(enumerate(days), key=lambda one: one[1] - one[0]):
        names = [Say(f"common.weekday.{day + 1}") for _, day in row]
        if len(names) < _LEAST_SPAN:
            said += names
        else:
            said.append(Say("common.duty.span", {"first": names[0], "last": names[-1]}))
    return said


def _hours(spans: Sequence[Span]) -> list[Say]:
    return [Say("common.duty.span", {"first": starts, "last": ends}) for starts, ends in spans]


def _joined(says: Sequence[Say]) -> Say:
    return reduce(lambda said, one: Say("common.duty.and", {"said": said, "next": one}), says)
