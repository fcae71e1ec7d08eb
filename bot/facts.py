"""Facts: the rows that a turn may know about each person, read for many people at once.

Rows that a turn may change are locked here, always in the same order: people (by the caller), then
cases, then visits. So a turn's facts stay valid until it commits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot import assisted, waiting
from bot.senders import locale, roles
from casework import applicants, objections
from casework.news import duty_of
from conversations import catalogue, paper
from conversations.assisted_facts import MendFact
from conversations.engine.builder import Flows
from conversations.facts import (
    AsideFact,
    CaseFact,
    Desk,
    Directory,
    DocumentFact,
    Facts,
    Locale,
    Me,
    Mine,
    OfficerFact,
    Places,
    Rounds,
    Trades,
    VisitFact,
)
from conversations.lifecycle import MOVABLE
from conversations.messages import Say
from conversations.service import Service, Services, Site
from conversations.session import Answers
from conversations.whose import may_be_returned
from conversations.wording import place_name
from models import (
    absence,
    aside,
    attachment,
    finding,
    officer,
    person,
    scope,
    visit,
    window,
)
from models import case as cases
from models.assisted import Assisted, mends_at
from models.calendar import Calendar
from models.case import Case
from models.document import Document
from models.finding import FindingRow
from models.identity import Identity
from models.infrastructure.encryption import readable
from models.lifecycle import OPEN_VISITS, CaseState, VisitState
from models.officer import Officer
from models.person import LockedPerson, Person, reachable
from models.turn import Opening
from models.visit import Offer, Visit
from models.working_hours import Part, hours

CHOOSING = 3  # cases of one owner whose free windows are read
QUEUE = 200  # the oldest rows that wait for a supervisor; the desk shows a few of them
ON_IDENTITY = frozenset({"identity", "duplicates"})  # checks of the owner's identity
SUPERVISORS_CHECK = "supervisor"  # a manual finding, about one version of the answers


@dataclass(frozen=True, slots=True)
class City:
    """Data that is the same for all people: places, kinds of business, flows, offices, pages."""

    places: Places
    trades: Trades
    flows: Flows
    directory: Directory
    pages: str  # base URL of the public pages
    my_data_days: int = 3  # within which people get a copy of their data


def load(
    tx: Session,
    people: Sequence[LockedPerson],
    openings: Mapping[int, Opening],
    city: City,
    now: datetime,
) -> Mapping[int, Facts]:
    """Read the facts of these people, by person id; the caller has locked them."""
    ids = [one.id for one in people]
    on_staff = [i for i in ids if openings[i].staff]
    staff = officer.of_people(tx, on_staff) if on_staff else {}
    rows = _Rows.read(tx, [i for i in ids if openings[i].applied], staff, city.flows.services)
    facts: dict[int, Facts] = {}
    for one in people:
        me = staff.get(one.id)
        base = Facts(
            now=now,
            places=city.places,
            trades=city.trades,
            calendar=openings[one.id].calendar,
            directory=city.directory,
            pages=city.pages,
            my_data_days=city.my_data_days,
            me=Me(
                roles=roles(me),
                locale=locale(one.locale),
                name=me.name if me else one.name,
                badge=me.badge if me else None,
                on_card=openings[one.id].on_card,
                phone=one.phone,
                opted_out=one.opted_out_at is not None,
                consents=openings[one.id].consents,
            ),
        )
        facts[one.id] = _with_rows(tx, base, one, me, rows, openings[one.id].calendar)
    return facts


def _with_rows(
    tx: Session,
    base: Facts,
    one: LockedPerson,
    me: Officer | None,
    rows: _Rows,
    calendar: Calendar,
) -> Facts:
    known = replace(base, mine=_mine(tx, base, one, rows, calendar))
    if me is None:
        return known
    if me.role == "officer":
        return replace(known, rounds=_rounds(tx, base, me, rows))
    return replace(known, desk=_desk(tx, base, me, one, rows.services))


def _mine(tx: Session, base: Facts, one: LockedPerson, rows: _Rows, calendar: Calendar) -> Mine:
    """Return the person's cases and visits, and the services that the person may ask for."""
    own = sorted((c for c in rows.cases.values() if c.person_id == one.id), key=lambda c: -c.id)
    cases_ = [c for c in own if rows.services[c.service].is_own]
    moved = {v.case_id for v in rows.visits.values() if v.state in MOVABLE}
    choosing = [
        c for c in cases_ if c.area_code and (c.state == CaseState.ACCEPTED or c.id in moved)
    ]
    return Mine(
        cases=tuple(rows.case_fact(case, base) for case in cases_),
        tickets=waiting.of_owner(tx, [c for c in own if rows.services[c.service].answered]),
        visits=rows.visit_facts(
            [v for v in rows.visits.values() if v.host_id == one.id], base, None
        ),
        mends=rows.mends_of(tx, one, base),
        windows={
            case.id: tuple(window.free(tx, case.area_code or "", base.now, calendar))
            for case in choosing[:CHOOSING]
        },
        services=rows.services.offered(base.me.roles),
        posters=rows.services.at_posters(base.me.roles),
    )


