"""The interface of channels (receive, send, fetch), and the values that pass through it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from bot.channels.bounds import MAX_TOKEN, digits, words
from conversations.events import Event
from conversations.messages import Message, Question


@dataclass(frozen=True, slots=True)
class Media:
    """A file that lies with the provider: how to ask for it, and what the sender says it is."""

    reference: str
    kind: Literal["photo", "document"]
    size: int | None = None  # bytes, if the provider told


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One delivery, in the bot's own words.

    `event` is what happened; an `Uploaded` event has attachment id 0 until a turn files `media`.
    `tap_id` is what the provider wants acknowledged, so that a button stops spinning. `alias` is
    another name by which the provider knows the same sender, if it told one.
    """

    channel: str
    address: str
    provider_id: str
    event: Event
    media: Media | None = None
    locale: str = "id"
    tap_id: str | None = None
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """The provider's yes: its id of the message."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class File:
    """A stored file that goes with a message."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one address.

    `heard_at` is when they last wrote from that address, on the database's clock, None if never;
    `at` is the time it is there now: a provider may let us speak freely only for a while after.
    """

    id: int  # the outbox row
    address: str
    message: Message
    locale: str
    file: File | None = None
    heard_at: datetime | None = None
    at: datetime | None = None
    attempts: int = 1  # this one included
    unsure: bool = False  # whether an earlier one may have come through


@dataclass(frozen=True, slots=True)
class Bubble:
    """One thing that arrives in a chat: words, or the message's file."""

    text: str
    has_file: bool = False


class Channel(Protocol):
    """One way to talk with people. Every method but `name` may raise `bot.errors.ChannelError`."""

    @property
    def name(self) -> str: ...

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        """Put a message into words and deliver it.

        Raises:
            Unreachable, WindowClosed, Rejected, TryLater, OutcomeUnknown: see `bot.errors`.
        """
        ...

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        """Get a file's content from the provider.

        Raises:
            FileRefused: gone, or larger than `at_most` bytes.
            TryLater: the provider is away.
        """
        ...

    async def forget(self, reference: str) -> None:
        """Tell the provider that a file need not be kept; never raises for a provider's no."""
        ...

    async def acknowledge(self, heard: InboundMessage) -> None:
        """Tell the provider that a tap was taken; never raises for a provider's no."""
        ...

    async def close(self) -> None:
        """Give back connections."""
        ...


@runtime_checkable
class Greeter(Protocol):
    """A channel whose provider can be asked whether it is there, at no cost to anybody."""

    async def greet(self) -> None:
        """Ask for what changes nothing.

        Raises:
            bot.errors.ChannelError: the provider is away, or its answer can't be read.
        """
        ...


#: Between the parts of a tap's data; no part but the value may hold it.
SEPARATOR = "|"


def token(question: Question, value: str) -> str:
    """The token of a button: the question and the value; at most 64 bytes for ids in use."""
    return SEPARATOR.join(
        (question.flow, question.subject, question.step, str(question.version), value)
    )


def read_token(data: str) -> tuple[Question, str] | None:
    """Read what `token` wrote; None for anything else."""
    parts = words(data).split(SEPARATOR, 4)
    if len(data) > MAX_TOKEN or len(parts) != 5:
        return None
    flow, subject, step, counted, value = parts
    version = digits(counted)
    return None if version is None else (Question(flow, subject, step, version), value)
