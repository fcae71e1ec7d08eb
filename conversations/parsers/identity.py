"""Sixteen digits that may be a NIK or a KK number: noticed, hidden, and on the web form checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.words import plain, tidy

_RUN = re.compile(r"(?<!\d)\d(?:[\s.,\-/_:]{0,2}\d)+")  # digits with at most two signs between
_SUM = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_PROVINCE = re.compile(r"1[1-9]|21|3[1-6]|5[1-3]|6[1-5]|7[1-6]|8[12]|9[1-7]")
_MASK = "[nomor disembunyikan]"
#: A civil servant's number (NIP), as it stands on badges: born on, servant since, sex, serial.
#: Its ninth and tenth digits are a century, where a NIK has a month: it is never a NIK with more.
_NIP = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])[12]\d{3}"
)


def contains_identity_number(text: str) -> bool:
    """Say whether sixteen digits stand in the text, even with signs between them.

    A sum of money written in thousands is none, nor are telephone numbers, days and hours in a
    row, or the eighteen digits of a civil servant's number. In doubt it is one.
    """
    return any(True for _ in _spans(tidy(text)))


def redact(text: str) -> str:
    """Give the text with every such number hidden, and every digit that hangs together with it."""
    clean = tidy(text)
    spans = list(_spans(clean))
    for start, end in reversed(spans):
        clean = clean[:start] + _MASK + clean[end:]
    return clean if spans else text


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
        _PROVINCE.match(nik) is not None
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


def _spans(clean: str) -> Iterator[tuple[int, int]]:
    """Find the runs of digits that hold sixteen of one number."""
    for run in _RUN.finditer(clean):
        if _NIP.fullmatch(re.sub(r"\D", "", run[0])):
            continue
        if re.search(r"\d{16}", run[0]) or (not _SUM.fullmatch(run[0]) and _in_groups(run[0])):
            yield run.span()


def _in_groups(run: str) -> bool:
    """Say whether some groups together are sixteen digits that look like one number.

    At the head of the run, one and the same sign between the groups is enough; elsewhere, and
    with different signs, they must be a possible NIK or KK.
    """
    groups = re.findall(r"\d+", run)
    uniform = len(set(re.findall(r"\D+", run))) == 1 and groups[0][0] != "0"
    for start in range(len(groups)):
        digits = ""
        for group in groups[start:]:
            digits += group
            if len(digits) == 16 and ((start == 0 and uniform) or _possible(digits)):
                return True
    return False
