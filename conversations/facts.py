"""Facts of a turn: the person, the time, and the rows that concern them, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal, Protocol, TypeAlias, TypeVar

from conversations.assisted_facts import AssistedFact, MendFact
from conversations.desk_facts import AsideFact, CallFact, FlagFact, PortraitFact
from conversations.dossiers import DossierFact
from conversations.duty import OFFICE, Duty
from conversations.lenders import NO_LENDERS, Lenders
from conversations.lifecycle import MOVABLE, SETTLED, VisitState
from conversations.messages import Json, Say, Value

WIB = timezone(timedelta(hours=7), "WIB")  # Jakarta has no daylight saving time

Locale: TypeAlias = Literal["id", "en"]
Role: TypeAlias = Literal["owner", "officer", "supervisor", "head"]
#: Facts about offices, by key ("office.landline") and language; only those that are filled in.
Directory: TypeAlias = Mapping[str, Mapping[str, str]]


class Place(Protocol):
    """An area of the city: a kelurahan, kecamatan or kota."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def level(self) -> str: ...


class Places(Protocol):
    """The city's areas."""

    def get(self, code: str) -> Place | None: ...
    def kecamatan_of(self, code: str) -> Place | None: ...
    def kota_of(self, code: str) -> Place | None: ...
    def nearest(self, lat: float, lon: float, *, limit: int = 3) -> tuple[Place, ...]: ...
    def in_jakarta(self, lat: float, lon: float) -> bool: ...
    def distance_km(self, lat: float, lon: float, code: str) -> float: ...
    def find(self, text: str) -> tuple[Place, ...]: ...
    def kelurahan_named(self, name: str) -> Place | None: ...
    def has_name(self, name: str) -> bool: ...
    def outside(self, text: str) -> bool: ...


