"""Likeness: whether two answers name the same place, and the same trade.

A trade is compared by the kind of business that its words find, or else by its words; a place by
its pin, or else by RT/RW and landmark.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz

from conversations.arrival import km_between
from conversations.messages import Json
from conversations.words import standardised
from models.reference import business_type

ALIKE, PERHAPS = 75, 50  # of 100: words that mean the same, and words that may
CELL = 0.0009  # degrees, about 100 metres
_RT_RW = re.compile(r"\brt\W*0*(\d{1,3})\W*(?:/|rw)?\W*(?:rw)?\W*0*(\d{1,3})\b")
_SMALL = frozenset({
    "jual", "jualan", "berjualan", "dagang", "pedagang", "tukang", "usaha", "warung", "toko",
    "bu", "pak", "ibu", "bapak", "yang", "di", "dan", "depan", "dekat", "samping", "belakang",
    "pakai", "gerobak", "keliling", "sell", "sells", "selling", "the", "a", "of", "in", "front",
})  # fmt: skip


class Same(StrEnum):
    """Whether two referrals are about one place."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Spot:
    """The known signs of a place: the trade's words, the pin, RT/RW, and the landmark."""

    trade: str
    area_code: str
    pin: tuple[float, float] | None
    rt_rw: str
    landmark: str


def spot_of(answers: Mapping[str, Json], area_code: str) -> Spot:
    """Return what the answers of a case tell of its place."""
    trade, place = answers.get("trade"), answers.get("place")
    words = str(trade.get("words") or "") if isinstance(trade, dict) else ""
    pin = place.get("pin") if isinstance(place, dict) else None
    landmark = " ".join(str(answers.get(step) or "") for step in ("landmark", "street"))
    told = str(answers.get("rt_rw") or "")
    return Spot(
        words,
        area_code,
        (float(pin[0]), float(pin[1])) if isinstance(pin, list | tuple) else None,
        told or rt_rw_in(landmark),
        landmark.strip(),
    )


def rt_rw_in(landmark: str) -> str:
    """Return the RT and RW that a landmark names, as "005/003"; "" if it names none."""
    found = _RT_RW.search(standardised(landmark))
    return f"{int(found[1]):03d}/{int(found[2]):03d}" if found else ""


def compare(one: Spot, other: Spot, metres: int) -> Same:
    """Return whether two spots are one place; with pins it is at most `metres` apart."""
    if one.area_code != other.area_code:
        return Same.NO
    trades = _trades(one.trade, other.trade)
    if one.pin is not None and other.pin is not None:
        apart = km_between(one.pin, other.pin) * 1000
        return _both(trades, _by_distance(apart, metres))
    if one.rt_rw and other.rt_rw and one.rt_rw != other.rt_rw:
        return Same.NO
    return _both(trades, _by_words(one, other))


def _by_distance(apart: float, metres: int) -> Same:
    if apart <= metres:
        return Same.YES
    return Same.PERHAPS if apart <= 2 * metres else Same.NO


def _by_words(one: Spot, other: Spot) -> Same:
    """Compare landmarks; the same RT/RW makes up for words that differ somewhat."""
    alike = fuzz.token_set_ratio(_content(one.landmark), _content(other.landmark))
    known = bool(one.rt_rw) and one.rt_rw == other.rt_rw
    if alike >= ALIKE and (known or not (one.rt_rw and other.rt_rw)):
        return Same.YES
    return Same.PERHAPS if known or alike >= PERHAPS else Same.NO


def _trades(one: str, other: str) -> Same:
    kinds = _kind(one), _kind(other)
    alike = fuzz.token_set_ratio(_content(one), _content(other))
    if alike >= ALIKE or (kinds[0] and kinds[0] == kinds[1]):
        return Same.YES
    return Same.PERHAPS if alike >= PERHAPS else Same.NO


def _both(trade: Same, place: Same) -> Same:
    if Same.NO in (trade, place):
        return Same.NO
    return Same.YES if trade is place is Same.YES else Same.PERHAPS


@lru_cache(maxsize=4096)
def _kind(words: str) -> str:
    found = business_type.load().search(words, limit=1) if words else ()
    return found[0].code if found else ""


def _content(words: str) -> str:
    """Return the words that tell one place or trade from another."""
    said = re.findall(r"[^\W_]+", standardised(words))
    return " ".join(word for word in said if word not in _SMALL) or " ".join(said)


def signs(spot: Spot, *, around: bool = False) -> Iterator[str]:
    """Yield what a place is known by without its words; with `around`, as it may be told anew.

    A pin is known by its square of some 100 metres; one beside it may be the same place.
    """
    trades = {_kind(spot.trade), *_content(spot.trade).split()[:1]} - {""}
    places = set(_squares(spot.pin, around=around)) if spot.pin is not None else set()
    places |= {spot.rt_rw} - {""}
    landmark = " ".join(sorted(set(_content(spot.landmark).split())))
    places |= {landmark} - {""}
    for place in sorted(places):
        for trade in sorted(trades):
            yield f"{spot.area_code}|{place}|{trade}"


def _squares(pin: tuple[float, float], *, around: bool) -> Iterator[str]:
    north, east = math.floor(pin[0] / CELL), math.floor(pin[1] / CELL)
    beside = (-1, 0, 1) if around else (0,)
    for up in beside:
        for right in beside:
            yield f"{north + up}:{east + right}"
