"""Referrals: what supervisors and the officer at the place do; see `casework.referring`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from conversations.messages import Json

#: Why a head may look who told us of a place; the words are in the catalogue of `held`.
REASONS = ("abuse", "danger", "law")
#: An answer that is given: somebody tells of several places; and the question for one more.
SERIES, MORE = "series", "more"
OF_SERIES = frozenset({SERIES, MORE})  # no part of a case


@dataclass(frozen=True, slots=True)
class DecideReferral:
    """A supervisor decides whether an officer goes to a place that somebody told us of."""

    case_id: int
    go: bool


@dataclass(frozen=True, slots=True)
class SendToAll:
    """A supervisor sends officers to this place, and to all others that wait."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ShowReporters:
    """A head looks who told us of a place, and says why."""

    case_id: int
    why: str


@dataclass(frozen=True, slots=True)
class IsSamePlace:
    """The officer who was there says whether another referral is about the same place."""

    visit_id: int
    other_id: int
    same: bool


@dataclass(frozen=True, slots=True)
class LeaveToThem:
    """The host fills in the form alone, on their own phone: they get a code."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class LeaveUnsafe:
    """The officer leaves at once, since it is not safe there."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class MayTell:
    """The host allows that those who told us hear that they are being helped."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class PostponeVisit:
    """The host chose another time at the door."""

    visit_id: int
    on: date
    part: str


@dataclass(frozen=True, slots=True)
class TellOnward:
    """The place has moved: the officer was told where."""

    visit_id: int
    place: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class TellMore:
    """The person who told of a place that was not found adds where it is, or when it is open."""

    case_id: int
    landmarks: tuple[str, ...]
    place: Mapping[str, Json] | None
    open: str | None


AboutReferral: TypeAlias = (
    DecideReferral
    | IsSamePlace
    | LeaveToThem
    | LeaveUnsafe
    | MayTell
    | PostponeVisit
    | SendToAll
    | ShowReporters
    | TellMore
    | TellOnward
)
