"""Reads which choice of the shown list the words pick."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import Indel

from conversations.parsers.amended import names_blanked
from conversations.parsers.numbers import spoken, unit
from conversations.words import TEXTS, plain, squeezed, standard

# Words between a mistake and its correction: "2 eh salah yg 1".
_CORRECTION = re.compile(
    r"\b(?:eh+|salah|ralat|maksudnya|maksud saya|maksudku|maaf|sori|sorry|koreksi|ganti|jadi|tapi"
    r"|deng|ding|oops|ups)\b"
)
_FILLERS = re.compile(
    r"yang|yg|nomor|nomer|no|pilih\w*|saya|mau|opsi|angka|ambil|ke|itu|aja|saja|pak|bu|ya|deh|dong|sih"
    r"|lah|kak|bang|mas|mbak|min|option|number|choose|pick|the|aku|jawab\w*|ini|kalau|kalo|tadi|one"
)
#: Verbs before a number or a position: "buka yang pertama".
_OPENS = re.compile(r"buka|bukain|lihat|liat|cek|open|show|see|periksa|tampilkan|tampilin")
_ORDINALS = {"pertama": 1, "kesatu": 1, "first": 1, "second": 2, "third": 3, "fourth": 4}
_LAST = frozenset(
    {"terakhir", "akhir", "last", "latest", "bawah", "terbawah", "buncit", "bontot", "belakang"}
)
_FIRST = frozenset({"atas", "teratas", "paling_atas"})
_MIDDLE = frozenset({"tengah", "middle"})
#: "bisa" is never the label "Tidak bisa", nor the other way round.
_DENIALS = frozenset({"tidak", "belum", "bukan", "jangan", "not", "no", "can't"})
_INSTEAD = re.compile(r"\beh+,? bukan")
_DENIED = re.compile(r"\bbukan (?:yang |yg |nomor |no )?\w+")
_WORD = re.compile(r"\d+|[^\W\d_]+")
FITS, LEAD = 0.75, 0.15  # likeness that a label needs, and by which one must lead
_ROUNDING = 1e-9
_CUT = re.compile(r"([^\W\d_]+)…")  # a word that was cut off at the end of a label


def pick(text: str, labels: tuple[str, ...], *, closing: int = 0) -> int | None:
    """Return the index of the label that the words pick, or None if that is not clear.

    The last `closing` labels are none of the list, such as "Tidak ada yang cocok": "yang terakhir"
    is the one before them.

    Reads a number ("2", "nomor dua", "yg ke-2", "2️⃣"), a position ("pertama", "terakhir"), the
    label or a clear part of it with small typos, and a corrected answer ("2 eh salah yg 1").
    """
    said = plain(text)
    if not labels or not said or len(said) > 200:
        return None
    if (same := exact(said, labels)) is not None:
        return same
    if "bukan" in said:
        said = _DENIED.sub(" ", _INSTEAD.sub("eh", said))
    parts = _CORRECTION.split(said)
    parts = [said] if len(parts) > 1 and _CORRECTION.search(names_blanked(said)) is None else parts
    if len(parts) > 1 and not parts[-1].strip(" ,.!"):
        return None  # "2 salah" names no other choice
    for part in reversed([part for part in parts if part.strip(" ,.")]):
        found = _number(part, labels, len(labels) - closing)
        if found is None:
            found = _named(part, labels)
        if found is not None:
            return found
        if len(parts) > 1 and _fits_several(part, labels):
            return None  # "kamis pagi eh jumat": not the first day
    return _named(said, labels) if len(parts) > 1 else None


def exact(text: str, labels: tuple[str, ...]) -> int | None:
    """Return the index of the one label that the words are, or None."""
    words = _words(text)
    same = [at for at, label in enumerate(_split(labels)) if label == words]
    return same[0] if len(same) == 1 else None


def _number(said: str, labels: tuple[str, ...], listed: int) -> int | None:
    """Return the index that a number or a position names, if the words say nothing else.

    Positions count the first `listed` labels only.
    """
    words = [word for word in _WORD.findall(said) if not _FILLERS.fullmatch(word)]
    if len(words) > 1 and _OPENS.fullmatch(words[0]):
        words.pop(0)
    words = [
        word.removeprefix("ke") if unit(word.removeprefix("ke"))[1] else word for word in words
    ]
    if len(words) == 1:
        word = words[0]
        places = ((_LAST, listed - 1), (_FIRST, 0), (_MIDDLE, listed // 2))
        for names, at in places:
            if word in names and (names is not _MIDDLE or listed % 2):
                return at
        if word in _ORDINALS:
            return _at(_ORDINALS[word], labels)
    if len(words) == 2 and words[0] == "paling" and words[1] in _LAST | _FIRST:
        return listed - 1 if words[1] in _LAST else 0
    number = spoken(words)
    return None if number is None else _at(number, labels)


def _at(number: int, labels: tuple[str, ...]) -> int | None:
    return number - 1 if 1 <= number <= len(labels) else None


def _named(said: str, labels: tuple[str, ...]) -> int | None:
    """Return the index of the one label that the words fit best, by a clear margin."""
    near = _near(said, labels)
    return near[0] if len(near) == 1 else None


def _fits_several(said: str, labels: tuple[str, ...]) -> bool:
    return len(_near(said, labels)) > 1


def _near(said: str, labels: tuple[str, ...]) -> list[int]:
    """Return the indices of the labels that the words fit best, one of them hardly better."""
    words = [word for word in _words(said) if not _FILLERS.fullmatch(word)]
    listed = _listed(labels)
    if sum(map(len, words)) < 3 or _fits_none(words, listed):
        return []
    alike = _likeness(words, listed.words)
    if alike is None:
        return []
    scores = [_fit(words, label, alike) for label in _split(labels)]
    best = max(scores)
    return [at for at, score in enumerate(scores) if best >= FITS and score > best - LEAD]


def _fits_none(words: Sequence[str], listed: _Labels) -> bool:
    """Whether the longest word is like none of the labels', and too few letters are left for one.

    Most messages name no label.
    """
    longest = max(words, key=len)
    if len(longest) <= _spare(words) or longest.isdecimal():
        return False
    if f" {longest}" in listed.spaced or longest.startswith(listed.cut):
        return False
    near = process.extractOne(
        squeezed(longest),
        listed.squeezed,
        scorer=Indel.normalized_similarity,
        score_cutoff=FITS,
    )
    return near is None


def _spare(words: Sequence[str]) -> float:
    """Return how many letters of the words a label may lack."""
    return (1 - FITS + _ROUNDING) * sum(map(len, words))


def _likeness(words: Sequence[str], others: Set[str]) -> Mapping[str, Mapping[str, float]] | None:
    """Return how alike each word is to each word of the labels.

    None as soon as too few letters are left for a label to fit; the longest words are tried first.
    """
    alike: dict[str, Mapping[str, float]] = {}
    spare = _spare(words)
    for word in sorted(words, key=len, reverse=True):
        if word not in alike:
            alike[word] = {other: _alike(word, other) for other in others}
        spare -= len(word) * (1 - max(alike[word].values(), default=0.0))
        if spare < 0:
            return None
    return alike


def _fit(
    words: Sequence[str], label: Sequence[str], alike: Mapping[str, Mapping[str, float]]
) -> float:
    """Return how much of the words is in the label, 0 to 1; 0 if only one of them denies."""
    if not label or bool(_DENIALS.intersection(words)) != bool(_DENIALS.intersection(label)):
        return 0.0
    likeness = [max(map(alike[word].__getitem__, label)) for word in words]
    return sum(score * len(word) for score, word in zip(likeness, words, strict=True)) / sum(
        map(len, words)
    )


def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    if word.isdecimal() or other.isdecimal():
        return 0.0
    if other.endswith("-"):
        return 0.95 if word.startswith(other[:-1]) else 0.0
    if len(word) >= 4 and other.startswith(word):
        return 0.95
    if min(len(word), len(other)) < 3:
        return 0.0
    return Indel.normalized_similarity(squeezed(word), squeezed(other), score_cutoff=FITS)


@lru_cache(TEXTS)
def _words(text: str) -> tuple[str, ...]:
    return tuple(standard(word) for word in _WORD.findall(plain(text)))


@dataclass(frozen=True, slots=True)
class _Labels:
    """The words of all labels.

    `spaced` has a blank before each word; `cut` are words of which the end is missing.
    """

    words: frozenset[str]
    squeezed: tuple[str, ...]
    spaced: str
    cut: tuple[str, ...]


@lru_cache(TEXTS)
def _listed(labels: tuple[str, ...]) -> _Labels:
    words = frozenset().union(*_split(labels))
    return _Labels(
        words,
        tuple(map(squeezed, words)),
        "".join(f" {word}" for word in words),
        tuple(word.removesuffix("-") for word in words if word.endswith("-")),
    )


@lru_cache(TEXTS)
def _split(labels: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Return the words of each label."""
    return tuple(map(_label, labels))


@lru_cache(2048)
def _label(text: str) -> tuple[str, ...]:
    """Return the words of a label, and a cut word "Hid…" also as "hid-". Cached: labels recur."""
    cut = _words(" ".join(_CUT.findall(text)))
    return (*_words(text), *(f"{word}-" for word in cut))
