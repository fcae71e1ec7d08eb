"""Applicants: the person whose identity a case rests on, where several people share a phone.

A case belongs to the person of the phone, who is told of it. If it was asked for somebody else,
that is a person without a chat, and a participant of the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from conversations.whose import of_somebody
from models import identity, participant
from models.case import Case
from models.identity import Identity
from models.infrastructure.encryption import readable
from models.participant import ParticipantRole
from models.person import Person


def add(tx: Session, case_id: int) -> None:
    """Create the person whom a case is about, who has no chat."""
    person = Person()
    tx.add(person)
    tx.flush()
    participant.add(tx, case_id, ParticipantRole.ABOUT, person.id)


def of(tx: Session, case: Case) -> int:
    """Return the id of a case's applicant."""
    return of_cases(tx, [case])[case.id]


def of_cases(tx: Session, rows: Sequence[Case]) -> Mapping[int, int]:
    """Return the ids of the applicants of cases, by case."""
    found = {row.id: row.person_id for row in rows}
    others = [row.id for row in rows if of_somebody(readable(row.answers) or {})]
    return found | participant.about(tx, others) if others else found


def identities(tx: Session, rows: Iterable[Case]) -> Mapping[int, Identity]:
    """Return the identities of the applicants of cases, by case."""
    by_case = of_cases(tx, list(rows))
    known = identity.of_people(tx, list(by_case.values()))
    return {case_id: known[who] for case_id, who in by_case.items() if who in known}
