"""Reads free words: a reason, a remark."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.hesitation import gives_reason, without_lead
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


def reason(*, at_most: int = 300) -> Parser:
    """Return a reason that somebody will read: a note that is no question and not put off.

    Raises:
        Refused: as `note`; ``no_reason`` for words that give none.
    """
    parse_note = note(at_most=at_most)

    def parse(text: str, facts: Facts) -> Json:
        words = parse_note(text, facts)
        if not gives_reason(text):
            raise Refused("no_reason")
        return parse_note(without_lead(str(words)), facts)

    return parse
