"""Reads what somebody tells of another person's business: where it is, and how they are called."""

from __future__ import annotations

import re

from conversations import lexicon
from conversations.facts import Facts
from conversations.lexicon import lists
from conversations.parsers import Parser, Refused
from conversations.parsers.asking import asks, asks_whether
from conversations.parsers.evasions import evasion
from conversations.words import bare, is_latin, standardised, tidy

#: Worries: is a business cleared away, who learns of it, and may it be one's own?
CLEARED, WHO, OWN = "cleared", "who", "own"
_ASKED = re.compile(r"\btidak\b")  # asks in such words, and denies nothing
LEAST = 1.5  # weight of words that leave no doubt what worries somebody


LETTERS = 3  # of a landmark, at least
#: Words of times, and between them.
_TIMES = re.compile(
    r"\b(?:pagi|siang|sore|petang|malam|magrib|maghrib|isya|subuh|dini|hari|jam|pukul|sampai|dari|tiap"
    r"|setiap|habis|abis|buka|tutup|biasanya|morning|noon|afternoon|evening|night|from|until|till|to|at"
    r"|am|pm)\w{0,3}\b|\d+"
)


def tells_hours(text: str) -> bool:
    """Whether words name times alone, and no place: "buka sore aja"."""
    rest = re.findall(r"[^\W\d_]+", _TIMES.sub(" ", standardised(text)))
    return {*rest} <= lists.words("referral", "beside_hours")


def accuses(text: str) -> bool:
    """Whether the words accuse a business, or ask that it be cleared away.

    "Nanti digusur ga?" asks for the opposite.
    """
    said = lists.any_of("referral", "accuses").search(standardised(text))
    return said is not None and worry(text) != CLEARED


def worry(text: str) -> str | None:
    """Return what somebody who tells of a place wonders, as a key of `referral.any_time`."""
    listed, said = lexicon.options("referral", "any_time"), standardised(text)
    ranked = listed.rank(_ASKED.sub(" ", said)) if listed is not None else []
    if not ranked:
        return None
    first = ranked[0]
    if first.name != CLEARED:
        return first.name if first.weight >= LEAST or asks(text) else None
    afraid = lists.any_of("referral", "afraid").search(said) is not None
    demands = lists.any_of("referral", "demands").search(said) is not None
    return CLEARED if afraid or (asks_whether(text) and not demands) else None


def permit_number(*, at_most: int = 60) -> Parser:
    """Return the number of a permit as typed; None for words without a digit, which tell none.

    Raises:
        Refused: ``note_too_long`` with the limit.
    """

    def parse(text: str, facts: Facts) -> str | None:
        words = tidy(bare(text))
        if len(words) > at_most:
            raise Refused("note_too_long", {"at_most": at_most})
        return words if re.search(r"\d", words) else None

    return parse


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
        told = _TIMES.sub(" ", standardised(words))  # "sore sampe malem" answers the next question
        if evasion(words) is not None or len(re.findall(r"[^\W\d_]", told)) < LETTERS:
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
