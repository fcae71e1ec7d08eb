"""Facts about what waits for a supervisor: tickets, calls, photos, visits that nobody reported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.course import service_of
from casework.files import step_of
from casework.tickets import OBJECTION, words_of
from conversations.desk_facts import CallFact, FlagFact, PortraitFact
from conversations.facts import CaseFact, RemarkFact, TicketFact
from models import attachment, calendar, flag, overview, portrait, referrals, ticket, unreached
from models import case as cases
from models.case import Case
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.officer import Officer
from models.person import Person, numbers_of
from models.scope import Scope
from models.ticket import Remark, Ticket
from models.visit import Visit
from models.window import Window
from models.working_hours import Part

SHOWN = 3  # of a person's tickets, newest first
OVERDUE = timedelta(hours=2)  # after the end of a visit's window


def of_owner(tx: Session, rows: Sequence[Case]) -> tuple[TicketFact, ...]:
    """Return the tickets of one person's answered cases, newest first."""
    newest = sorted(rows, key=lambda case: -case.id)[:SHOWN]
    if not newest:
        return ()
    found = select(Ticket).where(Ticket.case_id.in_([case.id for case in newest]))
    tickets = {one.case_id: one for one in tx.scalars(found)}
    pairs = [(case, tickets[case.id]) for case in newest if case.id in tickets]
    return _facts(tx, pairs, people={}, numbers={}, me=None)


def of_supervisor(tx: Session, scope: Scope, me: Officer, *, limit: int) -> tuple[TicketFact, ...]:
    """Return the open tickets that a supervisor may read, the next deadline at first."""
    pairs = ticket.waiting(tx, scope, me, limit=limit)
    if not pairs:
        return ()
    ids = {case.person_id for case, _ in pairs}
    people = {one.id: one for one in tx.scalars(select(Person).where(Person.id.in_(ids)))}
    return _facts(tx, pairs, people=people, numbers=numbers_of(tx, ids), me=me)


def by_deadline(
    tx: Session, rows: Sequence[tuple[Case, CaseFact]], today: date
) -> tuple[CaseFact, ...]:
    """Return cases in review with the deadlines of places, those that are overdue at first."""
    if not any(fact.told for _, fact in rows):
        return tuple(fact for _, fact in rows)
    days = calendar.load(tx)
    late = days.working_days_before(today, referrals.HELD_DAYS)
    dated = [
        replace(
            fact,
            decide_by=days.working_days_after(case.moved_at, referrals.HELD_DAYS),
            overdue=_day(case.moved_at) < late,
        )
        if fact.told
        else fact
        for case, fact in rows
    ]
    return tuple(sorted(dated, key=lambda fact: not fact.overdue))


def calls(tx: Session, scope: Scope, *, limit: int) -> tuple[CallFact, ...]:
    """Return the people whom a supervisor is to call."""
    return tuple(
        CallFact(c.person_id, c.name, c.number, c.phone, c.reasons, c.since)
        for c in unreached.to_call(tx, scope.holds, limit=limit)
    )


def portraits(tx: Session, scope: Scope, *, limit: int) -> tuple[PortraitFact, ...]:
    """Return the photos of officers that wait for a supervisor to agree."""
    return tuple(PortraitFact(*row) for row in portrait.waiting_in(tx, scope.team(), limit=limit))


def flags(tx: Session, scope: Scope, *, limit: int) -> tuple[FlagFact, ...]:
    """Return what a supervisor is to look at of officers' forms."""
    return tuple(FlagFact(*row) for row in flag.waiting_in(tx, scope, limit=limit))


def lost(tx: Session, scope: Scope, now: datetime, *, limit: int) -> list[Visit]:
    """Return the visits that are over and that their officers have not reported."""
    rows = [visit for visit, _, _ in overview.in_hand(tx, scope, _day(now))]
    over = [one for one in rows if Window(one.on, Part(one.part)).ends_at < now - OVERDUE]
    return over[:limit]


