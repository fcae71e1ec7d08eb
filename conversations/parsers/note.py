"""Reads free words: a reason, a remark."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.words import tidy


def note(*, at_most: int = 300) -> Parser:
    """Return the words as typed, without invisible characters.

    Raises:
        Refused: ``note_too_short`` under three characters, or without letter and digit;
            ``note_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> Json:
        words = tidy(text)
        if len(words) < 3 or not re.search(r"[^\W_]", words):
            raise Refused("note_too_short")
        if len(words) > at_most:
            raise Refused("note_too_long", {"at_most": at_most})
        return words

    return parse
