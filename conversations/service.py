"""A public service: declared once in `conversations/services/`, read by every package.

The engine asks its form, `casework` moves a case along its course, workers run its checks and make
its documents, and pages show what its documents declare. None of them names a service.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import TypeAlias

import msgspec

from conversations.facts import City, Places, Role, Trades
from conversations.flow import Flow
from conversations.lenders import NO_LENDERS, Lenders
from conversations.messages import Json, Say, Value
from conversations.session import Answers


@dataclass(frozen=True, slots=True)
class Known:
    """A `City` for callers without the facts of a turn."""

    places: Places
    trades: Trades
    lenders: Lenders = NO_LENDERS


@dataclass(frozen=True, slots=True)
class Site:
    """Where a visit goes; stored with the visit, so that the case's answers are not needed."""

    area_code: str
    pin: tuple[float, float] | None = None  # latitude, longitude; WGS 84
    address: str = ""  # street, RT/RW, landmark


def site_at(place: Json, address: str = "") -> Site | None:
    """Return the site of an answer to a question for a place; None if it is not answered."""
    if not isinstance(place, dict) or not place.get("kelurahan"):
        return None
    pin = place.get("pin")
    return Site(place["kelurahan"], (pin[0], pin[1]) if pin else None, address)


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """A period counted in working days of the office."""

    days: int


class Printed(msgspec.Struct, frozen=True):
    """One line of a document besides its holder's name: its label's key, and its value.

    The value is None if nobody has told it yet. `steps` are the answers that the line prints;
    with `public`, the check page shows it to anybody who has the number.
    """

    label: str
    value: Value | None
    steps: tuple[str, ...] = ()
    public: bool = False


#: Catalogue keys of each kind of document besides its name: the button that sends it again, the
#: same button with the case number, and the reply.
KIND_WORDS = ("send", "send_of", "sending")


#: Catalogue keys of each reason to reject a case: the sentence in the owner's letter, the item on
#: the supervisor's list, and what the owner can do next.
REFUSAL_WORDS = ("", ".label", ".next")


