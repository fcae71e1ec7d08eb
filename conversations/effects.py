"""Effects of a turn: messages to send and rows to write; `bot.effects` calls the acts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias

from conversations.assisting import Assisting
from conversations.dossiers import AboutLetter
from conversations.mending import Mending
from conversations.messages import Json, Message
from conversations.referrals import AboutReferral
from conversations.supervision import Supervising
from conversations.ticketing import AboutTicket


class Help(StrEnum):
    """Reasons for which a person asks to talk to the office."""

    TALK = "talk"
    PHONE = "phone"  # the person gave a number to be called at
    MY_DATA = "my_data"
    DISTRESS = "distress"  # words of despair: told at any hour
    RENEW = "renew"
    CHANGE = "change"  # of a permit: another place, trade or name, or a misprint
    CLOSE = "close"  # the business has closed
    REFERRAL = "referral"  # of somebody else's business, before there was a form for it
    COOPERATIVE = "cooperative"
    CREDIT = "credit"  # relief on a loan, before there was a form for it
    NOT_HANDED = "not_handed"  # an officer left without handing the permit over
    SEIZED = "seized"  # a cart or goods, in a raid


class Concern(StrEnum):
    """Matters of an officer that supervisors are told."""

    BATTERY = "battery"  # the officer's telephone will soon be off
    CALL_OWNER = "call_owner"
    CLOSED = "closed"  # the business closed for good
    CODE = "code"  # the owner has no door code at hand
    COMPLAINT = "complaint"  # about somebody else than supervisors
    COMPLAINT_ABOVE = "complaint_above"  # about a supervisor: for the head
    DANGER = "danger"
    DENIES = "denies"  # the owner says that they never applied
    GIVE_AWAY = "give_away"  # another officer should make the visit
    KTP = "ktp"  # there is no KTP to compare
    LICENSED = "licensed"  # the owner has a NIB already
    NOT_FAILED = "not_failed"  # a visit was recorded as failed by mistake
    OWNER_DIED = "owner_died"
    SAFE = "safe"  # danger that was told is over
    STOLEN = "stolen"  # something of the officer's, and nobody is in danger
    TRADE = "trade"  # the business sells something else than it applied for
    WORKS = "works"  # the officer works after all, on days told as absent


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to the person whose turn it is.

    With `after`, the message waits that long and is dropped if another one is sent before. A
    `fleeting` message reports no change, so a later one may replace it.
    """

    message: Message
    after: timedelta = timedelta(0)
    fleeting: bool = False


@dataclass(frozen=True, slots=True)
class ForgetWords:
    """The words of this turn are not kept: they accuse somebody."""


@dataclass(frozen=True, slots=True)
class GiveConsent:
    """The person agreed to a purpose, in the current wording.

    Here and below, `whom` is the person whom a form is about; None is the sender.
    """

    purpose: str
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class UseLanguage:
    """Write in this language from now on."""

    locale: str


@dataclass(frozen=True, slots=True)
class RememberName:
    """A person's name was given."""

    name: str
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class RememberPhone:
    """The person shared their own number, in E.164, to be called back."""

    phone: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """Send replies only, and no notices, from now on."""


@dataclass(frozen=True, slots=True)
class OptIn:
    """Send notices again."""


@dataclass(frozen=True, slots=True)
class CallPerson:
    """The person asks for a human, in their own `words`; `flow` is the flow they were in."""

    about: Help
    flow: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class AskForMyData:
    """Say what is held about the person, and then `question`; a copy follows within some days."""

    within: int  # days
    question: Message


@dataclass(frozen=True, slots=True)
class EraseMyData:
    """The person confirmed twice that all of their data be erased."""


@dataclass(frozen=True, slots=True)
class SendIdentityLink:
    """Send the owner's single-use identity page: to them, or to the officer at the door."""

    visit_id: int | None = None
    whom: int | None = None


@dataclass(frozen=True, slots=True)
class Submit:
    """Submit a form as a new case; `form` is the assisted form that the person took over."""

    service: str
    answers: Mapping[str, Json]
    whom: int | None = None
    form: int | None = None


@dataclass(frozen=True, slots=True)
class Correct:
    """Replace some answers of a case that waits for them."""

    case_id: int
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The owner withdraws a case."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ChooseWindow:
    """The owner chose a window for the visit, and may have told where they are then."""

    case_id: int
    on: date
    part: str
    pin: tuple[float, float] | None = None  # latitude, longitude; WGS 84
    words: str = ""


@dataclass(frozen=True, slots=True)
class AgreePlace:
    """The owner told where the officer will find them: a pin, or words."""

    visit_id: int
    pin: tuple[float, float] | None  # latitude, longitude; WGS 84
    words: str = ""


@dataclass(frozen=True, slots=True)
class SendPlace:
    """The owner sent their location on the day of the visit."""

    visit_id: int
    pin: tuple[float, float]


