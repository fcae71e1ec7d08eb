"""The meanings of an event: values that `understanding` gives, and `hearing` acts on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conversations.commands import Typed
from conversations.events import Located, Said, Tapped, Uploaded
from conversations.messages import Say
from conversations.phrases import Intent
from conversations.session import ChatSession, Choice, Draft, Interrupted

#: Events that can be meant for one question or another.
Heard: TypeAlias = Said | Tapped | Located | Uploaded


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that are not read as an answer; `correctable` if an edit of them will be."""

    say: Say
    correctable: bool = False


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """The telephone number on which the person is to be called, in E.164."""

    phone: str


@dataclass(frozen=True, slots=True)
class Order:
    """A command, such as "batal"."""

    typed: Typed


@dataclass(frozen=True, slots=True)
class Pick:
    """One of the choices in sight."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class PickElsewhere:
    """One of the choices of another draft's open question."""

    draft: Draft
    step: str
    choices: tuple[Choice, ...]
    choice: Choice


@dataclass(frozen=True, slots=True)
class Stale:
    """A tap on a question that is settled."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Another matter, which is answered at once; the open question stays."""

    intent: Intent


@dataclass(frozen=True, slots=True)
class Remark:
    """Words where no question waits for them: a greeting, the name of a service."""

    intent: Intent | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """No answer to a question of the engine's own, which has choices alone."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A greeting in the middle of a form: whether to go on is asked."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An event for the open step, which reads or refuses it."""


@dataclass(frozen=True, slots=True)
class BeforeNews:
    """For the question that news interrupted; `session` is as if the news had not come."""

    session: ChatSession


@dataclass(frozen=True, slots=True)
class Whose:
    """Words that fit the interrupted question and the news as well: which one is asked.

    `then` and `now` are the choices that the words pick of each; None if they are free words.
    """

    held: Interrupted
    text: str
    then: Choice | None
    now: Choice | None


@dataclass(frozen=True, slots=True)
class MovedOn:
    """A pick from a list that the news has settled."""


Meaning: TypeAlias = (
    Unread
    | OwnNumber
    | Order
    | Pick
    | PickElsewhere
    | Stale
    | Aside
    | Remark
    | Unclear
    | Resume
    | Answer
    | BeforeNews
    | Whose
    | MovedOn
)
