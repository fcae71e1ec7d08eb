"""Kinds of business (KBLI 2025), found by an owner's words.

The words that people use are in reference/business_examples.toml and business_words.toml; this
module only compares them. Sources: reference/README.md.
"""

import csv
import math
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

Risk = Literal["R", "MR", "MT", "T"]  # low, medium-low, medium-high, high
Way = Literal["make", "sell", "repair", "rent", "teach", "grow", "mobile", "fixed", "used", "bulk"]

VERSION = "2025"  # Peraturan BPS 7/2025
REFERENCE = Path(__file__).parent
MAX_LABEL = 60  # characters
MAX_SHORT_LABEL = 24  # characters; WhatsApp list item

REMEMBERED = 512  # texts whose search is remembered
KNOWN = 4096  # words that are remembered, with the known ones that they may be
MOST_WORDS = 24  # per message; later words are ignored
FOREIGN = 1.5  # weight of an unknown word: below that of most known ones
TITLE = 0.6  # worth of an official title, which says less about how people speak than an example
UNCURATED = 0.8  # factor of a kind without examples, which few micro-businesses run
ENOUGH = 0.34  # the lowest score of a match
NEAR_BEST = 0.55  # the lowest share of the best score for further matches
INFORMATIVE = 2.2  # at least one recognised word must have this weight
ENOUGH_FAINT = 3.0  # or all of them together: "sewa kios lapak"
FAINT = 1.2  # the highest weight of a word like "toko" or "rumah"
FITTING, CONTRARY = 1.12, 0.80  # factors if the way of doing it ("bikin", "keliling") fits or not
UNSAID = 0.88  # factor without a verb: goods are usually sold, not made, repaired or rented out


@dataclass(frozen=True, slots=True)
class BusinessType:
    """One kind of business; its code may mean another one in another KBLI version."""

    code: str
    version: str
    title: str  # the official Indonesian title
    label: str  # at most MAX_LABEL characters
    short_label: str  # at most MAX_SHORT_LABEL characters
    label_en: str
    short_label_en: str
    risk: Risk | None  # of a micro business, as a hint; None if unknown or dependent on scope
    needs_verification: bool  # a certificate or licence is checked before work may start
    open_to_micro: bool  # False: not offered to micro businesses at all


class _Example(NamedTuple):
    """Known words that together name a kind of business."""

    code: str
    words: frozenset[str]
    weight: float
    worth: float


@dataclass(frozen=True, slots=True)
class _Words:
    """Owners' words and spellings: see reference/business_words.toml."""

    ignored: frozenset[str]
    ignored_phrases: re.Pattern[str]
    faint: frozenset[str]
    same: Mapping[str, tuple[str, ...]]
    ways: Mapping[str, frozenset[Way]]


