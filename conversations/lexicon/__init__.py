"""Lexicon: the words by which people name an option or raise a matter, read from TOML files.

A phrase is a set of words. Words are compared without Indonesian affixes, in standard spelling and
with small misspellings. A word behind a negation is another word: "tidak punya" is "!punya", so a
phrase never matches words that are denied. Of "uang|duit|!bayar" one word must occur. "mati -izin"
does not match beside "izin".
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from conversations.lexicon import shortened
from conversations.words import TEXTS, plain, squeezed, standard

NOT = "!"  # before a word that is denied
LEAST_FUZZY = 6  # letters of a word that may be misspelt
_TWICE = re.compile(r"\b([^\W\d_]{3,})2(?=(?:nya|an|in)?\b)")  # "pagi2" is "pagi pagi"
_THANKS = re.compile(r"\bt(?:e)?rima ?kasih\b")  # accepts nothing
_MAYBE = re.compile(r"\bj(?:a?n)?ga?n[- ]j(?:a?n)?ga?n\b")  # "jangan-jangan" denies nothing
#: "No telp" is a number, and denies no call.
_NUMBER = re.compile(r"\bno\.? ?(?=(?:hp|hape|wa|te?lp\w*|telepon|rek\w*|kartu|tetangga|suami)\b)")
#: The unit of a sum is a word of its own: "diminta 150rb".
_SUM = re.compile(r"\b\d+(?:[.,]\d+)?(?=(?:rb|ribu|jt|juta)\b)")
_WORD, _DIGIT = re.compile(r"[^\W_]+"), re.compile(r"\d")
_NOT_SHORT = re.compile(r"(?<=[a-z])n't\b")  # "can't" denies as "cant" does
_NEGATIONS = frozenset({
    "tidak", "belum", "bukan", "jangan", "tanpa", "not", "no", "dont", "never",
    "cant", "cannot", "doesnt", "didnt", "isnt", "wont", "couldnt", "havent",
})  # fmt: skip
#: A negation that is written together with the next word: "gabisa", "gausah".
_JOINED = re.compile(
    r"\b(?:g|ga|gak|ngga|nggak|engga|enggak|kaga|kagak|ndak)"
    r"(ada|bisa|boleh|butuh|enak|jadi|jelas|keburu|kenal|kuat|masuk|mau|mungkin|nemu|ngerti|nyampe"
    r"|perlu|pernah|punya|sanggup|sempat|sempet|setuju|suka|tahu|tau|usah)\b"
)
#: Words that may stand between a negation and the word that it denies.
_BETWEEN = frozenset({
    "di", "ke", "dari", "pas", "pada", "untuk",
    "pernah", "akan", "mau", "juga", "begitu", "terlalu", "lagi", "ada", "punya", "perlu", "usah",
    "yang", "saya",
})  # fmt: skip
#: After these, "tidak" asks, and denies nothing: "boleh ga kode dikasih".
_ASKED = frozenset({"boleh", "wajib", "penting", "aman", "sah", "mahal", "tahu", "tau"})
#: A clause ends here, and with it a negation.
_CLAUSE = re.compile(r"[,.;:!?\n]|\b(?:tapi|tp|tetapi|cuma|cuman|hanya|but|terus|trus)\b")
_PARTICLES = ("nya", "nye", "lah", "kah", "pun", "ku", "mu")
_SUFFIXES = ("kan", "in", "an", "i")
#: Words whose root means something else: "penjualan" is a sum, "jualan" are goods; what is to be
#: mended ("benerin") is not right, who is followed ("diikuti") does not follow.
_WHOLE = frozenset({
    "penjualan", "pemasukan", "pendapatan", "perpanjangan", "kopian", "benerin", "betulin",
    "benarkan", "betulkan", "benahi", "perbaiki", "perbaikin", "perbaikan", "diperbaiki", "merapat",
    "beneran", "benaran", "pagian", "penting", "tinggi", "siangan", "sorean", "kesiangan",
    "diikuti", "diikutin", "berikut", "kebakar", "kebakaran", "terbakar", "dipukul", "terserah",
    "dipukuli", "dipukulin", "pendatang", "kemarin",
})  # fmt: skip
_PREFIXES = (
    "meng", "meny", "mem", "men", "peng", "pem", "pen", "per", "ber", "ter", "di", "me", "ke", "se",
    "nge", "ng",
)  # fmt: skip
_LEAST_ROOT = 4  # letters that an affix must leave


def words(text: str, *, topics: bool = False) -> tuple[str, ...]:
    """Return the roots of the words of a text, in order; denied words begin with `NOT`.

    With `topics`, a negation also denies the word before it: "NIB belum ada" is no NIB.
    """
    return _words(plain(text), topics)


#: Words of address and courtesy, which name nothing.
_FILLERS = frozenset({
    "pak", "bu", "bang", "mas", "mbak", "mba", "kak", "min", "dong", "deh", "nak", "dek", "cuy",
    "sih", "nih", "kok", "lah", "kan", "mah", "loh", "ndan", "bro", "gan", "sis", "atuh", "euy",
    "komandan",
})  # fmt: skip


@lru_cache(8192)
def _spelled(word: str) -> str:
    """Return a word in the spelling that the lists hold: "datengnya" is "datang"."""
    usual = standard(word)
    usual = _spellings().get(usual) or _spellings().get(squeezed(usual), usual)
    if usual == word and word.endswith("nya") and len(word) > len("punya"):
        bare = re.sub(r"(?:nya)+$", "", word)
        return found if (found := _spelled(bare)) != bare else word
    return shortened.in_full(word) if usual == word else usual


@lru_cache(64)
def _words(said: str, topics: bool) -> tuple[str, ...]:
    found: list[str] = []
    said = _NOT_SHORT.sub("nt", said) if "n't" in said else said
    said = _THANKS.sub("makasih", said) if "rima" in said else said
    said = _SUM.sub("", _TWICE.sub(r"\1 \1", said)) if _DIGIT.search(said) else said
    said = _MAYBE.sub("mungkin", said) if "j" in said else said
    said = _NUMBER.sub("nomor ", said) if "no" in said else said
    said = _JOINED.sub(r"tidak \1", said)
    for clause in _CLAUSE.split(said):
        found += _clause(
            [_spelled(word) for word in _WORD.findall(clause) if word not in _FILLERS], topics
        )
    return tuple(found)


def _clause(clause: list[str], topics: bool) -> list[str]:
    """Return the roots of one clause; a negation denies the words up to the first large one.

    A negation that denies nothing is a word of its own: "bisa tidak".
    """
    if _NEGATIONS.isdisjoint(clause):
        return [*map(root, clause)]
    found: list[str] = []
    denies = used = skips = False
    for place, word in enumerate(clause):
        if skips:  # "ada" of "NIB belum ada", which is said already
            skips = denies = False
            continue
        if word == "tidak" and place and clause[place - 1] in _ASKED:
            found.append(word)
            continue
        if word in _NEGATIONS:
            denies, used = True, False
            if topics and found and _is_comment(clause[place:]):
                before = reversed(range(len(found)))
                topic = next((t for t in before if found[t] not in _BESIDE), -1)
                found[topic] = NOT + found[topic].removeprefix(NOT)
                skips = used = True
            continue
        stem = root(word)
        if found and found[-1] == NOT + stem:
            continue  # "pindah" of "tidak pindah pindah"
        found.append(NOT + stem if denies else stem)
        used = used or denies
        denies = denies and word in _BETWEEN
    return [*found, "tidak"] if denies and not used else found


_BESIDE = frozenset({"juga", "saja", "sama", "sekali", "lagi", "masih"})


def _is_comment(rest: list[str]) -> bool:
    """Whether a negation speaks of the word before it: "belum" alone, or "tidak ada"."""
    said = [word for word in rest[1:] if word not in _BESIDE]
    return (rest[0] == "belum" and not said) or said in (["ada"], ["punya"], ["bikin"], ["jadi"])


@lru_cache(8192)
def root(word: str) -> str:
    """Return a word without usual affixes, if enough of it is left: "dipajaki" is "pajak"."""
    word = _without(word, _PARTICLES)
    if word in _WHOLE:
        return word
    word = _without(word, _SUFFIXES)
    prefix = next((p for p in _PREFIXES if word.startswith(p)), "")
    if prefix and len(word) - len(prefix) >= _LEAST_ROOT:
        word = word[len(prefix) :]
    return squeezed(word)


def _without(word: str, suffixes: tuple[str, ...]) -> str:
    for suffix in suffixes:
        if word.endswith(suffix) and len(word) - len(suffix) >= _LEAST_ROOT:
            return word[: -len(suffix)]
    return word


@dataclass(frozen=True, slots=True)
class _Phrase:
    """A meaning's phrase: of each group a word must occur, and none of the barred ones."""

    name: str
    groups: tuple[frozenset[str], ...]
    barred: frozenset[str] = frozenset()
    words: frozenset[str] = field(init=False, repr=False, compare=False)  # of all groups
    apart: bool = field(init=False, repr=False, compare=False)  # no word is in two groups

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", frozenset().union(*self.groups))
        object.__setattr__(self, "apart", len(self.words) == sum(map(len, self.groups)))

    def is_said(self, said: Collection[str], heard: frozenset[str]) -> bool:
        """Whether a message says it: its words, and those of the lexicon for them.

        One word stands for one group: "dikasih" alone is no "kasih|titip uang|kasih".
        """
        for group in self.groups:  # asked of many phrases: a loop is faster than `any`
            if group.isdisjoint(heard):
                return False
        enough = self.apart or len(heard & self.words) >= len(self.groups)
        return enough and (not self.barred or self.barred.isdisjoint(said))


