"""The only decision: what follows from a session, an event and the facts.

`advance` is pure. It reads what was heard against what was *shown*, so that a late tap or a "2"
never answers another question, and it always ends with the one open question in sight.
"""

from __future__ import annotations

from dataclasses import dataclass

from conversations.effects import (
    Effect,
)
from conversations.engine import hearing
from conversations.engine.builder import Flows, TurnBuilder
from conversations.events import (
    Event,
)
from conversations.facts import Facts
from conversations.session import ChatSession


@dataclass(frozen=True, slots=True)
class Turn:
    """The result of a turn: the session to keep, and the effects in their order."""

    session: ChatSession
    effects: tuple[Effect, ...]


def advance(flows: Flows, session: ChatSession | None, event: Event, facts: Facts) -> Turn:
    """Take one event into account.

    Pure: the same arguments give the same turn. Every turn has at least one reply, but for news
    that nobody needs to hear.
    """
    turn = TurnBuilder(flows, session or ChatSession(), facts)
    hearing.take(turn, event)
    turn.flush()
    return Turn(turn.session, tuple(turn.effects))
