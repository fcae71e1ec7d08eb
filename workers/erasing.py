"""Erasing people: the task first deletes their files from the store, then their rows."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from casework import erasing
from casework.act import by_office
from models.task import Task
from workers.context import ACTOR, Context, Settle


def prepare(context: Context, person_id: int) -> Settle:
    """Delete the person's files; after a crash the rows still name them, and all is done again.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        paths = erasing.removable(tx, person_id)
    for path in paths:
        context.storage.delete(path)
    return partial(_settle, removed=frozenset(paths))


def _settle(tx: Session, run: Task, *, removed: frozenset[str]) -> datetime | None:
    act = by_office(tx, ACTOR, run.run_key)
    return erasing.go_on(act, run.subject_id, removed).again_at
