"""Sets the figures of one message apart, each with the word that names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from conversations.lexicon import lists
from conversations.parsers.numbers import TOGETHER
from conversations.parsers.sums import sums_in

_COMMA = re.compile(r"((?:(?<!\d),|,(?!\d)|[;\n]|\.\s)\s*)")
_UNIT = r"(?:juta|jutaan|jt|jtan|ribu|ribuan|rb|rban|k|million|thousand)"
_PERIOD = (
    r"(?:(?:se|per ?|tiap |/ ?)(?:hari|hr|dino|dinten|minggu|bulan|bln|wulan|sasi)|a month|a day)"
)
_COUNT = r"(?:\d{1,3}|satu|dua|tiga|empat|lima|enam|one|two|three|four|five|sendiri|ber[a-z]+)"
#: Words for the people who work there, before their number: "orangnya cuma 1".
_PEOPLE = (
    r"(?:orang|org|pegawai|karyawan|pekerja|tenaga|anak buah|y(?:an)?g kerja|kerja|people|workers"
    rf"|staff|employees)(?:nya|ku)?(?: (?:cuma|cuman|hanya|ada|itu|only))?\W{{0,2}} ?{_COUNT}\b"
)
TEAM = rf"(?:sendiri\w*|{TOGETHER}|\d+ ?(?:orang|org|pekerja|karyawan|people|person))"
CAPITAL = r"\b(?:modal\w*|capital)\b"
TURNOVER = (
    r"\b(?:om[sz]et\w*|penjualan\w*|pendapatan\w*|pemasukan\w*|penghasilan\w*|sales|turnover"
    rf"|{_PERIOD})\b"
)
WORKERS = (
    rf"\b(?:{TEAM}|kerja\w*|pekerja\w*|pegawai\w*|orang|org|dibantu|alone|myself|workers?|people"
    rf"|{lists.one_of('workers', 'helpers')}|{lists.one_of('workers', 'relatives')})(?:nya|ku|s)?\b"
    r"|^(?:me|i|saya|aku|sy)$"
)
_NOT_SALES = "".join(
    f"(?<!{name}{end})"
    for name in ("omset", "omzet", "penjualan", "pendapatan", "sales", "turnover")
    for end in ("", "nya")
)
#: Where a part ends although no comma stands there.
_ENDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?<=\S)\s+(?:(?:dan|and)\s+)?"
        r"(?=(?:modal|om[sz]et|penjualan|pendapatan|capital|sales|turnover)\w* |y(?:an)?g kerja\b)",
        rf"(?<=[\da-z])(?<!\byg)(?<!\byang)\s+(?:(?:dan|and)\s+)?(?={_PEOPLE})",
        rf"(?<=[\da-z]){_NOT_SALES}\s+(?:dan\s+)?"
        rf"(?={_PERIOD}\b[^\d,;\n]{{0,15}}\d[\d.,]* ?{_UNIT}\b)",
    )
)
_SUM = rf"\d ?{_UNIT}?(?: ?{_PERIOD})?"
_AFTER_SUM = re.compile(
    rf"({_SUM})\s+(?:dan\s+)?(?={TEAM}\b|saya\b|sama\b|kerja)"
    r"|(\d ?(?:juta|jt|million)(?:an)?)\s+(?:(?:dan|and)\s+)?"
    r"(?=\d[\d.,]* ?(?:juta|jt|million)|\d{1,2}\W*$)",
    re.IGNORECASE,
)
_NAMES = (("capital", CAPITAL), ("turnover", TURNOVER), ("team", rf"\b{TEAM}\b"))
_NAMED = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _NAMES)
_TIME = re.compile(_PERIOD, re.IGNORECASE)
_AND = re.compile(r"\s*\b(?:dan|and|terus|trus|sama)\s*$", re.IGNORECASE)
MOST = 8  # tokens of a message that is looked at closer


@dataclass(frozen=True, slots=True)
class _Token:
    """A sum, a word that names one, or who works there; with its position."""

    kind: str
    start: int
    end: int


def figures_apart(text: str, comma: str = ", ") -> str:
    """Return the text with a comma where a figure ends without one: "modal 5 jt omset 6 jt".

    Each sum goes with the word that is nearest to it, before or behind it: "3jt modal sebulan 6jt
    berdua" holds a capital of 3, sales of 6 million, and two people.
    """
    marked = "".join(_paired(part, comma) for part in _COMMA.split(text))
    marked = _AFTER_SUM.sub(lambda m: f"{m[1] or m[2]}{comma}", marked)
    for end in _ENDS:
        marked = end.sub(comma, marked)
    return marked


def _paired(text: str, comma: str) -> str:
    """Return words without a comma with one between their figures, if names stand behind sums."""
    if not any(pattern.search(text) for _, pattern in _NAMED):
        return text
    tokens = list(_tokens(text))
    if not 2 <= len(tokens) <= MOST or not any(one.kind == "sum" for one in tokens):
        return text
    pairs = _pairs(tokens)
    behind = any(pair[0].kind == "sum" and len(pair) > 1 for pair in pairs)
    if not behind or not _is_worth(text, tokens):
        return text
    first, ends = pairs[0][0].start, [pair[0].start for pair in pairs[1:]] + [len(text)]
    parts = [
        _AND.sub("", _name_first(text[pair[0].start : end], pair)).strip(" ,")
        for pair, end in zip(pairs, ends, strict=True)
    ]
    lead = text[:first].rstrip()
    return f"{lead} {comma.join(parts)}" if lead else comma.join(parts)


def _is_worth(text: str, tokens: Sequence[_Token]) -> bool:
    """Whether two kinds are named, or one sum by more than a time: "3 jt penjualan sebulan"."""
    names = [one for one in tokens if one.kind != "sum"]
    if len({one.kind for one in names}) > 1:
        return True
    times = all(_TIME.fullmatch(text, one.start, one.end) for one in names)
    return len(tokens) == len(names) + 1 and not times


def _name_first(words: str, pair: Sequence[_Token]) -> str:
    """Return "modal 3jt" of "3jt modal"."""
    at = pair[0].start
    name = next((one for one in pair if one.kind != "sum"), pair[0])
    if name is pair[0]:
        return words
    start, end = name.start - at, name.end - at
    return f"{words[start:end]} {words[:start].rstrip()}{words[end:]}"


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the sums and the names in the text, in order; neighbours of one name are one."""
    teams = [found.span() for found in _NAMED[-1][1].finditer(text)]
    found = [
        _Token("sum", one.start, one.end)
        for one in sums_in(text.lower())
        if not any(start <= one.start < end for start, end in teams)
    ]
    found += [
        _Token(kind, *one.span()) for kind, pattern in _NAMED for one in pattern.finditer(text)
    ]
    last: _Token | None = None
    for one in sorted(found, key=lambda token: token.start):
        if last is not None and last.kind == one.kind != "sum":
            last = _Token(last.kind, last.start, one.end)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _pairs(tokens: Sequence[_Token]) -> list[list[_Token]]:
    """Return the tokens in groups: a sum and its name, or one of them alone.

    As many as possible are named; of several ways the nearest, then the order of the first words.
    """
    names = [at for at, one in enumerate(tokens) if one.kind in ("capital", "turnover")]
    leads = tokens[0].kind != "sum"
    best, chosen = (-1, 0, False), dict[int, int]()
    for sides in product((-1, 1), repeat=len(names)):
        taken: dict[int, int] = {}  # the name -> its sum
        away = 0
        for name, side in zip(names, sides, strict=True):
            beside = name + side
            if not 0 <= beside < len(tokens) or tokens[beside].kind != "sum":
                continue
            others = (tokens[one].kind for one, at in taken.items() if at == beside)
            if any(kind != tokens[name].kind for kind in others):
                continue
            taken[name] = beside
            low, high = sorted((name, beside))
            away += tokens[high].start - tokens[low].end
        before = all(name < at for name, at in taken.items())
        score = (len(taken), -away, before == leads)
        if score > best:
            best, chosen = score, taken
    groups: list[list[_Token]] = []
    joined = {frozenset(pair) for pair in chosen.items()}
    for at, one in enumerate(tokens):
        if groups and frozenset((at - 1, at)) in joined:
            groups[-1].append(one)
        else:
            groups.append([one])
    return groups