def _facts(
    tx: Session,
    pairs: Sequence[tuple[Case, Ticket]],
    *,
    people: Mapping[int, Person],
    numbers: Mapping[int, str],
    me: Officer | None,
) -> tuple[TicketFact, ...]:
    given = {case.id: attachment.ids_in(readable(case.answers)) for case, _ in pairs}
    usable = attachment.usable(tx, (one for ids in given.values() for one in ids))
    files = {number: tuple(one for one in ids if one in usable) for number, ids in given.items()}
    remarks: dict[int, list[Remark]] = defaultdict(list)
    for remark in ticket.remarks_of(tx, [case.id for case, _ in pairs]):
        remarks[remark.case_id].append(remark)
    staff = _staff(tx, pairs, remarks.values())
    return tuple(
        replace(
            _fact(case, row, remarks[case.id], staff, people.get(case.person_id), numbers, me),
            files=files[case.id],
            newer=_newer(tx, case, row) if me is not None else "",
        )
        for case, row in pairs
    )


def _newer(tx: Session, case: Case, row: Ticket) -> str:
    """Return the number of the later case that asks for the same as what was objected to."""
    if row.about != OBJECTION or case.same_as is None:
        return ""
    rejected = cases.by_number(tx, case.same_as)
    return (cases.asked_again(tx, rejected) if rejected is not None else None) or ""


def _staff(
    tx: Session, pairs: Iterable[tuple[Case, Ticket]], remarks: Iterable[Iterable[Remark]]
) -> dict[int, Officer]:
    ids = {one for _, row in pairs for one in (row.officer_id, row.taken_by_id) if one}
    ids |= {one.officer_id for some in remarks for one in some if one.officer_id}
    if not ids:
        return {}
    return {one.id: one for one in tx.scalars(select(Officer).where(Officer.id.in_(ids)))}


def _fact(
    case: Case,
    row: Ticket,
    remarks: Sequence[Remark],
    staff: Mapping[int, Officer],
    person: Person | None,
    numbers: Mapping[int, str],
    me: Officer | None,
) -> TicketFact:
    answers: Mapping[str, Any] = readable(case.answers) or {}
    taker = staff.get(row.taken_by_id or 0)
    accuses = row.about != OBJECTION  # its officer only may not read it
    name = readable(person.name) if person is not None else None
    phone = None
    if person is not None and answers.get("may_call") != "no":
        phone = readable(person.phone) or numbers.get(person.id)
    return TicketFact(
        id=case.id,
        number=case.number,
        about=row.about,
        since=case.submitted_at,
        answer_by=_day(row.answer_by),
        close_by=_day(row.close_by),
        words=words_of(case),
        name=name,
        phone=phone,
        officer=_accused(answers, staff.get(row.officer_id or 0)) if accuses else None,
        accuses=accuses and row.officer_id is not None,
        visit_of=str(answers.get("visit_of") or ""),
        times=row.times,
        takes_files=step_of(service_of(case)) is not None,
        taken_by=taker.name if taker is not None else None,
        mine=me is not None and row.taken_by_id == me.id,
        answered=row.answered_at is not None,
        closed=row.closed_at is not None,
        overdue=row.overdue_at is not None,
        remarks=tuple(
            RemarkFact(readable(one.words) or "-", one.at, _author(one, staff)) for one in remarks
        ),
    )


def _author(one: Remark, staff: Mapping[int, Officer]) -> str | None:
    author = staff.get(one.officer_id or 0)
    return author.name if author is not None else None


def _accused(answers: Mapping[str, Any], officer: Officer | None) -> str | None:
    """Return whom a complaint is about: name and badge, or as its owner described them."""
    if officer is not None:
        return f"{officer.name} ({officer.badge})"
    told = answers.get("officer")
    if not isinstance(told, dict):
        return None
    return str(told.get("words") or told.get("badge") or "") or None


def _day(at: datetime) -> date:
    return at.astimezone(WIB).date()
