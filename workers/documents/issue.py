"""Issue: typesets a new document, stores it and sends it to its holder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from sqlalchemy import select
from sqlalchemy.orm import Session

import workers.documents
from casework.act import by_office
from casework.news import worded
from casework.waiting import about
from conversations import messages, services
from conversations.events import News
from conversations.messages import Message, Say, Value
from conversations.service import Service, Visit, Waiting
from models import assisted
from models import document as documents
from models import task as tasks
from models.case import Case
from models.document import Document
from models.lifecycle import CaseState
from models.outbox import NewMessage, enqueue
from models.person import has_chat
from models.task import Task
from workers.context import ACTOR, Context, Settle
from workers.documents import plain_sheet

#: Typesets a document: (transaction, document, context, URL of its check page) -> PDF.
Typeset = Callable[[Session, Document, Context, str], bytes]


@cache
def _sheets() -> Mapping[str, Typeset]:
    """Map a kind to its own sheet: a module of this folder with the kind's name."""
    kinds = {kind.id for kind in services.load().kinds()}
    own = [one.name for one in iter_modules(workers.documents.__path__) if one.name in kinds]
    return MappingProxyType(
        {name: import_module(f"{workers.documents.__name__}.{name}").sheet for name in own}
    )


@cache
def _sheets_to_sign() -> Mapping[str, Typeset]:
    """Map a kind to its copy that is to be signed, if its sheet has one."""
    modules = {name: import_module(f"{workers.documents.__name__}.{name}") for name in _sheets()}
    found = {name: getattr(one, "sheet_to_sign", None) for name, one in modules.items()}
    return MappingProxyType({name: typeset for name, typeset in found.items() if typeset})


def prepare(context: Context, document_id: int) -> Settle:
    """Typeset and store a document without a lock; idempotent: same sheet, same file.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        document = tx.get_one(Document, document_id)
        if document.revoked_at is not None and services.load().issuing(document.kind).waits:
            return _withdrawn
        kind = services.load().kind(document.kind)
        path = documents.path_in(kind.folder, document)
        check_url = f"{context.public_url}/dokumen/{document.number}"
        typeset = _sheets().get(kind.id, plain_sheet.sheet)
        pdf = typeset(tx, document, context, check_url)
        to_sign = _sheets_to_sign().get(kind.id)
        copy = to_sign(tx, document, context, check_url) if to_sign is not None else None
    context.storage.write(path, pdf)
    if copy is not None:
        context.storage.write(documents.to_sign(path), copy)
    return partial(_settle, path=path)


def _withdrawn(tx: Session, task: Task) -> datetime | None:
    """Delete what an earlier run of this task may have written after the withdrawal."""
    tasks.plan(tx, "erase_letter", task.subject_id, f"erase_letter:{task.run_key}")
    return None


def _settle(tx: Session, task: Task, *, path: str) -> datetime | None:
    document = tx.scalars(
        select(Document).where(Document.id == task.subject_id).with_for_update(key_share=True)
    ).one()
    document.path = path
    service = services.load().issuing(document.kind)
    if document.revoked_at is not None:  # the holder was notified of the revocation
        return _withdrawn(tx, task) if service.waits else None
    params: dict[str, Value] = {"number": document.number}
    if document.valid_until is not None:
        params["valid_until"] = document.valid_until
    case = tx.get_one(Case, document.case_id)
    stage = _shown_at(service, case.stage)
    words: tuple[Say, ...] = (Say(worded("notices.document", service.id), params),)
    if stage is not None:
        words = (about(case), Say(f"{service.id}.{stage.id}.sheet", params))
    message = Message(
        parts=words,
        document=path,
        filename=f"{document.number}.pdf",
    )
    body = messages.to_json(message)
    enqueue(tx, [NewMessage(document.person_id, f"{task.run_key}:owner", body)])
    helper = assisted.helper_of(tx, document.case_id)
    if helper is not None and not has_chat(tx, document.person_id):  # it is handed over on paper
        enqueue(tx, [NewMessage(helper, f"{task.run_key}:officer", body)])
    act = by_office(tx, ACTOR, task.run_key)
    if stage is not None:
        if stage.shows and (case.state, case.stage) == (CaseState.WAITING, stage.id):
            act.tell(document.person_id, News.DOCUMENT_SENT, document.case_id, opens=stage.opens)
    elif any(isinstance(stage, Visit) for stage in service.course):
        act.tell(document.person_id, News.DOCUMENT_SENT, document.case_id, opens="rating")
    return None


def _shown_at(service: Service, stage_id: str) -> Waiting | None:
    """Return the stage for which a document was typeset, though the case may have gone on."""
    found = None
    for stage in service.course:
        if isinstance(stage, Waiting) and (stage.shows or stage.signed):
            found = stage
        if stage.id == stage_id:
            break
    return found