@dataclass(frozen=True, slots=True)
class RateVisit:
    """The owner's rating of the visit, 1 to 5."""

    case_id: int
    stars: int


@dataclass(frozen=True, slots=True)
class SendDocument:
    """Send the case's document again, to its owner."""

    case_id: int


@dataclass(frozen=True, slots=True)
class ShowOfficer:
    """Say whether a badge is an officer's, and whether that officer visits this person."""

    badge: str


@dataclass(frozen=True, slots=True)
class ShowDocument:
    """Say whether a document's number is real and valid."""

    number: str


@dataclass(frozen=True, slots=True)
class Join:
    """Accept an invitation to be an officer or a supervisor."""

    token: str


@dataclass(frozen=True, slots=True)
class CountPoster:
    """The chat began at a poster of this area; nothing is stored of the person."""

    area_code: str


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The officer accepts the visit."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """The officer declines an offered or accepted visit, for a reason of the catalogue."""

    visit_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class Depart:
    """The officer is on the way."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class Arrive:
    """The officer arrived; `km` from the owner's pin, if both are known.

    `why` is the reason why no location shows it, in `words` if they are the officer's own; None if
    it is shown. `pin` is the officer's location: latitude and longitude.
    """

    visit_id: int
    km: float | None
    why: str | None = None
    words: str = ""
    pin: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class MistypeCode:
    """A wrong door code was typed: one try less."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class SpendCode:
    """The last try was wrong: the owner is asked whether the officer is there."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class ConfirmOfficer:
    """The owner says that the officer stands there, and receives a new door code."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class DenyOfficer:
    """The owner says that no officer is there, which ends the visit."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class ProveCode:
    """The right door code was typed."""

    visit_id: int


@dataclass(frozen=True, slots=True)
class FinishVisit:
    """The visit for a purpose succeeded: its outcome, and the officer's answers to the script."""

    visit_id: int
    purpose: str
    outcome: str
    answers: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class FailVisit:
    """The visit failed, for a reason of the catalogue."""

    visit_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class TellLate:
    """The officer comes this many minutes later, or in time if 0; the owner is told."""

    visit_id: int
    minutes: int


@dataclass(frozen=True, slots=True)
class TellConcern:
    """The officer reports something, in their own words; supervisors are told."""

    about: Concern
    visit_id: int | None
    words: str


@dataclass(frozen=True, slots=True)
class TellAbsence:
    """The officer does not work on these days; supervisors are told."""

    days: tuple[date, ...]
    words: str


@dataclass(frozen=True, slots=True)
class OfferPortrait:
    """The officer sent a photo of themselves, for owners to see."""

    attachment_id: int


@dataclass(frozen=True, slots=True)
class WithdrawPortrait:
    """The officer wants their photo to be shown no more, nor to wait for a supervisor."""


@dataclass(frozen=True, slots=True)
class Decide:
    """A supervisor's decision on a case: approve, return (with the steps) or reject.

    `why` is one of the service's `refusals`, and `reason` the supervisor's own sentence.
    """

    case_id: int
    decision: Literal["approve", "return", "reject"]
    steps: tuple[str, ...] = ()
    why: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Assign:
    """A supervisor chose an officer for a visit; the officer is asked."""

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
    """A supervisor has called a person who could not be reached in chat."""

    called_id: int  # the person


#: Effects that change a visit, so that a page shown before is out of date.
AboutVisit: TypeAlias = (
    AcceptOffer
    | Arrive
    | Assign
    | ConfirmOfficer
    | DeclineOffer
    | DenyOfficer
    | Depart
    | FailVisit
    | FinishVisit
    | MistypeCode
    | ProveCode
    | SendIdentityLink
    | SpendCode
)
#: Effects that change a case, so that a page shown before is out of date.
AboutCase: TypeAlias = ChooseWindow | Correct | Decide | RateVisit | SendDocument | Withdraw
AboutPerson: TypeAlias = (
    CallPerson
    | Called
    | CountPoster
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
#: Effects on the place of a visit.
AboutPlace: TypeAlias = AgreePlace | SendPlace
#: Effects on all that is held about a person.
AboutMyData: TypeAlias = AskForMyData | EraseMyData
#: Effects by which an officer reports; no page that was shown before is out of date.
FromOfficer: TypeAlias = OfferPortrait | TellLate | TellConcern | TellAbsence | WithdrawPortrait
Effect: TypeAlias = (
    Reply
    | ForgetWords
    | Submit
    | ShowDocument
    | AboutVisit
    | AboutCase
    | AboutLetter
    | AboutPerson
    | AboutPlace
    | AboutReferral
    | AboutTicket
    | AboutMyData
    | FromOfficer
    | Assisting
    | Mending
    | Supervising
)
