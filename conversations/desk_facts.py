"""Facts about what waits for a supervisor besides cases, visits and tickets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallFact:
    """A person who can't be reached in chat, as the supervisor who calls them may see them."""

    id: int  # the person's
    name: str
    number: str  # of the case, or the officer's badge
    phone: str | None
    reasons: tuple[str, ...]
    since: datetime


@dataclass(frozen=True, slots=True)
class AsideFact:
    """A message that failed through a fault of ours, and waits to be tried again."""

    id: int
    name: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PortraitFact:
    """A photo of an officer that waits for a supervisor to agree."""

    id: int
    name: str  # the officer's
    badge: str
    photo: str  # its path


@dataclass(frozen=True, slots=True)
class FlagFact:
    """Something unusual of an officer's forms that waits for a supervisor to look at it.

    `kind` and `measure` are those of `models.flag`.
    """

    id: int
    kind: str
    name: str  # the officer's
    badge: str
    count: int  # of forms
    measure: int
    since: datetime
    numbers: tuple[str, ...] = ()  # of the cases that came of the forms
