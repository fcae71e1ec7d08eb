"""Reads a text that corrects itself: "Jl Nawi 12 eh 21" is "Jl Nawi 21"."""

from __future__ import annotations

import re

from conversations.words import tidy

#: Between a mistake and its correction. "salah" and "bukan" correct before a comma or behind "eh".
_AMENDS = re.compile(
    r"(?<![\s,.])[\s,.]+(?:(?:eh+|ralat|maksud(?:nya|ku| saya)|sori|sorry|koreksi)"
    r"(?:\W{1,4}(?:salah|bukan|maaf|itu"
    r"|maksud(?:nya|ku| saya))){0,4}|(?:bukan|salah)(?=,))(?:[\s,.:]+|$)",
    re.IGNORECASE,
)
_NAMED = re.compile(r"(rt|rw|nomor|no|blok|lantai)\b\W{0,3}\w{1,4}", re.IGNORECASE)
_NUMBER = re.compile(r"\d+[a-z]?\b", re.IGNORECASE)
_PAIR = re.compile(r"\d+\s*/\s*\d+")
_MOST = 3  # corrections in one text


def amended(text: str) -> str | None:
    """Return the text with its last correction in place of the mistake; None if it has none.

    "rt 5 eh rt 6 rw 3" is "rt 6 rw 3". A correction that is no number stands for all before it.
    """
    words = tidy(text)
    parts = [part for part in _AMENDS.split(words, maxsplit=_MOST) if part.strip(" ,.")]
    if len(parts) < 2:
        return None
    said = parts[0]
    for part in parts[1:]:
        said = _with(said, part)
    return said


def _with(said: str, new: str) -> str:
    """Put the new value in the place of the last one of its kind."""
    if _PAIR.match(new):
        return new
    named = _NAMED.match(new)
    if named:
        label = named[1]
        old = list(re.finditer(rf"\b{label}\b\W{{0,3}}\w{{1,4}}", said, re.IGNORECASE))
        if not old and label.lower() in ("no", "nomor"):
            old = list(_NUMBER.finditer(said))
    else:
        old = list(_NUMBER.finditer(said)) if _NUMBER.match(new) else []
    if not old:
        return new
    rest = said[old[-1].end() :]
    if named and re.search(r"\d", new[named.end() :]):
        rest = ""  # "blok c no 4, ralat blok d no 4" says it all again
    return f"{said[: old[-1].start()]}{new}{rest}".strip()


def names_blanked(text: str) -> str:
    """Return words with a street's name blanked, which corrects nothing: "Gang Salah nomor 1"."""
    return _STREET_NAMED.sub(lambda found: f"{found[1]}{'x' * len(found[2])}", text)


#: A street with its name, before a number or what it is near.
_STREET_NAMED = re.compile(
    r"((?:^|[,;.]\s*|\bdi\s+)(?:gang|gg|jalan|jln?|kampung|kp|lorong)\b\.?\s+)([^\W\d_]+)"
    r"(?=,?\s+(?:no|nomor|nmr|nomer|rt|rw|blok|kav|dekat|deket|depan|sebelah|samping|belakang"
    r"|seberang|number)\b|,?\s+\d)",
    re.IGNORECASE,
)
