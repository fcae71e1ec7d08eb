"""Confiding: figures that an officer is told for one visit, and that are forgotten after it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from casework import course
from casework.act import Act
from casework.redaction import INSTEAD
from models import erasure, task, visit
from models import person as people
from models.case import Case
from models.conversation import Conversation
from models.infrastructure.encryption import Unreadable
from models.officer import Officer
from models.outbox import OutboundMessage
from models.visit import UNDER_WAY, Visit

FORGET = "forget_confided"  # the kind of a task
LOOKS = timedelta(minutes=10)  # between two looks whether the visit is over


def plan(act: Act, of: Visit) -> None:
    """Plan to forget what the officer of a visit is told from now on; nothing if nothing is."""
    case = act.tx.get_one(Case, of.case_id)
    if course.service_of(case).confides:
        last = act.tx.scalar(select(func.max(OutboundMessage.id))) or 0
        key = f"{FORGET}:{of.id}:{last}"
        task.plan(act.tx, FORGET, of.id, key, due_at=act.at + LOOKS)


def forget(act: Act, visit_id: int, run_key: str) -> datetime | None:
    """Take what was confided out of the messages to the officers of a visit, once it is over.

    The task's key ends with the last message before the departure. Returns when to look again.
    Idempotent.
    """
    act.must_be_office()
    of = act.tx.get_one(Visit, visit_id)
    if of.state in UNDER_WAY:
        return act.at + LOOKS
    asked = {one.officer_id for one in visit.offers_of(act.tx, [of.id])} | {of.officer_id}
    officers = select(Officer.person_id).where(Officer.id.in_([one for one in asked if one]))
    ids = sorted(one for one in act.tx.scalars(officers) if one is not None)
    people.lock(act.tx, ids)
    start = f"{act.tx.get_one(Case, of.case_id).service}.confided."
    last = int(run_key.rpartition(":")[2])
    for column, key, row_id, content in _told(act, ids, last):
        less = _without(content, start)
        if less != content:
            erasure.replace(act.tx, column, key, row_id, less)
    return None


def _told(
    act: Act, ids: list[int], last: int
) -> Iterator[tuple[InstrumentedAttribute[Any], InstrumentedAttribute[int], int, Any]]:
    """Yield the messages to these (locked) people after the `last` before, and their sessions."""
    messages = select(OutboundMessage.id, OutboundMessage.message).where(
        OutboundMessage.id > last, OutboundMessage.person_id.in_(ids)
    )
    sessions = select(Conversation.person_id, Conversation.session).where(
        Conversation.person_id.in_(ids)
    )
    for row_id, content in act.tx.execute(messages).all():
        if not isinstance(content, Unreadable):
            yield OutboundMessage.message, OutboundMessage.id, row_id, content
    for row_id, content in act.tx.execute(sessions).all():
        if not isinstance(content, Unreadable):
            yield Conversation.session, Conversation.person_id, row_id, content


def _without(value: Any, start: str) -> Any:
    """Return JSON in which no sentence of these keys has its words and sums any more."""
    match value:
        case [str() as key, dict() as params] if key.startswith(start):
            return [key, dict.fromkeys(params, INSTEAD)]
        case list():
            return [_without(one, start) for one in value]
        case dict():
            return {key: _without(one, start) for key, one in value.items()}
    return value
