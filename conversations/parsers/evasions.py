"""Recognises whole messages that answer no question: "gak tau", "sama kayak tadi", "skip"."""

from __future__ import annotations

import re
from functools import cache

from conversations.lexicon import whole
from conversations.words import standardised

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_COURTESIES = frozenset({
    "pak", "bu", "bapak", "ibu", "bang", "mas", "mbak", "mba", "kak", "min", "ya", "yah",
    "deh", "dong", "sih", "kok", "nih", "lah", "ah", "aduh", "waduh", "maaf", "kayaknya",
    "masih", "juga", "please", "sorry", "just", "hehe", "hihi", "wkwk",
})  # fmt: skip
_SAME = {
    "tau": "tahu", "taw": "tahu", "kayak": "seperti", "kaya": "seperti", "kek": "seperti",
    "kyk": "seperti", "ntar": "nanti", "tar": "nanti", "entar": "nanti", "deket": "dekat",
    "liat": "lihat", "pake": "pakai", "dah": "sudah", "udah": "sudah", "cepet": "cepat",
    "cepetan": "cepatan", "cpt": "cepat", "cptan": "cepatan", "dikit": "sedikit",
}  # fmt: skip
_BEGINS = frozenset({"begins", "waits"})  # lists of beginnings
_LONGEST = 100  # characters
_MOST_BEHIND = 6  # words of a message that begins like an evasion


def evasion(text: str) -> str | None:
    """Return how the whole message evades an answer, as a key of `whole.evasions`, or None."""
    words = _words(text) if len(text) <= _LONGEST else []
    for said in (words, words[:-1] if words[-1:] == ["saja"] else []):
        found = _listed().get(tuple(said)) if said else None
        if found is not None:
            return found
    short = len(words) <= _MOST_BEHIND and not re.search(r"[,.;\d]", text)
    begins = _beginnings().get(words[0], ()) if short and words else ()
    if any(tuple(words[: len(b)]) == b for b in begins):
        return "unknown"
    return "wait" if short and words and words[0] in whole.evasions()["waits"] else None


def _words(text: str) -> list[str]:
    found = _WORD.findall(standardised(text))
    return [_SAME.get(word, word) for word in found if word not in _COURTESIES]


@cache
def _listed() -> dict[tuple[str, ...], str]:
    listed = whole.evasions().items()
    kinds = ((kind, phrases) for kind, phrases in listed if kind not in _BEGINS)
    return {tuple(_words(phrase)): kind for kind, phrases in kinds for phrase in phrases}


@cache
def _beginnings() -> dict[str, list[tuple[str, ...]]]:
    """Return the beginnings of evasions by their first word."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in whole.evasions()["begins"]:
        first, *others = _words(phrase)
        found.setdefault(first, []).append((first, *others))
    return found
