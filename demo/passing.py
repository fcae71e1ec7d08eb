"""Time passes in the demo: the dates of letters to lenders move back, so that nobody waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import waiting
from casework.reminding import REMIND, SECOND
from models import browser, person
from models.base import now
from models.case import Case
from models.dossier import Dossier, LenderAnswer
from models.infrastructure.database import TASKS
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState
from models.person import Address
from models.task import Task

KINDS = (waiting.FOLLOW_UP, REMIND, SECOND)  # tasks that ask owners, or remind them
MOMENTS = ("signed_at", "delivered_at", "answered_at", "stopped_at", "withdrawn_at")
DAY = timedelta(days=1)


def days_to_next(tx: Session) -> int | None:
    """Return in how many whole days the next owner is asked or reminded; None if nobody is."""
    awaited = {waiting.run_key(case) for case, _ in _letters(tx) if case.state == CaseState.WAITING}
    ahead = (one for one in _tasks(tx) if one.kind != waiting.FOLLOW_UP or one.run_key in awaited)
    due = min((one.due_at for one in ahead), default=None)
    return None if due is None else max(1, -((now(tx) - due) // DAY))


def let_pass(tx: Session, days: int, channel: str) -> Sequence[str]:
    """Let days pass for all letters, and since anybody wrote; return the phones that show it."""
    by = timedelta(days=days)
    tasks = {one.run_key: one for one in _tasks(tx)}
    for task in tasks.values():
        task.due_at -= by
    for case, dossier in _letters(tx):
        asks = tasks.get(waiting.run_key(case))
        _move(case, by, "moved_at", "due_at")
        if asks is not None:
            asks.run_key = waiting.run_key(case)
        _move(dossier, by, *MOMENTS)
        _move_terms(dossier, by)
    for answer in tx.scalars(select(LenderAnswer)):
        _move(answer, by, "at")
    phones = tx.scalars(select(Address.address).where(Address.channel == channel)).all()
    for phone in sorted(phones):
        person.let_pass(tx, channel, phone, by)
        browser.keep(tx, phone, {"later": days}, sent=True)
    tx.execute(select(func.pg_notify(TASKS, "")))
    return phones


def _letters(tx: Session) -> Sequence[tuple[Case, Dossier]]:
    """Lock and return the cases with letters, and their dossiers."""
    rows = select(Case, Dossier).join(Dossier, Dossier.case_id == Case.id).with_for_update()
    return [(case, dossier) for case, dossier in tx.execute(rows)]


def _tasks(tx: Session) -> Sequence[Task]:
    """Return the open tasks that ask owners or remind them."""
    still_open = select(Task).where(
        Task.kind.in_(KINDS), Task.done_at.is_(None), Task.failed_at.is_(None)
    )
    return tx.scalars(still_open.with_for_update()).all()


def _move(row: object, by: timedelta, *columns: str) -> None:
    for column in columns:
        at: datetime | None = getattr(row, column)
        if at is not None:
            setattr(row, column, at - by)


def _move_terms(dossier: Dossier, by: timedelta) -> None:
    """Move the first due date of a new contract."""
    terms = readable(dossier.terms)
    if isinstance(terms, dict) and terms.get("first_due"):
        due = date.fromisoformat(terms["first_due"]) - by
        dossier.terms = {**terms, "first_due": due.isoformat()}
