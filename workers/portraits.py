"""Portraits: makes the file of one that an officer sent, and erases files that are over."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from casework import portraits
from casework.act import by_office
from models import portrait
from models.attachment import Attachment, AttachmentState
from models.base import now
from models.officer import Officer
from models.portrait import NotSuitable, Portrait, PortraitState, Unsuitable
from models.task import Task
from workers.context import ACTOR, Context, Settle

NOT_YET = timedelta(seconds=5)  # until a photo that is not fetched yet is looked for again

_ENDED = (PortraitState.REFUSED, PortraitState.OVER)


def prepare(context: Context, portrait_id: int) -> Settle:
    """Do the next thing that a portrait's row requires; idempotent, and due again until it is done.

    A portrait that is asked for is made of the officer's photo. The photo, and the file of a
    portrait that is refused or over, are erased.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        row = tx.get_one(Portrait, portrait_id)
        photo = tx.get(Attachment, row.attachment_id) if row.attachment_id is not None else None
        path = photo.path if photo is not None else None
        if photo is not None and photo.state == AttachmentState.PENDING:
            return _wait  # also if it is over: what is fetched must be erased
        if row.state == PortraitState.ASKED and row.path is None and photo is not None:
            return _make(context, portrait.path_of(row), path)
        if row.attachment_id is not None:
            if path is not None and not _shared(tx, path, row.attachment_id):
                context.storage.delete(path)
            return _forget_photo
        if row.state in _ENDED and row.path is not None:
            context.storage.delete(row.path)
            return _forget_file
    return _nothing


def _make(context: Context, path: str, photo: str | None) -> Settle:
    """Write the portrait that is in a photo; None is a photo that was refused when it came."""
    if photo is None:
        return partial(_reject, reason="no_picture")
    try:
        content = portrait.made_of(context.storage.read(photo))
    except FileNotFoundError:
        return partial(_reject, reason="no_picture")
    except NotSuitable as error:
        return partial(_reject, reason=error.reason)
    context.storage.write(path, content)
    return partial(_ask, path=path)


def _ask(tx: Session, task: Task, *, path: str) -> datetime | None:
    row, one = _locked(tx, task)
    row.path = path  # also if it ended meanwhile: the file is there, and is erased next
    if row.state == PortraitState.ASKED:
        portraits.ask(by_office(tx, ACTOR, f"portrait:{row.id}"), row, one)
    return now(tx)


def _reject(tx: Session, task: Task, *, reason: Unsuitable) -> datetime | None:
    row, one = _locked(tx, task)
    if row.state == PortraitState.ASKED:
        portraits.reject(by_office(tx, ACTOR, f"portrait:{row.id}"), row, one, reason)
    return now(tx)


def _forget_photo(tx: Session, task: Task) -> datetime | None:
    row, _ = _locked(tx, task)
    photo = tx.get(Attachment, row.attachment_id) if row.attachment_id is not None else None
    if photo is not None:
        tx.delete(photo)
    row.attachment_id = None
    return now(tx)


def _forget_file(tx: Session, task: Task) -> datetime | None:
    row, _ = _locked(tx, task)
    row.path = None
    return None


def _wait(tx: Session, task: Task) -> datetime | None:
    return now(tx) + NOT_YET


def _nothing(tx: Session, task: Task) -> datetime | None:
    return None


def _locked(tx: Session, task: Task) -> tuple[Portrait, Officer]:
    row = tx.get_one(Portrait, task.subject_id)
    one = tx.get_one(Officer, row.officer_id, with_for_update=True)
    tx.refresh(row, with_for_update=True)
    return row, one


def _shared(tx: Session, path: str, attachment_id: int) -> bool:
    """Whether somebody else sent the same photo, so that the file is theirs as well."""
    others = select(func.count()).where(Attachment.path == path, Attachment.id != attachment_id)
    return bool(tx.scalar(others))