def _nothing_printed(answers: Answers, city: City) -> tuple[Printed, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of document: its numbering, its validity, and what is printed on it.

    Numbers are `PREFIX-YEAR-SERIAL`, without gaps per kind and year; with `per_area`,
    `PREFIX-YEAR-AREA-SERIAL`, without gaps per kota as well.
    """

    id: str
    prefix: str  # capital letters
    per_area: bool = False
    valid_years: int | None = None  # None: it does not expire
    folder: str = "documents"  # of its files in the storage
    named: bool = True  # the check page tells its holder's name, masked
    #: The lines below the holder's name: on its sheet, on its check page, and when people are told
    #: what will be printed.
    printed: Callable[[Answers, City], tuple[Printed, ...]] = _nothing_printed

    @property
    def prints(self) -> bool:
        """Whether it prints lines below the holder's name."""
        return self.printed is not _nothing_printed

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers to a check that need words of their own: the general ones name the holder."""
        if self.named:
            return ()
        return ("valid", "revoked") if self.valid_years is None else ("valid", "expired", "revoked")

    @property
    def example(self) -> str:
        """An example of a number of this kind."""
        area = ["3174"] if self.per_area else []
        return "-".join((self.prefix, "2026", *area, "000123"))


@dataclass(frozen=True, slots=True)
class Document:
    """A stage of a course: this document is issued, and the case goes on at once."""

    issues: str  # its kind

    @property
    def id(self) -> str:
        """The name of the stage."""
        return self.issues


@dataclass(frozen=True, slots=True)
class Visit:
    """A stage of a course: an officer comes to the owner for this purpose.

    `issues` is the kind of a document that is handed over when the visit succeeds; `opens` the
    service whose form the officer can fill in for the host at this visit.
    """

    purpose: str
    issues: str | None = None
    opens: str | None = None

    @property
    def id(self) -> str:
        """The name of the stage."""
        return self.purpose


@dataclass(frozen=True, slots=True)
class Answer:
    """A stage of a course: a supervisor answers in words, and closes the case.

    The case has a ticket (`models.ticket`); its deadlines are settings.
    """

    id: str

    @property
    def issues(self) -> None:
        """Return None: an answer is no document."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A stage of a course: somebody outside the office acts next, and the owner tells us.

    `opens` is the page on which they tell it. They are asked again after each of the working days
    `asks`; the stage is overdue after `within`. One that `shows` the document of the stage before
    begins when it is typeset; one that follows a signature has it typeset again, as `signed`.
    """

    id: str
    opens: str
    within: WorkingDays
    asks: tuple[int, ...] = ()
    shows: bool = False
    signed: bool = False

    @property
    def issues(self) -> None:
        """Return None: nothing is issued while somebody else acts."""


Stage: TypeAlias = Document | Visit | Answer | Waiting


def _nowhere(answers: Answers) -> Site | None:
    return None


def _no_flags(answers: Answers, today: date) -> tuple[str, ...]:
    return ()


def _no_papers(answers: Answers) -> tuple[str, ...]:
    return ()


def _nothing_told(answers: Answers, city: City) -> tuple[Say, ...]:
    return ()


def _nothing_alike(answers: Answers) -> str | None:
    return None


def _no_advice(answers: Answers) -> Say | None:
    return None


def _stays(answers: Answers) -> bool:
    return False


#: Catalogue keys of a service by which people tell of others.
_OF_OTHERS = ("full", "full_today", "invitation", "invitation_own", "invited")


@dataclass(frozen=True, slots=True)
class Service:
    """One public service.

    `holder` returns the applicant's name as they wrote it, in the steps `named_in`; "" if the form
    asks for none, and the name that the person gave before stands for it. `about` returns one line
    on what is requested, `brief` the lines that a supervisor decides on. `opened_by` names the
    matter in people's words that opens the form, besides the menu. `same_as` is equal for two
    requests of one person for the same thing; it is stored unencrypted, so it holds codes and no
    words.
    """

    id: str
    form: Flow
    menu: int  # its position in the owners' menu
    called: tuple[str, ...]  # words by which people ask for it, in lowercase
    course: tuple[Stage, ...]  # the stages after a case is accepted, in order
    holder: Callable[[Answers], str]
    about: Callable[[Answers, City], Value]
    brief: Callable[[Answers, City], tuple[Say, ...]]
    asked_by: frozenset[Role] = frozenset({"owner"})
    opened_by: str = ""
    consents: tuple[str, ...] = ("applying",)  # purposes to which the applicant has agreed
    promise: WorkingDays | None = None  # until the visit; None: nothing is promised
    site: Callable[[Answers], Site | None] = _nowhere  # None: it has no place
    same_as: Callable[[Answers], str | None] = _nothing_alike
    checks: tuple[str, ...] = ()  # of workers/verification; none: a case is accepted at once
    returnable: tuple[str, ...] = ()  # steps that a supervisor may send back
    #: Steps that an officer may correct at the door, by what differs there: "trade", "address",
    #: "business", "person" or "size".
    mendable: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    refusals: tuple[str, ...] = ()  # reasons for which a supervisor may reject a case
    documents: tuple[DocumentKind, ...] = ()
    named_in: tuple[str, ...] = ()
    once: bool = False  # a person has one open case of it
    moves: Callable[[Answers], bool] = _stays  # whether the business moves about
    #: Its case is about somebody else's business, and belongs to a person without a chat; whoever
    #: sends it is told no more than that somebody was there.
    about_others: bool = False
    attempts: int = 3  # visits that fail before nobody comes by itself any more
    #: Advice for the officer before a visit, in place of the visit's name.
    advice: Callable[[Answers], Say | None] = _no_advice
    #: Catalogue keys, under "hint", of what a supervisor looks at before a case is accepted.
    flags: Callable[[Answers, date], tuple[str, ...]] = _no_flags
    #: Papers, by their keys under "paper", that the officer looks for at a visit.
    papers: Callable[[Answers], tuple[str, ...]] = _no_papers
    #: Lines for the officer of a visit alone, from the departure until it is over; their keys are
    #: under "confided", by which they are taken out of his messages afterwards.
    confided: Callable[[Answers, City], tuple[Say, ...]] = _nothing_told
    phrases: tuple[str, ...] = ()  # further keys of its catalogue, such as those of papers
    #: Whether posters lead to it; it then says in a line of its catalogue for whom it is.
    poster: bool = False

    @property
    def opens(self) -> str:
        """The service that an officer fills in for the host at a visit of this one; "" if none."""
        opened = (stage.opens for stage in self.course if isinstance(stage, Visit))
        return next((service for service in opened if service), "")

    @property
    def answered(self) -> bool:
        """Whether supervisors answer its cases in words; nobody visits, nothing is issued."""
        return any(isinstance(stage, Answer) for stage in self.course)

    @property
    def confides(self) -> bool:
        """Whether the officer of a visit is told what nobody else is."""
        return self.confided is not _nothing_told

    @property
    def waits(self) -> bool:
        """Whether somebody outside the office acts at a stage of its course."""
        return any(isinstance(stage, Waiting) for stage in self.course)

    @property
    def is_own(self) -> bool:
        """Whether its cases are the requests of their person, and shown to them as such."""
        return not self.answered and not self.about_others

    @property
    def mended(self) -> tuple[str, ...]:
        """The steps that an officer may correct at the door."""
        return tuple(step for steps in self.mendable.values() for step in steps)

    def stage(self, stage_id: str) -> Stage | None:
        """Return the stage with this name."""
        return next((stage for stage in self.course if stage.id == stage_id), None)

    def issued_at(self, stage_id: str) -> DocumentKind | None:
        """Return the kind of document that this stage issues, if it issues one."""
        stage = self.stage(stage_id)
        issues = stage.issues if stage is not None else None
        return next((kind for kind in self.documents if kind.id == issues), None)

    def after(self, stage_id: str) -> Stage | None:
        """Return the next stage: the first for an unknown name, None after the last."""
        ids = [stage.id for stage in self.course]
        following = ids.index(stage_id) + 1 if stage_id in ids else 0
        return self.course[following] if following < len(ids) else None

    def problems(self) -> list[str]:
        """Problems of the declaration, all at once."""
        found = self.form.problems()
        if self.form.id != self.id:
            found.append(f"{self.id}: its form is called {self.form.id!r}")
        steps, kinds = {step.id for step in self.form.steps}, {kind.id for kind in self.documents}
        found += [
            f"{self.id}: {step!r} may be sent back, and is no step"
            for step in self.returnable
            if step not in steps
        ]
        found += [
            f"{self.id}: {step!r} may be mended, and is no step"
            for step in self.mended
            if step not in steps
        ]
        twice = [name for name, n in Counter(stage.id for stage in self.course).items() if n > 1]
        found += [f"{self.id}: two stages are called {name!r}" for name in twice]
        if not self.course:
            found.append(f"{self.id}: its course has no stage, so no case would ever be done")
        issued = {stage.issues for stage in self.course if stage.issues is not None}
        found += [
            f"{self.id}: a document of the kind {kind!r} is issued, and not declared"
            for kind in sorted(issued - kinds)
        ]
        if self.returnable and not self.refusals:
            found.append(
                f"{self.id}: supervisors decide on its cases, and have no reason to reject"
            )
        visited = any(isinstance(stage, Visit) for stage in self.course)
        if visited and self.site is _nowhere:
            found.append(f"{self.id}: there are visits, and no site to go to")
        return found

    def words(self) -> tuple[str, ...]:
        """All keys that the service needs in its catalogue."""
        own = [f"{self.id}.{name}" for name in ("title", "name", "submitted", "corrected")]
        if self.about_others:
            own += [f"{self.id}.{name}" for name in _OF_OTHERS]
        own += [f"{self.id}.poster"] if self.poster else []
        own += [f"{self.id}.{phrase}" for phrase in self.phrases]
        named = {*(stage.id for stage in self.course), *(kind.id for kind in self.documents)}
        named |= {f"{stage.id}.state" for stage in self.course if isinstance(stage, Waiting)}
        named |= {f"{stage}.sheet" for stage in self._with_sheet()}
        named |= {f"{kind.id}.{end}" for kind in self.documents for end in KIND_WORDS}
        named |= {f"{kind.id}.printed" for kind in self.documents if kind.prints}
        named |= {f"notices.document_{end}" for kind in self.documents for end in kind.answers}
        named |= {f"refused.{one}{end}" for one in self.refusals for end in REFUSAL_WORDS}
        return (*self.form.words(), *own, *(f"{self.id}.{name}" for name in sorted(named)))

    def _with_sheet(self) -> Iterator[str]:
        """Yield the stages at which the document of an earlier one is sent."""
        for stage, following in pairwise(self.course):
            signs = isinstance(following, Waiting) and following.signed
            if signs or (isinstance(stage, Waiting) and (stage.shows or stage.signed)):
                yield stage.id


@dataclass(frozen=True, slots=True)
class Services(Mapping[str, Service]):
    """All services, by id; iteration follows the menu."""

    by_id: Mapping[str, Service] = field(default_factory=dict)

    def __getitem__(self, service_id: str) -> Service:
        return self.by_id[service_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_id)

    def __len__(self) -> int:
        return len(self.by_id)

    def offered(self, roles: Container[Role]) -> tuple[str, ...]:
        """Return the ids of the services that somebody with these roles may ask for."""
        return tuple(s.id for s in self.values() if any(role in roles for role in s.asked_by))

    def at_posters(self, roles: Container[Role]) -> tuple[str, ...]:
        """Return the ids of the services among those `offered` to which posters lead."""
        return tuple(one for one in self.offered(roles) if self[one].poster)

    def helper_of(self, service_id: str, offered: Container[str]) -> Service | None:
        """Return the offered service by which an officer comes to fill this one in, if any."""
        own = (one for one in self.values() if one.id in offered and not one.about_others)
        found = (one for one in own if one.opens == service_id)
        return next(found, None) if service_id else None

    def by_themselves(self, offered: Iterable[str]) -> tuple[Service, ...]:
        """Return the offered services that words alone ask for.

        Not those that only help with another one of them, nor those that a matter opens.
        """
        ids = tuple(offered)
        own = (self[one] for one in ids if not self[one].opened_by)
        return tuple(service for service in own if service.opens not in ids)

    def problems(self) -> list[str]:
        """Problems of all declarations, all at once."""
        found = [problem for service in self.values() for problem in service.problems()]
        for service in self.values():
            if service.opens and service.opens not in self:
                found.append(f"{service.id}: {service.opens!r} is filled in, and is no service")
            for step in service.form.steps:
                found += [
                    f"{service.id}.{step.id}: it leads to {form!r}, which is no service"
                    for form in step.leads.values()
                    if form not in self
                ]
        return found

    def opened(self) -> tuple[str, ...]:
        """The ids of the services whose form officers fill in with somebody, by the menu."""
        opens = {service.opens for service in self.values()}
        return tuple(service_id for service_id in self if service_id in opens)

    def answered(self) -> frozenset[str]:
        """The ids of the services whose cases supervisors answer in words."""
        return frozenset(service.id for service in self.values() if service.answered)

    def kinds(self) -> tuple[DocumentKind, ...]:
        """All kinds of documents."""
        return tuple(kind for service in self.values() for kind in service.documents)

    def kind(self, kind_id: str) -> DocumentKind:
        """Return the kind of document with this id.

        Raises:
            LookupError: no service declares it.
        """
        for kind in self.kinds():
            if kind.id == kind_id:
                return kind
        raise LookupError(f"no service declares documents of the kind {kind_id!r}")

    def numbered(self, number: str) -> DocumentKind:
        """Return the kind of document that a stored number belongs to.

        Raises:
            LookupError: no kind has such numbers.
        """
        prefix = number.partition("-")[0]
        found = next((kind for kind in self.kinds() if kind.prefix == prefix), None)
        if found is None:
            raise LookupError(f"no kind of document has numbers like {number!r}")
        return found

    def issuing(self, kind_id: str) -> Service:
        """Return the service that issues documents of this kind.

        Raises:
            LookupError: no service declares it.
        """
        for service in self.values():
            if any(kind.id == kind_id for kind in service.documents):
                return service
        raise LookupError(f"no service declares documents of the kind {kind_id!r}")
