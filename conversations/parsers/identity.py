"""Detects and redacts sixteen digits that may be a NIK or a KK number, and validates a NIK."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from conversations.facts import Facts
from conversations.nik import LENGTH, PROVINCES, Nik, nik_of
from conversations.parsers import Parser, Refused
from conversations.parsers.numbers import DIGIT_WORDS
from conversations.words import MARK, labels, plain, standardised, tidy

_RUN = re.compile(r"(?<!\d)\d(?:[^0-9A-Za-z]{0,12}\d)+")  # digits with any signs between
_SUM = re.compile(r"\d{1,3}(?:([.,])\d{3})(?:\1\d{3})*")
_HOURS = re.compile(r"(?<![\d.:])(?:[01]\d|2[0-4])[.:][0-5]\d(?![\d.:])")
_DATE = re.compile(
    r"(?<!\d)(?:0?[1-9]|[12]\d|3[01])([-/. ])(?:0?[1-9]|1[0-2])\1(?:19|20)\d\d(?!\d)"
)
_PIN = re.compile(r"(?<!\d)[5-7]\.\d{3,}[\s,;+-]{1,4}10[67]\.\d{3,}")  # around Jakarta
_REGENCY = re.compile(r"0[1-9]|[12]\d|3[0-7]|7[1-9]")  # a kabupaten, or from 71 a kota
_TELEPHONE = re.compile(r"(?:0|\+?62)(?:[ .-]?\d){8,13}")
_APART = re.compile(r"[\s,;]")  # parts a number from what stands beside it
LEAST_WORDS = 2  # beside a number, for a text that says something besides
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
    return redacted(text) is not None


def redacted(text: str) -> str | None:
    """Return the text with each such number as `MARK`, in tidy lines; None if it holds none."""
    if len(text) < LENGTH and text.isascii():  # most messages; outside ASCII, one sign may be "10"
        return None
    lines = "\n".join(filter(None, map(tidy, text.split("\n"))))
    spans = _spans(lines.replace("\n", " "))
    for start, end in reversed(spans):
        lines = lines[:start] + MARK + lines[end:]
    return lines if spans else None


def redact(text: str) -> str:
    """Return the text with every such number hidden."""
    hidden = redacted(text)
    return text if hidden is None else hidden


def says_more(marked: str) -> bool:
    """Whether a text with `MARK` says more than whose number it is: "ini nik saya ya [•••]"."""
    said = re.findall(r"[^\W_]+", standardised(marked))
    return len([word for word in said if word not in labels()]) >= LEAST_WORDS


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


def _spans(clean: str) -> list[tuple[int, int]]:
    """Return where the sixteen digits of one number stand, in order, without overlaps."""
    found: list[tuple[int, int]] = []
    for start, stop in sorted({*_written(clean), *_disguised(clean), *_spelled(clean)}):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(stop, found[-1][1]))
        else:
            found.append((start, stop))
    return found


def _written(clean: str) -> Iterator[tuple[int, int]]:
    for run in _RUN.finditer(clean):
        if _NIP.fullmatch(re.sub(r"\D", "", run[0])):
            continue
        for start, end in _between_pins(run):
            part = clean[start:end]
            if re.search(r"\d{16}", part) or _in_groups(part):
                yield from _parts(part, start)


def _between_pins(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    start = run.start()
    for pin in _PIN.finditer(run[0]):
        yield start, run.start() + pin.start()
        start = run.start() + pin.end()
    yield start, run.end()


def _parts(run: str, offset: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a run that hide its numbers; all of it, if they can't be told apart.

    Digits that stand apart from a number are kept: "3174075705900012, 200" keeps the 200.
    """
    groups = list(re.finditer(r"\d+", run))
    digits = [group[0] for group in groups]
    found = [
        (at, at) for at, one in enumerate(digits) if len(one) >= LENGTH and not _NIP.fullmatch(one)
    ]
    found += [(first, last) for first, last, one in _joined(digits) if Nik(one).possible]
    sure = bool(found)
    if not sure:
        lengths = list(accumulate(map(len, digits)))
        found = [(0, lengths.index(LENGTH) if LENGTH in lengths else len(groups) - 1)]
    hidden = {at for first, last in found for at in range(first, last + 1)}
    for rest in _neighbours(at for at in range(len(groups)) if at not in hidden):
        first, last = rest[0], rest[-1]
        signs = [
            run[groups[at - 1].end() : groups[at].start()]
            for at in (first, last + 1)
            if 0 < at < len(groups)
        ]
        words = run[groups[first].start() : groups[last].end()]
        if not (all(map(_APART.search, signs)) and _is_another(words, sure=sure)):
            hidden |= {*rest}
    for whole in _neighbours(sorted(hidden)):
        yield offset + groups[whole[0]].start(), offset + groups[whole[-1]].end()


def _neighbours(places: Iterable[int]) -> list[list[int]]:
    """Return places in order as groups of neighbours: 1, 2, 4 are [1, 2] and [4]."""
    found: list[list[int]] = []
    for place in places:
        if found and found[-1][-1] == place - 1:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def _is_another(words: str, *, sure: bool) -> bool:
    """Whether digits beside an identity number are something else.

    If it is not `sure` where the number ends, only a telephone number is.
    """
    few = len(re.sub(r"\D", "", words)) < LENGTH
    return few and (sure or _TELEPHONE.fullmatch(words) is not None)


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
            for start, end in _between_pins(run):
                if _holds_possible(read[start:end]):
                    yield from _parts(read[start:end], start)


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
                *_, last = re.finditer(r"[^\W_]+", run[0])
                yield run.start(), run.start() + last.end()


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
    return _holds_possible(run) or _is_one_number(run)


def _holds_possible(run: str) -> bool:
    return any(Nik(sixteen).possible for *_, sixteen in _joined(re.findall(r"\d+", run)))


def _is_day_with_hours(run: str) -> bool:
    """Whether the run is only a date with hours: "11/12/2026 09:00 - 10:30"."""
    hours = _DATE.sub(" ", run)
    return hours != run and not re.search(r"\d", _HOURS.sub(" ", hours))


def _joins(groups: Sequence[str]) -> bool:
    """Whether the first groups together are sixteen digits."""
    return LENGTH in accumulate(map(len, groups))


def _joined(groups: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Yield every sixteen digits that neighbouring groups form: the first, the last, the digits."""
    for start in range(len(groups)):
        digits = ""
        for last in range(start, len(groups)):
            digits += groups[last]
            if len(digits) == LENGTH:
                yield start, last, digits
            if len(digits) >= LENGTH:
                break


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
