"""Reads what people tell of a loan: since when, at which branch, for how many months.

Numbers of accounts, loans and cards are refused: ten digits or more are no answer to any of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from conversations import lexicon
from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.day_names import MONTHS
from conversations.parsers.evasions import evasion
from conversations.parsers.money import money
from conversations.parsers.note import note
from conversations.parsers.numbers import spoken
from conversations.words import plain, standardised

LEAST_DIGITS = 10  # of a number that is not kept, where no sum is asked
LEAST_BARE = 11  # of one without a sign between its digits, where a sum is asked
_DIGITS = re.compile(r"\d(?:[ ./-]{0,2}\d)+")
_BARE = re.compile(r"\d+")
_SIGNS = re.compile(r"[ /-]+")
#: A part of an address, which is no number of a loan: "RT 005/003".
_CORNER = re.compile(
    r"\b(?:rt|rw)\b\W{0,3}\d{1,3}(?:\W{1,3}(?:rw\W{0,3})?\d{1,3}\b)?", re.IGNORECASE
)
LEAST_NAMED = 8  # digits behind words for such a number: "norek"
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = re.compile(r"[^\W_]+")
_AGO = re.compile(r"\b(\w+) (tahun|thn|th|bulan|bln|years?|months?)\b")
_MONTHS = re.compile(r"\b(\w+)\s*(?:x|kali|bulan|bln|months?)?\b")
_LAST_YEAR = re.compile(r"\b(?:tahun|thn|taun) (?:lalu|kemarin|kmrn|kemaren)\b|\blast year\b")
_THIS_YEAR = re.compile(r"\b(?:tahun|thn|taun) (?:ini|sekarang)\b|\bthis year\b")
_YEARS = frozenset({"tahun", "thn", "th", "year", "years"})
OLDEST = 30  # years
_FEW = 5  # words that may say nothing but that somebody does not know
_DAYS: Mapping[str, int] = {"hari": 1, "minggu": 7, "bulan": 30, "tahun": 365}
_ONE = re.compile(r"\bse(hari|minggu|bulan|tahun)")  # "setahun" is "1 tahun"
_LENGTH = re.compile(r"\b(\w+) ?(hari|minggu|bulan|tahun)(?:an)?\b")
#: The most days of each band of arrears, by the grades of collectability.
ARREARS: Mapping[str, int] = {"under_1": 29, "to_3": 90, "to_4": 120, "to_6": 180}
OVER_6 = "over_6"
#: The largest sum of each band of what is left, in rupiah.
REMAINING: Mapping[str, int] = {
    "to_10": 10_000_000,
    "to_25": 25_000_000,
    "to_50": 50_000_000,
    "to_100": 100_000_000,
    "to_500": 500_000_000,
}
LEAST_OF_LOAN = 100_000  # rupiah; a smaller sum is none of a loan
LEAST_LEFT, UNDER_5, MORE = 5_000_000, "under_5", "more"


def long_number(text: str) -> bool:
    """Whether words hold the number of a loan, an account or a card.

    That is one of ten digits or more, with signs between them or none, or of eight or more behind
    words such as "norek".
    """
    said = _CORNER.sub(" ", text)
    longest = max((_count(run) for run in _DIGITS.findall(said)), default=0)
    return longest >= (LEAST_NAMED if _names_number(text) else LEAST_DIGITS)


def long_sum(text: str) -> bool:
    """Whether words hold rather such a number than a sum: "0012-01-000123-53-1", eleven digits."""
    runs = _DIGITS.findall(text)
    if _names_number(text):
        return any(_count(run) >= LEAST_NAMED for run in runs)
    bare = any(len(run) >= LEAST_BARE for run in _BARE.findall(text))
    return bare or any(_is_grouped(run) for run in runs if _count(run) >= LEAST_DIGITS)


def _is_grouped(run: str) -> bool:
    """Whether digits are in three groups or more that are no thousands, or begin with a zero."""
    groups = _SIGNS.split(run)
    thousands = all(len(group) == 3 for group in groups[1:])
    return (len(groups) > 2 and not thousands) or run.startswith("00")


def _count(run: str) -> int:
    return len(re.findall(r"\d", run))


def _names_number(text: str) -> bool:
    return lists.any_of("loan", "numbered").search(standardised(text)) is not None


def since() -> Parser:
    """Read when a loan began, as "2024-03" or "2024": "maret 2024", "2 tahun lalu", "2023".

    Raises:
        Refused: ``no_year`` for words that name no year; ``year_out_of_range`` for one that is
            to come, or longer ago than thirty years.
    """

    def parse(text: str, facts: Facts) -> str:
        said = _ONE.sub(r"1 \1", standardised(text))
        found = _when(said, facts.today.year, facts.today.month)
        if found is None:
            raise Refused("no_year")
        year, month = found
        now = (facts.today.year, facts.today.month)
        if (year, month or 1) > now or year < facts.today.year - OLDEST:
            raise Refused("year_out_of_range")
        return f"{year}-{month:02d}" if month else str(year)

    return parse


def _when(said: str, year: int, month: int) -> tuple[int, int | None] | None:
    """Return the year and month that words name, as far as they name one."""
    named = next((MONTHS[w] for w in _WORD.findall(said) if w in MONTHS), None)
    if (written := _YEAR.search(said)) is not None:
        return int(written[0]), named
    if _LAST_YEAR.search(said):
        return year - 1, named
    if _THIS_YEAR.search(said):
        return year, named
    ago = _AGO.search(said)
    many = spoken([ago[1]]) if ago is not None else None
    if ago is not None and many is not None and many <= OLDEST * 12:
        if ago[2] in _YEARS:
            return year - many, None
        at = year * 12 + month - 1 - many
        return at // 12, at % 12 + 1
    if named is not None:
        return (year if named <= month else year - 1), named
    return None


def branch(*, unknown: tuple[str, str] | None = None, at_most: int = 80) -> Parser:
    """Return the branch or unit of a lender as typed; None if they don't remember.

    `unknown` is the flow and the step in the lexicon whose words say so.

    Raises:
        Refused: as `note`.
    """
    parse_note = note(at_most=at_most)

    def parse(text: str, facts: Facts) -> Json:
        few = unknown is not None and len(text.split()) <= _FEW
        listed = lexicon.options(*unknown) if unknown is not None and few else None
        forgotten = evasion(text) == "unknown" or (listed is not None and listed.rank(text))
        return None if forgotten else parse_note(text, facts)

    return parse


def months_within(text: str) -> int | None:
    """Return the months that words name beside others: "acc, jadi 24 bulan"; None if they don't."""
    said = _lengths(standardised(text))
    lengths = [(spoken([found[1]]), found[2]) for found in _LENGTH.finditer(said)]
    told = [
        number * (12 if unit == "tahun" else 1)
        for number, unit in lengths
        if number and unit in ("bulan", "tahun")
    ]
    return max(told, default=None)


