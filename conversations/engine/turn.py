"""The decision of a turn: the next session and the effects of an event.

`advance` is pure. It reads an event against what was *shown*, so that a late tap or a "2" never
answers another question. After a turn, the one open question is always the last thing shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversations.effects import Effect, FailVisit
from conversations.engine import hearing
from conversations.engine.builder import Flows, TurnBuilder
from conversations.events import (
    Event,
)
from conversations.facts import Facts
from conversations.script import FAILED
from conversations.session import ChatSession


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of a turn: the session to keep, and the effects in their order."""

    session: ChatSession
    effects: tuple[Effect, ...]


def advance(flows: Flows, session: ChatSession | None, event: Event, facts: Facts) -> Turn:
    """Decide the turn of one event.

    Pure: the same arguments give the same turn. Every turn has at least one reply, except for news
    that needs no message.
    """
    turn = TurnBuilder(flows, session or ChatSession(), facts)
    hearing.take(turn, event)
    turn.flush()
    failed = next((one.visit_id for one in turn.effects if isinstance(one, FailVisit)), None)
    if failed is not None:
        turn.tell(FAILED, str(failed))  # "eh ternyata ada" comes right behind
    return Turn(turn.session, tuple(turn.effects))
