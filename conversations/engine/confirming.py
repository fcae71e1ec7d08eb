"""Confirming: asks staff to confirm what was understood of their words, before it has an effect."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import structs

from conversations.engine.builder import TurnBuilder
from conversations.messages import Json, Question, Say, say_from_json, say_to_json
from conversations.session import Choice
from conversations.step import Prompt

DESK = "desk"  # the engine's own question, of the flow "common"
STOP = "stop"  # the matter of staff who want no more messages


def choice(
    value: str,
    label: Say | str,
    matter: str,
    subject: str = "",
    argument: Json = None,
    *,
    means: Literal["yes", "no", ""] = "",
) -> Choice:
    """Return a choice that carries out a matter when it is picked: see `desk.act`."""
    return Choice(value, label, [matter, subject, argument], "desk", means)


def no() -> Choice:
    """Return the choice by which nothing is done."""
    return choice("no", Say("common.desk.no"), "", means="no")


def ask(turn: TurnBuilder, say: Say, *choices: Choice) -> None:
    """Ask a question whose choices `desk.act` carries out.

    The first choice keeps the sentence, so that the question can be asked once more.
    """
    first, *others = choices
    first = structs.replace(first, answer=[*first.answer[:3], say_to_json(say)])
    kept = (first, *others)
    turn.put(
        Question("common", "", DESK, turn.session.version + 1), kept, clarifying=False, refusals=0
    )
    turn.prompt = Prompt(say, kept)


def is_open(turn: TurnBuilder) -> bool:
    """Whether such a question is open."""
    asked = turn.session.asked
    return asked is not None and (asked.flow, asked.step) == ("common", DESK)


def asks(turn: TurnBuilder, matter: str) -> bool:
    """Whether such a question is open whose first choice carries out this matter."""
    return is_open(turn) and turn.session.shown[0].answer[0] == matter


def is_pending(turn: TurnBuilder) -> bool:
    """Whether such a question is open whose "yes" has an effect."""
    return is_open(turn) and any(choice.means == "yes" for choice in turn.session.shown)


def refusing(turn: TurnBuilder) -> Choice | None:
    """Return the choice that says no to the open yes-or-no question, if there is one."""
    shown = turn.session.shown
    if not any(choice.means == "yes" for choice in shown):
        return None
    return next((choice for choice in shown if choice.means == "no"), None)


def sentence(shown: Sequence[Choice]) -> Say:
    """Return the sentence of the open question."""
    said = say_from_json(shown[0].answer[-1])
    if not isinstance(said, Say):
        raise ValueError("a question of the desk without a sentence")
    return said