def months(*, at_most: int = 120) -> Parser:
    """Read a number of months: "12", "dua belas bulan", "1 tahun".

    Raises:
        Refused: ``no_months`` without a number; ``months_out_of_range`` with the limit.
    """

    def parse(text: str, facts: Facts) -> int:
        said = _ONE.sub(r"1 \1", plain(text))
        found = re.search(r"\b(\w+) ?(?:tahun|thn|th|years?)\b", said)
        years = spoken([found[1]]) if found is not None else None
        words = _WORD.findall(said)
        number = years * 12 if years is not None else spoken(_counted(words))
        if number is None:
            raise Refused("no_months")
        if not 1 <= number <= at_most:
            raise Refused("months_out_of_range", {"at_most": at_most})
        return number

    return parse


def _counted(words: list[str]) -> list[str]:
    return [word for word in words if word not in _OF_MONTHS]


_OF_MONTHS = frozenset(
    {"bulan", "bln", "x", "kali", "jadi", "selama", "sekitar", "kira", "months", "month", "for"}
)


def overdue() -> Parser:
    """Read how long somebody is behind with payments, as a band: "nunggak 2 bulan" is "to_3".

    Raises:
        Refused: ``pick_one`` if the words tell no length of time.
    """

    def parse(text: str, facts: Facts) -> str:
        said = lists.any_of("loan", "beside").sub(" ", _lengths(standardised(text)))
        if lists.any_of("loan", "paid").search(said):
            raise Refused("pick_one")  # "bulan ini masih kebayar"
        lengths = [(spoken([found[1]]), _DAYS[found[2]]) for found in _LENGTH.finditer(said)]
        days = max((number * unit for number, unit in lengths if number), default=0)
        if not days and lists.any_of("loan", "begins").search(said):
            days = _since_then(said, facts)
        if not days:
            raise Refused("pick_one")
        days += _beyond(said)
        return next((band for band, most in ARREARS.items() if days <= most), OVER_6)

    return parse


def _beyond(said: str) -> int:
    """Return -1 for "kurang dari" and 1 for "lebih dari", which move a round figure's band."""
    below, above = (lists.any_of("loan", one).search(said) for one in ("below", "above"))
    return -1 if below else 1 if above else 0


def _lengths(said: str) -> str:
    """Return words with lengths of time as a number and a unit: "sebulan" is "1 bulan"."""
    for name, unit in (("half_year", "6 bulan"), *((f"units_{one}", one) for one in _DAYS)):
        said = lists.any_of("loan", name).sub(unit, said)
    said = _ONE.sub(r"1 \1", said)
    return re.sub(r"\b(?:a|an) (?=hari|minggu|bulan|tahun)", "1 ", said)


def _since_then(said: str, facts: Facts) -> int:
    """Return about how many days ago the month or year was that words name; 0 for none."""
    found = _when(said, facts.today.year, facts.today.month)
    if found is None:
        return 0
    year, month = found
    return max(0, (facts.today - date(year, month or 7, 1)).days)


def left() -> Parser:
    """Read about how much of a loan is left, as a band: "tinggal 8 jutaan" is "to_10".

    Raises:
        Refused: ``pick_one`` if the words name no sum, or one that is below all bands.
    """
    parse_sum = money()

    def parse(text: str, facts: Facts) -> str:
        try:
            total = int(parse_sum(text, facts))
        except Refused as refused:
            total = max((one.answer for one in refused.readings if one.answer), default=0)
        if total < LEAST_OF_LOAN:
            raise Refused("pick_one")
        total += _beyond(standardised(text))
        if total < LEAST_LEFT:
            return UNDER_5
        return next((band for band, most in REMAINING.items() if total <= most), MORE)

    return parse
