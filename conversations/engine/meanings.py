"""The meanings of an event: values that `understanding` returns and `hearing` acts on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from conversations.commands import Typed
from conversations.events import Located, Said, Tapped, Uploaded
from conversations.facts import CaseFact
from conversations.messages import Json, Say
from conversations.parsers import Refused
from conversations.phrases import Intent
from conversations.session import ChatSession, Choice, Draft, Interrupted

GATHERED = "gathered"  # the engine's own question: are these facts right?

#: Events that may answer the open question or another one.
Heard: TypeAlias = Said | Tapped | Located | Uploaded


@dataclass(frozen=True, slots=True)
class Unread:
    """Words that are not read as an answer; `correctable` if an edit of them may be read."""

    say: Say
    correctable: bool = False


@dataclass(frozen=True, slots=True)
class OwnNumber:
    """The telephone number at which the person is to be called, in E.164."""

    phone: str


@dataclass(frozen=True, slots=True)
class Order:
    """A command, such as "batal"."""

    typed: Typed


@dataclass(frozen=True, slots=True)
class Pick:
    """A choice of the open question."""

    choice: Choice


@dataclass(frozen=True, slots=True)
class PickElsewhere:
    """A choice of another draft's open question."""

    draft: Draft
    step: str
    choices: tuple[Choice, ...]
    choice: Choice


@dataclass(frozen=True, slots=True)
class Stale:
    """A tap on a question that is settled; `says` tells what stays as it is."""

    says: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class Aside:
    """Another matter, answered at once; the open question stays."""

    intent: Intent
    part: str = ""  # of an intent with several answers: the authority for a KTP
    sure: bool = False  # the message is nothing but a phrase for it
    weight: float = field(default=1.0, compare=False)  # of its words in the lexicon


@dataclass(frozen=True, slots=True)
class Story:
    """Words that go on with a story, at the question whether it is a complaint."""

    text: str


@dataclass(frozen=True, slots=True)
class AtDesk:
    """A matter of staff in their own words: an officer is late. Named as in the lexicon."""

    matter: str
    text: str


@dataclass(frozen=True, slots=True)
class PassedBy:
    """Words that answer no question of the engine's own: they are for the question before."""


@dataclass(frozen=True, slots=True)
class Between:
    """Words that name several choices of the open question alike; the person is asked which."""

    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Explain:
    """A question about the open question: what it means, why it is asked."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Words that change an earlier answer of the open form; `words` is the new answer, or ""."""

    step: str
    words: str


@dataclass(frozen=True, slots=True)
class Several:
    """Several facts for the form of a service in one message; they are confirmed together."""

    flow: str
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Parts:
    """Answers to several steps that are asked together, and the first part that was refused."""

    answers: Mapping[str, Json]
    refused: tuple[str, Refused] | None


@dataclass(frozen=True, slots=True)
class Remark:
    """Words while no question waits for an answer: a greeting, the name of a service."""

    intent: Intent | None


@dataclass(frozen=True, slots=True)
class Unclear:
    """Words that pick no choice of the engine's own question."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A greeting in the middle of a form: the person is asked whether to go on."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to the open step, which accepts or refuses it."""


@dataclass(frozen=True, slots=True)
class AnswerElsewhere:
    """An answer to another draft's open question: the code of a visit, typed at the list."""

    draft: Draft


@dataclass(frozen=True, slots=True)
class BeforeNews:
    """An answer to the question that news interrupted; `session` is as if no news had come."""

    session: ChatSession


@dataclass(frozen=True, slots=True)
class Whose:
    """Words that fit both the interrupted question and the news; the person is asked which one.

    `then` and `now` are the choices that the words pick of each; None for free words.
    """

    held: Interrupted
    text: str
    then: Choice | None
    now: Choice | None


@dataclass(frozen=True, slots=True)
class Objection:
    """Words that do not accept the rejection of this case."""

    case: CaseFact
    text: str


@dataclass(frozen=True, slots=True)
class FoundAt:
    """Words that tell where somebody who waits for a visit will be found."""

    place: str


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
    | AtDesk
    | Between
    | PassedBy
    | Explain
    | Correction
    | Several
    | Parts
    | Remark
    | Unclear
    | Resume
    | Answer
    | AnswerElsewhere
    | BeforeNews
    | Whose
    | MovedOn
    | Objection
    | FoundAt
    | Story
)
