"""Reads the door code: six digits that an owner tells the officer at the door."""

from __future__ import annotations

import re

from conversations import reference
from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.parsers.numbers import unit
from conversations.words import standardised


def six_digits() -> Parser:
    """Read the only run of six digits: "kodenya 482 915 ya" and "4 8 2 9 1 5" are "482915".

    Raises:
        Refused: ``not_six_digits`` if there is none; ``several_codes`` if there are others.
    """

    def parse(text: str, facts: Facts) -> str:
        codes = reference.door_codes(text)
        if len(codes) > 1:
            raise Refused("several_codes")
        code = next(iter(codes), "") or _spoken(text)
        if len(code) != reference.DOOR_CODE:
            raise Refused("not_six_digits")
        return code

    return parse


def _spoken(text: str) -> str:
    """Return the digits of a text that are all written as words: "empat delapan dua" is "482"."""
    if re.search(r"\d", text):
        return ""
    read = (unit(word)[1] for word in standardised(text).split())
    return "".join(str(digit) for digit in read if digit is not None and digit < 10)
