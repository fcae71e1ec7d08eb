"""Reads whole numbers, in digits or in Indonesian words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.messages import Say
from conversations.parsers import Parser, Reading, Refused
from conversations.words import WORDS, plain, squeezed, standardised

_ONES = {
    "nol": 0, "kosong": 0, "zero": 0,
    "satu": 1, "satunya": 1, "siji": 1, "hiji": 1, "one": 1, "atu": 1,
    "dua": 2, "duo": 2, "loro": 2, "rong": 2, "two": 2, "due": 2,
    "tiga": 3, "telu": 3, "telung": 3, "tilu": 3, "three": 3, "tige": 3, "tga": 3,
    "empat": 4, "papat": 4, "patang": 4, "opat": 4, "four": 4, "ampat": 4, "mpat": 4,
    "lima": 5, "limo": 5, "limang": 5, "five": 5, "lime": 5,
    "enam": 6, "nem": 6, "nenem": 6, "genep": 6, "six": 6, "anam": 6,
    "tujuh": 7, "pitu": 7, "pitung": 7, "seven": 7, "tuju": 7,
    "delapan": 8, "lapan": 8, "wolu": 8, "wolung": 8, "dalapan": 8, "eight": 8, "dlapan": 8,
    "sembilan": 9, "songo": 9, "sangang": 9, "salapan": 9, "nine": 9, "smbilan": 9,
}  # fmt: skip
#: Words for one digit, in any usual spelling.
DIGIT_WORDS = tuple(_ONES)
_WHOLE = {
    "sepuluh": 10, "spuluh": 10, "ten": 10, "sebelas": 11, "sblas": 11, "eleven": 11, "selusin": 12,
    "twelve": 12, "selawe": 25, "seket": 50, "jigo": 25, "seratus": 100, "satus": 100,
    "cepek": 100, "nopek": 200, "gopek": 500, "gope": 500,
    "gocap": 50, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "eighteen": 18,
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip


def spoken(words: Sequence[str]) -> int | None:
    """Read number words below a thousand: ["dua", "puluh", "lima"] is 25; None for other words."""
    if not words:
        return None
    total = 0
    held: int | None = None
    for word in words:
        step: str | None
        value: int | None
        if word.isdecimal() and len(word) <= 3:
            step, value = None, int(word)
        elif word in ("puluh", "pulu", "belas", "blas", "ratus", "ratusan", "atus", "rts"):
            if held is None or held == 0 or held > 99:
                return None
            times = {"p": 10, "r": 100, "a": 100}.get(word[0])
            total, held = total + (held + 10 if times is None else held * times), None
            continue
        else:
            step, value = unit(word)
        if value is None or held is not None:
            return None
        if step == "whole":
            total += value
        else:
            held = value
    return total + (held or 0)


def in_digits(said: str) -> str:
    """Return the text with its number words as digits: "rt dua belas" is "rt 12"."""
    words, out, at = said.split(), list[str](), 0
    spelled = [not word.isdecimal() and unit(word)[1] is not None for word in words]
    while at < len(words) and any(spelled):
        for end in range(min(len(words), at + 4), at, -1) if spelled[at] else ():
            value = spoken(words[at:end])
            if value is not None:
                out.append(str(value))
                at = end
                break
        else:
            out.append(words[at])
            at += 1
    return _LEADING.sub("0", " ".join(out or words))


_LEADING = re.compile(r"\b0 (?=\d\b)")  # "kosong lima"


@lru_cache(WORDS)
def unit(word: str) -> tuple[str | None, int | None]:
    """Return ("whole" if no "puluh" can follow, value) of one number word; (None, None) if none."""
    for spelling in (word, squeezed(word)):
        if spelling in _WHOLE:
            return "whole", _WHOLE[spelling]
        if spelling in _ONES:
            return None, _ONES[spelling]
    return None, None


def whole(at_least: int = 0, at_most: int = 10_000) -> Parser:
    """Read a count: "2", "dua", "2 orang", "dua belas".

    Raises:
        Refused: ``not_a_number`` if there is none or several; ``number_out_of_range`` with both
            limits.
    """

    def parse(text: str, facts: Facts) -> int:
        return _within(_count(text), at_least, at_most)

    return parse


def workers(*, at_most: int = 1_000) -> Parser:
    """Read how many people work in the business, the owner included: "sendiri aja" is 1.

    A count without the owner gets the owner added, and every person named counts: "sama istri" is
    2, "saya, istri dan 1 anak" 3, "karyawan 2" 3, "belum ada karyawan" 1. "berdua" is 2; a bare
    number stays unchanged, and 0 is the owner alone.

    Raises:
        Refused: as `whole`; ``which_count`` with readings if a number and the people named
            disagree: "saya dan suami, kadang 1 orang".
    """

    def parse(text: str, facts: Facts) -> int:
        said = _counted_in(in_digits(standardised(text)))
        if not said.strip(" ,.;"):
            raise Refused("not_a_number")
        if re.search(r"\d ?(?:rb|rban|ribu|ribuan|jt|jtan|juta|jutaan)\b|\brp\b", said):
            raise Refused("not_a_number")  # a sum
        together = _TOGETHER.search(said)
        if together:
            number = together[1]
            return _within(int(number) if number.isdecimal() else _ONES[number], 1, at_most)
        added = _ADDED.search(said)
        if added:
            raise _doubted(int(added[1]), int(added[1]) + int(added[2]))
        count, whole_team = _count(said), re.search(r"\b(?:total|semua\w*|termasuk)\b", said)
        named = None if whole_team else _people(said, count)
        if named is not None:
            return _within(named, 1, at_most)
        if count is None:
            if re.search(_ALONE, said):
                return 1
            if re.search(r"\b(tidak|belum|tanpa)\b", said) and re.search(
                rf"\b(?:ada|punya)\b|{_HELPERS}", said
            ):
                return 1
        if count and not whole_team and re.search(r"\b(?:dibantu|yang bantu)\b", said):
            count += 1
        return _within(max(count, 1) if count is not None else None, 1, at_most)

    return parse


#: "Berdua", and how people write it: "bedua", "brtiga", "ber2".
TOGETHER = r"\bb(?:er|e|r)-?(?:dua|tiga|empat|lima|enam|tujuh|[2-7])(?:an)?\b"
_TOGETHER = re.compile(TOGETHER.replace("(?:dua", "(dua"))
_ALONE = (
    r"\b(?:sendiri\w*|(?:cuma|hanya) saya|saya (?:saja|seorang)|sorangan|dewe|dewek|alone"
    r"|myself|sorang|dhewekan|dewekan|(?:just|only) me|me only|nobody(?: else)?|no one(?: else)?"
    r"|no (?:employees?|staff|workers?))\b"
)
_HELPERS = rf"\b(?:{lists.one_of('workers', 'helpers')}|{lists.one_of('workers', 'others')})\w*"
_RELATIVES = rf"\b(?:{lists.one_of('workers', 'relatives')})(?:nya|ku)?\b"
_PARENT = "(?:ibu|bapak|ayah)"  # also how the bot is addressed
_PARENTS = (
    rf"(?<=dengan ){_PARENT}\b|(?<=dan ){_PARENT}\b|\b{_PARENT} (?=saya|dan)"
    rf"|(?<=saya, ){_PARENT}(?=,)"
)
_WHO = re.compile(
    r"(?:(\d{1,4}) (?:orang )?)?"
    rf"(?:{_HELPERS}|{_RELATIVES}|{_PARENTS})(?: saya)?(?: (\d{{1,4}})\b(?: orang)?)?"
)
_WITH = re.compile(  # "saya dan 2 lainnya"
    r"^\W*(?:saya|me|i)\W+(?:dan|dengan|plus|tambah|ditambah|dibantu|bareng|and|\+)"
    r"\W*(?:oleh )?(\d{1,4})\b"
)
_NOBODY = re.compile(
    rf"\b(?:tidak|belum|tanpa|no)(?: (?:ada|punya|pakai|pake))?(?: (?:{_HELPERS}|{_RELATIVES}))?"
    rf"|(?:{_HELPERS}|{_RELATIVES}) (?:tidak|belum)(?: (?:ada|punya))?\b"
)
#: "4 orang tambah barista 1": the first number may be the total already.
_ADDED = re.compile(
    r"\b(\d{1,3}) (?:orang|org) (?:tambah|ditambah|plus)\W+(?!saya\b)[^\W\d]+ (\d{1,3})\b"
)
#: "saya sama istri 2 orang": the number is the total.
_ONE_SPOUSE = re.compile(r"\b((?:istri|bini|bojo|suami|wife|husband)(?:nya|ku| saya)?) (\d{1,4})\b")
#: People beside those named: "sama 1 orang". Behind a comma alone the number may be the total.
_MORE = re.compile(
    r"(?P<sure>(?:\bdan|\bdengan|\bplus|\btambah|\bditambah|\+|&|\band)\W*)?(?<=[\s,+&])"
    r"(?P<n>\d{1,4}) (?:orang|lainnya|lain|people|others?|more)\b(?: (?:lain\w*|lagi))?"
)


def _counted_in(said: str) -> str:
    """Return words about people without those who are not to be counted: "anak tidak dihitung"."""
    if _UNCOUNTED.search(said) is None:
        return said
    return ",".join(part for part in re.split(r"[,;.]", said) if not _UNCOUNTED.search(part))


_UNCOUNTED = re.compile(
    r"\b(?:tidak|jangan|belum)(?: (?:usah|perlu|ikut|ke))* ?(?:di)?h?itung\b"
    r"|\b(?:don'?t|do not|not) count(?:ed)?\b"
)


def _people(said: str, count: int | None) -> int | None:
    """Count the owner and the other people named; None if there are none.

    A relative or a helper without a number counts as one. A number that belongs to none of them
    must be the total: "5 orang: saya, istri dan 3 anak", or people beside them: "sama 1 orang".

    Raises:
        Refused: ``which_count`` if it may be either.
    """
    others = _ONE_SPOUSE.sub(r"\1, \2", _NOBODY.sub(" ", said))
    found = list(_WHO.finditer(others))
    beside = _WITH.match(others)
    if beside and not any(one.start() <= beside.start(1) < one.end() for one in found):
        total = 1 + int(beside[1]) + sum(map(_how_many, found))
        return total if not found or len(re.findall(r"\d+", others)) > 1 else None
    if not found and "saya" in others and (stranger := _MORE.search(others)) and stranger["sure"]:
        number = int(stranger["n"])  # "saya, mas Budi, dan 1 orang"
        raise _doubted(1 + number, 2 + number)
    if not found:
        return 2 if re.search(r"\bdibantu\b", others) and count is None else None
    couple = re.search(r"\bsuami (?:dan )?istri\b", others) and "saya" not in others
    total = 1 + sum(map(_how_many, found)) - (1 if couple else 0)
    left = _WHO.sub(" somebody ", others)
    loose = [int(number) for number in re.findall(r"\d{1,4}", left)]
    more = list(_MORE.finditer(left))
    if not loose or (set(loose) == {total} and not any(one["sure"] for one in more)):
        return total
    added = total + sum(int(one["n"]) for one in more)
    behind = bool(more) and found[0].start() < others.find(more[0]["n"])
    sure = all(one["sure"] for one in more) or loose == [1]
    if behind and sure and len(more) == len(loose) and not _SOMETIMES.search(others):
        return added
    raise _doubted(total, added, *loose)


_SOMETIMES = re.compile(r"\b(?:kadang|sometimes|kalau|atau)\b")


def _doubted(*counts: int) -> Refused:
    """Return the refusal that asks which of these counts it is."""
    offered = sorted({count for count in counts if count > 0})[:4]
    readings = (Reading(str(n), Say("common.people", {"n": n}), n) for n in offered)
    return Refused("which_count", readings=tuple(readings))


def _how_many(one: re.Match[str]) -> int:
    return int(one[1] or one[2] or 1)


def _count(text: str) -> int | None:
    """Return the only number in the text, in digits or words; None if there is none or several."""
    words = re.findall(r"\d+|[^\W\d_]+", plain(text))
    found: list[int] = []
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + 5), at, -1):
            value = _number(words[at:end])
            if value is not None:
                found.append(value)
                at = end
                break
        else:
            at += 1
    return found[0] if len(set(found)) == 1 else None


def _number(words: Sequence[str]) -> int | None:
    if len(words) == 1 and words[0].isdecimal():
        return int(words[0]) if len(words[0]) <= 9 else None
    return spoken(words)


def _within(value: int | None, at_least: int, at_most: int) -> int:
    if value is None:
        raise Refused("not_a_number")
    if not at_least <= value <= at_most:
        raise Refused("number_out_of_range", {"at_least": at_least, "at_most": at_most})
    return value
