"""Facts on the forms that officers fill in with people."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from conversations import paper
from conversations.assisting import BY, OFFICER, subject_of
from conversations.facts import AssistedFact, City, Facts
from conversations.form import CONFIRM, CONSENT
from conversations.service import Service, Services
from conversations.session import Answers
from conversations.step import Context
from models import assisted, identity
from models.assisted import Assisted, AssistedState
from models.infrastructure.encryption import readable
from models.officer import Officer
from models.person import Person, has_chat


def of_officer(
    tx: Session, base: Facts, me: Officer, services: Services
) -> tuple[AssistedFact, ...]:
    """Return the forms that an officer fills in with people."""
    found = []
    for form in assisted.of_officer(tx, me.id):
        complete = _is_complete(services[form.service], form, readable(form.answers) or {}, base)
        found.append(replace(of_form(tx, base, form, services), complete=complete))
    return tuple(found)


def of_form(tx: Session, city: City, form: Assisted, services: Services) -> AssistedFact:
    """Return the facts on one form."""
    service, answers = services[form.service], readable(form.answers) or {}
    person = tx.get(Person, form.person_id)
    known = identity.of_people(tx, [form.person_id]).get(form.person_id)
    card = readable(known.name) if known else None
    name = paper.holder(card, service.holder(answers))
    lines = [
        line
        for kind in service.documents
        for line in paper.printed(service, kind, name, answers, city)
    ]
    return AssistedFact(
        id=form.id,
        service=form.service,
        person_id=form.person_id,
        visit_id=form.visit_id,
        name=name or (readable(person.name) if person else None) or "",
        waits=form.state == AssistedState.WAITING,
        hosted=has_chat(tx, form.person_id),
        brief=tuple(lines) if answers else (),
    )


def _is_complete(service: Service, form: Assisted, answers: Answers, facts: Facts) -> bool:
    """Whether the review is all that is left of a form."""
    held = {**answers, BY: OFFICER, CONSENT: "yes"}
    context = Context(service.id, subject_of(form.id), held, facts, form.person_id)
    left = service.form.open_step(context)
    return left is None or left.id == CONFIRM
