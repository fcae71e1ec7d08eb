"""Free words: a reason, a remark."""

from __future__ import annotations

from conversations.facts import Facts
from conversations.messages import Json
from conversations.parsers import Parser, Refused


def note(*, at_most: int = 300) -> Parser:
    """Take words as they are, trimmed.

    Raises:
        Refused: ``note_too_short`` under three characters, ``note_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> Json:
        words = " ".join(text.split())
        if len(words) < 3:
            raise Refused("note_too_short")
        if len(words) > at_most:
            raise Refused("note_too_long", {"at_most": at_most})
        return words

    return parse
