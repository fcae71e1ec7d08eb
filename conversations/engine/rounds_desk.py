"""Rounds at the desk: what an officer says of the visits in their own words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.engine.meanings import AtDesk
from conversations.messages import Json, Say


def hears(turn: TurnBuilder, text: str, matter: str | None) -> str | None:
    """Return the matter that the words raise at the open question, if it is another one."""
    return None


def answer(turn: TurnBuilder, meant: AtDesk) -> None:
    """Answer a matter of an officer, or ask whether it is to be carried out."""
    _ANSWERS[meant.matter](turn, meant)


def act(turn: TurnBuilder, matter: str, subject: str, argument: Json) -> None:
    """Carry out a matter that the officer confirmed."""
    drafts.stale(turn)


def _left(turn: TurnBuilder, meant: AtDesk) -> None:
    """Tell how many visits are left today."""
    today = [visit for visit in turn.facts.rounds.visits if visit.on == turn.facts.today]
    drafts.digress(turn, Say("rounds_desk.left", {"n": len(today)}))


def _danger(turn: TurnBuilder, meant: AtDesk) -> None:
    drafts.digress(turn, Say("common.intent.emergency"))


_ANSWERS: Mapping[str, Callable[[TurnBuilder, AtDesk], None]] = {"danger": _danger, "left": _left}
