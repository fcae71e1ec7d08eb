"""A person's own data: which kinds are held is told at once; a supervisor gives the copy."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute

from casework.act import Act
from casework.documents import day
from casework.people import phone_of
from conversations.effects import Help
from conversations.events import News
from conversations.messages import Lines, Say, Value
from models import help_request
from models.attachment import Attachment
from models.case import Case
from models.conversation import Conversation
from models.document import Document
from models.help_request import HelpRequest
from models.identity import Identity
from models.inbox import InboxMessage
from models.person import Person
from models.visit import Visit

#: Kinds of data, each with its rows of a person and the time since which they are held.
_KINDS: tuple[tuple[str, InstrumentedAttribute[Any], InstrumentedAttribute[datetime]], ...] = (
    ("requests", Case.person_id, Case.submitted_at),
    ("identity", Identity.person_id, Identity.given_at),
    ("photos", Attachment.person_id, Attachment.received_at),
    ("visits", Visit.host_id, Visit.made_at),
    ("documents", Document.person_id, Document.made_at),
    ("chat", InboxMessage.person_id, InboxMessage.heard_at),
)


def ask(act: Act, days: int) -> None:
    """Tell the person who acts what is held, and ask supervisors for the copy within `days`."""
    me = act.who()
    lines: list[Say] = [_line("reach", 1, act.tx.get_one(Person, me.id).created_at)]
    for kind, whose, since in _KINDS:
        n, first = act.tx.execute(select(func.count(), func.min(since)).where(whose == me.id)).one()
        if n:
            lines.append(_line(kind, n, first))
    if _has_draft(act, Conversation.person_id == me.id):
        lines.append(Say("notices.own_data.draft"))
    number, by = _request(act, days)
    act.reply("notices.own_data", lines=Lines(tuple(lines)), number=number, by=by)


def _line(kind: str, n: int, since: datetime) -> Say:
    return Say(f"notices.own_data.{kind}", {"n": n, "since": day(since)})


def _has_draft(act: Act, whose: ColumnElement[bool]) -> bool:
    return bool(act.tx.scalar(select(Conversation.has_draft).where(whose)))


def _request(act: Act, days: int) -> tuple[str, date]:
    """Put the request on the supervisors' list; return its number and its deadline."""
    me = act.who()
    act.note("person.asked_for_help", act.actor, about=Help.MY_DATA, flow="")
    repeats = help_request.count(act.tx, me.id, Help.MY_DATA, act.at)
    act.tx.flush()
    row = act.tx.get_one(HelpRequest, (me.id, Help.MY_DATA))
    if row.answer_by is None or row.answer_by < act.at:
        row.answer_by = act.at + timedelta(days=days)
    number, by = f"D-{row.number:06d}", day(row.answer_by)
    if repeats is not None:
        latest = act.tx.scalars(
            select(Case).where(Case.person_id == me.id).order_by(Case.id.desc()).limit(1)
        ).one_or_none()
        params: dict[str, Value] = {
            "name": me.name or Say("notices.caller.no_name"),
            "phone": phone_of(act),
            "number": latest.number if latest else Say("notices.caller.no_number"),
            "request": number,
            "by": by,
        }
        say = Say("notices.person_wants_data", params)
        again = [Say("notices.caller.asked_before", {"n": repeats})] if repeats else []
        area = latest.area_code if latest else None
        act.tell_supervisors(area, News.PERSON_CALLED, me.id, say, *again)
    return number, by
