"""Reads the door code: six digits that an owner tells the officer at the door."""

from __future__ import annotations

from conversations import reference
from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.parsers.numbers import unit
from conversations.words import standardised


def six_digits() -> Parser:
    """Read the code as six digits: "482 915", "kode: 482-915" and "4 8 2 9 1 5" are "482915".

    Raises:
        Refused: ``not_six_digits`` if there are not exactly six.
    """

    def parse(text: str, facts: Facts) -> str:
        digits = reference.door_code(text) or _spoken(text)
        if len(digits) != 6:
            raise Refused("not_six_digits")
        return digits

    return parse


def _spoken(text: str) -> str:
    """Return the digits that are written as words: "empat delapan dua" is "482"."""
    read = (unit(word)[1] for word in standardised(text).split())
    return "".join(str(digit) for digit in read if digit is not None and digit < 10)
