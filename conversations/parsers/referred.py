"""Reads what somebody tells of another person's business: where it is, and how they are called."""

from __future__ import annotations

import re

from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.parsers import Parser, Refused
from conversations.parsers.evasions import evasion
from conversations.words import bare, is_latin, standardised, tidy


def accuses(text: str) -> bool:
    """Whether the words accuse a business, or ask that it be cleared away."""
    return lists.any_of("referral", "accuses").search(standardised(text)) is not None


def landmark(*, at_most: int = 200) -> Parser:
    """Return a landmark in words, as typed; None for words that say that there is none.

    Raises:
        Refused: ``landmark_please`` for words that name no place; ``landmark_too_long`` with the
            limit.
    """

    def parse(text: str, facts: Facts) -> str | None:
        words = tidy(bare(text))
        if len(words) > at_most:
            raise Refused("landmark_too_long", {"at_most": at_most})
        if evasion(words) in ("none", "unknown"):
            return None
        if evasion(words) is not None or len(re.findall(r"[^\W\d_]", words)) < 3:
            raise Refused("landmark_please")
        return words

    return parse


def nickname(*, at_most: int = 40) -> Parser:
    """Return what people call somebody, as typed: "Bu Siti"; None for words that say none.

    Raises:
        Refused: ``nickname_please`` for words that are no name.
    """

    def parse(text: str, facts: Facts) -> str | None:
        words = tidy(bare(text))
        if evasion(words) in ("none", "unknown"):
            return None
        letters = len(re.findall(r"[^\W\d_]", words))
        named = letters >= 2 and not re.search(r"\d", words) and is_latin(words)
        if evasion(words) is not None or not named or len(words) > at_most:
            raise Refused("nickname_please")
        return words

    return parse
