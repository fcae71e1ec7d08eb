"""One labelled line, and how it was understood."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scored:
    """A line with its label (`expected`) and its result (`got`), grouped by `kind`."""

    kind: str
    said: str
    expected: str
    got: str
    right: bool
