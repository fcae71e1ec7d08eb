"""The six digits an owner tells the officer at the door."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.parsers import Parser, Refused
from conversations.words import plain


def six_digits() -> Parser:
    """Read the code as six digits: "482 915", "kode: 482-915" and "4 8 2 9 1 5" are "482915".

    Raises:
        Refused: ``not_six_digits`` if there are not exactly six.
    """

    def parse(text: str, facts: Facts) -> str:
        digits = re.sub(r"\D", "", plain(text))
        if len(digits) != 6 or not digits.isascii():
            raise Refused("not_six_digits")
        return digits

    return parse
