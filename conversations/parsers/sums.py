"""Sums in a text: numbers with their scales, in digits, words and slang."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from conversations.parsers.numbers import spoken, unit


@dataclass(frozen=True, slots=True)
class Sum:
    """A sum in a text: its value (or two, "dua tiga juta"), its scale, and its position."""

    values: tuple[Fraction, ...]
    scale: int  # of its first part; 1 if there is none
    start: int
    end: int
    doubtful: bool = False  # the values are readings, not a range


_SCALES = {
    1_000: "ribu rb rebu rbu ribuan rban rebuan k ceng ewu ribo rib ribuk thousand",
    1_000_000: "juta jt jutaan jtan jta jut yuta jeti ceti million jutak",
    1_000_000_000: "miliar milyar m milyard mlr miliard miliyar billion milliar milar",
    1_000_000_000_000: "triliun trilyun trilliun trillion",
}
_SCALE = {word: scale for scale, words in _SCALES.items() for word in words.split()}
_SLANG = {
    "seribu": 1_000, "seribuan": 1_000, "seceng": 1_000, "sewu": 1_000, "noceng": 2_000,
    "goceng": 5_000, "gocengan": 5_000, "ceban": 10_000, "noban": 20_000, "goban": 50_000,
    "gobanan": 50_000, "sejuta": 1_000_000, "sejutaan": 1_000_000, "sejt": 1_000_000,
    "cetiau": 1_000_000, "cetiaw": 1_000_000, "secetiau": 1_000_000, "gotiau": 5_000_000,
    "semiliar": 1_000_000_000, "semilyar": 1_000_000_000,
}  # fmt: skip
_PARTS = re.compile(r"puluh|belas|ratus|pulu|blas|atus|ratusan|rts|setengah|koma")
_COUNTED = re.compile(  # after a number: the unit of a count, which is no sum
    r"orang|jam|hari|minggu|bulan|tahun|kali|kg|kilo|unit|meja|porsi|bungkus|piring|gerobak|pcs|x"
    r"|karyawan|anak|cabang|tempat|meter|biji|buah|ekor|gelas|mangkok|lusin|dus|pack|box|menit|hp"
    r"|persen|kios|toko|warung"
)
_NUMBERED = re.compile(  # before a number: a label, so the number is no sum
    r"jam|pukul|tanggal|rt|rw|nomor|no|umur|usia|kelas|blok|gang"
)
_DIALLED = re.compile(r"0\d{3,}")  # the beginning of a telephone number
_TOKEN = re.compile(r"\d{1,9}⁄[1-9]\d?(?!\d)|\d[\d.,]*\d|\d|[^\W\d_]+|[^\w\s]")


def sums_in(said: str) -> Iterator[Sum]:
    """Yield every sum in the text, in order."""
    tokens = list(_TOKEN.finditer(said))
    at = 0
    while at < len(tokens):
        if not _is_part(tokens[at][0]):
            at += 1
            continue
        end = at
        while end < len(tokens) and _is_part(tokens[end][0]):
            end += 1
        before = tokens[at - 1][0] if at else ""
        after = tokens[end][0] if end < len(tokens) else ""
        yield from _sums_of(
            tokens[at:end],
            numbered=bool(_NUMBERED.fullmatch(before)),
            counted=bool(_COUNTED.fullmatch(after)),
        )
        at = end


def _is_part(token: str) -> bool:
    return (
        (token[0].isdecimal() and _DIALLED.fullmatch(token) is None)
        or token in _SCALE
        or token in _SLANG
        or _PARTS.fullmatch(token) is not None
        or unit(token)[1] is not None
    )


def _sums_of(tokens: Sequence[re.Match[str]], *, numbered: bool, counted: bool) -> Iterator[Sum]:
    """Read a run of number tokens; a new sum starts where the scale does not decrease."""
    total, top, scale = Fraction(0), 0, 0
    group: list[str] = []
    start, end = tokens[0].start(), tokens[0].start()
    for token in tokens:
        word = token[0]
        this = _SCALE.get(word) or (1 if word in _SLANG else 0)
        if not this:
            group.append(word)
            continue
        values = (Fraction(_SLANG[word]),) if word in _SLANG and not group else _values(group)
        if values is None or (word in _SLANG and group):
            if values is None and word in _SCALE and not group and total:
                end = token.end()  # "5 juta jutaan": nothing new
                continue
            group = []
            continue
        size = _size(_SLANG[word]) if word in _SLANG else this
        if scale and size >= scale:
            yield Sum((total,), top, start, end)
            total, top, start = Fraction(0), 0, token.start()
        if len(values) == 2 and not total:
            doubtful = _thousands(group)
            yield Sum((values[0] * this, values[1] * this), this, start, token.end(), doubtful)
            total, top, scale, start, group = Fraction(0), 0, 0, token.end(), []
            continue
        total, top, scale = total + values[-1] * this, top or size, size
        group, end = [], token.end()
    yield from _closed(total, top, scale, group, (start, end, tokens[-1].end()), numbered, counted)


def _closed(
    total: Fraction,
    top: int,
    scale: int,
    group: list[str],
    spots: tuple[int, int, int],
    numbered: bool,
    counted: bool,
) -> Iterator[Sum]:
    """Read the tokens after the last scale: "1 juta 250", "dua juta setengah", "500"."""
    start, end, last = spots
    if not group or counted or (numbered and not total):
        if top:
            yield Sum((total,), top, start, end)
        return
    values = _values(group)
    if not top:
        if values and len(values) == 1:
            yield _bare(values[0], start, last)
        elif values and _thousands(group):
            yield Sum((values[1],), 1, start, last)
        return
    if values is None or len(values) > 1 or (values[0] >= 1000 and scale <= 1000):
        yield Sum((total,), top, start, end)
        return
    rest = values[0]
    if group == ["setengah"]:
        yield Sum((total + Fraction(scale, 2),), top, start, last)
    elif scale <= 1000 or rest >= 1000:
        yield Sum((total + rest,), top, start, last)
    elif rest < 10:  # "1 juta 2": 1.002.000 or 1.200.000
        readings = (total + rest * scale / 1000, total + rest * scale / 10)
        yield Sum(readings, top, start, last, doubtful=True)
    else:
        yield Sum((total + rest * scale / 1000,), top, start, last)


def _bare(value: Fraction, start: int, end: int) -> Sum:
    if value.denominator > 1:
        return Sum((value * 1000, value * 1_000_000), 1, start, end, doubtful=True)
    return Sum((value,), 1, start, end)


def _size(value: int) -> int:
    return next(scale for scale in sorted(_SCALES, reverse=True) if value >= scale)


def _values(group: Sequence[str]) -> tuple[Fraction, ...] | None:
    """Read the words before a scale: one value, or two ("dua tiga", and "2.500" before a scale)."""
    if not group:
        return None
    if len(group) == 1 and group[0][0].isdecimal():
        return _digits(group[0])
    if "koma" in group:
        at = group.index("koma")
        whole, decimals = _spoken(group[:at]), [_spoken([word]) for word in group[at + 1 :]]
        if whole is None or not decimals or None in decimals:
            return None
        return (Fraction(f"{whole}." + "".join(str(digit) for digit in decimals)),)
    if group[-1] == "setengah":
        whole = _spoken(group[:-1]) if len(group) > 1 else 0
        return None if whole is None else (whole + Fraction(1, 2),)
    if (value := _spoken(group)) is not None:
        return (Fraction(value),)
    return _pair(group)


def _pair(group: Sequence[str]) -> tuple[Fraction, ...] | None:
    """Read "dua tiga" and "lima enam ratus": two consecutive digits that share what follows."""
    first, second = (unit(word)[1] for word in (*group, "")[:2])
    if first is None or second is None or second != first + 1:
        return None
    high = _spoken(group[1:])
    return None if high is None else (Fraction(high * first, second), Fraction(high))


def _spoken(words: Sequence[str]) -> int | None:
    return int(words[0]) if len(words) == 1 and words[0].isdecimal() else spoken(words)


def _thousands(group: Sequence[str]) -> bool:
    return len(group) == 1 and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", group[0]) is not None


def _digits(word: str) -> tuple[Fraction, ...] | None:
    """Read digits with separators: thousands if three digits follow each one, else decimals.

    "2.500" has two values, 2,5 and 2500; the scale after it decides.
    """
    if "⁄" in word:
        return (Fraction(word.replace("⁄", "/")),)
    if word.isdecimal():
        telephone = word.startswith("0") and len(word) > 4
        return None if telephone or len(word) > 15 else (Fraction(int(word)),)
    if _thousands([word]):
        return Fraction(word.replace(",", ".")), Fraction(re.sub(r"\D", "", word))
    if re.fullmatch(r"[1-9]\d{0,2}(?:\.\d{3}){2,}(?:,\d{1,2})?", word):
        return (Fraction(word.replace(".", "").replace(",", ".")) // 1 * Fraction(1),)
    if re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3}){2,}(?:\.\d{1,2})?", word):
        return (Fraction(word.replace(",", "")) // 1 * Fraction(1),)
    if re.fullmatch(r"\d{1,4}[.,]\d{1,3}", word):
        return (Fraction(word.replace(",", ".")),)
    return None
