"""Redaction: takes the names, words and places of one person out of stored messages of others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

Pin: TypeAlias = tuple[float, float]  # latitude, longitude; degrees

INSTEAD = "-"
NEAR = 0.01  # degrees, about a kilometre
_CODE = re.compile(r"\d\d(?:\.\d\d){1,2}(?:\.\d{4})?|\d{4}-\d\d-\d\d")  # of an area, or a day
_KEY = re.compile(r"[a-z_]+(?:\.[a-z0-9_]+)+")  # of the catalogue
MANY_DIGITS, FEW_LETTERS = 6, 4
RUN = 4  # words of a text that are hardly somebody else's


@dataclass(frozen=True, slots=True)
class Redaction:
    """The words and places to take out.

    Several words and long numbers tell whose they are anywhere. A name of one word may be
    somebody else's: it is taken out where it stands alone, or beside others of these words.
    """

    sure: re.Pattern[str] | None
    any: re.Pattern[str] | None
    names: frozenset[str]  # of one word, in small letters
    beside: re.Pattern[str] | None  # numbers of cases: what stands beside them is theirs
    pins: tuple[Pin, ...]  # of their places: an officer who was there sent almost the same
    people: frozenset[int] = frozenset()  # their ids: a form that was filled in for them is emptied

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        words: Iterable[str],
        numbers: Iterable[str],
        pins: Iterable[Pin],
        people: Iterable[int] = (),
    ) -> Redaction:
        """Return the redaction of names, other words and places, and beside numbers of cases.

        Forms that officers filled in for these people are emptied.
        """
        every = {*names, *words}
        sure = {word for word in every if _tells(word)}
        sure |= {part for word in sure for part in _parts(word)}
        single = {name for name in names if name and name not in sure}
        there = [*pins]
        map_links = {str(degrees) for pin in there for degrees in pin}
        return cls(
            _either(sure),
            _either(sure | single | map_links),
            frozenset(name.casefold() for name in single),
            _either({number for number in numbers if number}),
            tuple(there),
            frozenset(people),
        )

    def without(self, content: Any) -> Any:
        """Return JSON without the words and places."""
        written = json.dumps(content, ensure_ascii=False)
        theirs = any(one and one.search(written) for one in (self.sure, self.beside))
        return self._walk(content, self.any if theirs else None)

    def _walk(self, value: Any, found: re.Pattern[str] | None) -> Any:
        match value:
            case str():
                return self._said(value, found)
            case {"answers": dict(), "whom": int(whom)} if whom in self.people:  # in news
                return {**value, "answers": {}}
            case [str(), str(), dict(), _, int(whom)] if whom in self.people:  # in a session
                return [*value[:2], {}, *value[3:]]
            case {"lat": float(lat), "lon": float(lon)} if self._is_there(lat, lon):
                return {**value, "lat": 0.0, "lon": 0.0}
            case dict():
                return {key: self._walk(one, found) for key, one in value.items()}
            case list():
                return [self._walk(one, found) for one in value]
        return value

    def _said(self, value: str, found: re.Pattern[str] | None) -> str:
        if value.casefold() in self.names:
            return INSTEAD
        if found is None or _KEY.fullmatch(value):
            return value
        return found.sub(INSTEAD, value)

    def _is_there(self, lat: float, lon: float) -> bool:
        return any(abs(lat - one[0]) < NEAR and abs(lon - one[1]) < NEAR for one in self.pins)


def leaves(value: Any) -> Iterator[str]:
    """Yield the words and the coordinates in JSON."""
    match value:
        case str():
            yield value
        case float():
            yield str(value)
        case dict():
            yield from leaves(list(value.values()))
        case list():
            for one in value:
                yield from leaves(one)


def replaced_in(value: Any) -> Iterator[str]:
    """Yield the old answers in messages that tell a correction: no case has them any more."""
    match value:
        case dict():
            if "old" in value and "new" in value:
                yield from leaves(value["old"])
            for one in value.values():
                yield from replaced_in(one)
        case list():
            for one in value:
                yield from replaced_in(one)


def pins_in(value: Any) -> Iterator[Pin]:
    """Yield the places in JSON: pairs of coordinates."""
    match value:
        case [float(lat), float(lon)]:
            yield lat, lon
        case dict():
            yield from pins_in(list(value.values()))
        case list():
            for one in value:
                yield from pins_in(one)


def _tells(word: str) -> bool:
    """Whether a word, or several, tells whose it is."""
    if _CODE.fullmatch(word.strip()):
        return False
    several = " " in word.strip() and sum(map(str.isalpha, word)) >= FEW_LETTERS
    return several or sum(map(str.isdigit, word)) >= MANY_DIGITS


def _parts(word: str) -> Iterator[str]:
    """Yield the parts of a longer text by which it is known where it was cut."""
    said = word.split()
    for start in range(len(said) - RUN) if len(said) > RUN else ():
        yield " ".join(said[start : start + RUN])


def _either(words: Iterable[str]) -> re.Pattern[str] | None:
    longest = sorted({word.strip() for word in words}, key=len, reverse=True)
    if not longest:
        return None
    one_of = "|".join(r"\s+".join(map(re.escape, word.split())) for word in longest)
    return re.compile(rf"(?<!\w)(?:{one_of})(?!\w)", re.IGNORECASE)
