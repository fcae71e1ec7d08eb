"""Time passes in the demo: the dates of letters to lenders move back, so that nobody waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import reminding, waiting
from casework.reminding import REMIND, SECOND
from models import dossier, person
from models.base import now
from models.case import Case
from models.dossier import Dossier, LenderAnswer
from models.infrastructure.database import TASKS
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState
from models.person import Address
from models.task import Task

KINDS = (waiting.FOLLOW_UP, REMIND, SECOND)  # tasks that ask owners, or remind them
DAY = timedelta(days=1)
MOST = 400  # days: what comes last comes half a year after the first


@dataclass(frozen=True, slots=True)
class _Letter:
    """A letter with its open tasks that ask its owner or remind them."""

    case: Case
    way: Dossier
    answers: Sequence[LenderAnswer]
    tasks: Sequence[Task]

    def next_at(self) -> datetime | None:
        """Return when its owner hears of it next.

        Tasks of earlier stages say nothing, nor does one that asks at a stage whose owner is
        reminded.
        """
        if self.case.state != CaseState.WAITING:
            return None
        reminded = self.case.stage == reminding.STAGE and self.way.reminders is not None
        key = "" if reminded else waiting.run_key(self.case)
        ahead = (one for one in self.tasks if one.kind != waiting.FOLLOW_UP or one.run_key == key)
        return min((one.due_at for one in ahead), default=None)

    def let_day_pass(self, at: datetime) -> None:
        """Move all dates back by a day. A task that asks knows its stage by when that began."""
        key = waiting.run_key(self.case)
        _move(self.case, "moved_at", "due_at")
        _move(self.way, "signed_at", "delivered_at", "answered_at", "stopped_at", "withdrawn_at")
        for answer in self.answers:
            _move(answer, "at")
        terms = readable(self.way.terms)
        if isinstance(terms, dict) and terms.get("first_due"):
            due = date.fromisoformat(terms["first_due"]) - DAY
            self.way.terms = {**terms, "first_due": due.isoformat()}
        for task in self.tasks:
            _move(task, "due_at")
            if task.run_key == key:
                task.run_key = waiting.run_key(self.case)
            if task.kind == REMIND:  # months differ in length
                task.due_at = reminding.next_at(self.way, at) or task.due_at


def let_pass(tx: Session, channel: str, days: int | None = None) -> tuple[int, Sequence[str]]:
    """Let days pass for all letters, or as many as it takes until an owner is asked or reminded.

    They pass since anybody wrote as well. Return the days, and the addresses of a channel; 0 days
    if nobody is to be asked or reminded.
    """
    at, letters = now(tx), _letters(tx)
    passed, most = 0, MOST if days is None else days
    while passed < most and (days or not _is_due(letters, at) or not passed):
        if days is None and not any(one.next_at() for one in letters):
            return 0, ()
        for letter in letters:
            letter.let_day_pass(at)
        passed += 1
    addresses = sorted(tx.scalars(select(Address.address).where(Address.channel == channel)))
    for address in addresses:
        person.let_pass(tx, channel, address, passed * DAY)
    tx.execute(select(func.pg_notify(TASKS, "")))
    return passed, addresses


def _is_due(letters: Sequence[_Letter], at: datetime) -> bool:
    return any(due <= at for due in map(_Letter.next_at, letters) if due is not None)


def _letters(tx: Session) -> Sequence[_Letter]:
    """Lock and return all letters."""
    rows = select(Case, Dossier).join(Dossier, Dossier.case_id == Case.id).with_for_update()
    found = [(case, way) for case, way in tx.execute(rows)]
    still_open = select(Task).where(
        Task.kind.in_(KINDS), Task.done_at.is_(None), Task.failed_at.is_(None)
    )
    tasks = tx.scalars(still_open.with_for_update()).all()
    return [
        _Letter(
            case,
            way,
            dossier.answers(tx, case.id),
            [one for one in tasks if one.subject_id == case.id],
        )
        for case, way in found
    ]


def _move(row: object, *columns: str) -> None:
    """Move moments of a row back by a day."""
    for column in columns:
        at: datetime | None = getattr(row, column)
        if at is not None:
            setattr(row, column, at - DAY)
