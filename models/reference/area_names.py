"""Names of areas as people write them: "kel cipete utara", "kb jeruk", "benhil", misspellings.

Sources: README.md here.
"""

import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from rapidfuzz import process
from rapidfuzz.distance import OSA

Level = Literal["kota", "kecamatan", "kelurahan"]

NAMES = Path(__file__).with_name("area_names.toml")
MOST_WORDS = 40  # per message; later words are ignored
LONGEST_NAME = 4  # words; longer sequences are not looked up
FAMILY = 8  # a first word ("kebon") is ignored if more areas than this share it
ISLANDS, ISLANDS_CODE = "kepulauan seribu", "31.01"


@dataclass(frozen=True, slots=True)
class Area:
    """A city (kota), district (kecamatan) or ward (kelurahan); centroid in degrees, WGS 84."""

    code: str  # Kemendagri's: "31.74", "31.74.07", "31.74.07.1010"
    level: Level
    name: str
    parent_code: str | None  # None for a kota
    lat: float
    lon: float


@dataclass(frozen=True, slots=True)
class Names:
    """Everyday names and spellings of places: see reference/area_names.toml."""

    words: dict[str, list[str]]
    cities: dict[str, str]
    kelurahan: frozenset[str]
    kecamatan: frozenset[str]
    street: frozenset[str]
    near: frozenset[str]
    ordinary: frozenset[str]
    first: frozenset[str]
    aside: frozenset[str]
    skip: frozenset[str]
    outside: frozenset[str]
    known_as: dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class _Span:
    """Words [start, end) of a text that name one of `areas`."""

    start: int
    end: int
    areas: tuple[Area, ...]
    hinted: bool = False  # "kel." or "kec." is before it
    street: bool = False  # "jl." is before it
    doubtful: bool = False  # an everyday word ("baru") among other words


