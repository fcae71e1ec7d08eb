"""Answers to what officers ask about their work, and words about their day rather than a visit.

The words are data: `conversations/lexicon/desk.toml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conversations.duty import duty_words
from conversations.engine import drafts
from conversations.engine import rounds_reports as reports
from conversations.engine import rounds_visits as visits
from conversations.engine.builder import TurnBuilder
from conversations.messages import Say


def _says(key: str) -> Callable[[TurnBuilder, str], None]:
    return lambda turn, text: drafts.digress(turn, Say(key))


def _calls(key: str) -> Callable[[TurnBuilder, str], None]:
    """Return an answer that says something, and offers that a supervisor calls."""

    def answer(turn: TurnBuilder, text: str) -> None:
        turn.says.append(Say(key))
        reports.call_me(turn, text)

    return answer


def over(turn: TurnBuilder, text: str) -> None:
    """Go on after trouble that is over: "bannya sudah beres"; a question about it is dropped."""
    turn.says.append(Say("rounds_desk.over"))
    drafts.go_on(turn)


def here(turn: TurnBuilder, text: str) -> None:
    """Go on where something that was missing is there: "KTP-nya ada nih"."""
    turn.says.append(Say("common.desk.fine"))
    drafts.go_on(turn)


def handed(turn: TurnBuilder, text: str) -> None:
    """Say when a visit is over, to an officer who says that all is done."""
    if visits.is_under_way(turn):
        drafts.digress(turn, Say("rounds_desk.handed"))
    else:
        reports.left(turn, text)


def own_hours(turn: TurnBuilder, text: str) -> None:
    """Say when the officer makes visits, and who changes that."""
    hours = duty_words(turn.facts.rounds.duty)
    drafts.digress(turn, Say("rounds_desk.own_hours", {"hours": hours}))


ANSWERS: Mapping[str, Callable[[TurnBuilder, str], None]] = {
    "boss": _calls("rounds_desk.boss"),
    "fix_data": _calls("rounds_desk.fix_data"),
    "handed": handed,
    "here": here,
    "no_signal": _says("rounds_desk.no_signal"),
    "over": over,
    "own_hours": own_hours,
    "own_number": _says("rounds_desk.own_number"),
    "paper": _says("rounds_desk.paper"),
    "pause": _says("rounds_desk.pause"),
    "proxy": _says("rounds_desk.proxy"),
    "steps": _says("rounds_desk.steps"),
    "suppose": _says("rounds_desk.suppose"),
    "upset": _calls("rounds_desk.upset"),
    "usage": _says("common.help.officer"),
}