def _rounds(tx: Session, base: Facts, me: Officer, rows: _Rows) -> Rounds:
    """Return an officer's visits, and those offered to the officer."""
    offered = {o.visit_id for o in rows.offers if o.officer_id == me.id and o.answer is None}
    visits = [v for v in rows.visits.values() if v.officer_id == me.id or v.id in offered]
    rows.see_photos(tx, [v.case_id for v in visits])
    there = {v.id for v in visits if v.officer_id == me.id and v.state == VisitState.ARRIVED}
    forms = assisted.of_officer(tx, base, me, rows.services, there)
    facts = rows.visit_facts(visits, base, me)
    return Rounds(tuple(_with_windows(tx, base, one) for one in facts), duty_of(me), forms)


def _with_windows(tx: Session, base: Facts, one: VisitFact) -> VisitFact:
    """Return a visit with the free windows that a host who did not ask for it may choose from."""
    if not one.told or one.state != VisitState.ARRIVED:
        return one
    return replace(one, windows=tuple(window.free(tx, one.area_code, base.now)))


def _desk(tx: Session, base: Facts, me: Officer, one: LockedPerson, services: Services) -> Desk:
    """Read a supervisor's queues, without locks: the acts lock."""
    mine = scope.of(tx, me)
    in_review = tx.scalars(
        select(Case)
        .where(
            Case.state == CaseState.IN_REVIEW, mine.holds(Case.area_code), Case.person_id != one.id
        )
        .order_by(Case.moved_at)
        .limit(QUEUE)
    ).all()
    stuck = tx.scalars(
        select(Visit)
        .where(Visit.state == VisitState.UNASSIGNED, mine.holds(Visit.area_code))
        .order_by(Visit.on)
        .limit(QUEUE)
    ).all()
    lost = waiting.lost(tx, mine, base.now, limit=QUEUE)
    rows = _Rows.about(tx, in_review, [*stuck, *lost], services)
    in_review = [case for case in in_review if not _rejected_before(tx, case, rows, me)]
    rows.see_photos(tx, [case.id for case in in_review])
    team = tx.execute(
        select(Officer, and_(reachable(), Person.opted_out_at.is_(None)))
        .outerjoin(Person, Person.id == Officer.person_id)
        .where(mine.team())
        .order_by(Officer.id)
    ).all()
    load = visit.load_of(tx, [o.id for o, _ in team], base.today)
    away = absence.coming(tx, [o.id for o, _ in team], base.today)
    return Desk(
        cases=waiting.by_deadline(
            tx,
            [(a, rows.case_fact(a, base)) for a in in_review if readable(a.answers) is not None],
            base.today,
        ),
        visits=rows.visit_facts(stuck, base, None),
        calls=waiting.calls(tx, mine, limit=QUEUE),
        tickets=waiting.of_supervisor(tx, mine, me, limit=QUEUE),
        asides=tuple(
            AsideFact(row_id, readable(person.name) or "-", since)
            for row_id, person, since in aside.turns_of(tx, mine, but=one.id, limit=QUEUE)
        ),
        lost=rows.visit_facts(lost, base, None),
        flags=waiting.flags(tx, mine, limit=QUEUE),
        portraits=waiting.portraits(tx, mine, limit=QUEUE),
        officers=tuple(
            OfficerFact(
                o.id,
                o.name,
                o.badge,
                load.get(o.id, 0),
                bool(can_be_asked),
                away.get(o.id, ()),
                duty_of(o),
            )
            for o, can_be_asked in team
        ),
    )


def _rejected_before(tx: Session, case: Case, rows: _Rows, me: Officer) -> bool:
    """Whether this supervisor rejected the case before, and somebody else decides now."""
    refused = any(
        one.check == finding.REFUSAL and one.params.get("by") == me.id
        for one in rows.findings.get(case.id, ())
    )
    return refused and objections.kept_from(tx, case) is not None


