"""Naming: finds the officers whom a supervisor's words name, by name or badge. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from conversations import lexicon
from conversations.engine.builder import TurnBuilder
from conversations.facts import OfficerFact
from conversations.words import plain, standard

LEAST_MISSPELT = 4  # letters of a name that may have one wrong
LEAST_BADGE = 3  # letters and digits; fewer digits count something: "3 hari"
_TOKEN = re.compile(r"[^\W_]+(?:[-./][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class Named:
    """One mention of an officer; several officers if the words fit them alike.

    `before` is the word before the mention, and `at` its place among the words.
    """

    officers: tuple[OfficerFact, ...]
    at: int
    before: str


def officers_named(text: str, team: Iterable[OfficerFact]) -> list[Named]:
    """Return the mentions of officers, in the order of the words.

    A name may have one wrong letter, unless it is a common word then. Words side by side are one
    mention, if somebody has both names.
    """
    team = tuple(team)
    tokens = _TOKEN.findall(plain(text))
    common = lexicon.no_names()
    found = _mentions(tokens, team, common)
    return found or _mentions(tokens, team, frozenset())  # somebody may be called "Hari"


def without_names(text: str, team: Iterable[OfficerFact]) -> str:
    """Return the words with "petugas" in place of each name or badge of the team."""
    team, common = tuple(team), lexicon.no_names()
    if not team:
        return text
    return _TOKEN.sub(
        lambda word: "petugas" if _bearers(word[0], team, common, fuzzy=True) else word[0],
        plain(text),
    )


def mentions(turn: TurnBuilder, text: str) -> list[Named]:
    """Return the mentions of officers of the desk's team; looked for once a turn."""
    team = turn.facts.desk.officers
    found: list[Named] = turn.once(("officers", text), lambda: officers_named(text, team))
    return found


def nameless(turn: TurnBuilder, text: str) -> str:
    """Return the words without the names of the desk's team; looked for once a turn."""
    team = turn.facts.desk.officers
    if not team:
        return text
    said: str = turn.once(("nameless", text), lambda: without_names(text, team))
    return said


def names_somebody(text: str) -> bool:
    """Whether a word is neither common nor one of a supervisor's matters: maybe a name."""
    known = lexicon.desk("supervisor")
    words = re.findall(r"[^\W\d_]+", plain(text))
    return any(
        word not in lexicon.no_names()
        and standard(word) not in lexicon.no_names()
        and not known.knows(word)
        for word in words
    )


def _mentions(
    tokens: list[str], team: tuple[OfficerFact, ...], common: frozenset[str]
) -> list[Named]:
    mentions: list[Named] = []
    last = -2
    for place, token in enumerate(tokens):
        fits = _bearers(token, team, common, fuzzy=bool(common))
        if not fits:
            continue
        before = standard(tokens[place - 1]) if place else ""
        both = [one for one in mentions[-1].officers if one in fits] if last == place - 1 else []
        if both:
            mentions[-1] = Named(tuple(both), mentions[-1].at, mentions[-1].before)
        else:
            mentions.append(Named(fits, place, before))
        last = place
    return mentions


def _bearers(
    token: str, team: tuple[OfficerFact, ...], common: frozenset[str], *, fuzzy: bool
) -> tuple[OfficerFact, ...]:
    """Return the officers with this badge or a name like this word."""
    if any(map(str.isdigit, token)):
        key = _key(token)
        return tuple(o for o in team if len(token) >= LEAST_BADGE and _key(o.badge) == key)
    if token in common or standard(token) in common:
        return ()
    same = tuple(one for one in team if token in _names(one.name))
    if same or not fuzzy or len(token) < LEAST_MISSPELT:
        return same
    if lexicon.desk("supervisor").knows(token):
        return ()
    return tuple(one for one in team if any(_alike(token, name) for name in _names(one.name)))


def _alike(token: str, name: str) -> bool:
    if len(name) < LEAST_MISSPELT:
        return False
    return OSA.distance(token, name, score_cutoff=1) <= 1


@lru_cache(1024)
def _names(name: str) -> tuple[str, ...]:
    return tuple(_TOKEN.findall(plain(name)))


def _key(badge: str) -> str:
    """Return a badge as it is compared: "0417" equals "417"."""
    return re.sub(r"[^0-9a-z]", "", badge.lower()).lstrip("0")
