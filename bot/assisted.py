"""Facts on the forms that officers fill in with people, and on corrections at the door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy.orm import Session

from casework import applicants
from conversations import paper
from conversations.assisted_facts import AssistedFact, MendFact
from conversations.assisting import BY, OFFICER, subject_of
from conversations.differing import changes
from conversations.facts import City, Facts
from conversations.form import CONFIRM, CONSENT
from conversations.mending import changed
from conversations.messages import Say
from conversations.service import Service, Services
from conversations.session import Answers
from conversations.step import Context
from models import assisted, identity
from models.assisted import Assisted, AssistedState
from models.case import Case
from models.infrastructure.encryption import readable
from models.officer import Officer
from models.person import Person, has_chat


def of_officer(
    tx: Session, base: Facts, me: Officer, services: Services, at_the_door: Collection[int]
) -> tuple[AssistedFact, ...]:
    """Return the forms that an officer fills in with people.

    One that mends a case is over once its visit is not `at_the_door` any more.
    """
    found = []
    for form in assisted.of_officer(tx, me.id):
        if form.mends is not None and form.visit_id not in at_the_door:
            continue
        service, answers = services[form.service], readable(form.answers) or {}
        fact = of_form(tx, base, form, services)
        if form.mends is not None:
            changes_ = _changes(service, fact.held, answers, base)
            found.append(replace(fact, changes=changes_))
        else:
            found.append(replace(fact, complete=_is_complete(service, form, answers, base)))
    return tuple(found)


def of_form(tx: Session, city: City, form: Assisted, services: Services) -> AssistedFact:
    """Return the facts on one form, but for what its questions tell."""
    service, answers = services[form.service], readable(form.answers) or {}
    person, case = tx.get(Person, form.person_id), tx.get(Case, form.mends or 0)
    held = (readable(case.answers) or {}) if case is not None else {}
    card = _card(tx, applicants.of(tx, case) if case is not None else form.person_id)
    name = paper.holder(card, service.holder(answers or held))
    reached = has_chat(tx, form.person_id, reached=case is not None)
    opted_out = person is not None and person.opted_out_at is not None
    return AssistedFact(
        id=form.id,
        service=form.service,
        person_id=form.person_id,
        visit_id=form.visit_id,
        name=name or (readable(person.name) if person else None) or "",
        waits=form.state == AssistedState.WAITING,
        taken=form.state == AssistedState.TAKEN,
        untouched=form.state == AssistedState.TAKEN and assisted.untouched(tx, form),
        hosted=reached and not (case is not None and opted_out),
        brief=_printed(service, name, answers, city) if answers else (),
        mendable=service.mended if case is not None else (),
        held=held,
        on_card=card,
    )


def _is_complete(service: Service, form: Assisted, answers: Answers, facts: Facts) -> bool:
    """Whether the review is all that is left of a form."""
    held = {**answers, BY: OFFICER, CONSENT: "yes"}
    context = Context(service.id, subject_of(form.id), held, facts, form.person_id)
    left = service.form.open_step(context)
    return left is None or left.id == CONFIRM


def of_owner(
    tx: Session, base: Facts, forms: Collection[Assisted], services: Services
) -> tuple[MendFact, ...]:
    """Return the corrections that wait for an owner's answer."""
    return tuple(
        _mend_fact(tx, base, one, services[one.service])
        for one in forms
        if one.state == AssistedState.WAITING
    )


def _mend_fact(tx: Session, base: Facts, form: Assisted, service: Service) -> MendFact:
    case, officer = tx.get_one(Case, form.mends), tx.get_one(Officer, form.officer_id)
    answers, held = readable(form.answers) or {}, readable(case.answers) or {}
    name = paper.holder(_card(tx, form.person_id), service.holder(answers))
    return MendFact(
        id=form.id,
        number=case.number,
        officer=officer.name,
        badge=officer.badge,
        changes=_changes(service, held, answers, base),
        printed=_printed(service, name, answers, base),
    )


def _changes(service: Service, held: Answers, answers: Answers, base: Facts) -> tuple[Say, ...]:
    context = Context(service.form.id, "", answers, base, worded=service.form.worded)
    return changes(service.form.steps, held, changed(held, answers, service.mended), context)


def _printed(service: Service, name: str, answers: Answers, base: City) -> tuple[Say, ...]:
    return tuple(
        line
        for kind in service.documents
        for line in paper.printed(service, kind, name, answers, base)
    )


def _card(tx: Session, person_id: int) -> str | None:
    known = identity.of_people(tx, [person_id]).get(person_id)
    return readable(known.name) if known else None
