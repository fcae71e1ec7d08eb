"""Torn: words that name two answers at once, and are asked back: "mau sih tapi takut". Pure."""

from __future__ import annotations

import re
from itertools import pairwise

from conversations import lexicon
from conversations.engine.builder import TurnBuilder
from conversations.lexicon import lists
from conversations.session import Choice
from conversations.words import standardised

#: Questions about what a host wishes, with the two answers between which hosts waver.
_WAVERS = {("visit", "met"): ("now", "not_wanted"), ("visit", "wish"): ("now", "not_wanted")}
_CLAUSE = re.compile(rf"[,;.\n]+|\b(?:{lists.one_of('torn', 'but')})\b")
_AT_LAST = lists.any_of("torn", "at_last")


def torn(turn: TurnBuilder, text: str) -> tuple[Choice, ...]:
    """Return the two choices that the clauses of the words name; none if they settle on one."""
    asked = turn.session.asked
    pair = _WAVERS.get((asked.flow, asked.step)) if asked is not None else None
    if asked is None or pair is None or turn.session.clarifying:
        return ()
    listed = lexicon.options(asked.flow, asked.step)
    clauses = [one for one in _CLAUSE.split(standardised(text)) if one.strip()]
    if listed is None or len(clauses) < 2:
        return ()
    named = [_named(listed, clause) for clause in clauses]
    if not all(one in named for one in pair) or _AT_LAST.search(clauses[-1]):
        return ()
    if not any({*two} == {*pair} for two in pairwise(one for one in named if one)):
        return ()
    return tuple(choice for choice in turn.session.shown if choice.value in pair)


def fears_and_wants(text: str) -> bool:
    """Whether words say that somebody is afraid, and wants help: "takut tapi mau"."""
    said = standardised(text)
    if lists.any_of("officers", "fears").search(said) is None:
        return False
    return any(_WANTS.search(clause) is not None for clause in _CLAUSE.split(said))


#: "Mau" of a clause without a verb, or with one of help: not "mau mukul".
_WANTS = re.compile(
    rf"(?<!tidak )(?<!belum )(?<!not )\b(?:{lists.one_of('torn', 'wants')})"
    rf"(?:\W+(?:{lists.one_of('torn', 'beside')}))*\W*$"
)


def _named(listed: lexicon.Lexicon, clause: str) -> str:
    """Return the option that one clause names; fear alone is no wish."""
    ranked = listed.rank(clause)
    if ranked:
        return ranked[0].name
    if _WANTS.search(clause) is not None:
        return "now"
    if lists.any_of("torn", "doubts").search(clause) is not None:
        return "not_wanted"
    feared = lists.any_of("officers", "fears").search(clause) is not None
    mine = lists.any_of("officers", "myself").search(clause) is not None
    return "not_wanted" if feared and not mine else ""
