"""A person's own data: which kinds are held is told at once; a supervisor gives the copy."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from casework import tickets
from casework.act import Act
from casework.documents import day
from casework.people import phone_of
from conversations.effects import Help
from conversations.messages import Lines, Message, Say, Value
from models.attachment import EVIDENCE, SIGNATURE, Attachment
from models.case import Case
from models.conversation import Conversation
from models.document import Document
from models.identity import Identity
from models.inbox import InboxMessage
from models.person import Person
from models.visit import Visit

#: Kinds of data, each with its rows of a person and the time since which they are held.
_KINDS: tuple[tuple[str, InstrumentedAttribute[Any], InstrumentedAttribute[datetime]], ...] = (
    ("identity", Identity.person_id, Identity.given_at),
    ("photos", Attachment.person_id, Attachment.received_at),
    ("visits", Visit.host_id, Visit.made_at),
    ("documents", Document.person_id, Document.made_at),
    ("chat", InboxMessage.person_id, InboxMessage.heard_at),
)


def ask(act: Act, days: int, question: Message) -> None:
    """Tell the person who acts what is held, and then `question`.

    Supervisors are asked for the copy, which is promised within `days`.
    """
    me = act.who()
    lines: list[Say] = [_line("reach", 1, act.tx.get_one(Person, me.id).created_at)]
    answered = Case.service.in_(tickets.answered())
    for kind, which in (("requests", ~answered), ("tickets", answered)):
        theirs = select(func.count(), func.min(Case.submitted_at)).where(Case.person_id == me.id)
        n, first = act.tx.execute(theirs.where(which)).one()
        if n:
            lines.append(_line(kind, n, first))
    for kind, whose, since in _KINDS:
        theirs = select(func.count(), func.min(since)).where(whose == me.id)
        if whose is Attachment.person_id:
            theirs = theirs.where(Attachment.kind.not_in((EVIDENCE, SIGNATURE)))
        n, first = act.tx.execute(theirs).one()
        if n:
            lines.append(_line(kind, n, first))
    for kind in (SIGNATURE, EVIDENCE):
        files = select(func.count(), func.min(Attachment.received_at)).where(
            Attachment.person_id == me.id, Attachment.kind == kind, Attachment.path.is_not(None)
        )
        n, first = act.tx.execute(files).one()
        if n:
            lines.append(_line(kind, n, first))
    if _has_draft(act, Conversation.person_id == me.id):
        lines.append(Say("notices.own_data.draft"))
    number, by = _request(act, days)
    params: dict[str, Value] = {"lines": Lines(tuple(lines)), "number": number, "by": by}
    held = Say("notices.own_data", params)
    act.enqueue(replace(question, parts=(held, *question.parts)))


def _line(kind: str, n: int, since: datetime) -> Say:
    return Say(f"notices.own_data.{kind}", {"n": n, "since": day(since)})


def _has_draft(act: Act, whose: ColumnElement[bool]) -> bool:
    return bool(act.tx.scalar(select(Conversation.has_draft).where(whose)))


def _request(act: Act, days: int) -> tuple[str, date]:
    """Open a ticket for the copy, or count a repeat; return its number and its deadline."""
    me = act.who()
    act.note("person.asked_for_help", act.actor, about=Help.MY_DATA, flow="")
    latest = act.tx.scalars(
        select(Case)
        .where(Case.person_id == me.id, Case.service.not_in(tickets.answered()))
        .order_by(Case.id.desc())
        .limit(1)
    ).one_or_none()
    params: dict[str, Value] = {
        "name": me.name or Say("notices.caller.no_name"),
        "phone": phone_of(act),
        "number": latest.number if latest else Say("notices.caller.no_number"),
    }
    say = Say("notices.person_wants_data", params)
    asked = tickets.ask(
        act, tickets.Matter(Help.MY_DATA, say, within=timedelta(days=days)), says=False
    )
    return asked.number, asked.by
