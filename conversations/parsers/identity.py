"""Sixteen digits that may be a NIK or a KK number: noticed, hidden, and on the web form checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.words import plain, tidy

# Sixteen digits with at most two blanks, dots, dashes or slashes between each two, and no digit,
# letter, decimal sign or currency before or after.
_SIXTEEN = re.compile(r"(?<![\d+])\d(?:[\s.\-/_:]{0,2}\d){15}(?!\d)(?![.,\-/]\d)")
_SUM = re.compile(r"\d{1,3}(?:\.\d{3})+")
_MASK = "[nomor disembunyikan]"


def contains_identity_number(text: str) -> bool:
    """Say whether sixteen digits stand in the text, even with signs between them.

    A sum of money written in thousands is none, nor is a telephone number.
    """
    return any(True for _ in _spans(text))


def redact(text: str) -> str:
    """Give the text with every such number hidden."""
    text = tidy(text)
    for start, end in reversed(list(_spans(text))):
        text = text[:start] + _MASK + text[end:]
    return text


def nik() -> Parser:
    """Read a NIK for the web form, as its sixteen digits.

    Structure only: area digits, a birth date (day plus 40 for women) and a serial. A NIK shows the
    area of first registration, so the area is not compared with anything.

    Raises:
        Refused: ``nik_not_sixteen`` with the number of digits; ``nik_not_possible``.
    """

    def parse(text: str, facts: Facts) -> str:
        digits = re.sub(r"[\s.\-/_]", "", plain(text))
        if not (digits.isascii() and digits.isdecimal()) or len(digits) != 16:
            raise Refused("nik_not_sixteen", {"count": len(re.sub(r"\D", "", digits))})
        if not _possible(digits):
            raise Refused("nik_not_possible")
        return digits

    return parse


def _possible(nik: str) -> bool:
    day = int(nik[6:8])
    return (
        11 <= int(nik[:2]) <= 97
        and nik[2:4] != "00"
        and nik[4:6] != "00"
        and nik[12:] != "0000"
        and any(
            _is_day(century + int(nik[10:12]), int(nik[8:10]), day - 40 if day > 40 else day)
            for century in (1900, 2000)
        )
    )


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _SIXTEEN.finditer(tidy(text)):
        if not _SUM.fullmatch(match[0]):
            yield match.span()