class BusinessTypes:
    """The kinds of business, and the search for them; immutable and thread-safe."""

    def __init__(
        self,
        types: Iterable[BusinessType],
        said: Mapping[str, Iterable[str]],
        words: _Words,
        categories: Mapping[str, str],
    ) -> None:
        self._types = {kind.code: kind for kind in types}
        self._words = words
        self._ways = {code: _ways(code, category) for code, category in categories.items()}
        phrases = [(code, phrase, 1.0) for code, some in said.items() for phrase in some] + [
            (kind.code, kind.title, TITLE * (1 if kind.code in said else UNCURATED))
            for kind in self._types.values()
        ]
        read = [(code, _read(phrase, words), worth) for code, phrase, worth in phrases]
        spoken = {word for _, found, worth in read if worth == 1 for word in found}
        self._roots = {word: _root(word, spoken) for word in spoken}
        rooted = [
            (code, frozenset(self._roots.get(word, word) for word in found), worth)
            for code, found, worth in read
        ]
        self._idf = {
            word: min(weight, FAINT) if word in words.faint else weight
            for word, weight in _idf((code, found) for code, found, _ in rooted).items()
        }
        self._examples = [
            _Example(code, found, sum(self._idf[word] for word in found), worth)
            for code, found, worth in rooted
            if found
        ]
        self._holding: defaultdict[str, list[int]] = defaultdict(list)  # examples by their words
        for at, example in enumerate(self._examples):
            for word in example.words:
                self._holding[word].append(at)
        self._said_of: defaultdict[str, set[str]] = defaultdict(set)  # codes by owners' words
        for code, found, worth in rooted:
            for word in found if worth == 1.0 else ():
                self._said_of[word].add(code)
        self._known_words = self._idf.keys() | self._roots.keys()
        self._vocabulary = sorted(self._known_words)
        self._remembered = lru_cache(REMEMBERED)(self.search_anew)
        self._known = lru_cache(KNOWN)(self._known_as)

    def __iter__(self) -> Iterator[BusinessType]:
        return iter(self._types.values())

    def get(self, code: str) -> BusinessType | None:
        return self._types.get(code)

    def search(self, text: str, *, limit: int = 3) -> tuple[BusinessType, ...]:
        """Return the kinds of business that `text` most likely means, best first; may be empty.

        Reads everyday words: "jualan bakso dorong", "londri kiloan", "tukang servis ac". Many
        people sell the same, so what was found for the last words is remembered.
        """
        return self._remembered(text)[:limit]

    def search_anew(self, text: str) -> tuple[BusinessType, ...]:
        """Return all likely kinds of business, best first, without remembering the words."""
        said = _said(text, self._words)
        heard = self._recognise(_telling(said, self._words)[:MOST_WORDS])
        weights = [self._idf.get(word, 0.0) for word in heard]
        if max(weights, default=0.0) < INFORMATIVE and sum(weights) < ENOUGH_FAINT:
            return ()
        ways = frozenset(way for word in said for way in self._words.ways.get(word, ()))
        scores = self._score(heard, ways)
        least = max(ENOUGH, NEAR_BEST * max(scores.values(), default=0))
        likely = [(-score, code) for code, score in scores.items() if score >= least]
        return tuple(self._types[code] for _, code in sorted(likely))

    def _recognise(self, words: list[str]) -> dict[str, float]:
        """Map words to known words with their confidence, 0 to 1; unknown words have 0."""
        heard: dict[str, float] = {}
        for word in words:
            for known, sure in self._known(word):
                heard[known] = max(sure, heard.get(known, 0.0))
        for first, second in pairwise(words):
            joined = self._roots.get(first + second, first + second)
            if joined in self._idf:
                heard[joined] = 1.0
        return heard

    def _known_as(self, word: str) -> list[tuple[str, float]]:
        """Return the known words that a word may be, each with its confidence."""
        if word in self._roots:
            return [(self._roots[word], 1.0)]
        if word in self._idf:
            return [(word, 1.0)]
        root = _root(word, self._known_words)
        if root != word:
            return [(self._roots.get(root, root), 0.95)]
        for cut in range(3, len(word) - 2):
            parts = _read(f"{word[:cut]} {word[cut:]}", self._words)
            if len(parts) > 1 and all(part in self._roots for part in parts):
                return [(self._roots[part], 0.95) for part in parts]
        if len(word) >= 4:
            near = process.extractOne(
                word,
                self._vocabulary,
                scorer=OSA.distance,
                score_cutoff=1 if len(word) < 8 else 2,
            )
            if near and len(near[0]) >= 4:
                return [(self._roots.get(near[0], near[0]), 0.85)]
        return [(word, 0.0)]

    def _score(self, heard: Mapping[str, float], ways: frozenset[Way]) -> dict[str, float]:
        """Score each kind by how well its best example and the words cover each other."""
        asked = sum(self._idf.get(word, FOREIGN) for word in heard)
        shared: defaultdict[int, float] = defaultdict(float)  # weight by example
        said: defaultdict[str, float] = defaultdict(float)  # weight by code
        for word, sure in heard.items():
            weight = self._idf.get(word, 0.0)
            for at in self._holding.get(word, ()):
                shared[at] += sure * weight
            for code in self._said_of.get(word, ()):
                said[code] += weight
        best: defaultdict[str, float] = defaultdict(float)
        for at, weight in shared.items():
            code, _, whole, worth = self._examples[at]
            likeness = (0.6 * weight / asked + 0.4 * weight / whole) * worth
            if likeness > best[code]:
                best[code] = likeness
        return {
            code: (0.85 * score + 0.15 * said[code] / asked) * _tip(self._ways[code], ways)
            for code, score in best.items()
        }