def _alternative(word: str) -> str:
    """Return the root of a word of a group, which may begin with `NOT`."""
    sign = NOT if word.startswith(NOT) else ""
    return sign + root(_spelled(word.removeprefix(NOT)))


def _phrase(name: str, written: str) -> _Phrase:
    """Read a phrase: "minta uang|duit -nanti", "tidak kuat|sanggup hidup", "!guna hidup"."""
    if not set("|-!") & set(written):
        return _Phrase(name, tuple(frozenset({word}) for word in words(written)))
    groups: list[frozenset[str]] = []
    barred: set[str] = set()
    denies = may_deny = False
    for part in written.split():
        alternatives = part.removeprefix("-").split("|")
        spelled = {standard(word) for word in alternatives}
        if part.startswith("-"):
            barred |= set(map(_alternative, alternatives))
        elif spelled <= _NEGATIONS:
            denies = True
        else:
            group = frozenset(map(_alternative, alternatives))
            denied = frozenset(NOT + word for word in group)
            groups.append(denied if denies else group | denied if may_deny else group)
            may_deny = denies and bool(spelled & _BETWEEN) and not spelled <= _BETWEEN
            denies = denies and spelled <= _BETWEEN
    return _Phrase(name, tuple(groups), frozenset(barred))


class Ranked(msgspec.Struct, frozen=True):
    """A meaning with the weight of the words that name it."""

    name: str
    weight: float
    evidence: frozenset[str]


