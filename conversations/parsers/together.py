"""Splits a message that answers several questions at once into the words for each of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from conversations.facts import Facts
from conversations.parsers import Refused, Split
from conversations.parsers.dates import days
from conversations.parsers.figures import figures_apart
from conversations.parsers.times import part_of_day
from conversations.words import plain, tidy

_COMMAS = re.compile(r"(?:(?<!\d),|,(?!\d)|[;\n]|\.\s|(?<=\D)/(?! ?(?:hari|hr|bulan|bln)\b))\s*")
_NUMBERED = re.compile(r"(?:^|(?<=\s))[1-9][.)]\s+")  # "1. 3 juta 2. 5 juta"

# -- figures ---------------------------------------------------------------------------------------


def by_label(labels: Mapping[str, str]) -> Split:
    """Split by words that name a step (patterns by step); other parts are read in order.

    "modal 3 juta, sebulan 5 juta, sendiri" names each; "3 juta, 5 juta, 1" follows the question.
    """

    patterns = {step: re.compile(label, re.IGNORECASE) for step, label in labels.items()}

    def split(text: str, facts: Facts, steps: tuple[str, ...]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        others: list[str] = []
        for part in _parts(text):
            named = next((step for step, label in patterns.items() if label.search(part)), None)
            if named is None:
                others.append(part)
            elif named in steps:
                found[named] = f"{found[named]}, {part}" if named in found else part
        left = [step for step in steps if step not in found]
        if len(others) > len(left):
            others = [part for part in others if re.search(r"\d", part)]
        if len(others) <= len(left):
            found |= dict(zip(left, others, strict=False))
        return found

    return split


def _parts(text: str) -> list[str]:
    """Return the parts between commas, and those that end without one: "3 juta sendiri"."""
    text = _NUMBERED.sub("\n", text) if _NUMBERED.match(text) else text
    marked = figures_apart(text, "\n")
    return [part.strip() for part in _COMMAS.split(marked) if re.search(r"[^\W_]", part)]


# -- an address ------------------------------------------------------------------------------------

CORNER = re.compile(
    r"\brt\W{0,3}\d{1,3}(?: ?[/\\-] ?|\W{0,3}rw\W{0,3})\d{1,3}\b"
    r"|\brw\W{0,3}\d{1,3}\W{0,3}rt\W{0,3}\d{1,3}\b",
    re.IGNORECASE,
)
_STREET = r"(?:jalan|jln?|gang|gg|komplek\w*|kompleks|perum\w*|blok)"
_STREET_BEFORE = re.compile(rf"\b{_STREET}\.?\s*$", re.IGNORECASE)
_STREET_FIRST = re.compile(rf"\W*{_STREET}\b", re.IGNORECASE)
_CUE = re.compile(
    rf"\d|\b(?:{_STREET}|no|nomor|rt|rw|dekat|deket|depan|seberang|sebelah|samping|belakang|pojok"
    r"|ujung|pertigaan|perempatan|masjid|mesjid|mus(?:a|ho)l+a|pasar|sekolah|stasiun|halte|near)\b",
    re.IGNORECASE,
)
_BEGINS = re.compile(
    r"(?:^|(?<=[\s.]))(?:di|kel|kelurahan|daerah|desa|in)\b\.?\s*|^|\.\s*", re.IGNORECASE
)
#: Words that are no part of an address.
_FILLERS = frozenset({
    "di", "kel", "kelurahan", "daerah", "wilayah", "lokasi", "tempat", "tempatnya", "in", "the",
    "ya", "iya", "pak", "bu", "kak", "bang", "min", "mas", "mbak", "dong", "deh", "nih", "kok",
    "aja", "saja", "sini", "situ", "saya", "sy", "aku", "jual", "jualan", "jualannya", "dagang",
    "usaha", "usahanya", "keliling", "gerobak", "mangkal",
})  # fmt: skip
_DIVISION = re.compile(r"\W*(?:kec|kecamatan|kota|jakarta|dki|kab|kabupaten)\b", re.IGNORECASE)


def address_parts(place: str, corner: str, street: str) -> Split:
    """Split an address into its kelurahan, RT/RW and street, in any order.

    "Cipete Utara, Jl. Damai RT 5/3, depan masjid" holds all three; a kelurahan alone, only that.
    """

    def split(text: str, facts: Facts, steps: tuple[str, ...]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        text = tidy(text.replace("\n", ", "))
        numbers = CORNER.search(text) if corner in steps else None
        if numbers is not None:
            found[corner] = numbers[0]
            text = f"{text[: numbers.start()].rstrip()}, {text[numbers.end() :].lstrip(' ,')}"
        parts = [(part, True) for part in re.split(r"\s*[,;]\s*", text) if part]
        if place in steps:
            named = _take_place(parts, facts)
            if named:
                found[place] = named
            elif facts.places.outside(text) or not any(_STREET_FIRST.match(p) for p, _ in parts):
                return {}
        where = ", ".join(part for one in parts if (part := _of_street(*one, facts)))
        if street in steps and len(re.findall(r"[^\W_]", where)) > 2:
            found[street] = where
        return found

    return split


def _take_place(parts: list[tuple[str, bool]], facts: Facts) -> str:
    """Return the words that name the place, and cut them off their part.

    The rest of that part is marked False: it is a street only if it looks like one.
    """
    for at, (part, _) in enumerate(parts):
        for begin in _BEGINS.finditer(part):
            if _STREET_BEFORE.search(part[: begin.end()]):
                continue
            named = _kelurahan(part[begin.end() :], facts)
            if named:
                rest = f"{part[: begin.start()]} {part[begin.end() + len(named) :]}"
                parts[at] = (rest.strip(" .-"), False)
                return named
    for at, (part, _) in enumerate(parts):
        if facts.places.find(part):
            if not _STREET_FIRST.match(part):
                parts[at] = ("", False)
            return part
    return ""


def _kelurahan(text: str, facts: Facts) -> str:
    """Return the first words of a text, if they are exactly the name of one kelurahan."""
    ends = [m.end() for m in re.finditer(r"[^\W_]+", text)]
    for end in reversed(ends[:4]):
        words = text[:end]
        if facts.places.kelurahan_named(plain(words)) is not None:
            return words
    return ""


def _of_street(part: str, alone: bool, facts: Facts) -> str:
    """Return the words of a part that belong to the street; "" if there are none."""
    words = part.split()
    while words and plain(words[0]).strip(".") in _FILLERS:
        words.pop(0)
    while words and plain(words[-1]).strip(".") in _FILLERS:
        words.pop()
    said = " ".join(words)
    if _DIVISION.match(said) or (not alone and not _CUE.search(said)):
        return ""
    return "" if facts.places.has_name(plain(said)) else said


# -- a time ----------------------------------------------------------------------------------------


def days_and_part(on: str, part: str) -> Split:
    """Split into days and a part of the day: "Senin-Kamis pagi"; "pagi" alone is any day."""

    def split(text: str, facts: Facts, steps: tuple[str, ...]) -> Mapping[str, str]:
        if part not in steps or on not in steps or not _names_part(text, facts):
            return {}
        try:
            days()(text, facts)
        except Refused as refusal:
            named = "kapan saja" if refusal.reason == "not_a_day" else text
            return {on: named, part: text}
        return {on: text, part: text}

    return split


ONLY_BY_DAY = "only_by_day"  # why a time is refused: at night no officer comes

#: Words that tell a time of day, and not only a date.
_HOUR = re.compile(
    r"\b(?:jam|jm|pukul|pkl?|pagi\w*|siang\w*|sore\w*|petang|mal[ae]m\w*|tengah hari|morning|noon"
    r"|midday|afternoon|evening|night|dusk|isuk|enjing|awan|sonten|subuh|d?zuhur|dhuhur|luhur|as[hy]?ar"
    r"|mag?h?rib|isya)\b|\d[.:]\d\d",
    re.IGNORECASE,
)


def _names_part(text: str, facts: Facts) -> bool:
    if not _HOUR.search(text):
        return False
    try:
        return bool(part_of_day()(text, facts) != "any")
    except Refused as refusal:
        return refusal.reason == ONLY_BY_DAY
