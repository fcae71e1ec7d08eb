"""Names as strangers may see them: known again by their bearer, found by nobody else."""

from __future__ import annotations

import re

#: Titles before names in Indonesia (religious, academic, polite, noble) without dots; initials.
_TITLE = re.compile(
    r"[a-z]|hj|hjh|haji|hajah|kh|hkh|kyai|kiai|nyai|ust|ustadz?|ustaz|ustad?zah|ustazah|gus|habib"
    r"|pdt|pendeta|romo|pastor|suster|bhante|dr|drg|drh|drs|dra|ir|prof|apt|ns|ners"
    r"|bpk|bapak|pak|ibu|bu|tn|tuan|ny|nyonya|nn|nona|sdri?|saudara|saudari|mas|mbak|bang"
    r"|rd|raden|rr|rm|ra|rngt|ajeng|adjeng|roro|rara|kanjeng|ki|nyi|tb|tubagus"
)


def masked(name: str) -> str:
    """A name by which its bearer can be recognised, and nobody else found: `Siti A*****`.

    A title is no name: `H. Ahmad F****`. Of a name of one word its first letter is left.
    """
    words = name.split()
    titles = 0
    while titles < len(words) - 1 and _is_title(words[titles]):
        titles += 1
    shown = min(titles + 1, len(words) - 1)
    if shown > titles:  # more than the name by itself
        return " ".join([*words[:shown], *map(_hidden, words[shown:])])
    return " ".join([*words[:titles], *map(_hidden, words[titles:])])


def _is_title(word: str) -> bool:
    return _TITLE.fullmatch(word.replace(".", "").strip(",").casefold()) is not None


def _hidden(word: str) -> str:
    if not any(letter.isalnum() for letter in word):
        return word
    return word[0] + "*" * max(len(word) - 1, 1)