class Trade(Protocol):
    """A kind of business."""

    @property
    def code(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def label_en(self) -> str: ...
    @property
    def short_label(self) -> str: ...
    @property
    def short_label_en(self) -> str: ...


class Trades(Protocol):
    """The kinds of business, searched by an owner's own words."""

    def get(self, code: str) -> Trade | None: ...
    def search(self, text: str, *, limit: int = 3) -> tuple[Trade, ...]: ...


class City(Protocol):
    """Reference data that answers are read against: areas, kinds of business, lenders."""

    @property
    def places(self) -> Places: ...
    @property
    def trades(self) -> Trades: ...
    @property
    def lenders(self) -> Lenders: ...


class Calendar(Protocol):
    """The days on which officers work."""

    def works(self, on: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Monday to Friday: a calendar that knows no holidays."""

    def works(self, on: date) -> bool:
        """Whether the day is Monday to Friday."""
        return on.weekday() < 5


class Window(Protocol):
    """A day and a part of it in which an officer can come; times in WIB."""

    @property
    def on(self) -> date: ...
    @property
    def part(self) -> str: ...
    @property
    def starts(self) -> time: ...
    @property
    def ends(self) -> time: ...


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A document that was issued."""

    kind: str
    number: str


@dataclass(frozen=True, slots=True)
class CaseFact:
    """A case of this person, or one that waits for this supervisor."""

    id: int
    number: str
    service: str
    state: str  # a CaseState
    answers: Mapping[str, Json]
    submitted_at: datetime
    open_fixes: tuple[str, ...] = ()  # steps the owner must answer again
    reasons: tuple[str, ...] = ()  # why a person must look at it: keys of findings
    documents: tuple[DocumentFact, ...] = ()  # issued to it, newest first
    holder: str = "-"  # the applicant's name, as they wrote it
    brief: tuple[Say, ...] = ()  # what a supervisor decides on, a line each
    returnable: tuple[str, ...] = ()  # steps that a supervisor may send back
    refusals: tuple[str, ...] = ()  # reasons for which a supervisor may reject it
    object_until: date | None = None  # the last day for an objection to a rejected case
    photo: str | None = None  # path of the first photo, for a supervisor
    told: bool = False  # somebody else told us of the place
    decide_by: date | None = None  # the last day to decide on such a place
    overdue: bool = False  # that day is over
    stage: str = ""  # of its service's course, once it is accepted
    changeable: tuple[str, ...] = ()  # steps that its owner may change while it waits
    dossier: DossierFact | None = None  # of a letter to a lender

    @property
    def page(self) -> str:
        """The page on which a supervisor decides on it."""
        return "held" if self.told else "review"


@dataclass(frozen=True, slots=True)
class VisitFact:
    """A visit as its owner, its officer or a supervisor may see it."""

    id: int
    case_id: int
    case_number: str
    state: str  # a VisitState
    on: date
    part: str
    starts: time
    ends: time
    service: str
    purpose: str
    hosted: bool  # the host has a chat, and holds a door code
    host_name: str
    about: Value  # what the case is about, in one line
    address: str  # street, RT/RW, landmark
    place: str  # the kelurahan and its kecamatan
    area_code: str
    pin: tuple[float, float] | None
    identity_given: bool
    code: str | None  # the six digits the host tells at the door
    code_tries_left: int
    code_proved: bool
    officer_name: str | None
    officer_badge: str | None
    identity_findings: tuple[str, ...] = ()  # keys of the checks' findings on it
    offered_to_me: bool = False
    refusals: tuple[tuple[str, str], ...] = ()  # officers who declined: badge, reason
    photo: str | None = None  # path of the place's first photo, for its officer
    printed: tuple[Say, ...] = ()  # on its document, for the officer at the door
    code_renewed: bool = False  # its owner has confirmed that the officer is there
    mendable: bool = False  # its case can be corrected at the door
    mend: str = ""  # how corrections stand: an AssistedState, or ""
    told: bool = False  # somebody else told us of the place
    advice: Say | None = None  # what its officer must know beforehand, besides the purpose
    perhaps_same: tuple[tuple[int, str], ...] = ()  # cases that may be about the same place
    windows: tuple[Window, ...] = ()  # free ones, for its officer at the door
    papers: tuple[str, ...] = ()  # that its officer looks for
    confided: tuple[Say, ...] = ()  # for its officer alone, from the departure on
    signed: bool = False  # what is to be signed there was signed on the officer's phone

    @property
    def code_spent(self) -> bool:
        """The code was wrong too often, and its owner is asked whether the officer is there."""
        return (
            self.state == VisitState.ARRIVED and not self.code_proved and self.code_tries_left <= 0
        )


@dataclass(frozen=True, slots=True)
class OfficerFact:
    """An officer who could take a visit, as a supervisor sees them when assigning it."""

    id: int
    name: str
    badge: str
    load: int
    reachable: bool
    away: tuple[date, ...] = ()  # days of absence from today on
    duty: Duty = OFFICE

    def comes(self, on: date, part: str) -> bool:
        """Whether they make visits then: it is within their hours, and they are not absent."""
        return on not in self.away and self.duty.holds(on, part)


@dataclass(frozen=True, slots=True)
class RemarkFact:
    """Words that were written on a ticket; `by` is the supervisor's name, None for its owner."""

    words: str
    at: datetime
    by: str | None = None


@dataclass(frozen=True, slots=True)
class TicketFact:
    """A matter that a supervisor answers in words, as its owner or a supervisor may see it.

    `about` is "complaint", or a `Help` or `Concern`. `phone` may be called.
    """

    id: int  # the case's
    number: str
    about: str
    since: datetime
    answer_by: date
    close_by: date
    words: str = ""
    name: str | None = None  # of the person who waits
    phone: str | None = None
    officer: str | None = None  # whom it is about: name and badge, or how they are described
    accuses: bool = False  # it is about an officer whose badge is known
    visit_of: str = ""  # number of the case whose visit, or whose rejection, it is about
    newer: str = ""  # number of the owner's later case that asks for the same as a rejected one
    times: int = 1
    files: tuple[int, ...] = ()  # attachments that were sent with it, but for refused ones
    takes_files: bool = False  # its owner may send more
    taken_by: str | None = None
    mine: bool = False  # the supervisor who reads it has taken it
    answered: bool = False
    closed: bool = False
    overdue: bool = False
    remarks: tuple[RemarkFact, ...] = ()  # oldest first

    @property
    def objects(self) -> bool:
        """Whether its owner does not accept a rejection."""
        return self.about == "objection"


@dataclass(frozen=True, slots=True)
class Me:
    """The sender.

    Every person is an owner; staff have another role as well. `phone` is the number to call
    (E.164): shared by them, or else the chat's own (`phone_of_chat`).
    """

    roles: frozenset[Role] = frozenset({"owner"})
    locale: Locale = "id"
    name: str | None = None
    badge: str | None = None  # of staff
    on_card: str | None = None  # the name on their KTP, if it was given
    phone: str | None = None
    phone_of_chat: bool = False
    shares_contact: bool = True  # whether this chat can send a contact
    numbered: bool = False  # whether choices are answered by number in this chat, as on WhatsApp
    opted_out: bool = False
    consents: frozenset[str] = frozenset()  # purposes agreed to, in the current wording

    @property
    def desk(self) -> Role:
        """The role whose first page they see: a staff role, or else owner."""
        if len(self.roles) == 1:
            return "owner"
        return "supervisor" if "supervisor" in self.roles else "officer"


@dataclass(frozen=True, slots=True)
class Mine:
    """The requests of a person."""

    cases: tuple[CaseFact, ...] = ()  # newest first
    tickets: tuple[TicketFact, ...] = ()  # what supervisors answer in words, newest first
    visits: tuple[VisitFact, ...] = ()  # open ones to them, soonest first
    mends: tuple[MendFact, ...] = ()  # corrections of officers that wait for their answer
    windows: Mapping[int, tuple[Window, ...]] = field(default_factory=dict)  # free ones, by case
    services: tuple[str, ...] = ()  # what they can ask for, in the order of the menu
    posters: tuple[str, ...] = ()  # of these, those to which posters lead

    def open_case(self, service: str) -> CaseFact | None:
        """Return the newest case of a service that is neither done, rejected nor withdrawn."""
        held = (one for one in self.cases if one.service == service)
        return next((one for one in held if one.state not in SETTLED), None)

    def agreed(self, case_id: int) -> VisitFact | None:
        """Return the visit of a case whose time may still be changed; None if there is none."""
        return next((v for v in self.visits if v.case_id == case_id and v.state in MOVABLE), None)

    def choosable(self, case_id: int) -> tuple[Window, ...]:
        """Return the free windows of a case, without the one that is agreed."""
        free, agreed = self.windows.get(case_id, ()), self.agreed(case_id)
        return tuple(
            one
            for one in free
            if agreed is None or (one.on, one.starts) != (agreed.on, agreed.starts)
        )


@dataclass(frozen=True, slots=True)
class Rounds:
    """The visits of an officer."""

    visits: tuple[VisitFact, ...] = ()  # open ones of theirs or offered to them, soonest first
    duty: Duty = OFFICE
    assisted: tuple[AssistedFact, ...] = ()  # open forms, oldest first
    #: Letters that they carry to a lender: the case's number, by its id.
    letters: Mapping[str, str] = field(default_factory=dict)

    def form(self, form_id: int | None) -> AssistedFact | None:
        """The open form with this id, if it is theirs."""
        return next((one for one in self.assisted if one.id == form_id), None)

    def visit(self, subject: str) -> VisitFact | None:
        """The visit with this id, if it is theirs."""
        return _with_id(self.visits, subject)

    def the_visit(self, subject: str) -> VisitFact:
        """The visit that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.visit(subject), "visit", subject)


@dataclass(frozen=True, slots=True)
class Desk:
    """The matters that wait for a supervisor."""

    cases: tuple[CaseFact, ...] = ()  # in review, oldest first
    visits: tuple[VisitFact, ...] = ()  # without an officer, soonest first
    officers: tuple[OfficerFact, ...] = ()
    calls: tuple[CallFact, ...] = ()  # people to call, longest waiting first
    tickets: tuple[TicketFact, ...] = ()  # what waits for an answer, the next deadline at first
    asides: tuple[AsideFact, ...] = ()  # messages that failed, oldest first
    lost: tuple[VisitFact, ...] = ()  # visits that are over and not reported, soonest first
    portraits: tuple[PortraitFact, ...] = ()  # of officers of the team, oldest first
    areas: tuple[str, ...] = ()  # codes of the supervisor's own areas
    flags: tuple[FlagFact, ...] = ()  # what is unusual of officers' forms, oldest first

    def visit(self, subject: str) -> VisitFact | None:
        """The visit with this id, if it waits here."""
        return _with_id(self.visits, subject)

    def the_visit(self, subject: str) -> VisitFact:
        """The visit that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.visit(subject), "visit", subject)

    def case(self, subject: str) -> CaseFact | None:
        """The case with this id, if it waits here."""
        return _with_id(self.cases, subject)

    def the_case(self, subject: str) -> CaseFact:
        """The case that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.case(subject), "case", subject)

    def ticket(self, subject: str) -> TicketFact | None:
        """The ticket of the case with this id, if it waits here."""
        return _with_id(self.tickets, subject)

    def the_ticket(self, subject: str) -> TicketFact:
        """The ticket that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.ticket(subject), "ticket", subject)

    def aside(self, subject: str) -> AsideFact | None:
        """The message with this number, if it waits here."""
        return _with_id(self.asides, subject)

    def the_aside(self, subject: str) -> AsideFact:
        """The message that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.aside(subject), "message", subject)

    def lost_visit(self, subject: str) -> VisitFact | None:
        """The visit with this id, if it is over and not reported."""
        return _with_id(self.lost, subject)

    def the_lost(self, subject: str) -> VisitFact:
        """The visit that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.lost_visit(subject), "visit", subject)

    def flag(self, subject: str) -> FlagFact | None:
        """The flag with this id, if nobody has looked at it."""
        return _with_id(self.flags, subject)

    def the_flag(self, subject: str) -> FlagFact:
        """The flag that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.flag(subject), "flag", subject)

    def call(self, subject: str) -> CallFact | None:
        """The person with this id on the call list, if this supervisor is to call them."""
        return _with_id(self.calls, subject)

    def portrait(self, subject: str) -> PortraitFact | None:
        """The portrait with this id, if it waits here."""
        return _with_id(self.portraits, subject)

    def the_portrait(self, subject: str) -> PortraitFact:
        """The portrait that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.portrait(subject), "portrait", subject)

    def the_call(self, subject: str) -> CallFact:
        """The call that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.call(subject), "call", subject)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that one turn may read, loaded in the turn's transaction."""

    now: datetime  # aware
    places: Places
    trades: Trades
    lenders: Lenders = NO_LENDERS
    calendar: Calendar = Weekdays()
    directory: Directory = field(default_factory=dict)
    pages: str = ""  # base URL of the public pages
    my_data_days: int = 3  # within which people get a copy of their data
    me: Me = Me()
    mine: Mine = field(default_factory=Mine)
    rounds: Rounds = Rounds()
    desk: Desk = Desk()

    @property
    def today(self) -> date:
        """The date in Jakarta."""
        return self.now.astimezone(WIB).date()

    def case(self, subject: str) -> CaseFact | None:
        """The person's own case with this id."""
        return _with_id(self.mine.cases, subject)

    def ticket(self, subject: str) -> TicketFact | None:
        """The person's own ticket of the case with this id."""
        return _with_id(self.mine.tickets, subject)

    def the_ticket(self, subject: str) -> TicketFact:
        """The own ticket that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.ticket(subject), "ticket", subject)

    def the_case(self, subject: str) -> CaseFact:
        """The own case that a flow is about; `Flow.alive` guarantees that it exists."""
        return _found(self.case(subject), "case", subject)


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


_N = TypeVar("_N", bound=_Numbered)


def _with_id(rows: tuple[_N, ...], subject: str) -> _N | None:
    return next((row for row in rows if str(row.id) == subject), None)


def _found(row: _N | None, what: str, subject: str) -> _N:
    if row is None:
        raise LookupError(f"no {what} {subject!r} among the facts")
    return row
