"""The state of a conversation between two turns, stored as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple, TypeAlias, TypedDict

import msgspec
from msgspec import structs

from conversations.messages import Json, Question, Say, say_from_json, say_to_json

Answers: TypeAlias = Mapping[str, Json]

#: Acts of a choice when it is picked: answer the step, ask the step again, change a step, list the
#: steps that can be changed, open a flow, carry out a command, carry out what staff said in words
#: (`engine.desk`); go on in another form instead of this one (`engine.leading`); or read words that
#: came just after news as an answer to the question before the news, or to the news.
Act: TypeAlias = Literal[
    "answer", "again", "edit", "which", "open", "command", "desk", "lead", "before", "now"
]


class Choice(msgspec.Struct, frozen=True):
    """One choice that was shown.

    `answer` is the step's answer, or what `act` needs: a step, a flow with its subject, a command.
    `means` lets a typed "ya" or "tidak" pick it.
    """

    value: str
    label: Say | str
    answer: Json = None
    act: Act = "answer"
    means: Literal["yes", "no", ""] = ""


class Draft(msgspec.Struct, frozen=True):
    """A form being filled in: its flow, its subject, and the answers so far.

    `on_behalf` is the id of the person it is about, if that is not the sender.
    """

    flow: str
    subject: str = ""
    answers: Answers = msgspec.field(default_factory=dict)
    editing: str | None = None  # the step asked again although it has an answer
    on_behalf: int | None = None

    def answered(self, step: str, answer: Json) -> Draft:
        """Return the draft with one more answer."""
        return structs.replace(self, answers={**self.answers, step: answer}, editing=None)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """The question that news replaced, kept until the person's next words are read.

    Those words may have been written before the news arrived.
    """

    flow: str
    subject: str
    asked: Question
    shown: tuple[Choice, ...]
    clarifying: bool
    since: int
    at: datetime  # when the news came


@dataclass(frozen=True, slots=True)
class Fragment:
    """A few words that said nothing by themselves; the next ones may go on with them."""

    text: str
    at: datetime  # when they came


@dataclass(frozen=True, slots=True)
class Told:
    """The last thing that a person was shown or told: their next words may be about it."""

    matter: str  # "complaint", "decided", "document", "submitted"
    about: str
    at: datetime


class ChatSession(msgspec.Struct, frozen=True):
    """One person's conversation: the open draft, the parked ones, and the open question.

    The next step is not stored: it follows from the answers. The session stores what the person
    *sees*: the question `asked` and the choices `shown` with it, to read "2" or a tap against them.
    """

    draft: Draft | None = None
    parked: tuple[Draft, ...] = ()
    asked: Question | None = None
    shown: tuple[Choice, ...] = ()
    clarifying: bool = False  # the choices are readings of the last words, not the step's options
    version: int = 0  # questions asked so far
    since: int = 0  # the version at which the open question was first asked
    refusals: int = 0
    greeted: bool = False
    refused_for: str = ""  # why the last answer was refused, to say it in other words next time
    refused: str = ""  # id of the message that was not understood, while an edit may correct it
    interrupted: Interrupted | None = None
    fragment: Fragment | None = None
    tongue_known: bool = False  # the person has written in a language, or chosen one
    wished: bool = False  # a keyboard button for a message's `wish` is shown
    calling: bool = False  # the office is to call the person, who may type a number
    told: Told | None = None
    pictured: str = ""  # path of the picture that was shown last, since the first page

    def to_json(self) -> Json:
        """Return plain JSON, which `from_json` reads."""
        return {
            "draft": _draft_to_json(self.draft) if self.draft else None,
            "parked": [_draft_to_json(draft) for draft in self.parked],
            "asked": _question_to_json(self.asked) if self.asked else None,
            "shown": _offers_to_json(self.shown),
            "clarifying": self.clarifying,
            "version": self.version,
            "since": self.since,
            "refusals": self.refusals,
            "greeted": self.greeted,
            "refused": self.refused,
            "refused_for": self.refused_for,
            "calling": self.calling,
            "wished": self.wished,
            "tongue_known": self.tongue_known,
            "pictured": self.pictured,
            "fragment": _fragment_to_json(self.fragment) if self.fragment else None,
            "interrupted": _interrupted_to_json(self.interrupted) if self.interrupted else None,
            "told": [self.told.matter, self.told.about, self.told.at.isoformat()]
            if self.told
            else None,
        }

    @classmethod
    def from_json(cls, data: Json) -> ChatSession:
        """Read what `to_json` wrote, of this version or an earlier one.

        Raises:
            ValueError: it has another shape than `to_json` returns.
        """
        try:
            msgspec.convert(data, _Stored)
            return cls._read(data)
        except (msgspec.ValidationError, TypeError, KeyError) as error:
            raise ValueError("not a session") from error

    @classmethod
    def _read(cls, data: Json) -> ChatSession:
        interrupted, fragment = data.get("interrupted"), data.get("fragment")
        told = data.get("told")
        return cls(
            draft=_draft_from_json(data["draft"]) if data["draft"] else None,
            parked=tuple(_draft_from_json(draft) for draft in data["parked"]),
            asked=Question(*data["asked"]) if data["asked"] else None,
            shown=_offers_from_json(data["shown"]),
            clarifying=data["clarifying"],
            version=data["version"],
            since=data["since"],
            refusals=data["refusals"],
            greeted=data["greeted"],
            refused=data.get("refused", ""),
            refused_for=data.get("refused_for", ""),
            interrupted=_interrupted_from_json(interrupted) if interrupted else None,
            fragment=_fragment_from_json(fragment) if fragment else None,
            calling=data.get("calling", False),
            wished=data.get("wished", False),
            tongue_known=data.get("tongue_known", data["greeted"]),
            told=_told_from_json(told) if told else None,
            pictured=data.get("pictured", ""),
        )


class _StoredDraft(NamedTuple):
    """The shape of a draft; the last value is omitted if it is None."""

    flow: str
    subject: str
    answers: dict[str, Any]
    editing: str | None
    on_behalf: int | None = None


_StoredOffer: TypeAlias = tuple[
    str, str | tuple[str, dict[str, Any]], Any, Act, Literal["yes", "no", ""]
]


class _Stored(TypedDict):
    """The shape of `ChatSession.to_json`, with the fields that every version wrote."""

    draft: _StoredDraft | None
    parked: list[_StoredDraft]
    asked: tuple[str, str, str, int] | None
    shown: list[_StoredOffer]
    clarifying: bool
    version: int
    since: int
    refusals: int
    greeted: bool


def joined(session: ChatSession, other: ChatSession, *, at_most: int) -> ChatSession:
    """Merge two sessions: keep the open question of the first, and park the other's drafts."""
    own = {(d.flow, d.subject) for d in (session.draft, *session.parked) if d is not None}
    more = tuple(
        structs.replace(d, editing=None)
        for d in (*other.parked, other.draft)
        if d is not None and d.answers and (d.flow, d.subject) not in own
    )
    return structs.replace(session, parked=(*more, *session.parked)[-at_most:])


