"""The visits of an officer that words are about, and how a visit is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import TypeAlias

from conversations.engine import confirming
from conversations.engine.builder import TurnBuilder
from conversations.facts import VisitFact
from conversations.lifecycle import VisitState
from conversations.messages import Lines, Say, Value
from conversations.parsers import times
from conversations.wording import short_day
from conversations.words import TEXTS, standardised

States: TypeAlias = frozenset[str]

OFFERED: States = frozenset({VisitState.OFFERED})
ACCEPTED: States = frozenset({VisitState.ACCEPTED})
COMING: States = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY})
UNDER_WAY: States = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})
AGREED = ACCEPTED | UNDER_WAY
GIVEN_BACK = OFFERED | ACCEPTED  # states in which the visit can be left to another officer

_HOUR = re.compile(
    r"\b(?:yang|kunjungan|visit|the) (?:yang )?((?:jam|pukul|at) \d.*)|^((?:jam|pukul) \d.*)"
)
_OFFER = re.compile(r"\b(?:tawaran|ditawarin|ditawarkan|offer(?:ed)?)\b")
_DAYS = ((1, re.compile(r"\b(?:besok|tomorrow)\b")), (2, re.compile(r"\blusa\b")))
_FIRST = re.compile(r"\b([^\W\d_]{3,}) (?:dulu|first)\b")
_ALL = re.compile(r"\b(?:(?:ke)?(?:dua|tiga)(?:2|[- ](?:dua|tiga))?nya|semua(?:nya)?|both|all)\b")
_WORD = re.compile(r"[^\W\d_]{3,}")
#: Words in names and places that name nobody: "ibu", "jalan".
_COMMON = frozenset({
    "ibu", "bapak", "pak", "bang", "mas", "mbak", "jalan", "gang", "jakarta", "pusat", "barat",
    "timur", "utara", "selatan", "baru", "lama",
})  # fmt: skip


def meant(
    turn: TurnBuilder,
    text: str,
    states: Iterable[str],
    *,
    all_of_today: bool = False,
    open_first: bool = False,
    by_words: bool = False,
) -> tuple[VisitFact, ...]:
    """Return the visits in these states that the words may be about.

    That is the one that is named, the one under way or the open one; else all of today, or all.
    With `all_of_today`, only a name chooses among today's; with `open_first`, the open one comes
    before the one under way; with `by_words`, a day or an offer that is named chooses.
    """
    fitting = tuple(visit for visit in turn.facts.rounds.visits if visit.state in {*states})
    of_day = by_day(turn, text, fitting) if by_words else fitting
    if len(of_day) == 1 and len(fitting) > 1:
        return of_day
    named = named_in(fitting, text)
    today = tuple(visit for visit in named or fitting if visit.on == turn.facts.today)
    if all_of_today:
        return today or named or fitting
    under_way = tuple(visit for visit in named or fitting if visit.state in UNDER_WAY)
    about = subject(turn)
    open_one = tuple(visit for visit in named or fitting if str(visit.id) == about)
    if len(named) == 1:
        return named
    if open_first and open_one:
        return open_one
    if len(under_way) == 1:
        return under_way
    return open_one or today or named or fitting


def by_day(turn: TurnBuilder, text: str, among: tuple[VisitFact, ...]) -> tuple[VisitFact, ...]:
    """Return the visits of the day that the words name, or those that are offered, if any are.

    "Tawaran yang besok di mana" is about tomorrow's offer, whichever visit is open.
    """
    said = standardised(text)
    some = among
    if _OFFER.search(said):
        some = tuple(visit for visit in some if visit.state in OFFERED)
    later = next((days for days, word in _DAYS if word.search(said)), None)
    if later is not None:
        on = turn.facts.today + timedelta(days=later)
        some = tuple(visit for visit in some if visit.on == on)
    return some or among


def still_coming(
    turn: TurnBuilder, text: str, among: tuple[VisitFact, ...]
) -> tuple[VisitFact, ...]:
    """Return the visits that are not reached yet, unless the words name one or all are.

    "Sampai", and a flat tyre, are about the way, even if a visit before was not finished.
    """
    coming = tuple(v for v in turn.facts.rounds.visits if v.state == VisitState.ON_THE_WAY)
    there = any(visit.state == VisitState.ARRIVED for visit in among)
    if not there or not coming or named_in(turn.facts.rounds.visits, text):
        return among
    return coming if len(among) == 1 else tuple(v for v in among if v.state in COMING) or among


def subject(turn: TurnBuilder) -> str:
    """Return the id of the visit that the open question is about, or ""."""
    if confirming.is_open(turn):
        return str(turn.session.shown[0].answer[1])
    draft = turn.session.draft
    return draft.subject if draft is not None and draft.flow == "visit" else ""


def current(turn: TurnBuilder) -> VisitFact | None:
    """Return the visit that an officer is at, on the way to or looking at, or today's only one."""
    visits = turn.facts.rounds.visits
    under_way = next((visit for visit in visits if visit.state in UNDER_WAY), None)
    today = [v for v in visits if v.on == turn.facts.today and v.state in AGREED]
    open_one = turn.facts.rounds.visit(subject(turn))
    return under_way or open_one or (today[0] if len(today) == 1 else None)


