"""Reads how a name is spelled, told behind it: "siti amina pake h" is "siti aminah"."""

from __future__ import annotations

import re

from conversations.lexicon import lists

_LETTERS = r"(?P<letters>[a-z]{1,2})"
_ONE, _TWO = (f"(?:{lists.one_of('spelled', number)})" for number in ("one", "two"))
_WITH, _WITHOUT = (f"(?:{lists.one_of('spelled', how)})" for how in ("having", "lacking"))
_NUMBER = rf"(?:(?P<{{0}}one>{_ONE})|(?P<{{0}}two>{_TWO}))"
_WHERE = (
    rf"(?:\s+(?:di\s?)?(?:(?P<first>{lists.one_of('spelled', 'first')})"
    rf"|{lists.one_of('spelled', 'last')})(?:nya)?)?"
)
_TAIL = (
    rf"(?:[\s,]+(?:(?:bukan|not)\s+(?:pake |pakai |an? )?[a-z]{{1,2}}"
    rf"|{lists.one_of('spelled', 'beside')}))*[\s.!)]*"
)
_BEFORE = r"^(?P<name>.*?[^\W\d_]{2,}[.,]?)[\s,;(-]+"
#: "Pake h", "tanpa h", "pake satu m", "dobel s".
_AS_VERB = re.compile(
    rf"{_BEFORE}(?:huruf\s+)?(?:(?P<without>{_WITHOUT})|{_WITH}|(?={_TWO}))\s*(?:huruf(?:nya)?\s+)?"
    rf"(?:{_NUMBER.format('a')}\s+)?(?:huruf\s+)?{_LETTERS}"
    rf"(?:\s+(?:sama|dan|and|&)\s+[a-z]{{1,2}})*(?:(?:\s?nya)?\s+{_NUMBER.format('b')})?{_WHERE}{_TAIL}$",
    re.IGNORECASE,
)
#: "S nya satu", "t-nya dua", "h nya di belakang", "y nya bukan j".
_AS_NOUN = re.compile(
    rf"{_BEFORE}(?:huruf\s+)?{_LETTERS}[\s-]?nya\b(?:\s+(?:cuma|hanya|{_WITH}))?"
    rf"(?:\s+(?P<without>{_WITHOUT}))?(?:\s+{_NUMBER.format('a')})?{_WHERE}{_TAIL}$",
    re.IGNORECASE,
)
#: "Ejaan lama", which tells that a name is spelled in another way, and not how.
_ONLY_TOLD = re.compile(rf"{_BEFORE}(?:pake |pakai )?ejaan (?:lama|baru|yang \w+){_TAIL}$", re.I)
#: "Ejaannya soemiati", which says the name again.
_ANEW = re.compile(
    r"^.*[^\W\d_]{2,}[\s,(]+(?:ejaan|tulisan|spelled|spelt)(?:nya)?\s+(?P<name>[^\W\d_]{3}.*)$",
    re.I,
)
#: Single letters one after the other: "s u s i l o".
_APART = re.compile(r"(?<![^\W_])[^\W\d_](?:[\s.-]+[^\W\d_]){2,}(?![^\W_])")
#: The letters in whose place a name may have these.
_OTHERS = {
    "oe": "u", "tj": "c", "dj": "j", "ch": "h", "kh": "k", "sy": "s", "dh": "d", "th": "t",
    "dz": "z", "ie": "i", "ee": "i", "y": "i", "i": "y", "v": "fpw", "f": "pv", "z": "s", "j": "y",
    "q": "k", "u": "o", "o": "u", "p": "f", "s": "z", "k": "c", "c": "k",
}  # fmt: skip


def spelled(words: str) -> str | None:
    """Return the name as the words behind it say that it is spelled; None without such words.

    Where they leave it open which letter is meant, the name stays as it was written.
    """
    if _APART.search(words) is not None:
        return _APART.sub(lambda found: re.sub(r"[\s.-]+", "", found[0]), words)
    told = _ONLY_TOLD.match(words) or _ANEW.match(words)
    if told is not None:
        return told["name"].strip(" ,;")
    found = _AS_VERB.match(words) or _AS_NOUN.match(words)
    if found is None:
        return None
    name, letters = found["name"].strip(" ,;("), found["letters"].lower()
    groups = found.groupdict()
    if groups["without"]:
        return _without(name, letters)
    if groups["aone"] or groups.get("bone"):
        return _replaced(name, letters * 2, letters)
    if groups["atwo"] or groups.get("btwo"):
        return name if letters * 2 in name.lower() else _replaced(name, letters, letters * 2)
    return _with(name, letters, first=bool(groups["first"]))


def _with(name: str, letters: str, *, first: bool) -> str:
    """Return the name with letters that it lacks, in the place of others or at an end."""
    said = name.lower()
    if letters == "h" and said.endswith("a"):
        return name + letters  # "Hasana pake h" has one already, and means the last letter
    if letters in said:
        return name
    for other in _OTHERS.get(letters, ""):
        if said.count(other) == 1:
            return _replaced(name, other, letters)
    if first and " " not in name:
        return letters + said
    return name + letters if letters == "h" and said[-1] in "aiueo" else name


def _without(name: str, letters: str) -> str:
    """Return the name without letters that it has once, or at the end."""
    said = name.lower()
    if said.endswith(letters):
        return name[: -len(letters)]
    return _replaced(name, letters, "")


def _replaced(name: str, old: str, new: str) -> str:
    """Return the name with other letters, if it has the old ones once."""
    return re.sub(re.escape(old), new, name, flags=re.I) if name.lower().count(old) == 1 else name
