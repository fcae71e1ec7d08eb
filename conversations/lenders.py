"""Lenders, and the search for one by the words with which an owner names it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from conversations.lexicon import lists
from conversations.words import bare, squeezed, standard, standardised, tidy

MOST_WORDS = 24  # per message; later words are ignored
LONGEST_NAME = 6  # words; longer sequences are not looked up
MAX_WORD = 30  # letters; longer words are not compared with others
NEAR = 2  # known words that a misspelt one may be
#: The kinds whose lenders mostly are in no register: a bank's name there may be part of their own.
UNLISTED = frozenset({"bpr", "cooperative", "online", "private"})
_TOLD = ("cooperative", "bpr", "leasing", "online")  # kinds that words of a name tell
_ORDINARY = ("everyday", "general")  # lists of words that mean other things as well
_BANK = "bank"
_BANK_JOINED = re.compile(rf"{_BANK}\w{{3}}")  # "bankbri"


class Lender(msgspec.Struct, frozen=True):
    """A lender of the register; never a private person."""

    id: str
    kind: str  # "bank", "bpr", "cooperative", "pnm", "leasing" or "online"
    name: str
    supervised_by: str  # "ojk" or "kemenkop"
    address_to: str  # whom a letter addresses: "Pimpinan Cabang BRI"
    on_board: bool = False  # it takes letters by its own channel
    phone: str = ""  # only one that was checked lately


class Named(msgspec.Struct, frozen=True):
    """The meaning of words about a lender.

    `lenders` are those that they may mean, best first. `beside` are the words behind the name:
    "unit cipulir". With `sure`, the one lender need not be asked back.
    """

    lenders: tuple[Lender, ...] = ()
    beside: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class _Span:
    """Words [start, end) of a text that name one of `ids`.

    `ordinary` is the list of the lexicon whose words they all are: "everyday" or "general".
    """

    start: int
    end: int
    ids: tuple[str, ...]
    ordinary: str = ""


@dataclass(frozen=True, slots=True)
class _Index:
    """The names of lenders, by their words and joined, and all words of them."""

    named: Mapping[tuple[str, ...], tuple[str, ...]]  # ids
    joined: Mapping[str, tuple[str, ...]]
    words: frozenset[str]
    sorted: Sequence[str]


class Lenders:
    """The register of lenders; immutable and thread-safe."""

    def __init__(self, rows: Iterable[tuple[Lender, Iterable[str]]] = ()) -> None:
        """Build the register of lenders and what each is called besides its name and id."""
        listed = [(lender, tuple(aliases)) for lender, aliases in rows]
        self._by_id = {lender.id: lender for lender, _ in listed}
        self._called = {one.id: (one.id, one.name, *aliases) for one, aliases in listed}

    def __iter__(self) -> Iterator[Lender]:
        return iter(self._by_id.values())

    def get(self, lender_id: str) -> Lender | None:
        """Return the lender with this id."""
        return self._by_id.get(lender_id)

    def find(self, text: str, kind: str = "") -> tuple[Lender, ...]:
        """Return the lenders that the words may mean, best first; those of `kind`, if there are.

        Reads "Bank DKI", "pinjam di bri unit cipulir", "b.r.i", small misspellings. Empty for one
        that is not in the register, or a private person.
        """
        return self.read(text, kind).lenders

    def read(self, text: str, kind: str = "") -> Named:
        """As `find`, with the words behind the name, and whether the lender is sure."""
        said = standardised(text)
        if not self._by_id or lists.any_of("lenders", "private").search(said):
            return Named()
        shown, words = self._split(text)
        spans = self._exact(words) or self._misspelt(words)
        spans = [span for span in spans if not _is_another(words, span)]
        told = told_kind(said)
        before, behind = _around(shown, spans, told)
        found = [self._by_id[i] for i in dict.fromkeys(i for one in spans for i in one.ids)]
        of_kind = [one for one in found if one.kind == (told or kind)]
        expected = of_kind or [one for one in found if one.kind == kind]
        lenders = tuple(expected or found)
        if told and not expected and (before or behind):
            return Named()  # "koperasi mandiri jaya"
        fits = bool(of_kind) or (not told and kind not in UNLISTED)
        ordinary = [span.ordinary for span in spans if span.ordinary]
        if ordinary:
            alone = not before and (not behind or names_branch(behind))
            if not (alone or expected):
                return Named()  # "mau saya beri nama", "mekar sari"
            fits = bool(of_kind) and alone and ordinary == ["everyday"]
        branch = behind or (before if names_branch(before) else "")
        return Named(lenders, branch, len(lenders) == 1 and fits)

    @cached_property
    def _index(self) -> _Index:
        """The names of each lender; built at the first search."""
        named: defaultdict[tuple[str, ...], dict[str, None]] = defaultdict(dict)
        for lender_id, names in self._called.items():
            for words in filter(None, map(_compared, names)):
                named[words][lender_id] = None
        known = frozenset(word for name in named for word in name)
        return _Index(
            {name: tuple(ids) for name, ids in named.items()},
            {"".join(name): name for name in named},
            known,
            sorted(known),
        )

    def _split(self, text: str) -> tuple[list[str], list[str]]:
        """Return the words as they were typed, and as they are compared."""
        shown: list[str] = []
        words: list[str] = []
        for typed in _WORD.findall(tidy(bare(text)))[:MOST_WORDS]:
            word = self._spelt(typed)
            if word not in self._index.words and _BANK_JOINED.match(word):
                shown += [typed[: len(_BANK)], typed[len(_BANK) :]]
                words += [_BANK, word[len(_BANK) :]]
            else:
                shown.append(typed)
                words.append(word)
        return shown, words

    def _spelt(self, typed: str) -> str:
        """Return a word as names are written: "BRIII" is "bri", and "Mekaar" stays."""
        word = _plain(typed)
        return word if word in self._index.words else squeezed(word)

    def _exact(self, words: Sequence[str]) -> list[_Span]:
        """Return exact matches of names, longest first, without overlaps."""
        found: list[_Span] = []
        by_length = sorted(_windows(len(words)), key=lambda window: _telling(words, *window))
        for start, end in by_length:
            if any(start < span.end and span.start < end for span in found):
                continue
            name = self._index.joined.get("".join(words[start:end]))
            if name is not None:
                found.append(self._span(start, end, name))
        plain = [span for span in found if not span.ordinary]
        return sorted(plain or found, key=lambda span: span.start)

    def _misspelt(self, words: Sequence[str]) -> list[_Span]:
        """Return the matches of names of which each word is near one of the text, the best."""
        near = [self._near(word) for word in words]
        best: list[tuple[int, int, _Span]] = []
        for start, end in _windows(len(words)):
            for some in product(*near[start:end]):
                name = tuple(word for word, _ in some)
                if name in self._index.named:
                    wrong = sum(distance for _, distance in some)
                    best.append((start - end, wrong, self._span(start, end, name)))
        if not best:
            return []
        longest, fewest, _ = min(best, key=lambda one: one[:2])
        return [span for length, wrong, span in best if (length, wrong) == (longest, fewest)]

    def _near(self, word: str) -> list[tuple[str, int]]:
        """Return the known words that a word may be, with the number of wrong letters."""
        if word in self._index.words:
            return [(word, 0)]
        allowed = 0 if len(word) < 5 else 1 if len(word) < 8 else 2
        if not allowed or len(word) > MAX_WORD:
            return []
        found = process.extract(
            word, self._index.sorted, scorer=OSA.distance, limit=NEAR, score_cutoff=allowed
        )
        return [(name, int(distance)) for name, distance, _ in found if len(name) > 3]

    def _span(self, start: int, end: int, name: tuple[str, ...]) -> _Span:
        listed = (one for one in _ORDINARY if lists.words("lenders", one).issuperset(name))
        return _Span(start, end, self._index.named[name], next(listed, ""))


NO_LENDERS = Lenders()  # an empty register


def told_kind(text: str) -> str:
    """Return the kind of lender that words tell: "koperasi maju", "bpr ..."; "" if they do not."""
    said = standardised(text)
    return next((one for one in _TOLD if lists.any_of("lenders", one).search(said)), "")


def is_private(text: str) -> bool:
    """Whether words name somebody who lends privately: "bu haji", "bank keliling", "rentenir"."""
    said = standardised(text)
    if lists.any_of("lenders", "private").search(said):
        return True
    if told_kind(said):
        return False  # "koperasi keluarga sejahtera"
    first = re.match(rf"\W*(?:{lists.one_of('lenders', 'titles')})\b\W+\w", said)
    return first is not None or bool(lists.any_of("lenders", "acquaintances").search(said))


def said_beside(text: str) -> str:
    """Return the words of a text without those that only say what kind of lender it is, or lead.

    "" for "bank", "koperasi", "saya pinjam di bank"; "lupa" for "banknya lupa".
    """
    said = standardised(text)
    for kind in _TOLD:
        said = lists.any_of("lenders", kind).sub(" ", said)
    return _trimmed(_WORD.findall(said), "")


def without_lead(words: str) -> str:
    """Return words without those that only lead to a name: "saya pinjam di ..."."""
    rest = words
    while found := _LEAD.match(rest):
        if standard(found[1].lower()) not in lists.words("lenders", "lead"):
            break
        rest = rest[found.end() :]
    return rest


def names_branch(words: str) -> bool:
    """Whether words name a lender's office: "unit cipulir", "cabang Fatmawati"."""
    return bool(lists.any_of("lenders", "branch").search(standardised(words)))


