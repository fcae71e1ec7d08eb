"""Shortened: words that are typed without most of their vowels: "jdwal", "almt"."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from conversations.words import standard

LEAST, LEAST_FULL = 4, 5  # letters of a shortened word, and of the full one
_VOWELS = re.compile(r"[aeiou]")


def by_consonants(full: Iterable[tuple[str, str]]) -> Mapping[str, set[tuple[str, str]]]:
    """Return full words with their roots by what is left without their vowels."""
    found: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for word, root in full:
        if len(word) >= LEAST_FULL:
            found[_consonants(word)].add((word, root))
    return found


def roots(word: str, full: Mapping[str, set[tuple[str, str]]]) -> set[str]:
    """Return the roots of the words that a word may be short for."""
    if len(word) < LEAST:
        return set()
    return {root for long, root in full.get(_consonants(word), ()) if _shortens(word, long)}


def in_full(word: str) -> str:
    """Return a word with affixes at a shortened root with the root in full: "dtgin": "datangin"."""
    found = _AFFIXED.fullmatch(word)
    return f"{found[1]}{standard(found[2])}{found[3]}" if found is not None else word


_AFFIXED = re.compile(r"(di|nge|)([^\W\d_aeiou]{3,})(in|kan|i|an)")


def _consonants(word: str) -> str:
    return word[0] + _VOWELS.sub("", word[1:])


def _shortens(word: str, long: str) -> bool:
    """Whether a word is a longer one without half of its vowels: "agung" is no "ageung".

    The last letter stays: "tim" is no "time".
    """
    left, vowels = iter(long), len(_VOWELS.findall(long))
    half = len(long) > len(word) and 2 * (len(long) - len(word)) >= vowels
    return half and word[-1] == long[-1] and all(letter in left for letter in word)
