"""Letters to lenders at a stage of their course, and acts at any time, for tests without a chat."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import course, documents, waiting
from casework.act import Act, Rows
from conversations import services
from conversations.service import Waiting
from models import calendar, dossier, person
from models.base import now
from models.case import Case
from models.dossier import Dossier
from models.lifecycle import CaseState
from models.task import Task
from models.ticket import Ticket
from tests import world as make

SERVICE = "credit_relaxation"
CAUSES = itertools.count()


def answers(**changed: Any) -> dict[str, Any]:
    """What the owner of a letter has answered."""
    told: dict[str, Any] = {
        "owner_name": "Siti Aminah",
        "trade": {"code": "56101", "version": "2025", "words": "jual nasi uduk"},
        "place": {"kelurahan": "31.74.07.1001", "pin": make.PIN},
        "street": "Jl. Damai 3",
        "lender_kind": "bank",
        "lender": {"id": "bri", "name": "BRI"},
        "instalment": 873_651,
        "can_pay": 412_907,
        "before": 9_000_000,
        "now": 4_000_000,
        "arrears": "to_3",
        "reason": {"picked": ["slow"], "done": True},
        "wish": {"picked": ["smaller"], "done": True},
        "deliver": "owner",
    }
    return {**told, **changed}


def by_office(tx: Session, at: datetime | None = None) -> Act:
    """An act of a job at this time, or now."""
    return Act(tx, "worker", at or now(tx), f"law:{next(CAUSES)}", Rows(tx))


def by(tx: Session, person_id: int, at: datetime | None = None) -> Act:
    """An act of a person at this time, or now."""
    (speaker,) = person.lock(tx, [person_id])
    cause = f"law:{next(CAUSES)}"
    return Act(tx, f"person:{person_id}", at or now(tx), cause, Rows(tx), speaker)


def letter(tx: Session, stage: str, *, number: str = "26-000001", **changed: Any) -> Case:
    """A signed letter of somebody new that waits at this stage since now."""
    owner = changed.pop("owner", None) or make.person(tx)
    case = make.case(tx, owner, answers(**changed), number=number, service=SERVICE)
    case.state, case.stage = CaseState.UNDER_WAY, stage
    documents.issue(by_office(tx), case, "relief_letter")
    row = dossier.open_for(tx, case.id)
    row.signed_at, row.delivered_how = now(tx), "owner"
    if stage == "delivery":  # it begins with the report of a visit
        case.state, case.moved_at = CaseState.WAITING, now(tx)
    else:
        course.wait_at(by_office(tx), case, stage)
    tx.flush()
    return case


def letter_of(tx: Session, case: Case) -> Dossier:
    return tx.get_one(Dossier, case.id)


def stage_of(case: Case) -> Waiting:
    """The stage at which a case waits."""
    found = services.load()[SERVICE].stage(case.stage)
    assert isinstance(found, Waiting)
    return found


def morning(tx: Session, case: Case, after: int) -> datetime:
    """The morning some working days after a case came to its stage."""
    return waiting.morning(calendar.load(tx), case.moved_at, after)


def told(tx: Session, person_id: int) -> list[str]:
    """The keys of all sentences that somebody was told as news, oldest first."""
    tx.flush()
    return [key for _, keys, _ in make.news(tx, person_id) for key in keys]


def open_tickets(tx: Session) -> list[str]:
    """The matters of the tickets that are open."""
    tx.flush()
    rows = select(Ticket.about).where(Ticket.closed_at.is_(None)).order_by(Ticket.case_id)
    return list(tx.scalars(rows))


def planned(tx: Session, kind: str) -> list[datetime]:
    """When the open tasks of a kind are due."""
    rows = select(Task.due_at).where(Task.kind == kind, Task.done_at.is_(None))
    return sorted(tx.scalars(rows))


DAY = timedelta(days=1)
