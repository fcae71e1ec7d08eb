"""Effects of a supervisor: questions about the areas, and acts on officers and documents.

Beside them, what a supervisor is told of an officer who is absent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from conversations.duty import duty_words
from conversations.facts import OfficerFact, VisitFact
from conversations.messages import Message, Value
from conversations.wording import days_words, window_words


@dataclass(frozen=True, slots=True)
class ShowVisits:
    """Say how many visits of a day are in each state, in a supervisor's areas."""

    on: date


@dataclass(frozen=True, slots=True)
class ShowLate:
    """Say which visits are late, in a supervisor's areas."""


@dataclass(frozen=True, slots=True)
class ShowComplaints:
    """List the complaints since a day, in a supervisor's areas."""

    since: date


@dataclass(frozen=True, slots=True)
class ShowFigures:
    """Say what was done from one day to another, in a supervisor's areas."""

    since: date
    until: date


@dataclass(frozen=True, slots=True)
class ShowUnvisited:
    """List the cases that have waited this many days without a finished visit."""

    days: int


@dataclass(frozen=True, slots=True)
class ShowCase:
    """Say how a case stands, by its number."""

    number: str


@dataclass(frozen=True, slots=True)
class ShowPhotos:
    """Send the photos of a case to a supervisor, by the case's number."""

    number: str


@dataclass(frozen=True, slots=True)
class ShowWhereabouts:
    """Say what an officer is doing today, by the officer's id."""

    officer_id: int


@dataclass(frozen=True, slots=True)
class Preview:
    """Show what a supervisor's act would change, and then ask `question`; or say why it can't be.

    `act` names the effect that follows: `HandVisitsOn`, `EndOfficer`, `RevokeDocument` or
    `EndHelper`, with its subject as words: two officers' ids, one, or the number of a document or
    a helper.
    """

    act: Literal["hand_on", "end", "revoke", "end_helper"]
    subject: tuple[str, ...]
    question: Message


@dataclass(frozen=True, slots=True)
class ShowHelpers:
    """List who tells of places in a supervisor's areas, and the open invitations to do so."""


@dataclass(frozen=True, slots=True)
class InviteHelper:
    """Make an invitation to tell of places in an area; `who` is as the supervisor names them."""

    area_code: str
    who: str


@dataclass(frozen=True, slots=True)
class EndHelper:
    """End a helper's rights, or an invitation that nobody has accepted yet, by its number."""

    number: int


@dataclass(frozen=True, slots=True)
class HandVisitsOn:
    """Offer the open visits of one officer to another, by the officers' ids."""

    giver_id: int
    taker_id: int


@dataclass(frozen=True, slots=True)
class EndOfficer:
    """End an officer's work: rights at once, and the open visits go to others."""

    officer_id: int


@dataclass(frozen=True, slots=True)
class RevokeDocument:
    """Revoke a document, for a reason that its owner reads."""

    number: str
    reason: str


@dataclass(frozen=True, slots=True)
class TellHeads:
    """Tell the heads what a supervisor says, in the supervisor's `words`; `about` is the kind."""

    about: Literal["away", "misconduct", "talk"]
    words: str


@dataclass(frozen=True, slots=True)
class DecidePortrait:
    """A supervisor agrees that owners see an officer's photo, or refuses it."""

    portrait_id: int
    agreed: bool


@dataclass(frozen=True, slots=True)
class SeeFlag:
    """A supervisor has looked at what is unusual of an officer's forms, perhaps with a remark."""

    flag_id: int
    remark: str = ""


#: Effects of a supervisor's words about their areas.
Supervising: TypeAlias = (
    DecidePortrait
    | EndHelper
    | EndOfficer
    | HandVisitsOn
    | InviteHelper
    | Preview
    | RevokeDocument
    | SeeFlag
    | ShowCase
    | ShowComplaints
    | ShowFigures
    | ShowHelpers
    | ShowLate
    | ShowPhotos
    | ShowUnvisited
    | ShowVisits
    | ShowWhereabouts
    | TellHeads
)


def absence_of(one: OfficerFact, visit: VisitFact) -> dict[str, Value]:
    """Return what is said of an officer who is away on the day of a visit, or has other hours."""
    return {
        "officer": one.name,
        "badge": one.badge,
        "days": days_words(one.away) if one.away else "",
        "number": visit.case_number,
        "window": window_words(visit.on, visit.starts, visit.ends),
        "hours": duty_words(one.duty),
    }