def _draft_to_json(draft: Draft) -> Json:
    held = [draft.flow, draft.subject, dict(draft.answers), draft.editing]
    return held if draft.on_behalf is None else [*held, draft.on_behalf]


def _draft_from_json(data: Json) -> Draft:
    return Draft(*data)


def _question_to_json(asked: Question) -> Json:
    return [asked.flow, asked.subject, asked.step, asked.version]


def _offers_to_json(choices: tuple[Choice, ...]) -> Json:
    return [[o.value, say_to_json(o.label), o.answer, o.act, o.means] for o in choices]


def _offers_from_json(data: Json) -> tuple[Choice, ...]:
    return tuple(
        Choice(value, say_from_json(label), answer, act, means)
        for value, label, answer, act, means in data
    )


def _fragment_to_json(fragment: Fragment) -> Json:
    return [fragment.text, fragment.at.isoformat()]


def _fragment_from_json(data: Json) -> Fragment:
    text, at = data
    return Fragment(text, datetime.fromisoformat(at))


def _told_from_json(data: Json) -> Told:
    matter, about, at = data
    return Told(matter, about, datetime.fromisoformat(at))


def _interrupted_to_json(held: Interrupted) -> Json:
    return {
        "about": [held.flow, held.subject],
        "asked": _question_to_json(held.asked),
        "shown": _offers_to_json(held.shown),
        "clarifying": held.clarifying,
        "since": held.since,
        "at": held.at.isoformat(),
    }


def _interrupted_from_json(data: Json) -> Interrupted:
    flow, subject = data["about"]
    return Interrupted(
        flow,
        subject,
        Question(*data["asked"]),
        _offers_from_json(data["shown"]),
        data["clarifying"],
        data["since"],
        datetime.fromisoformat(data["at"]),
    )
