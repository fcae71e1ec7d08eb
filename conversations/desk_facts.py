"""Facts about officers that wait for a supervisor: photos, and what is unusual of their forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