@cache
def load() -> BusinessTypes:
    """Read the reference tables, once a process."""
    examples = _toml("business_examples.toml")
    words = _toml("business_words.toml")
    risks = {row["code"]: row["risk"] for row in _rows("business_risks.csv")}
    rows = _rows("business_types.csv")
    ways: defaultdict[str, set[Way]] = defaultdict(set)
    for way, some in words["ways"].items():
        for word in some.split():
            ways[word].add(way)
    return BusinessTypes(
        [_business_type(row, examples.get(row["code"]), risks.get(row["code"])) for row in rows],
        {code: _phrases(example["said"]) for code, example in examples.items()},
        _Words(
            ignored=frozenset(words["ignored"].split()),
            ignored_phrases=re.compile(rf"\b(?:{'|'.join(_phrases(words['ignored_phrases']))})\b"),
            faint=frozenset(words["faint"].split()),
            same={word: tuple(meant.split()) for word, meant in words["same"].items()},
            ways={word: frozenset(some) for word, some in ways.items()},
        ),
        {row["code"]: row["category"] for row in rows},
    )


def _business_type(
    row: Mapping[str, str], example: Mapping[str, str] | None, risk: str | None
) -> BusinessType:
    title = row["title_id"]
    plain = _GENERIC.sub("", title)
    label, short = _cut(plain, MAX_LABEL), _cut(plain, MAX_SHORT_LABEL)
    return BusinessType(
        code=row["code"],
        version=VERSION,
        title=title,
        label=example["id"] if example else label,
        short_label=example["short_id"] if example else short,
        label_en=example["en"] if example else label,
        short_label_en=example["short_en"] if example else short,
        risk=_risk(risk),
        needs_verification=risk in ("MT", "T"),
        open_to_micro=risk != "X",
    )


_GENERIC = re.compile(
    r"^(perdagangan eceran( khusus| berbagai macam)?|perdagangan besar|aktivitas|industri|jasa"
    r"|kegiatan|pengelolaan|reparasi dan pemeliharaan|penyewaan( dan sewa guna usaha)?) ",
    re.IGNORECASE,
)


def _cut(text: str, longest: int) -> str:
    """Capitalize `text`; if it is too long, cut it after a word and append "…"."""
    text = text[:1].upper() + text[1:]
    if len(text) <= longest:
        return text
    whole = text[:longest].rpartition(" ")[0] or text[: longest - 1]
    return whole.rstrip(" ,;") + "…"


def _risk(text: str | None) -> Risk | None:
    match text:
        case "R" | "MR" | "MT" | "T":
            return text
    return None


def _ways(code: str, category: str) -> frozenset[Way]:
    """Return the ways of doing business that a kind of business implies."""
    ways: set[Way] = set()
    if category == "A":
        ways.add("grow")
    elif code.startswith(("33", "95")):
        ways.add("repair")
    elif category == "C" or code == "35302":
        ways.add("make")
    elif code.startswith(("46", "47", "56")):
        ways.add("sell")
    elif code.startswith(("55", "68", "77")):
        ways.add("rent")
    elif category == "Q":
        ways.add("teach")
    if code in ("56102", "56306"):
        ways.add("mobile")
    if code in ("56101", "56303", "56304"):
        ways.add("fixed")
    if code.startswith(("4774", "46796")) or code in ("47812", "47832"):
        ways.add("used")
    if code.startswith("46"):
        ways.add("bulk")
    return frozenset(ways)


