"""Adds days to an earlier answer, or takes days away: "jumat juga bisa", "kamis tidak bisa"."""

from __future__ import annotations

import re
from datetime import date

from conversations.messages import Json
from conversations.parsers.absences import BUSY_ON
from conversations.parsers.day_names import WEEKDAYS
from conversations.words import standardised

_BUSY = re.compile(r"\b(?:kondangan|belanja|hajatan|acara|arisan|mudik|libur|tutup|pergi|sibuk)\b")
_PART = re.compile(r"\b(?:pagi|siang|sore|petang|malam|morning|midday|afternoon|evening)\b")
_MOST_WORDS = 6  # a longer text rather tells something else
_ADDS = re.compile(r"\b(?:juga|tambah\w*|also|too|add|plus)\b")
_ONLY = re.compile(r"\b(?:saja|only|just)\b")
_TAKES_AWAY = re.compile(r"\b(?:tidak|jangan|kecuali|not|can't|except)\b")


def part_amended(answer: Json, words: str) -> str:
    """Return words that tell what keeps somebody at a part of the day as a wish for another one.

    "pagi saya belanja" is "jangan pagi"; other words are returned as they are.
    """
    said = standardised(words)
    named = _PART.search(said)
    if named is None or len(said.split()) > _MOST_WORDS or not _BUSY.search(said):
        return words
    return f"jangan {named[0]}"


def days_amended(answer: Json, words: str) -> str:
    """Return words that add weekdays to the days of an answer, or take them away, as all days.

    Of "jumat saja" the weekday is returned, and other words as they are. Days are written as in the
    answer, ISO 8601.
    """
    said = standardised(words)
    if len(said.split()) > _MOST_WORDS:
        return words
    found = [word for word in re.findall(r"[^\W\d_]+", said) if word in WEEKDAYS]
    named = {WEEKDAYS[word] for word in found}
    if not isinstance(answer, list) or not named:
        return words
    days = [str(day) for day in answer]
    if _TAKES_AWAY.search(said) or re.search(BUSY_ON, said) or _BUSY.search(said):
        kept = [day for day in days if date.fromisoformat(day).weekday() not in named]
        return ", ".join(kept) if 0 < len(kept) < len(days) else words
    if _ADDS.search(said):
        return ", ".join((*days, words))
    return ", ".join(found) if _ONLY.search(said) else words
