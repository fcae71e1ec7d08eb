"""The interface of channels (receive, send, fetch) and its value types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

from bot.channels.bounds import MAX_TOKEN, digits, words
from conversations.events import Event
from conversations.messages import Message, Question


@dataclass(frozen=True, slots=True)
class Media:
    """A file that the provider stores: its reference, and its kind as declared by the sender."""

    reference: str
    kind: Literal["photo", "document", "voice"]
    size: int | None = None  # bytes, if the provider says


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One delivery, in a form that is the same for all channels.

    An `Uploaded` event has attachment id 0 until a turn stores `media`. `tap_id` is the id to
    acknowledge, so that the tapped button stops spinning. `alias` is another name of the same
    sender at the provider, if the delivery has one.
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
    """A message that the provider accepted, by the provider's id."""

    provider_id: str


@dataclass(frozen=True, slots=True)
class File:
    """A stored file to send with a message: its document, or its picture as a small JPEG."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One message to one address.

    `heard_at` is when the person last wrote from that address, None if never; `at` is the current
    time. Both are on the database's clock. A provider may allow free text only for a while after
    `heard_at`.
    """

    id: int  # the outbox row
    address: str
    message: Message
    locale: str
    file: File | None = None
    heard_at: datetime | None = None
    at: datetime | None = None
    attempts: int = 1  # this one included
    unsure: bool = False  # whether an earlier attempt may have been delivered


@dataclass(frozen=True, slots=True)
class Bubble:
    """One item that arrives in a chat: a text, the message's document, or its picture."""

    text: str
    has_file: bool = False
    has_picture: bool = False


class Channel(Protocol):
    """A messaging provider. Every method but `name` may raise `bot.errors.ChannelError`."""

    @property
    def name(self) -> str: ...

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        """Render a message and deliver it.

        Raises:
            Unreachable, WindowClosed, Rejected, TryLater, OutcomeUnknown: see `bot.errors`.
        """
        ...

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        """Get a file's content from the provider.

        Raises:
            FileRefused: gone, or larger than `at_most` bytes.
            TryLater: the provider is unavailable.
        """
        ...

    async def forget(self, reference: str) -> None:
        """Tell the provider that it may delete a file; never raises when the provider refuses."""
        ...

    async def acknowledge(self, heard: InboundMessage) -> None:
        """Acknowledge a tap; never raises when the provider refuses."""
        ...

    async def close(self) -> None:
        """Close the connections."""
        ...


@runtime_checkable
class Greeter(Protocol):
    """A channel whose provider has a health check without side effects."""

    async def greet(self) -> None:
        """Make a request that changes nothing.

        Raises:
            bot.errors.ChannelError: the provider is unavailable, or its answer can't be read.
        """
        ...


#: Separates the parts of a tap's data; only the last part, the value, may contain it.
SEPARATOR = "|"


def token(question: Question, value: str) -> str:
    """Return a button's token: the question and the value; at most 64 bytes for ids in use."""
    return SEPARATOR.join(
        (question.flow, question.subject, question.step, str(question.version), value)
    )


def read_token(data: str) -> tuple[Question, str] | None:
    """Parse the result of `token`; None for any other string."""
    parts = words(data).split(SEPARATOR, 4)
    if len(data) > MAX_TOKEN or len(parts) != 5:
        return None
    flow, subject, step, counted, value = parts
    version = digits(counted)
    return None if version is None else (Question(flow, subject, step, version), value)