_CHOICES: tuple[frozenset[Way], ...] = (
    frozenset({"make", "sell", "repair", "rent", "teach", "grow"}),
    frozenset({"mobile", "fixed"}),
)
_SAID: frozenset[Way] = frozenset({"make", "repair", "rent", "teach", "grow"})
_MARKED: tuple[Way, ...] = ("used", "bulk")  # meant only if the owner says so


@cache
def _tip(kind: frozenset[Way], heard: frozenset[Way]) -> float:
    """Return the factor by which the ways in the owner's words change a kind's score."""
    factor = 1.0
    for choice in _CHOICES:
        if kind & choice & heard:
            factor *= FITTING
        elif kind & choice and heard & choice:
            factor *= CONTRARY
    if kind & _SAID and not heard & _CHOICES[0]:
        factor *= UNSAID
    for way in _MARKED:
        if way in kind:
            factor *= FITTING if way in heard else CONTRARY
    return factor


def _split(text: str) -> list[str]:
    """Return lower-case words without signs and numbers: "Kue2 & Es-Teh" -> kue, es, teh."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return _WORD.findall(_STRETCHED.sub(r"\1", text.lower()))


_STRETCHED = re.compile(r"([a-z])\1{2,}")  # "baksoooo"
_WORD = re.compile(r"3d|[a-z]+")


def _said(text: str, words: _Words) -> list[str]:
    """Return the words of `text` in our spelling (`same`), without ignored phrases."""
    written = words.ignored_phrases.sub(" ", " ".join(_split(text)))
    return [same for word in written.split() for same in words.same.get(word, (word,))]


def _read(text: str, words: _Words) -> list[str]:
    """Return the words of `text` that may name a trade."""
    return _telling(_said(text, words), words)


def _telling(said: Iterable[str], words: _Words) -> list[str]:
    return [word for word in said if word not in words.ignored and len(word) > 1]


_SUFFIXES = ("nya", "an", "in", "kan", "i", "ku")
_PREFIXES = (
    ("penge", ""), ("menge", ""), ("nge", ""), ("peng", ""), ("peng", "k"), ("meng", ""),
    ("meng", "k"), ("ng", ""), ("ng", "k"), ("peny", "s"), ("meny", "s"), ("ny", "s"),
    ("ny", "c"), ("pen", ""), ("pen", "t"), ("men", ""), ("men", "t"), ("pem", ""), ("pem", "p"),
    ("mem", ""), ("mem", "p"), ("pe", ""), ("me", ""), ("ber", ""), ("n", "t"), ("m", "p"),
    ("di", ""),
)  # fmt: skip


def _root(word: str, known: Set[str]) -> str:
    """Strip Indonesian affixes from `word` if a known word remains: "nyuci" -> "cuci"."""
    stems = [word] + [word.removesuffix(suffix) for suffix in _SUFFIXES if word.endswith(suffix)]
    for stem in stems:
        if stem != word and len(stem) >= 4 and stem in known:
            return stem
        for prefix, initial in _PREFIXES:
            if stem.startswith(prefix):
                root = initial + stem.removeprefix(prefix)
                if len(root) >= (3 if prefix == "nge" else 4) and root in known:
                    return root
    return word


def _idf(read: Iterable[tuple[str, frozenset[str]]]) -> dict[str, float]:
    """Return each word's inverse document frequency over the kinds of business."""
    codes: defaultdict[str, set[str]] = defaultdict(set)
    everything = set()
    for code, words in read:
        everything.add(code)
        for word in words:
            codes[word].add(code)
    return {word: math.log(1 + len(everything) / len(some)) for word, some in codes.items()}


def _phrases(said: str) -> list[str]:
    return [phrase.strip() for phrase in said.replace("\n", " ").split(",") if phrase.strip()]


def _toml(table: str) -> dict[str, Any]:
    with (REFERENCE / table).open("rb") as file:
        return tomllib.load(file)


def _rows(table: str) -> list[dict[str, str]]:
    with (REFERENCE / table).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