@dataclass(slots=True)
class Lexicon:
    """Phrases by meaning, with an index of their words."""

    phrases: Mapping[str, Iterable[str]]
    weak: frozenset[str] = frozenset()  # words that are too common to decide
    topics: bool = False  # see `words`
    _phrases: list[_Phrase] = field(init=False, default_factory=list)
    _words: frozenset[str] = field(init=False, default=frozenset())
    _of: dict[str, frozenset[str]] = field(init=False, default_factory=dict)  # by meaning
    #: Places of phrases by a word of their rarest group and one of the next, which a message must
    #: both hold; of phrases with one group, by its word twice.
    _holding: defaultdict[str, defaultdict[str, list[int]]] = field(
        init=False, default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    _ranked: dict[str, list[Ranked]] = field(init=False, default_factory=dict)
    _vocabulary: list[str] = field(init=False, default_factory=list)
    _barred: frozenset[str] = field(init=False, default=frozenset())  # no misspelling of others
    _known: dict[str, tuple[str, float] | None] = field(init=False, default_factory=dict)
    _full: Mapping[str, set[tuple[str, str]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for name, listed in self.phrases.items():
            self._phrases += (_phrase(name, written) for written in listed)
        often = Counter(word for phrase in self._phrases for word in phrase.words)
        for place, phrase in enumerate(self._phrases):
            self._of[phrase.name] = self._of.get(phrase.name, frozenset()) | phrase.words
            rare = sorted(phrase.groups, key=lambda g: sum(often[w] for w in g))
            for word in rare[0] if rare else ():
                for other in rare[1] if len(rare) > 1 else (word,):
                    self._holding[word][other].append(place)
        self._words = frozenset(often)
        self._vocabulary = sorted(w for w in self._words if len(w) >= LEAST_FUZZY)  # ties
        self._barred = frozenset().union(*(phrase.barred for phrase in self._phrases))
        written = plain(" ".join(one for listed in self.phrases.values() for one in listed))
        spelled = map(_spelled, set(_WORD.findall(written)))
        self._full = shortened.by_consonants((word, root(word)) for word in spelled)

    def rank(self, text: str) -> list[Ranked]:
        """Return the meanings that the words name, the heaviest first.

        The weight is the number of different words in the matched phrases of that meaning. A
        misspelt word counts 0.9, a weak one half; a denied word more than its denied meaning.
        """
        said = plain(text)
        if said in self._ranked:
            return self._ranked[said]
        if len(self._ranked) >= TEXTS:
            self._ranked.clear()
        self._ranked[said] = found = self._rank(_words(said, self.topics))
        return found

    def _rank(self, said: tuple[str, ...]) -> list[Ranked]:
        heard = dict(filter(None, map(self._recognised, said)))
        evidence: defaultdict[str, set[str]] = defaultdict(set)
        known_words = frozenset(heard)
        for word in heard:
            for phrase in self._held(word, known_words):
                if phrase.is_said(said, known_words):
                    evidence[phrase.name] |= known_words & phrase.words
        found = [
            Ranked(name, sum(map(heard.__getitem__, named)), frozenset(named))
            for name, named in evidence.items()
        ]
        return sorted(found, key=lambda ranked: -ranked.weight)

    def _held(self, word: str, heard: frozenset[str]) -> Iterable[_Phrase]:
        """Return the phrases that a word and another one of a message may say, in their order."""
        held: Mapping[str, list[int]] = self._holding.get(word) or {}
        others = held.keys() & heard
        places = {place for other in others for place in held[other]} if others else ()
        return [self._phrases[place] for place in sorted(places)]

    def words_of(self, name: str) -> frozenset[str]:
        """Return every word of the phrases for a meaning."""
        return self._of.get(name, frozenset())

    def knows(self, word: str) -> bool:
        """Whether a word stands in a phrase, as it is or in another form."""
        return any(root in self._words for root in words(word))

    def alone(self, name: str) -> frozenset[str]:
        """Return the words that name a meaning alone, without another word."""
        named = (of.groups for of in self._phrases if of.name == name)
        return frozenset().union(*(groups[0] for groups in named if len(groups) == 1))

    def _worth(self, word: str) -> float:
        if word.startswith(NOT):
            return 0.5 if self.topics else 1.5  # "siap, tapi tidak bisa" is no yes
        return 0.5 if word in self.weak else 1.0

    def _recognised(self, word: str) -> tuple[str, float] | None:
        """Return the lexicon's word for a word of a message, and what it weighs."""
        if word not in self._known:
            if len(self._known) > 20_000:
                self._known.clear()
            known, sure = (word, 1.0) if word in self._words else (self._misspelt(word), 0.9)
            self._known[word] = (known, sure * self._worth(known)) if known else None
        return self._known[word]

    def _misspelt(self, word: str) -> str | None:
        bare = word.lstrip(NOT)
        if word in self._barred or bare in _common_roots():
            return None
        full = {word[: -len(bare)] + one for one in shortened.roots(bare, self._full)} & self._words
        if len(full) == 1 or len(bare) < LEAST_FUZZY:
            return full.pop() if len(full) == 1 else None
        most = 1 if len(word) < 9 else 2
        first = word[: len(NOT) + 1] if word.startswith(NOT) else word[:1]
        alike = [known for known in self._vocabulary if known.startswith(first)]
        near = process.extractOne(word, alike, scorer=OSA.distance, score_cutoff=most)
        return str(near[0]) if near is not None else None


def matters() -> Lexicon:
    """Return the matters that people raise beside the open question."""
    return _lists(_LEFT_OUT.get()).matters


def desk(role: str) -> Lexicon:
    """Return the matters that staff of a role raise; owners raise none there."""
    return _lists(_LEFT_OUT.get()).desks[role]


def options(flow: str, step: str) -> Lexicon | None:
    """Return the words for the options of a question; None if it has no list."""
    return _lists(_LEFT_OUT.get()).options.get((flow, step))


def known() -> frozenset[str]:
    """Return the words of all phrases for matters, options and desks, without `NOT`."""
    lists = _lists(_LEFT_OUT.get())
    return frozenset(
        word.lstrip(NOT)
        for lexicon in (lists.matters, *lists.options.values(), *lists.desks.values())
        for name in lexicon.phrases
        for word in lexicon.words_of(name)
    )


@contextmanager
def without(left_out: Iterable[str]) -> Iterator[None]:
    """Read `matters`, `options` and `desk` as if no phrase with one of these words were listed.

    Other lists stay whole: whole messages, evasions, names. Measurements use it to tell how much
    depends on single words.
    """
    token = _LEFT_OUT.set(frozenset(left_out))
    try:
        yield
    finally:
        _LEFT_OUT.reset(token)


_LEFT_OUT: ContextVar[frozenset[str]] = ContextVar("left_out", default=frozenset())


@dataclass(frozen=True, slots=True)
class _Lists:
    """The lists that `without` makes smaller; `options` by flow and step, `desks` by role."""

    matters: Lexicon
    options: Mapping[tuple[str, ...], Lexicon]
    desks: Mapping[str, Lexicon]


@lru_cache(2)  # the whole lists, and those of a measurement
def _lists(left_out: frozenset[str]) -> _Lists:
    desks = dict(toml("desk"))
    weak = desks.pop("weak")
    by_flow = toml("options")
    options: dict[tuple[str, ...], Lexicon] = {
        (flow, step): Lexicon(
            {name: _kept(listed, left_out) for name, listed in named.items()},
            topics=f"{flow}.{step}" in by_flow["topics"],
        )
        for flow, steps in by_flow.items()
        if isinstance(steps, dict)
        for step, named in steps.items()
    }
    for question, other in map(str.split, by_flow["same"]):
        options[tuple(question.split("."))] = options[tuple(other.split("."))]
    staff = {role: _spoken({"weak": weak, **named}, left_out) for role, named in desks.items()}
    return _Lists(_spoken(toml("matters"), left_out), options, {"owner": Lexicon({}), **staff})


def _spoken(listed: Mapping[str, Any], left_out: frozenset[str]) -> Lexicon:
    """Return a lexicon of what people say; beside words of goods, its `things` raise nothing."""
    beside = " ".join(f"-{word}" for word in listed.get("beside", ()))
    entries = {name: entry for name, entry in listed.items() if isinstance(entry, dict)}
    says = {
        name: _kept([*one["says"], *(f"{it} {beside}" for it in one.get("things", ()))], left_out)
        for name, one in entries.items()
    }
    return Lexicon(says, frozenset(root for word in listed["weak"] for root in words(word)))


def _kept(listed: Iterable[str], left_out: frozenset[str]) -> list[str]:
    """Return the phrases without the words that are left out, as far as they can be said so."""
    if not left_out:
        return list(listed)
    kept = ([_without_words(part, left_out) for part in phrase.split()] for phrase in listed)
    return [" ".join(parts) for parts in kept if all(parts)]


def _without_words(part: str, left_out: frozenset[str]) -> str:
    if part.startswith("-"):
        return part
    alternatives = part.split("|")
    return "|".join(a for a in alternatives if left_out.isdisjoint(words(a.removeprefix(NOT))))


@cache
def answers(flow: str) -> Lexicon | None:
    """Return the words that name the answers of a form; None if it has no list."""
    listed = toml("answers").get(flow)
    return Lexicon(listed) if listed else None


@cache
def careful() -> frozenset[str]:
    """Return the questions ("flow.step") whose answers have effects that can't be taken back."""
    return frozenset(toml("options")["careful"])


@cache
def asked_back() -> frozenset[str]:
    """Return the questions ("flow.step") at which a number that was not offered is asked back."""
    return frozenset(toml("options")["asked_back"])


@cache
def _spellings() -> Mapping[str, str]:
    """Return each other spelling of a word with the usual one."""
    return {other: word for word, others in toml("spellings").items() for other in others.split()}


@cache
def _common_roots() -> frozenset[str]:
    """Return the roots of common words, which are no misspelling of another: "bentar"."""
    return frozenset(map(root, no_names()))


@cache
def no_names() -> frozenset[str]:
    """Return the words that are no part of a name, in standard spelling."""
    listed: str = toml("names")["no_name"]
    return frozenset(standard(word) for word in listed.split())


@cache
def toml(name: str) -> dict[str, Any]:
    """Return a list of this directory by its name."""
    return tomllib.loads((files(__package__) / f"{name}.toml").read_text(encoding="utf-8"))
