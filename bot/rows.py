"""Rows behind the facts of a batch of people: locked in one order, and shown as facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import assisted, letters
from casework import applicants
from conversations import catalogue, paper
from conversations.assisted_facts import MendFact
from conversations.facts import (
    CaseFact,
    DocumentFact,
    Facts,
    Locale,
    VisitFact,
)
from conversations.messages import Say
from conversations.service import Service, Services, Site
from conversations.session import Answers
from conversations.whose import may_be_returned
from conversations.wording import place_name
from models import (
    attachment,
    dossier,
    finding,
    person,
    visit,
)
from models import case as cases
from models.assisted import Assisted, mends_at
from models.case import Case
from models.document import Document
from models.dossier import Dossier
from models.finding import FindingRow
from models.identity import Identity
from models.infrastructure.encryption import readable
from models.lifecycle import OPEN_VISITS, CaseState, VisitState
from models.officer import Officer
from models.person import LockedPerson
from models.visit import Offer, Visit
from models.working_hours import Part, hours

ON_IDENTITY = frozenset({"identity", "duplicates"})  # checks of the owner's identity
SUPERVISORS_CHECK = "supervisor"  # a manual finding, about one version of the answers


@dataclass(slots=True)
class Rows:
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
    dossiers: dict[int, Dossier] = field(default_factory=dict)  # of letters, by case

    @classmethod
    def read(
        cls, tx: Session, owners: Sequence[int], staff: Mapping[int, Officer], services: Services
    ) -> Rows:
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
    ) -> Rows:
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
            dossiers=_dossiers(tx, known.values(), services),
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
            stage=row.stage,
            changeable=tuple(one.id for one in service.form.steps if one.counted),
            dossier=letters.fact(self.dossiers.get(row.id)),
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
            papers=service.papers(answers) if at_the_door else (),
            confided=self._confided(row, service, answers, base, me),
            signed=letters.is_drawn(self.dossiers.get(case.id)),
            refusals=tuple(
                (self.officers[o.officer_id].badge, o.reason or o.answer)
                for o in offers
                if o.answer in {"declined", "silent"}
            ),
        )

    def _confided(
        self, row: Visit, service: Service, answers: Answers, base: Facts, me: Officer | None
    ) -> tuple[Say, ...]:
        """Return what only the officer of a visit is told, from the departure on."""
        out = row.state in (VisitState.ON_THE_WAY, VisitState.ARRIVED)
        mine = me is not None and row.officer_id == me.id
        return service.confided(answers, base) if out and mine else ()

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


def _dossiers(tx: Session, rows: Iterable[Case], services: Services) -> dict[int, Dossier]:
    """Return the dossiers of those cases whose course waits for somebody outside."""
    ids = [row.id for row in rows if services[row.service].waits]
    return dossier.of_cases(tx, ids) if ids else {}


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
