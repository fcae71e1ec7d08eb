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
from conversations import messages, services
from conversations.events import News
from conversations.messages import Message, Say, Value
from conversations.service import Visit
from models import assisted
from models.document import Document
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


def prepare(context: Context, document_id: int) -> Settle:
    """Typeset and store a document without a lock; idempotent: same sheet, same file.

    Raises:
        OSError: the file store is unavailable.
    """
    with context.session() as tx:
        document = tx.get_one(Document, document_id)
        kind = services.load().kind(document.kind)
        path = f"{kind.folder}/{document.issued_on.year}/{document.number}.pdf"
        check_url = f"{context.public_url}/dokumen/{document.number}"
        typeset = _sheets().get(kind.id, plain_sheet.sheet)
        pdf = typeset(tx, document, context, check_url)
    context.storage.write(path, pdf)
    return partial(_settle, path=path)


def _settle(tx: Session, task: Task, *, path: str) -> datetime | None:
    document = tx.scalars(
        select(Document).where(Document.id == task.subject_id).with_for_update(key_share=True)
    ).one()
    document.path = path
    if document.revoked_at is not None:
        return None  # the holder was notified of the revocation
    params: dict[str, Value] = {"number": document.number}
    if document.valid_until is not None:
        params["valid_until"] = document.valid_until
    service = services.load().issuing(document.kind)
    message = Message(
        parts=(Say(worded("notices.document", service.id), params),),
        document=path,
        filename=f"{document.number}.pdf",
    )
    key = f"document:{document.id}:owner"
    body = messages.to_json(message)
    enqueue(tx, [NewMessage(document.person_id, key, body)])
    helper = assisted.helper_of(tx, document.case_id)
    if helper is not None and not has_chat(tx, document.person_id):  # it is handed over on paper
        enqueue(tx, [NewMessage(helper, f"document:{document.id}:officer", body)])
    act = by_office(tx, ACTOR, f"document:{document.id}")
    if any(isinstance(stage, Visit) for stage in service.course):
        act.tell(document.person_id, News.DOCUMENT_SENT, document.case_id, opens="rating")
    return None
