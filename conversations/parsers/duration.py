"""Reads a length of time as people write it: "setengah jam", "20 mnt", "1 jam 15 menit"."""

from __future__ import annotations

import re

from conversations.parsers.numbers import in_digits
from conversations.words import standardised

LONGEST = 600  # minutes
_BARE = range(5, 181)  # a number alone that can be minutes
_SPELLED = (
    (re.compile(r"\bhalf (?:an )?hour\b"), "30 menit"),
    (re.compile(r"\b(?:an|one) hour\b"), "1 jam"),
    (re.compile(r"\bsejam\b"), "1 jam"),
    (re.compile(r"\bsemenit\b"), "1 menit"),
    (re.compile(r"\b(?:seperempat|1/4) jam\b"), "15 menit"),
    (re.compile(r"\b(\d+) jam (?:setengah|stgh)\b"), r"\1 jam 30 menit"),
    (re.compile(r"\b(\d+) (?:setengah|stgh) jam\b"), r"\1 jam 30 menit"),
    (re.compile(r"\b(\d+)[.,]5 jam\b"), r"\1 jam 30 menit"),
    (re.compile(r"\b(?:setengah|stgh|stengah|1/2) jam\b"), "30 menit"),
)
_HOURS = re.compile(r"\b(\d+) ?(?:jam|j|hours?)\b(?! \d+\b(?! ?(?:menit|mnt|min|m)))")
_MINUTES = re.compile(r"\b(\d+) ?(?:menitan|menit|mnt|mntan|min|mins|minutes?|m)\b")
_CLOCK = re.compile(r"\b(?:jam|pukul) \d+(?:[.:]\d+)?")
_NUMBER = re.compile(r"\b\d+\b")


def minutes(text: str, *, bare: bool = False) -> int | None:
    """Return the minutes that the words name, or None; of several lengths the longest.

    With `bare`, a number alone is minutes: "telat 20".
    """
    said = in_digits(standardised(text))
    for pattern, standard in _SPELLED:
        said = pattern.sub(standard, said)
    hours = [int(found) for found in _HOURS.findall(said)]
    short = [int(found) for found in _MINUTES.findall(said)]
    if hours or short:
        total = max(hours, default=0) * 60 + max(short, default=0)
        return total if 0 < total <= LONGEST else None
    numbers = [int(found) for found in _NUMBER.findall(_CLOCK.sub(" ", said))]
    return numbers[0] if bare and len(numbers) == 1 and numbers[0] in _BARE else None
