"""Effects on matters that wait for a supervisor, and the line of a ticket that its owner reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conversations.facts import TicketFact
from conversations.messages import Say, Value

LONGEST = 1000  # characters of what is written on a ticket after it was opened
MOST_FILES = 10  # photos and recordings of one ticket


@dataclass(frozen=True, slots=True)
class TakeTicket:
    """A supervisor takes over what waits for an answer."""

    case_id: int


@dataclass(frozen=True, slots=True)
class AnswerTicket:
    """A supervisor's words to the person who waits."""

    case_id: int
    words: str


@dataclass(frozen=True, slots=True)
class CloseTicket:
    """A supervisor closes a ticket with words; `founded` tells how a complaint ended."""

    case_id: int
    words: str
    founded: bool | None = None


@dataclass(frozen=True, slots=True)
class DecideObjection:
    """A supervisor closes an objection with words; one that is upheld opens the rejected case."""

    case_id: int
    words: str
    upheld: bool


@dataclass(frozen=True, slots=True)
class AddToTicket:
    """The owner adds words to their ticket."""

    case_id: int
    words: str


@dataclass(frozen=True, slots=True)
class ObjectTo:
    """The owner objects to the rejection of their case."""

    case_id: int
    words: str


@dataclass(frozen=True, slots=True)
class DropTicket:
    """The owner closes their ticket: the matter is settled."""

    case_id: int


@dataclass(frozen=True, slots=True)
class KeepFile:
    """A photo, recording or file is kept with a complaint that is being told."""

    attachment_id: int


@dataclass(frozen=True, slots=True)
class AddFile:
    """The owner adds a photo, recording or file to their ticket."""

    case_id: int
    attachment_id: int


@dataclass(frozen=True, slots=True)
class RetryMessage:
    """Process a set-aside message once more."""

    row_id: int


@dataclass(frozen=True, slots=True)
class CloseMessage:
    """Close a set-aside message with words to the person who wrote it."""

    row_id: int
    words: str


@dataclass(frozen=True, slots=True)
class EndVisit:
    """End a visit that its officer has not reported; the owner chooses another time."""

    visit_id: int


#: Effects on what waits for a supervisor: tickets, and what is stuck.
AboutTicket: TypeAlias = (
    AddFile
    | AddToTicket
    | AnswerTicket
    | CloseMessage
    | CloseTicket
    | DecideObjection
    | DropTicket
    | EndVisit
    | ObjectTo
    | KeepFile
    | RetryMessage
    | TakeTicket
)


def state(one: TicketFact) -> Say:
    """Return how a ticket stands, in one line, as its owner reads it."""
    params: dict[str, Value] = {
        "number": one.number,
        "about": Say(f"ticket.about.{one.about}"),
        "answer_by": one.answer_by,
        "close_by": one.close_by,
    }
    how = "closed" if one.closed else "answered" if one.answered else "open"
    return Say(f"my_ticket.state.{how}", params)
