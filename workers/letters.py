"""Letters to lenders: their owners are asked again and reminded, and withdrawn ones are erased."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import course, dossiers, reminding
from casework.act import by_office
from conversations.service import Waiting
from models import case as cases
from models import document as documents
from models import dossier
from models.case import Case
from models.document import Document
from models.lifecycle import CaseState
from models.task import Task
from workers.context import ACTOR, Context, Settle


def follow_up(tx: Session, run: Task) -> datetime | None:
    """Ask the owner of a case again whose stage has not moved on meanwhile."""
    (case,) = cases.lock(tx, [run.subject_id])
    stage = course.service_of(case).stage(case.stage)
    if case.state != CaseState.WAITING or not isinstance(stage, Waiting):
        return None
    if not dossiers.is_of(run.run_key, case):
        return None
    return dossiers.follow_up(by_office(tx, ACTOR, _cause(run)), case, stage)


def to_desk(tx: Session, run: Task) -> datetime | None:
    """Let supervisors take a signed letter to the lender."""
    (case,) = cases.lock(tx, [run.subject_id])
    dossiers.to_desk(by_office(tx, ACTOR, run.run_key), case)
    return None


def remind(tx: Session, run: Task) -> datetime | None:
    """Remind the owner of an instalment, or of what belongs to it."""
    (case,) = cases.lock(tx, [run.subject_id])
    return reminding.remind(by_office(tx, ACTOR, _cause(run)), case, _row(tx, case))


def second(tx: Session, run: Task) -> datetime | None:
    """Say that a second letter may be written."""
    (case,) = cases.lock(tx, [run.subject_id])
    reminding.say_second(by_office(tx, ACTOR, run.run_key), case, _row(tx, case))
    return None


def _row(tx: Session, case: Case) -> dossier.Dossier:
    return dossier.open_for(tx, case.id)


def _cause(run: Task) -> str:
    """Return what a message is caused by: this run of a task that runs again."""
    return f"{run.run_key}:{run.due_at.timestamp():.0f}"


def erase(context: Context, document_id: int) -> Settle:
    """Delete the files of a withdrawn letter; idempotent.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        found = tx.get(Document, document_id)
        paths = documents.paths(found) if found is not None else []
    for path in paths:
        context.storage.delete(path)
    return partial(_settle_erased)


def _settle_erased(tx: Session, run: Task) -> datetime | None:
    found = tx.scalars(
        select(Document).where(Document.id == run.subject_id).with_for_update(key_share=True)
    ).one_or_none()
    if found is not None:
        found.path = None
    return None
