"""Letters to lenders: their owners are asked again and reminded, and withdrawn ones are erased."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from casework import course, dossiers, reminding
from casework.act import by_office
from conversations import services
from conversations.lifecycle import SETTLED
from conversations.service import Waiting
from models import case as cases
from models import document as documents
from models import dossier, erasure
from models.case import Case
from models.document import Document
from models.lifecycle import CaseState
from models.task import Task
from workers import evidence
from workers.context import ACTOR, Context, Settle

KEPT = timedelta(days=365)  # after the case was over
AGAIN = timedelta(days=30)  # in which forms that became no letter are looked at
AT_ONCE = 2_000  # letters of one run of `tidy`


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
    row = tx.get(dossier.Dossier, case.id)
    if row is None:
        return None  # erased
    return reminding.remind(by_office(tx, ACTOR, _cause(run)), case, row)


def second(tx: Session, run: Task) -> datetime | None:
    """Say that a second letter may be written."""
    (case,) = cases.lock(tx, [run.subject_id])
    row = tx.get(dossier.Dossier, case.id)
    if row is not None:
        reminding.say_second(by_office(tx, ACTOR, run.run_key), case, row)
    return None


def _cause(run: Task) -> str:
    """Return what a message is caused by: this run of a task that runs again."""
    return f"{run.run_key}:{run.due_at.timestamp():.0f}"


def erase(context: Context, document_id: int) -> Settle:
    """Delete the files of a void letter, and what was drawn and photographed of it; idempotent.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        found = tx.get(Document, document_id)
        if found is None:
            return partial(_settle_erased, files=())
        files = erasure.files_of_letter(tx, found.case_id)
        paths = [*written(found), *erasure.only_theirs(tx, files)]
    for path in paths:
        context.storage.delete(path)
    return partial(_settle_erased, files=tuple(row.id for row in files))


def written(document: Document) -> list[str]:
    """Return the paths at which a letter's files are, or may be written at this moment."""
    path = documents.path_in(services.load().kind(document.kind).folder, document)
    return [path, documents.to_sign(path)]


def _settle_erased(tx: Session, run: Task, *, files: Sequence[int]) -> datetime | None:
    found = tx.get(Document, run.subject_id)
    if found is None:
        return None
    cases.lock(tx, [found.case_id])
    evidence.forget(tx, files)
    tx.refresh(found, with_for_update={"key_share": True})
    found.path = None
    if tx.get(dossier.Dossier, found.case_id) is not None:
        dossier.empty(tx, found.case_id)
    return None


def tidy(tx: Session, moment: datetime) -> None:
    """Forget the letters of cases that were over a year ago, and forms that became no letter.

    The files go first, by a task for each letter; the rows in a later run, since they name them.
    """
    waits = [one.id for one in services.load().values() if one.waits]
    until = moment - KEPT
    ended = Case.service.in_(waits), Case.state.in_(SETTLED)
    with_letter = (
        select(Case.id)
        .join(dossier.Dossier, dossier.Dossier.case_id == Case.id)
        .where(*ended, Case.moved_at < until)
        .order_by(Case.id)
        .limit(AT_ONCE)
    )
    letters = exists().where(Document.case_id == Case.id)
    without = select(Case.id).where(*ended, Case.moved_at.between(until - AGAIN, until), ~letters)
    for case in cases.lock(tx, sorted({*tx.scalars(with_letter), *tx.scalars(without)})):
        _forget(tx, case)


def _forget(tx: Session, case: Case) -> None:
    letters = select(Document).where(Document.case_id == case.id)
    if any(one.path is not None or one.revoked_at is None for one in tx.scalars(letters)):
        dossiers.void(by_office(tx, ACTOR, f"kept:{case.id}"), case)
        return
    dossier.forget(tx, case.id)
    if case.answers:
        case.answers = {}
