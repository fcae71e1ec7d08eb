"""Jobs: do a task and close its row in one transaction, or count its failure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

import structlog
from sqlalchemy import func
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from casework import alarms, call_list, confiding, flags, linking, tickets
from casework.act import by_office
from casework.news import worded
from conversations.messages import Say
from models import audit
from models import task as tasks
from models.assisted import Assisted
from models.case import Case
from models.document import Document
from models.infrastructure import logs
from models.task import Task
from models.visit import Offer, Visit
from workers import drafts, erasing, housekeeping, letters, portraits
from workers.context import ACTOR, Context, Prepare, Settle
from workers.documents import issue
from workers.verification import run as verification
from workers.visits import offers, windows


def _alarm(tx: Session, task: Task) -> datetime | None:
    act = by_office(tx, ACTOR, f"{task.run_key}:{task.due_at}")
    return alarms.tell_again(act, task.subject_id)


def _check_form(tx: Session, task: Task) -> datetime | None:
    form = tx.get(Assisted, task.subject_id)
    if form is None:
        return None  # its person was erased
    act = by_office(tx, ACTOR, task.run_key)
    flags.look(act, form)
    return call_list.call_back(act, form)


def _forget_confided(tx: Session, task: Task) -> datetime | None:
    return confiding.forget(by_office(tx, ACTOR, task.run_key), task.subject_id, task.run_key)


def _link(tx: Session, task: Task) -> datetime | None:
    return linking.join(by_office(tx, ACTOR, task.run_key), task.subject_id)


#: Kinds with a first phase that holds no lock.
LONG: Mapping[str, Prepare] = MappingProxyType(
    {
        "verify": verification.prepare,
        "document": issue.prepare,
        "erase": erasing.prepare,
        "portrait": portraits.prepare,
        "tidy": housekeeping.tidy,
        "erase_letter": letters.erase,
    }
)
#: Kinds that only read and write rows.
SHORT: Mapping[str, Settle] = MappingProxyType(
    {
        "open_windows": windows.open_windows,
        "offer": offers.offer,
        "expire_offer": offers.expire,
        "link": _link,
        "alarm": _alarm,
        "sweep": housekeeping.sweep,
        "digest": housekeeping.digest,
        "check_form": _check_form,
        "remind": drafts.remind,
        "erase_drafts": drafts.erase,
        "forget_confided": _forget_confided,
        "follow_up": letters.follow_up,
        "letter_to_desk": letters.to_desk,
        "remind_instalment": letters.remind,
        "second_letter": letters.second,
    }
)
#: The part of a case that is stuck, by the kind of task that was given up.
_STUCK: Mapping[str, str] = MappingProxyType(
    {"open_windows": "windows", "offer": "offer", "expire_offer": "offer", "document": "document"}
)

_log = structlog.get_logger(__name__)
_context: Context | None = None


class UnknownKind(Exception):
    """A task's kind is unknown to this version: an older worker runs beside newer ones."""


def use(context: Context) -> None:
    """Set this process's context; call once, before the first job."""
    global _context
    _context = context


def run(task_id: int) -> None:
    """Do a task; the only function that a job of the queue may name.

    Idempotent, and safe to call concurrently: the row is the source of truth, and the dispatcher
    enqueues it again until it is done. An error of the task is counted on the row, never raised.
    """
    if _context is None:
        raise RuntimeError("call workers.jobs.use(Context) before the first job")
    try:
        _run_task(_context, task_id)
    except Exception as error:  # a job may fail in any way; every failure is counted
        place = _named(error)
        _log.warning("task_failed", task=task_id, error=place)
        _count_failure(_context, task_id, place)


def _run_task(context: Context, task_id: int) -> None:
    with context.session() as tx:
        found = tx.get(Task, task_id)
        if found is None or found.done_at is not None or found.failed_at is not None:
            return
        kind, subject_id = found.kind, found.subject_id
    if kind in LONG:
        settle = LONG[kind](context, subject_id)
    elif kind in SHORT:
        settle = SHORT[kind]
    else:
        raise UnknownKind(kind)
    with context.session() as tx, tx.begin():
        task = tasks.take(tx, task_id)
        if task is None:
            return  # another worker was faster
        _close(task, settle(tx, task))


def _close(task: Task, again_at: datetime | None) -> None:
    if again_at is None:
        task.done_at = func.now()
    else:
        task.due_at, task.leased_until, task.failures = again_at, None, 0


def _count_failure(context: Context, task_id: int, error: str) -> None:
    """Delay the task; after the last try, notify the people who can act.

    With the database down nothing is counted: the lease expires, and the task is enqueued again.
    """
    try:
        with context.session() as tx, tx.begin():
            if tasks.fail(tx, task_id, error):
                _give_up(tx, tx.get_one(Task, task_id))
    except SQLAlchemyError as db_error:
        _log.error("failure_not_counted", task=task_id, error=type(db_error).__name__)
    except Exception as notice_error:  # the notice about the failure fails as well
        _log.error("failure_not_told", task=task_id, error=_named(notice_error))
        _give_up_silently(context, task_id, error)


def _give_up_silently(context: Context, task_id: int, error: str) -> None:
    """Close a failed task without a notice, so that it is not enqueued forever."""
    try:
        with Session(context.engine) as tx, tx.begin():
            if tasks.fail(tx, task_id, error):
                kind = tx.get_one(Task, task_id).kind
                audit.note(tx, ACTOR, "task.gave_up", f"task:{task_id}", kind=kind, error=error)
    except SQLAlchemyError as db_error:
        _log.error("failure_not_counted", task=task_id, error=type(db_error).__name__)


def _give_up(tx: Session, task: Task) -> None:
    _log.error("task_gave_up", task=task.id, kind=task.kind, error=task.last_error)
    audit.note(tx, ACTOR, "task.gave_up", f"task:{task.id}", kind=task.kind, error=task.last_error)
    if task.kind == "verify":
        verification.gave_up(tx, task)
        return
    case = _case_of(tx, task)
    if case is None:
        return
    what = _STUCK[task.kind]
    say = Say(worded(f"notices.stuck_{what}", case.service), {"number": case.number})
    tickets.wait(by_office(tx, ACTOR, task.run_key), case, f"stuck_{what}", say)


def _case_of(tx: Session, task: Task) -> Case | None:
    """Return the task's case; None for other tasks."""
    match task.kind:
        case "open_windows":
            case_id = task.subject_id
        case "offer":
            case_id = tx.get_one(Visit, task.subject_id).case_id
        case "expire_offer":
            visit_id = tx.get_one(Offer, task.subject_id).visit_id
            case_id = tx.get_one(Visit, visit_id).case_id
        case "document":
            case_id = tx.get_one(Document, task.subject_id).case_id
        case _:
            return None
    return tx.get_one(Case, case_id)


def _named(error: Exception) -> str:
    """The error's type and source location; not its message, which may hold personal data."""
    return f"{type(error).__name__} at {logs.place(error)}"
