"""A simulated owner: plays the script with the engine alone, without a channel or database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from benchmarks.script import SCRIPT, Step
from conversations import flows
from conversations.effects import GiveConsent, RememberName, Reply
from conversations.engine.builder import Flows
from conversations.engine.turn import advance
from conversations.events import Event, Located, Said, Started, Tapped, Uploaded
from conversations.facts import Facts, Mine
from conversations.messages import Message
from conversations.session import ChatSession
from models.reference import area, business_type


@dataclass(slots=True)
class Owner:
    """The state of the conversation; a photo is only a number."""

    flows: Flows
    facts: Facts
    session: ChatSession | None = None
    said: Message | None = None

    @classmethod
    def new(cls) -> Owner:
        """Return an owner who has said nothing yet."""
        known = flows.load()
        services = tuple(known.services)
        return cls(
            known,
            Facts(
                datetime.now(UTC),
                area.load(),
                business_type.load(),
                mine=Mine(services=services),
            ),
        )

    def play(self, until: int = len(SCRIPT)) -> ChatSession:
        """Say the lines before step `until`."""
        for step in SCRIPT[:until]:
            self._turn(_event(step, self.said))
        assert self.session is not None
        return self.session

    def _turn(self, event: Event) -> None:
        turn = advance(self.flows, self.session, event, self.facts)
        self.session = turn.session
        for effect in turn.effects:
            match effect:
                case Reply(message):
                    self.said = message
                case GiveConsent(purpose):
                    self.facts = replace(
                        self.facts, me=replace(self.facts.me, consents=frozenset({purpose}))
                    )
                case RememberName(name):
                    self.facts = replace(self.facts, me=replace(self.facts.me, name=name))


def _event(step: Step, said: Message | None) -> Event:
    """Return a line as an event; a tap uses a button of the last message."""
    match step.kind:
        case "say" if step.value == "/start":
            return Started()
        case "say":
            return Said(step.value)
        case "pin":
            return Located(-6.2706, 106.8023)
        case "photo":
            return Uploaded(1, "photo")
        case "tap":
            assert said is not None
            assert said.question is not None
            asked = said.question
            picked = next(c.value for c in said.choices if step.value in {"", c.value})
            return Tapped(asked.flow, asked.subject, asked.step, asked.version, picked)