class NameReader:
    """Finds names of areas in a text; immutable and thread-safe."""

    def __init__(
        self, areas: Iterable[Area], names: Names, kampung: Iterable[tuple[str, str | None]]
    ) -> None:
        self._by_code = {area.code: area for area in areas}
        self._names = names
        self._index = self._build_index(kampung)
        self._written = sorted(self._index)
        self._ordinary = {_squash(name) for name in names.ordinary}
        self._outside = sorted(_squash(name) for name in names.outside)

    def find(self, text: str) -> tuple[Area, ...]:
        """As `Areas.find`."""
        words = self._words(text)
        if self._names_outside(words):
            return ()
        words, kota = self._take_cities(words)
        spans = self._exact_spans(words) or self._misspelt_spans(words)
        return self._settle(spans, kota)

    def outside(self, text: str) -> bool:
        """As `Areas.outside`."""
        return self._names_outside(self._words(text))

    def _build_index(
        self, kampung: Iterable[tuple[str, str | None]]
    ) -> dict[str, tuple[Area, ...]]:
        index: defaultdict[str, dict[str, Area]] = defaultdict(dict)
        families: defaultdict[str, dict[str, Area]] = defaultdict(dict)
        for area in self._by_code.values():
            if area.level == "kota":
                continue
            words = area.name.lower().split()
            index["".join(words)][area.code] = area
            if words[0] == "pulau":
                index["".join(words[1:])][area.code] = area
            elif len(words) > 1 and " ".join(words[:-1]) not in self._names.first:
                families["".join(words[:-1])][area.code] = area
        for name, codes in self._names.known_as.items():
            index[_squash(name)].update({code: self._by_code[code] for code in codes})
        for name, code in kampung:
            if code:
                index["kampung" + _squash(name)][code] = self._by_code[code]
        for name, members in families.items():
            if name not in index and 1 < len(members) <= FAMILY:
                index[name].update(members)
        return {name: tuple(members.values()) for name, members in index.items()}

    def _words(self, text: str) -> list[str]:
        plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
        plain = re.sub(r"\brt\W*\d+(\W+rw\W*\d+|\s*/\s*\d+)?|\brw\W*\d+", " ", plain)
        return re.findall(r"[a-z]+|\d+", plain)[:MOST_WORDS]

    def _take_cities(self, words: list[str]) -> tuple[list[str], set[str]]:
        """Return the words without names of cities of Jakarta, and the codes of those cities."""
        text, kota = " ".join(words), set()
        for name in sorted(self._names.cities, key=len, reverse=True):
            code = self._names.cities[name]
            kept = ISLANDS if code == ISLANDS_CODE else "|"  # districts contain the islands' name
            text, count = re.subn(rf"\b{name}\b", kept, text)
            if count:
                kota.add(code)
        return text.replace("|", " ").split(), kota

    def _names_outside(self, words: list[str]) -> bool:
        rest, kota = self._take_cities(words)
        if kota or "jakarta" in rest or "jkt" in rest:
            return False
        taken = {
            position
            for span in self._exact_spans(rest)
            if span.end - span.start > 1 or span.hinted
            for position in range(span.start, span.end)
        }
        for start, end in _windows(len(rest), 2):
            name = "".join(rest[start:end])
            before = set(rest[max(0, start - 2) : start])
            follows_street = before & (self._names.street | self._names.near)
            if taken.intersection(range(start, end)) or follows_street:
                continue
            if self._is_outside(name) and rest[end : end + 1] != ["raya"]:
                return True
        return False

    def _is_outside(self, name: str) -> bool:
        if name in self._outside:
            return True
        if len(name) < 6 or self._is_noise(name) or self._near(name):
            return False
        return bool(process.extractOne(name, self._outside, scorer=OSA.distance, score_cutoff=1))

    def _exact_spans(self, words: list[str]) -> list[_Span]:
        """Return exact matches of names, longest first, without overlaps."""
        spelt = self._spelt(words)
        found: list[_Span] = []
        by_length = sorted(_windows(len(words), LONGEST_NAME), key=lambda w: w[0] - w[1])
        for start, end in by_length:
            if any(start < span.end and span.start < end for span in found):
                continue
            names = {"".join(words[start:end]), "".join(spelt[start:end])}
            areas = next((self._index[name] for name in sorted(names) if name in self._index), None)
            if areas:
                span = self._span(words, start, end, areas)
                everyday = not (span.hinted or names.isdisjoint(self._ordinary))
                doubtful = everyday and not self._alone(words, span)
                found.append(self._completed(words, replace(span, doubtful=doubtful)))
        return found

    def _completed(self, words: list[str], span: _Span) -> _Span:
        """Extend a span by the misspelt last word of a longer name: "srengseng" + "sawh"."""
        last = words[span.end : span.end + 1]
        if not last or len(last[0]) < 3 or self._is_noise(last[0]):
            return span
        written = "".join(self._spelt(words[span.start : span.end + 1]))
        for name, _, _ in self._near(written):
            if (
                name.startswith(written[: -len(self._spelt(last)[0])])
                and len(name) > len(written) - 2
            ):
                return self._span(words, span.start, span.end + 1, self._index[name])
        return span

    def _misspelt_spans(self, words: list[str]) -> list[_Span]:
        """Return the best fuzzy matches of names (see `_near` for the allowed edit distance)."""
        spelt = self._spelt(words)
        best: list[tuple[float, _Span]] = []
        for start, end in _windows(len(words), 3):
            if any(self._is_noise(word) for word in words[start:end]):
                continue
            written = "".join(spelt[start:end])
            if len(written) < 5:
                continue
            for name, distance, _ in self._near(written):
                span = self._span(words, start, end, self._index[name])
                best.append((distance / len(name), span))
        if not best:
            return []
        lowest = min(score for score, _ in best)
        return [span for score, span in best if score == lowest]

    def _near(self, written: str) -> list[tuple[str, int, int]]:
        allowed = 1 if len(written) < 8 else 2 if len(written) < 13 else 3
        return process.extract(
            written, self._written, scorer=OSA.distance, limit=4, score_cutoff=allowed
        )

    def _span(self, words: list[str], start: int, end: int, areas: tuple[Area, ...]) -> _Span:
        before = words[start - 1] if start else ""
        level = {
            **dict.fromkeys(self._names.kelurahan, "kelurahan"),
            **dict.fromkeys(self._names.kecamatan, "kecamatan"),
        }.get(before)
        of_level = tuple(area for area in areas if area.level == level)
        street = not level and bool(set(words[max(0, start - 2) : start]) & self._names.street)
        return _Span(start, end, of_level or areas, bool(of_level), street)

    def _alone(self, words: list[str], span: _Span) -> bool:
        others = words[: span.start] + words[span.end :]
        return all(word in self._names.aside for word in others)

    def _is_noise(self, word: str) -> bool:
        names = self._names
        return word in names.skip or word in names.kelurahan or word in names.kecamatan

    def _spelt(self, words: list[str]) -> list[str]:
        return ["".join(self._names.words.get(word, [word])) for word in words]

    def _settle(self, spans: list[_Span], kota: set[str]) -> tuple[Area, ...]:
        spans = [span for span in spans if not span.street] or spans
        spans.sort(key=lambda span: span.start)
        agreed = [
            area
            for span in spans
            for area in span.areas
            if any(
                other is not span and any(area.parent_code == above.code for above in other.areas)
                for other in spans
            )
        ]
        sure = [span for span in spans if not span.doubtful]
        hinted = [span for span in sure if span.hinted]
        areas = agreed or [area for span in hinted or sure for area in span.areas]
        in_kota = [area for area in areas if area.code[:5] in kota]
        by_level = sorted(in_kota or areas, key=lambda area: area.level != "kelurahan")
        return tuple(dict.fromkeys(by_level))


def load_names() -> Names:
    """Read area_names.toml."""
    with NAMES.open("rb") as file:
        words = tomllib.load(file)
    return Names(
        words={word: name.split() for word, name in words["words"].items()},
        cities=words["cities"],
        kelurahan=frozenset(words["hints"]["kelurahan"]),
        kecamatan=frozenset(words["hints"]["kecamatan"]),
        street=frozenset(words["hints"]["street"]),
        near=frozenset(words["hints"]["near"]),
        ordinary=frozenset(words["ordinary"]["names"]),
        first=frozenset(words["ordinary"]["first"]),
        aside=frozenset(words["ordinary"]["aside"]),
        skip=frozenset(words["ordinary"]["skip"]),
        outside=frozenset(words["outside"]["names"]),
        known_as=words["known_as"],
    )


def _squash(name: str) -> str:
    return name.lower().replace(" ", "")


def _windows(length: int, widest: int) -> Iterator[tuple[int, int]]:
    for start in range(length):
        for end in range(start + 1, min(start + widest, length) + 1):
            yield start, end
