"""Words to values: each reader gives a JSON value or refuses with a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from conversations.facts import Facts
from conversations.messages import Json, Say, Value


@dataclass(frozen=True, slots=True)
class Reading:
    """One of several things the words may mean: what is offered, and the answer it stands for."""

    value: str  # short, for a button: letters, digits, ".", "-" and "_" only
    label: Say | str
    answer: Json


class Refused(Exception):
    """The words were understood as no answer to the question.

    `reason` is a key of the catalogue `refusals`: it says what would be accepted, with an example.
    `readings`, when given, are what the words may have meant: the person is asked which.
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
    """Reads what a person typed.

    Raises:
        Refused: the words are no answer, or several.
    """

    def __call__(self, text: str, facts: Facts) -> Json: ...