@dataclass(slots=True)
class _Rows:
    """The rows behind the facts of a batch of people."""

    cases: dict[int, Case]
    visits: dict[int, Visit]
    offers: Sequence[Offer]
    officers: dict[int, Officer]
    findings: dict[int, list[FindingRow]]
    documents: dict[int, list[Document]]
    identities: Mapping[int, Identity]  # of the applicants, by case
    services: Services
    names: Mapping[int, str]  # of the people of cases whose form asks for no name
    photos: dict[int, list[str]] = field(default_factory=dict)  # by case, as far as staff see them
    mends: dict[int, Assisted] = field(default_factory=dict)  # by visit, while its officer is there

    @classmethod
    def read(
        cls, tx: Session, owners: Sequence[int], staff: Mapping[int, Officer], services: Services
    ) -> _Rows:
        """Lock and read the rows that these owners' and officers' turns may change."""
        officers = [o.id for o in staff.values() if o.role == "officer"]
        if not owners and not officers:
            return cls.about(tx, (), (), services)
        visit_ids = visit.open_ids(tx, host_ids=owners, officer_ids=officers)
        case_ids = set(tx.scalars(select(Case.id).where(Case.person_id.in_(owners))))
        if visit_ids:
            case_ids |= set(tx.scalars(select(Visit.case_id).where(Visit.id.in_(visit_ids))))
        locked = cases.lock(tx, sorted(case_ids)) if case_ids else []
        visits = visit.lock(tx, visit_ids) if visit_ids else []
        return cls.about(tx, locked, [v for v in visits if v.state in OPEN_VISITS], services)

    @classmethod
    def about(
        cls, tx: Session, rows: Sequence[Case], visits: Sequence[Visit], services: Services
    ) -> _Rows:
        """Read the rows that belong to these cases and visits."""
        known = {a.id: a for a in rows}
        missing = sorted({v.case_id for v in visits} - set(known))
        if missing:
            known |= {a.id: a for a in tx.scalars(select(Case).where(Case.id.in_(missing)))}
        if not known:
            return cls({}, {}, (), {}, {}, {}, {}, services, {})
        found: dict[int, list[FindingRow]] = defaultdict(list)
        for row in finding.latest(tx, list(known)):
            found[row.case_id].append(row)
        offers = visit.offers_of(tx, [v.id for v in visits]) if visits else ()
        there = [v.id for v in visits if v.state == VisitState.ARRIVED]
        officer_ids = {v.officer_id for v in visits if v.officer_id} | {
            o.officer_id for o in offers
        }
        officers = (
            tx.scalars(select(Officer).where(Officer.id.in_(officer_ids))) if officer_ids else ()
        )
        issued: dict[int, list[Document]] = defaultdict(list)
        of = select(Document).where(Document.case_id.in_(known)).order_by(Document.id.desc())
        for document in tx.scalars(of):
            issued[document.case_id].append(document)
        return cls(
            cases=known,
            visits={v.id: v for v in visits},
            offers=offers,
            officers={o.id: o for o in officers},
            findings=found,
            documents=issued,
            identities=applicants.identities(tx, known.values()) if visits else {},
            services=services,
            names=person.names_of(
                tx, {a.person_id for a in known.values() if not services[a.service].named_in}
            ),
            mends=mends_at(tx, there) if there else {},
        )

    def _holder(self, case: Case, answers: Answers) -> str:
        """Return the applicant's name as they told it, in the form or before; or ""."""
        return self.services[case.service].holder(answers) or self.names.get(case.person_id, "")

    def mends_of(self, tx: Session, one: LockedPerson, base: Facts) -> tuple[MendFact, ...]:
        """Return the corrections at the door that wait for a person's answer."""
        forms = [
            form
            for visit_id, form in self.mends.items()
            if form.person_id == one.id and form.officer_id == self.visits[visit_id].officer_id
        ]
        return assisted.of_owner(tx, base, forms, self.services)

    def see_photos(self, tx: Session, case_ids: Sequence[int]) -> None:
        """Read the photos of these cases, for staff who handle them."""
        answers = {number: readable(self.cases[number].answers) for number in case_ids}
        self.photos |= attachment.photos_of(tx, answers)

    def _photo(self, case: Case) -> str | None:
        return next(iter(self.photos.get(case.id, ())), None)

    def case_fact(self, row: Case, base: Facts) -> CaseFact:
        """Return one case as its owner or a supervisor may see it."""
        service, answers = self.services[row.service], readable(row.answers) or {}
        findings = [
            f
            for f in self.findings.get(row.id, ())
            if f.check != SUPERVISORS_CHECK or f.answers_version == row.answers_version
        ]
        fixes = [
            step
            for f in findings
            if f.outcome == "fix_by_owner" and f.step
            for step in f.params.get("steps", (f.step,))
        ]
        return CaseFact(
            id=row.id,
            number=row.number,
            service=row.service,
            state=row.state,
            answers=row.answers,
            submitted_at=row.submitted_at,
            open_fixes=tuple(dict.fromkeys(fixes)) if row.state == CaseState.NEEDS_FIX else (),
            reasons=tuple(f.reason for f in findings if f.outcome == "needs_a_person"),
            documents=tuple(
                DocumentFact(one.kind, one.number) for one in self.documents.get(row.id, ())
            ),
            holder=self._holder(row, answers) or "-",
            brief=service.brief(answers, base),
            told=service.about_others,
            returnable=may_be_returned(service.returnable, answers),
            refusals=service.refusals,
            object_until=_object_until(row, findings),
            photo=self._photo(row),
        )

    def visit_facts(
        self, rows: Sequence[Visit], base: Facts, me: Officer | None
    ) -> tuple[VisitFact, ...]:
        """Return visits, soonest first."""
        facts = [self._visit_fact(row, base, me) for row in rows]
        return tuple(sorted(facts, key=lambda v: (v.on, v.starts, v.id)))

    def _visit_fact(self, row: Visit, base: Facts, me: Officer | None) -> VisitFact:
        case = self.cases[row.case_id]
        answers = readable(case.answers) or {}  # unreadable answers don't hide a visit
        service = self.services[case.service]
        site = _site(row, service, answers)
        comes = self.officers.get(row.officer_id or 0)
        offers = [o for o in self.offers if o.visit_id == row.id]
        starts, ends = hours(row.on, Part(row.part))
        at_the_door = me is not None and row.state == VisitState.ARRIVED
        return VisitFact(
            id=row.id,
            case_id=case.id,
            case_number=case.number,
            state=row.state,
            on=row.on,
            part=row.part,
            starts=starts,
            ends=ends,
            service=service.id,
            purpose=row.purpose,
            hosted=row.host_id is not None,
            host_name=self._holder(case, answers) or _unnamed(base.me.locale),
            about=service.about(answers, base),
            address=site.address,
            place=place_name(site.area_code, base),
            area_code=row.area_code,
            pin=site.pin,
            identity_given=case.id in self.identities,
            identity_findings=tuple(
                f.reason
                for f in self.findings.get(case.id, ())
                if f.check in ON_IDENTITY and f.outcome == "needs_a_person"
            ),
            code=readable(row.code),
            code_tries_left=row.code_tries_left,
            code_renewed=row.code_renewals > 0,
            code_proved=row.code_proved_at is not None,
            mendable=bool(service.mendable),
            mend=self._mend(row),
            told=service.about_others,
            advice=service.advice(answers),
            perhaps_same=self._perhaps_same(case) if at_the_door else (),
            officer_name=comes.name if comes else None,
            officer_badge=comes.badge if comes else None,
            offered_to_me=me is not None
            and any(o.officer_id == me.id and o.answer is None for o in offers),
            photo=self._photo(case) if me is not None else None,
            printed=self._printed(row, case, base) if at_the_door else (),
            refusals=tuple(
                (self.officers[o.officer_id].badge, o.reason or o.answer)
                for o in offers
                if o.answer in {"declined", "silent"}
            ),
        )

    def _perhaps_same(self, case: Case) -> tuple[tuple[int, str], ...]:
        """Return the cases that may be about the same place, with their numbers."""
        found = (f for f in self.findings.get(case.id, ()) if f.check == finding.SAME_PLACE)
        return tuple((int(one[0]), str(one[1])) for f in found for one in f.params["of"])

    def _mend(self, row: Visit) -> str:
        """Return how corrections at the door stand that the visit's officer began."""
        form = self.mends.get(row.id)
        return form.state if form is not None and form.officer_id == row.officer_id else ""

    def _printed(self, row: Visit, case: Case, base: Facts) -> tuple[Say, ...]:
        """Return what will be printed on the document that this visit hands over."""
        service, answers = self.services[case.service], readable(case.answers) or {}
        known = self.identities.get(case.id)
        name = paper.holder(readable(known.name) if known else None, service.holder(answers))
        return paper.printed_at(service, row.purpose, name, answers, base)


def _unnamed(locale: Locale) -> str:
    return catalogue.load().say(Say("common.unnamed"), locale)


def _object_until(row: Case, findings: Sequence[FindingRow]) -> date | None:
    """Return the last day for an objection to a rejected case."""
    refused = next((f for f in findings if f.check == finding.REFUSAL), None)
    if refused is None or row.state != CaseState.REJECTED:
        return None
    return date.fromisoformat(refused.params["until"])


def _site(row: Visit, service: Service, answers: Answers) -> Site:
    """Return the visit's site as stored; if there is none, from the current answers."""
    noted = readable(row.site)
    if noted is None:
        return service.site(answers) or Site(row.area_code)
    pin = noted["pin"]
    return Site(noted["area_code"], (pin[0], pin[1]) if pin else None, noted["address"])
