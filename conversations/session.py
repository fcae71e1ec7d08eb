"""Where a conversation stands between two turns: plain JSON, so that it survives anything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias, TypedDict

import msgspec

from conversations.messages import Json, Question, Say, say_from_json, say_to_json

Answers: TypeAlias = Mapping[str, Json]

#: What picking an offer does: give the answer, ask the step anew, change a step, list what can be
#: changed, open a flow, or obey a command.
Act: TypeAlias = Literal["answer", "again", "edit", "which", "open", "command"]


@dataclass(frozen=True, slots=True)
class Offer:
    """One thing that was shown to be picked.

    `answer` is the step's answer, or what `act` needs: a step, a flow with its subject, a command.
    `means` lets a typed "ya" or "tidak" pick it.
    """

    value: str
    label: Say | str
    answer: Json = None
    act: Act = "answer"
    means: Literal["yes", "no", ""] = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A form being filled in: which flow, about what, and the answers so far."""

    flow: str
    subject: str = ""
    answers: Answers = field(default_factory=dict)
    editing: str | None = None  # the step asked again although it has an answer

    def answered(self, step: str, answer: Json) -> Draft:
        """The draft with one more answer."""
        return replace(self, answers={**self.answers, step: answer}, editing=None)


@dataclass(frozen=True, slots=True)
class Session:
    """One person's conversation: the open draft, those put aside, and the question in sight.

    The next step is not stored: it follows from the answers. Stored is what the person *sees*:
    the question `asked` and what was `shown` with it, so that "2" and a tap are read against that.
    """

    draft: Draft | None = None
    parked: tuple[Draft, ...] = ()
    asked: Question | None = None
    shown: tuple[Offer, ...] = ()
    clarifying: bool = (
        False  # what was shown are readings of the last words, not the step's options
    )
    version: int = 0  # questions put so far
    since: int = 0  # the version at which the question in sight was first put
    refusals: int = 0
    greeted: bool = False

    def to_json(self) -> Json:
        """Give plain JSON; `from_json` gives the session back."""
        asked = self.asked
        return {
            "draft": _draft_to_json(self.draft) if self.draft else None,
            "parked": [_draft_to_json(draft) for draft in self.parked],
            "asked": [asked.flow, asked.subject, asked.step, asked.version] if asked else None,
            "shown": [
                [o.value, say_to_json(o.label), o.answer, o.act, o.means] for o in self.shown
            ],
            "clarifying": self.clarifying,
            "version": self.version,
            "since": self.since,
            "refusals": self.refusals,
            "greeted": self.greeted,
        }

    @classmethod
    def from_json(cls, data: Json) -> Session:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it has another shape than `to_json` gives.
        """
        try:
            msgspec.convert(data, _Stored)
            return cls._read(data)
        except (msgspec.ValidationError, TypeError, KeyError) as error:
            raise ValueError("not a session") from error

    @classmethod
    def _read(cls, data: Json) -> Session:
        return cls(
            draft=_draft_from_json(data["draft"]) if data["draft"] else None,
            parked=tuple(_draft_from_json(draft) for draft in data["parked"]),
            asked=Question(*data["asked"]) if data["asked"] else None,
            shown=tuple(
                Offer(value, say_from_json(label), answer, act, means)
                for value, label, answer, act, means in data["shown"]
            ),
            clarifying=data["clarifying"],
            version=data["version"],
            since=data["since"],
            refusals=data["refusals"],
            greeted=data["greeted"],
        )


_StoredDraft: TypeAlias = tuple[str, str, dict[str, Any], str | None]
_StoredOffer: TypeAlias = tuple[
    str, str | tuple[str, dict[str, Any]], Any, Act, Literal["yes", "no", ""]
]


class _Stored(TypedDict):
    """The shape of `Session.to_json`."""

    draft: _StoredDraft | None
    parked: list[_StoredDraft]
    asked: tuple[str, str, str, int] | None
    shown: list[_StoredOffer]
    clarifying: bool
    version: int
    since: int
    refusals: int
    greeted: bool


def joined(session: Session, other: Session, *, at_most: int) -> Session:
    """One conversation of two: the question in sight stays, the other's drafts are put aside."""
    own = {(d.flow, d.subject) for d in (session.draft, *session.parked) if d is not None}
    more = tuple(
        replace(d, editing=None)
        for d in (*other.parked, other.draft)
        if d is not None and d.answers and (d.flow, d.subject) not in own
    )
    return replace(session, parked=(*more, *session.parked)[-at_most:])


def _draft_to_json(draft: Draft) -> Json:
    return [draft.flow, draft.subject, dict(draft.answers), draft.editing]


def _draft_from_json(data: Json) -> Draft:
    flow, subject, answers, editing = data
    return Draft(flow, subject, answers, editing)
