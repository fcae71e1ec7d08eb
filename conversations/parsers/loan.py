"""Reads what people tell of a loan: since when, at which branch, for how many months.

Numbers of accounts, loans and cards are refused: ten digits or more are no answer to any of it.
"""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.day_names import MONTHS
from conversations.parsers.evasions import evasion
from conversations.parsers.note import note
from conversations.parsers.numbers import spoken
from conversations.words import plain, standardised

LEAST_DIGITS = 10  # of a number that is not kept, where no sum is asked
LEAST_BARE = 11  # of one with at most spaces or dashes between its digits, where a sum is asked
_DIGITS = re.compile(r"\d(?:[ .,/-]{0,2}\d)+")
_BARE = re.compile(r"\d(?:[ -]?\d)*")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_WORD = re.compile(r"[^\W_]+")
_AGO = re.compile(r"\b(\w+) (tahun|thn|th|bulan|bln|years?|months?)\b")
_MONTHS = re.compile(r"\b(\w+)\s*(?:x|kali|bulan|bln|months?)?\b")
_LAST_YEAR = re.compile(r"\b(?:tahun|thn|taun) (?:lalu|kemarin|kmrn|kemaren)\b|\blast year\b")
_THIS_YEAR = re.compile(r"\b(?:tahun|thn|taun) (?:ini|sekarang)\b|\bthis year\b")
_YEARS = frozenset({"tahun", "thn", "th", "year", "years"})
OLDEST = 30  # years


def long_number(text: str) -> bool:
    """Whether words hold ten digits or more in a row, with signs between them or none."""
    return any(len(re.findall(r"\d", run)) >= LEAST_DIGITS for run in _DIGITS.findall(text))


def long_sum(text: str) -> bool:
    """Whether words hold eleven digits or more in a row: rather a number than a sum."""
    return any(len(re.findall(r"\d", run)) >= LEAST_BARE for run in _BARE.findall(text))


def since() -> Parser:
    """Read when a loan began, as "2024-03" or "2024": "maret 2024", "2 tahun lalu", "2023".

    Raises:
        Refused: ``no_year`` for words that name no year; ``year_out_of_range`` for one that is
            to come, or longer ago than thirty years.
    """

    def parse(text: str, facts: Facts) -> str:
        said = standardised(text)
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


def branch(*, at_most: int = 80) -> Parser:
    """Return the branch or unit of a lender as typed; None if they don't remember.

    Raises:
        Refused: as `note`.
    """
    parse_note = note(at_most=at_most)

    def parse(text: str, facts: Facts) -> Json:
        return None if evasion(text) == "unknown" else parse_note(text, facts)

    return parse


def months(*, at_most: int = 120) -> Parser:
    """Read a number of months: "12", "dua belas bulan", "1 tahun".

    Raises:
        Refused: ``no_months`` without a number; ``months_out_of_range`` with the limit.
    """

    def parse(text: str, facts: Facts) -> int:
        said = plain(text)
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
