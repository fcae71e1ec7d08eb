"""Masks names for strangers: a person recognises their own name, and others can't identify it."""

from __future__ import annotations

import re

#: Indonesian titles before names (religious, academic, polite, noble), without dots; initials.
_TITLE = re.compile(
    r"[a-z]|hj|hjh|haji|hajah|kh|hkh|kyai|kiai|nyai|ust|ustadz?|ustaz|ustad?zah|ustazah|gus|habib"
    r"|pdt|pendeta|romo|pastor|suster|bhante|dr|drg|drh|drs|dra|ir|prof|apt|ns|ners"
    r"|bpk|bapak|pak|ibu|bu|tn|tuan|ny|nyonya|nn|nona|sdri?|saudara|saudari|mas|mbak|bang"
    r"|rd|raden|rr|rm|ra|rngt|ajeng|adjeng|roro|rara|kanjeng|ki|nyi|tb|tubagus"
)


def masked(name: str) -> str:
    """Mask a name so that only the person recognises it: `Siti A*****`.

    A title does not count: `H. Ahmad F****`. A name of one word keeps its first letter.
    """
    words = name.split()
    titles = 0
    while titles < len(words) - 1 and _is_title(words[titles]):
        titles += 1
    shown = min(titles + 1, len(words) - 1)
    if shown > titles:  # the name has more than one word
        return " ".join([*words[:shown], *map(_hidden, words[shown:])])
    return " ".join([*words[:titles], *map(_hidden, words[titles:])])


def initials(name: str) -> str:
    """Return the first letters of a name: "S. A."."""
    firsts = (next(filter(str.isalnum, word), "") for word in name.split())
    return " ".join(f"{one.upper()}." for one in firsts if one)


def _is_title(word: str) -> bool:
    return _TITLE.fullmatch(word.replace(".", "").strip(",").casefold()) is not None


def _hidden(word: str) -> str:
    if not any(letter.isalnum() for letter in word):
        return word
    return word[0] + "*" * max(len(word) - 1, 1)
