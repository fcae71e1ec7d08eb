"""Reads which of the free windows a person means: "besok pagi", "kamis jam 2"."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, time
from functools import reduce
from typing import TypeVar

from conversations.facts import Window
from conversations.messages import Say
from conversations.parsers import Reading, Refused, dates, times
from conversations.words import standardised

_W = TypeVar("_W", bound=Window)
MOST = 8  # windows that are offered to choose from
_ENDINGS = re.compile(r"\b(pagi|siang|sore|petang|malam)(?:nya|an)\b")
_DATES = re.compile(r"\b(?:tanggal|tgl) ?\d+|\b\d+ (?:nov|des|jan)\w*")
#: A time beside these words is asked back: "bukan rabu, jumat", "selasa ada pengajian".
_DOUBTED = re.compile(r"\b(?:bukan|eh|kecuali|selain|pengajian|hajatan|acara|ke pasar|ada tamu)\b")
_UNABLE = re.compile(r"\b(?:tidak|belum|not|no|cannot|can't)\b")  # "ga bisa semua"
_LAST = re.compile(r"\b(?:terakhir|paling (?:akhir|sore|telat|lambat)|last|latest)\b")
_FIRST = re.compile(r"\b(?:pertama|paling (?:awal|pagi|cepat)|first|earliest)\b")


def slot(text: str, windows: Sequence[_W], today: date, reading: Callable[[_W], Reading]) -> _W:
    """Return the one window that the words name; `reading` makes the reading of a window.

    Raises:
        Refused: ``pick_one`` if the words name no time; ``no_such_part`` with the hours of all
            windows if none is at that time of any day; ``no_such_window`` if no window fits;
            ``which_window`` with those that fit; ``nearest_window`` with the only one that begins
            or ends in the part of the day that is named; ``confirm_window`` with the only one
            beside words of doubt; ``soonest_window`` with the first one that fits, for words that
            leave it to us or want it soon: "kapan aja", "secepatnya".
    """
    named = dates.read(text, today)
    said = _DATES.sub(" ", times.DENIED.sub(" ", _ENDINGS.sub(r"\1", standardised(text))))
    hours, parts = times.read(said), times.parts(said)
    if named is None and hours is None and not parts:
        raise Refused("pick_one")
    on_day = [window for window in windows if _on(named, window)]
    fitting = [window for window in on_day if _at(hours, parts, window)]
    loose = not fitting and bool(parts)  # "pagi" where only a window at 10.30 is left
    fitting = fitting or [window for window in on_day if _meets(hours, window)]
    if not fitting:
        if _at_no_hour(hours, parts, windows):
            raise Refused("no_such_part", {"hours": _hours(windows)})
        raise Refused("no_such_window")
    if named is not None and named.kind in ("any", "asap") and not _UNABLE.search(said):
        soonest = min(fitting, key=lambda window: (window.on, window.starts))
        raise Refused("soonest_window", readings=(reading(soonest),))
    if len(fitting) > 1 and named is not None and len({window.on for window in fitting}) == 1:
        fitting = _at_an_end(fitting, standardised(text))
    if len(fitting) > 1:
        raise Refused("which_window", readings=tuple(map(reading, fitting[:MOST])))
    if loose:
        raise Refused("nearest_window", readings=tuple(map(reading, fitting)))
    if _DOUBTED.search(standardised(text)):
        raise Refused("confirm_window", readings=tuple(map(reading, fitting)))
    return fitting[0]


def _at_no_hour(
    hours: times.Hours | None, parts: Sequence[times.Part], windows: Sequence[Window]
) -> bool:
    """Whether no window of any day is at that time: nobody comes in the evening."""
    timed = bool(parts) or (hours is not None and hours.kind == "times")
    return timed and not any(_at(hours, parts, one) or _meets(hours, one) for one in windows)


def _hours(windows: Sequence[Window]) -> Say:
    """Return the parts of the day in which there are windows, with their hours."""
    spans = sorted({(one.starts, one.ends, one.part) for one in windows})
    named = [
        Say("common.part_hours", {"part": Say(f"common.part.{part}"), "starts": a, "ends": b})
        for a, b, part in spans
    ]
    return reduce(lambda said, one: Say("common.duty.and", {"said": said, "next": one}), named)


def _at_an_end(fitting: Sequence[_W], said: str) -> list[_W]:
    """Return the first or the last window of a day, if the words ask for it."""
    if _LAST.search(said):
        return [fitting[-1]]
    return [fitting[0]] if _FIRST.search(said) else [*fitting]


def _on(named: dates.Named | None, window: Window) -> bool:
    if named is None or named.kind in ("any", "asap"):
        return True
    return (window.on in named.days) != (named.kind == "not")


def _at(hours: times.Hours | None, parts: Sequence[times.Part], window: Window) -> bool:
    """Whether the hour that is named lies in the window, or else its part of the day is named."""
    if parts:
        late = window.part == "evening" and "afternoon" in parts  # four o'clock is "sore" as well
        return late or window.part in parts or "any" in parts
    if hours is None or hours.kind != "times":
        return True
    if hours.starts is None or hours.ends is None:  # "before ten", "from four on"
        return window.starts < (hours.ends or time.max) and (hours.starts or time.min) < window.ends
    return window.starts <= _middle(hours.starts, hours.ends) < window.ends


def _meets(hours: times.Hours | None, window: Window) -> bool:
    """Whether a span reaches into the window: "abis ashar", for one that ends at four."""
    if hours is None or hours.starts is None or hours.ends is None or hours.starts == hours.ends:
        return False
    return hours.starts < window.ends and window.starts < hours.ends


def _middle(starts: time, ends: time) -> time:
    minutes = (starts.hour * 60 + starts.minute + ends.hour * 60 + ends.minute) // 2
    return time(minutes // 60, minutes % 60)
