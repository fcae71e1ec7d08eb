"""Effects of a turn: messages to send and rows to write; `bot.effects` calls the acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from conversations.messages import Json, Message


class Help(StrEnum):
    """The reasons for which somebody wants a person of the office."""

    TALK = "talk"
    COMPLAINT = "complaint"
    PHONE = "phone"  # a number was told to call back on
    MY_DATA = "my_data"
    ERASE_DATA = "erase_data"


@dataclass(frozen=True, slots=True)
class Reply:
    """Say something to the person whose turn it is.

    With `after`, the message waits that long and is dropped if anything else is said before. A
    `fleeting` one tells of nothing that was changed or noted: it may give way to a later one.
    """

    message: Message
    after: timedelta = timedelta(0)
    fleeting: bool = False


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """Somebody agreed to a purpose, in the current wording.

    Here and below, `whom` is the person whom a form is about; None: the one who writes.
    """

    purpose: str
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class UseLanguage:
    """Speak this language from now on."""

    locale: str


@dataclass(frozen=True, slots=True)
class RememberName:
    """Somebody's name was told."""

    name: str
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class RememberPhone:
    """The person shared their own number, in E.164: where to call them back."""

    phone: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """Say nothing but answers from now on."""


@dataclass(frozen=True, slots=True)
class OptIn:
    """Notices are welcome again."""


@dataclass(frozen=True, slots=True)
class CallPerson:
    """Somebody asks to be called: supervisors are told; `flow` is what they were at."""

    about: Help
    flow: str = ""


@dataclass(frozen=True, slots=True)
class SendIdentityLink:
    """Send the single-use page for the owner's identity: to them, or to the officer at the door."""

    visit_id: int | None = None
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """Send a form off as a new case."""

    service: str
    answers: Mapping[str, Json]
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """Replace some answers of a case that waits for them."""

    case_id: int
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The owner takes a case back."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ChooseWindow:
    """The owner wants the visit then."""

    case_id: int
    on: date
    part: str


@dataclass(frozen=True, slots=True)
class LeaveWindow:
    """The owner can't be there: the open visit is given up and windows are offered anew."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class RateVisit:
    """The owner's opinion of the visit, 1 to 5."""

    case_id: int
    stars: int


@dataclass(frozen=True, slots=True)
class SendDocument:
    """Send the case's document again, to its owner."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ShowOfficer:
    """Say whether a badge is an officer's, and whether they are on the way to this person."""

    badge: str


@dataclass(frozen=True, slots=True)
class ShowDocument:
    """Say whether a document's number is real and valid."""

    number: str


@dataclass(frozen=True, slots=True)
class Join:
    """Take up an invitation to be an officer or a supervisor."""

    token: str


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The officer takes the visit."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """The officer does not take the visit (or gives it back), for a reason of the catalogue."""

    visit_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Depart:
    """The officer is on the way."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class Arrive:
    """The officer is there; `km` from the owner's pin, if both are known."""

    visit_id: int
    km: float | None


@dataclass(frozen=True, slots=True)
class MistypeCode:
    """A wrong door code was typed: one try less."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class ProveCode:
    """The right door code was typed."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class FinishVisit:
    """The visit succeeded: its outcome, and the officer's answers to its script."""

    visit_id: int
    outcome: str
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class FailVisit:
    """The visit did not work, for a reason of the catalogue."""

    visit_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decide:
    """A supervisor's word on a case: approve, return (with the item) or reject."""

    case_id: int
    decision: Literal["approve", "return", "reject"]
    step: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """A supervisor gives a visit to an officer, who is asked."""

    visit_id: int
    officer_id: int


@dataclass(frozen=True, slots=True)
class OfferLink:
    """Give the person a code that links this chat with another one of theirs."""


@dataclass(frozen=True, slots=True)
class Link:
    """The person typed a code that was given in another chat."""

    code: str


@dataclass(frozen=True, slots=True)
class Called:
    """A supervisor has called somebody who could not be reached in chat."""

    called_id: int  # the person


#: After one of these, a visit is no longer what the page before showed.
AboutVisit: TypeAlias = (
    AcceptOffer
    | Arrive
    | Assign
    | DeclineOffer
    | Depart
    | FailVisit
    | FinishVisit
    | LeaveWindow
    | MistypeCode
    | ProveCode
    | SendIdentityLink
)
#: After one of these, a case is no longer what the page before showed.
AboutCase: TypeAlias = ChooseWindow | Correct | Decide | RateVisit | SendDocument | Withdraw
AboutPerson: TypeAlias = (
    CallPerson
    | Called
    | GiveConsent
    | Join
    | Link
    | OfferLink
    | OptIn
    | OptOut
    | RememberName
    | RememberPhone
    | ShowOfficer
    | UseLanguage
)
Effect: TypeAlias = Reply | Submit | ShowDocument | AboutVisit | AboutCase | AboutPerson
