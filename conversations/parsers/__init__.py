"""Parsers: each returns the JSON value of typed words, or refuses with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import msgspec

from conversations.facts import Facts
from conversations.messages import Json, Say, Value


class Reading(msgspec.Struct, frozen=True):
    """A possible meaning of the words: the choice that is offered, and its answer."""

    value: str  # short, for a button: letters, digits, ".", "-" and "_" only
    label: Say | str
    answer: Json


class Refused(Exception):
    """The words are no answer to the question, or no clear one.

    `reason` is a key of the catalogue `refusals`, which says what is accepted, with an example.
    `readings`, if any, are possible meanings of the words; the person is asked which one.
    """

    def __init__(
        self,
        reason: str,
        params: Mapping[str, Value] | None = None,
        *,
        readings: tuple[Reading, ...] = (),
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params: Mapping[str, Value] = params or {}
        self.readings = readings


class Parser(Protocol):
    """Reads typed words.

    Raises:
        Refused: the words are no answer, or several.
    """

    def __call__(self, text: str, facts: Facts) -> Json: ...


@dataclass(frozen=True, slots=True)
class WithAnswers:
    """A parser that reads words by the form's earlier answers as well, as far as they are known."""

    read: Callable[[str, Facts, Mapping[str, Json]], Json]

    def __call__(self, text: str, facts: Facts) -> Json:
        return self.read(text, facts, {})


class Split(Protocol):
    """Splits a message into the words for each of these steps that it answers."""

    def __call__(self, text: str, facts: Facts, steps: tuple[str, ...]) -> Mapping[str, str]: ...
