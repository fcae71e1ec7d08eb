"""Reads which of the free windows a person means: "besok pagi", "kamis jam 2"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time

from conversations.facts import Window
from conversations.parsers import Reading, Refused, dates, times
from conversations.words import standardised

_ENDINGS = re.compile(r"\b(pagi|siang|sore)(?:nya|an)\b")
_DATES = re.compile(r"\b(?:tanggal|tgl) ?\d+|\b\d+ (?:nov|des|jan)\w*")
#: A time beside these words is asked back: "bukan rabu, jumat", "selasa ada pengajian".
_DOUBTED = re.compile(r"\b(?:bukan|eh|kecuali|selain|pengajian|hajatan|acara|ke pasar|ada tamu)\b")


def slot(text: str, free: Sequence[Reading], windows: Sequence[Window], today: date) -> Reading:
    """Return the reading of the one free window that the words name.

    `free` are the readings of `windows`, in the same order.

    Raises:
        Refused: ``pick_one`` if the words name no time; ``no_such_window`` if no window fits;
            ``which_window`` with those that fit.
    """
    named = dates.read(text, today)
    said = _DATES.sub(" ", times.DENIED.sub(" ", _ENDINGS.sub(r"\1", standardised(text))))
    hours, parts = times.read(said), times.parts(said)
    if named is None and hours is None and not parts:
        raise Refused("pick_one")
    fitting = [
        reading
        for reading, window in zip(free, windows, strict=True)
        if _on(named, window) and _at(hours, parts, window)
    ]
    if not fitting:
        raise Refused("no_such_window")
    if len(fitting) > 1 or _DOUBTED.search(standardised(text)):
        raise Refused("which_window", readings=tuple(fitting))
    return fitting[0]


def _on(named: dates.Named | None, window: Window) -> bool:
    if named is None or named.kind in ("any", "asap"):
        return True
    return (window.on in named.days) != (named.kind == "not")


def _at(hours: times.Hours | None, parts: Sequence[times.Part], window: Window) -> bool:
    """Whether the hour that is named lies in the window, or else its part of the day is named."""
    if parts:
        return window.part in parts or "any" in parts
    if hours is None or hours.kind != "times":
        return True
    if hours.starts is None or hours.ends is None:  # "before ten", "from four on"
        return window.starts < (hours.ends or time.max) and (hours.starts or time.min) < window.ends
    return window.starts <= _middle(hours.starts, hours.ends) < window.ends


def _middle(starts: time, ends: time) -> time:
    minutes = (starts.hour * 60 + starts.minute + ends.hour * 60 + ends.minute) // 2
    return time(minutes // 60, minutes % 60)
