"""Messages to people: catalogue keys with parameters, independent of language and channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Literal, TypeAlias

import msgspec

Json: TypeAlias = Any  # what json.loads returns: the only type of unknown shape


class Say(msgspec.Struct, frozen=True):
    """A sentence of the catalogue: its key, and the values of its placeholders."""

    key: str
    params: Mapping[str, Value] = msgspec.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rupiah:
    """A sum in whole rupiah, written out in the reader's language."""

    amount: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Several sentences for one placeholder, a line each."""

    items: tuple[Say, ...]


Value: TypeAlias = str | int | Rupiah | date | datetime | time | Say | Lines


class Button(msgspec.Struct, frozen=True):
    """A button or list item: the value that a tap returns, and the label."""

    value: str
    label: (
        Say | str
    )  # a plain string is a name (of a place, of an officer), the same in every language


@dataclass(frozen=True, slots=True)
class Question:
    """The question that a message asks, so that a tap can carry it back.

    `version` counts the questions asked of this person, so a tap on an older one is recognised.
    """

    flow: str
    subject: str  # "" or the id of what the flow is about: a visit, a case
    step: str
    version: int


InputKind: TypeAlias = Literal["location", "contact", "photo"]


@dataclass(frozen=True, slots=True)
class Message:
    """One message: sentences, choices, and the kind of input that the person is asked for.

    A message with a `document` waits until the file is there. A `picture` that is missing, or that
    the channel does not take, is left out.
    """

    parts: tuple[Say, ...]
    choices: tuple[Button, ...] = ()
    question: Question | None = None
    wish: InputKind | None = None
    document: str | None = None  # path under STORAGE_URL of the file sent with it
    filename: str | None = None  # file name that the recipient sees
    clears: bool = False  # remove the keyboard button of an earlier message's `wish`
    picture: str | None = None  # path under STORAGE_URL of a photo shown with the sentences


def to_json(message: Message) -> Json:
    """Return the message as plain JSON, which `from_json` reads."""
    question = message.question
    return {
        "parts": [_say_to_json(part) for part in message.parts],
        "choices": [
            [c.value, c.label if isinstance(c.label, str) else _say_to_json(c.label)]
            for c in message.choices
        ],
        "question": [question.flow, question.subject, question.step, question.version]
        if question
        else None,
        "wish": message.wish,
        "document": message.document,
        "filename": message.filename,
        "clears": message.clears,
        "picture": message.picture,
    }


def from_json(data: Json) -> Message:
    """Read what `to_json` wrote."""
    return Message(
        parts=tuple(_say_from_json(part) for part in data["parts"]),
        choices=tuple(
            Button(value, label if isinstance(label, str) else _say_from_json(label))
            for value, label in data["choices"]
        ),
        question=Question(*data["question"]) if data["question"] else None,
        wish=data["wish"],
        document=data["document"],
        filename=data["filename"],
        clears=data.get("clears", False),
        picture=data.get("picture"),
    )


def say_to_json(say: Say | str) -> Json:
    """Return one sentence (or a plain name) as JSON."""
    return say if isinstance(say, str) else _say_to_json(say)


def say_from_json(data: Json) -> Say | str:
    """Read what `say_to_json` wrote."""
    return data if isinstance(data, str) else _say_from_json(data)


def _say_to_json(say: Say) -> Json:
    return [say.key, {name: _value_to_json(value) for name, value in say.params.items()}]


def _say_from_json(data: Json) -> Say:
    key, params = data
    return Say(key, {name: _value_from_json(value) for name, value in params.items()})


def _value_to_json(value: Value) -> Json:
    match value:
        case str() | int():
            return value
        case Rupiah(amount):
            return {"rupiah": amount}
        case datetime():  # before date: a datetime is one
            return {"datetime": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case time():
            return {"time": value.isoformat()}
        case Say():
            return {"say": _say_to_json(value)}
        case Lines(items):
            return {"lines": [_say_to_json(item) for item in items]}


def _value_from_json(data: Json) -> Value:
    match data:
        case {"rupiah": amount}:
            return Rupiah(amount)
        case {"datetime": text}:
            return datetime.fromisoformat(text)
        case {"date": text}:
            return date.fromisoformat(text)
        case {"time": text}:
            return time.fromisoformat(text)
        case {"say": say}:
            return _say_from_json(say)
        case {"lines": items}:
            return Lines(tuple(_say_from_json(item) for item in items))
        case str() | int():
            return data
        case _:
            raise ValueError(f"not a message's parameter: {data!r}")