_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_LEAD = re.compile(r"\W*([^\W_]+(?:'[^\W_]+)?)[\s:,-]+(?=\S*[^\W_])")


def _compared(name: str) -> tuple[str, ...]:
    """Return a name's words as they are compared."""
    return tuple(map(_plain, _WORD.findall(tidy(name))))[:LONGEST_NAME]


def _plain(word: str) -> str:
    return word.lower().replace("'", "")


def _windows(length: int) -> list[tuple[int, int]]:
    """Return the spans of up to LONGEST_NAME words, longest first."""
    spans = (
        (start, end)
        for start in range(length)
        for end in range(start + 1, min(start + LONGEST_NAME, length) + 1)
    )
    return sorted(spans, key=lambda span: span[0] - span[1])


def _telling(words: Sequence[str], start: int, end: int) -> int:
    """Return how many of these words tell more than "bank", as a negative number."""
    return -sum(word != _BANK for word in words[start:end])


def _is_another(words: Sequence[str], span: _Span) -> bool:
    """Whether the next word makes another company of a name: "mandiri taspen"."""
    return not lists.words("lenders", "another").isdisjoint(words[span.end : span.end + 1])


def _around(shown: Sequence[str], spans: Sequence[_Span], told: str) -> tuple[str, str]:
    """Return the words before and behind the names, without those that say nothing."""
    if not spans:
        return "", ""
    first, last = min(span.start for span in spans), max(span.end for span in spans)
    return _trimmed(shown[:first], told), _trimmed(shown[last:], told)


def _trimmed(words: Sequence[str], told: str) -> str:
    """Return the words without those at both ends that say nothing."""
    kept = list(words)
    while kept and _is_beside(kept[0], told):
        kept.pop(0)
    while kept and _is_beside(kept[-1], told):
        kept.pop()
    return " ".join(kept)


def _is_beside(word: str, told: str = "") -> bool:
    said = standard(word.lower())
    if {said, word.lower()} & (lists.words("lenders", "beside") | lists.words("lenders", "lead")):
        return True
    return bool(told) and bool(lists.any_of("lenders", told).fullmatch(said))
