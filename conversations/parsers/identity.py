"""Detects and redacts sixteen digits that may be a NIK or a KK number, and validates a NIK."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate

from conversations.facts import Facts
from conversations.nik import LENGTH, PROVINCES, Nik, nik_of
from conversations.parsers import Parser, Refused
from conversations.parsers.numbers import DIGIT_WORDS
from conversations.words import plain, tidy

_RUN = re.compile(r"(?<!\d)\d(?:[^0-9A-Za-z]{0,12}\d)+")  # digits with any signs between
_SUM = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_HOURS = re.compile(r"(?<![\d.:])(?:[01]\d|2[0-4])[.:][0-5]\d(?![\d.:])")
_DATE = re.compile(
    r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-/. ])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d(?!\d)"
)
_PIN = re.compile(r"(?<!\d)[5-7]\.\d{3,}[\s,;+-]{1,4}10[67]\.\d{3,}")  # around Jakarta
_REGENCY = re.compile(r"0[1-9]|[12]\d|3[0-7]|7[1-9]")  # a kabupaten, or from 71 a kota
_MASK = "[nomor disembunyikan]"
# Letters that look like digits; those after the space are Greek and Cyrillic.
_LOOKALIKES = {
    0: "oOQD \u03bf\u039f\u043e\u041e",
    1: "lIi \u0406\u0456\u0399",
    2: "zZ",
    3: "E \u0417\u0437",
    4: "A",
    5: "Ss \u0405\u0455",
    6: "Gb \u0431",
    7: "T",
    8: "B",
    9: "gq",
}
_AS_DIGITS = {
    ord(letter): str(digit)
    for digit, all_ in _LOOKALIKES.items()
    for letter in all_
    if letter != " "
}
_EITHER = rf"[\d{''.join(map(chr, _AS_DIGITS))}]"
_DISGUISED = re.compile(rf"(?<!{_EITHER}){_EITHER}++(?![^\W_])")  # possessive: no backtracking
_MANY = 8  # real digits required before letters are read as digits
_SPELLED = re.compile(rf"(?:\b(?:{'|'.join(DIGIT_WORDS)}|\d)\b[\W_]*){{{LENGTH},}}", re.IGNORECASE)
#: A civil servant's number (NIP), as on badges: day of birth, start of service, sex, serial. Its
#: ninth and tenth digits are a century, where a NIK has a month: it never begins with a NIK.
_NIP = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])[12]\d{3}"
)


def contains_identity_number(text: str) -> bool:
    """Whether the text holds sixteen digits of one number, with any signs between them.

    Letters that look like digits and digits written as words count. A sum of money written in
    thousands does not, nor do telephone numbers, days and hours in a row, or the eighteen digits
    of a civil servant's number. True in doubt.
    """
    if len(text) < LENGTH and text.isascii():  # most messages; outside ASCII, one sign may be "10"
        return False
    return any(True for _ in _spans(tidy(text)))


def redact(text: str) -> str:
    """Return the text with every such number hidden, and every digit connected with it."""
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
        digits = re.sub(r"[\W_]", "", plain(text))
        found = nik_of(digits)
        if found is None:
            raise Refused("nik_not_sixteen", {"count": len(re.sub(r"\D", "", digits))})
        if not found.possible:
            raise Refused("nik_not_possible")
        return digits

    return parse


def _spans(clean: str) -> Iterator[tuple[int, int]]:
    """Find the runs that hold the sixteen digits of one number, in order, without overlaps."""
    end = 0
    for start, stop in sorted({*_written(clean), *_disguised(clean), *_spelled(clean)}):
        if start >= end:
            yield start, stop
            end = stop


def _written(clean: str) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(clean):
        if _NIP.fullmatch(re.sub(r"\D", "", run[0])):
            continue
        parts = _PIN.split(run[0])
        if re.search(r"\d{16}", run[0]) or any(map(_in_groups, parts)):
            yield run.span()


def _disguised(clean: str) -> Iterator[tuple[int, int]]:
    """Find numbers with letters for digits or signs: they must be a possible NIK or KK."""
    if len(re.findall(r"\d", clean)) < _MANY:
        return
    readings = {
        _from_letters(clean, leading=True),
        _from_letters(clean, leading=False),
        re.sub(r"(?<=\d)[A-Za-z](?=\d)", "-", clean),  # "3174x0757x0590x0012"
    }
    for read in readings:
        if read == clean:
            continue
        for run in _RUN.finditer(read):
            digits = re.findall(r"\d+", run[0])
            if any(Nik(sixteen).possible for sixteen in _joined(digits)):
                yield run.span()


def _from_letters(clean: str, *, leading: bool) -> str:
    """Return a text of the same length, with look-alike letters in words of digits as digits.

    With `leading`, also before a word's first digit: right for "O757", wrong for "nis3174".
    """

    def read(word: re.Match[str]) -> str:
        first = re.search(r"\d", word[0])
        if first is None:
            return word[0].translate(_AS_DIGITS) if len({*word[0].lower()}) == 1 else word[0]
        kept = 0 if leading else first.start()
        return word[0][:kept] + word[0][kept:].translate(_AS_DIGITS)

    return _DISGUISED.sub(read, clean)


def _spelled(clean: str) -> Iterator[tuple[int, int]]:
    """Find sixteen digits written as words, or as words and digits."""
    if len(clean) >= 3 * LENGTH:
        for run in _SPELLED.finditer(clean):
            if re.search(r"[^\W\d_]", run[0]):
                yield run.start(), run.start() + len(run[0].rstrip())


def _in_groups(run: str) -> bool:
    """Whether some groups together are sixteen digits that look like one number.

    At the start of the run, the same sign between all groups is enough; elsewhere, and with
    different signs, they must be a possible NIK or KK, or the whole run.
    """
    groups = re.findall(r"\d+", run)
    if not groups or _SUM.fullmatch(run) or _is_day_with_hours(run):
        return False
    signs = {"".join(sign.split()) for sign in re.findall(r"\D+", run)}
    uniform = len(signs) == 1 and groups[0][0] != "0"
    if uniform and _joins(groups):
        return True
    return any(Nik(sixteen).possible for sixteen in _joined(groups)) or _is_one_number(run)


def _is_day_with_hours(run: str) -> bool:
    """Whether the run is only a date with hours: "11/12/2026 09:00 - 10:30"."""
    hours = _DATE.sub(" ", run)
    return hours != run and not re.search(r"\d", _HOURS.sub(" ", hours))


def _joins(groups: Sequence[str]) -> bool:
    """Whether the first groups together are sixteen digits."""
    return LENGTH in accumulate(map(len, groups))


def _joined(groups: Sequence[str]) -> Iterator[str]:
    """Yield every sixteen digits that neighbouring groups form together."""
    for start in range(len(groups)):
        digits = ""
        for group in groups[start : start + LENGTH]:
            digits += group
            if len(digits) >= LENGTH:
                break
        if len(digits) == LENGTH:
            yield digits


def _is_one_number(run: str) -> bool:
    """Whether the run is sixteen digits that begin like a NIK and are no days, hours or sums."""
    digits = re.sub(r"\D", "", run)
    return (
        len(digits) == LENGTH
        and digits[:2] in PROVINCES
        and _REGENCY.match(digits, 2) is not None
        and not (_HOURS.search(run) or _DATE.search(run))
        and not any(_SUM.fullmatch(part) for part in run.split())
    )