def names_another(turn: TurnBuilder, text: str) -> bool:
    """Whether the words name visits, and none of them is the one whose question is open."""
    about = subject(turn)
    named = named_in(turn.facts.rounds.visits, text) if about else ()
    return bool(named) and about not in {str(visit.id) for visit in named}


def by_name(turn: TurnBuilder, text: str) -> VisitFact | None:
    """Return the visit whose owner the words name, if it is the only one."""
    visits = turn.facts.rounds.visits
    owners = _of_owners(visits, text)
    some = tuple(visit for visit in named_in(visits, text) if visit in owners)
    return some[0] if len(some) == 1 else None


def names_all(text: str) -> bool:
    """Whether the words mean all visits: "dua-duanya"."""
    return _ALL.search(standardised(text)) is not None


def several(turn: TurnBuilder, text: str, states: Iterable[str]) -> tuple[VisitFact, ...]:
    """Return today's visits if the words mean more than one: "dua-duanya", "Budi sama Siti"."""
    today = turn.facts.today
    some = tuple(v for v in turn.facts.rounds.visits if v.state in {*states} and v.on == today)
    owners = _of_owners(some, text)
    named = some if names_all(text) and not owners else owners
    return named if len(named) > 1 else ()


def has_no_code(visit: VisitFact | None) -> bool:
    """Whether the officer is at a visit that nobody has a code for: a place that was told of."""
    return (
        visit is not None
        and visit.state == VisitState.ARRIVED
        and (not visit.hosted or visit.code is None)
    )


def is_under_way(turn: TurnBuilder) -> bool:
    """Whether the officer has set off to a visit, or is there."""
    return any(visit.state in UNDER_WAY for visit in turn.facts.rounds.visits)


def has_offers(turn: TurnBuilder) -> bool:
    """Whether a visit waits for the officer's answer."""
    return any(visit.state in OFFERED for visit in turn.facts.rounds.visits)


def following(turn: TurnBuilder) -> VisitFact | None:
    """Return the next visit that the officer has agreed to and not set off for."""
    visits = turn.facts.rounds.visits
    return next((visit for visit in visits if visit.state in ACCEPTED), None)


def _of_owners(among: tuple[VisitFact, ...], text: str) -> tuple[VisitFact, ...]:
    """Return the visits whose owners' names have a word in the text."""
    words = _words(text)
    return tuple(v for v in among if words & _words(v.host_name)) if words else ()


def named_in(among: tuple[VisitFact, ...], text: str) -> tuple[VisitFact, ...]:
    """Return the visits that the words name: by the hour, the owner or the place."""
    said = standardised(text)
    hour = _HOUR.search(said)
    if hour is not None:
        read = times.read(hour[1] or hour[2])
        at = read.starts if read is not None and read.kind == "times" else None
        if at is not None:
            return tuple(visit for visit in among if visit.starts <= at < visit.ends)
    first = _FIRST.search(said)
    if first is not None:  # "Siti dulu, nanti Budi"
        visits = _of_owners(among, first[1])
        if len(visits) == 1:
            return visits
    words = _words(text)
    if not words:
        return ()
    scores = {v.id: len(words & (_words(v.host_name) | _words(v.place))) for v in among}
    best = max(scores.values(), default=0)
    return tuple(visit for visit in among if best and scores[visit.id] == best)


@lru_cache(TEXTS)
def _words(text: str) -> frozenset[str]:
    """Return the words of a text that may name somebody or a place."""
    return frozenset(_WORD.findall(standardised(text))) - _COMMON


# -- words -----------------------------------------------------------------------------------------


def line(turn: TurnBuilder, visit: VisitFact) -> Say:
    """A visit in half a line: its owner, the day unless it is today, the hour and the place."""
    return Say(
        "rounds_desk.visit",
        {"owner": visit.host_name, "when": _when(turn, visit), "place": visit.place},
    )


def lines(turn: TurnBuilder, visits: Iterable[VisitFact]) -> Lines:
    """Visits, a line each."""
    return Lines(tuple(Say("rounds_desk.line", {"visit": line(turn, one)}) for one in visits))


def label(turn: TurnBuilder, visit: VisitFact) -> Say:
    """A visit on a button: its hour, or its day if that is not today, and its owner."""
    today = visit.on == turn.facts.today
    when = Say("rounds_desk.at", {"starts": visit.starts}) if today else short_day(visit.on)
    return Say("rounds_desk.choice", {"when": when, "owner": visit.host_name})


def named(turn: TurnBuilder, subject: str) -> Say | None:
    """Return the button of a visit of the officer's by its id, or None."""
    visit = turn.facts.rounds.visit(subject)
    return label(turn, visit) if visit is not None else None


def _when(turn: TurnBuilder, visit: VisitFact) -> Say:
    if visit.on == turn.facts.today:
        return Say("rounds_desk.at", {"starts": visit.starts})
    return Say("rounds_desk.on", {"day": short_day(visit.on), "starts": visit.starts})


def way(turn: TurnBuilder, visit: VisitFact) -> Mapping[str, Value]:
    """Where a visit is: its address with the landmark, the place and the pin."""
    lat, lon = visit.pin or (0.0, 0.0)
    pin = Say("visit.map", {"lat": str(lat), "lon": str(lon)})
    return {
        "visit": line(turn, visit),
        "street": f"{visit.address}, " if visit.address else "",
        "place": visit.place,
        "map": pin if visit.pin else Say("visit.no_pin"),
    }
