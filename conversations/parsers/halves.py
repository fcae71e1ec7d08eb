"""Parts of a day on which somebody does not work: "besok cuti setengah hari", "sore ini izin"."""

from __future__ import annotations

import re

from conversations.lexicon import lists
from conversations.words import standardised

_DIGITS = re.compile(r"(?:\b1/2|½|\b0[.,]5)(?=\s*(?:hari|day)\b)")
_HALF = lists.any_of("halves", "half")
_NO_LEAVE = lists.any_of("halves", "other")
_WHOLE = lists.any_of("halves", "whole")
_PART = lists.one_of("halves", "parts")
#: Words of greeting, and times that are over: "pagi pak, ...", "dari tadi pagi demam".
_BESIDE = re.compile(
    rf"^\W*(?:{_PART})\W+(?=(?:{lists.one_of('halves', 'greeted')})\b)|^\W*(?:{_PART})\s*[,.!]"
    rf"|\b(?:selamat|good) (?:{_PART})\b"
    rf"|\b(?:{lists.one_of('halves', 'since')})\W+(?:jam \d\S*(?: (?:{_PART}))?|{_PART})\b"
)
_HOURS = re.compile(
    r"\b(?:jam|pukul|pkl|until|till|after|before|at|from)\s+\d{1,2}\b|\b\d{1,2}(?:[.:]\d\d)?\s?[ap]m\b"
)
_NAMED = re.compile(rf"\b(?:{_PART})\b")
_TODAY = re.compile(rf"\b(?:{_PART}) (?:hari )?ini\b|\b(?:nanti|this|tonight) (?:{_PART})\b")


def spelled(text: str) -> str:
    """Return the text with "setengah" for a half in digits, which is no date: "1/2 hari"."""
    return _DIGITS.sub("setengah", text)


def names_half(text: str) -> bool:
    """Whether words speak of half a day off, and not of half a day that something took."""
    said = standardised(spelled(text))
    return _HALF.search(said) is not None and _NO_LEAVE.search(said) is None


def names_part(text: str) -> bool:
    """Whether words of somebody who will be absent name only a part of the day, or hours."""
    said = _BESIDE.sub(" ", standardised(spelled(text)))
    if _WHOLE.search(said):
        return False
    return any(part.search(said) for part in (_HALF, _NAMED, _HOURS))


def names_whole(text: str) -> bool:
    """Whether words speak of the whole day."""
    return _WHOLE.search(standardised(text)) is not None


def is_today(text: str) -> bool:
    """Whether words name a part of this day: "sore ini"."""
    return _TODAY.search(standardised(text)) is not None
