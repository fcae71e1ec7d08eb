"""Facts: the rows that a turn may know about each person, read for many people at once.

Rows that a turn may change are locked here, always in the same order: people (by the caller), then
cases, then visits. So a turn's facts stay valid until it commits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from bot import assisted, letters, waiting
from bot.city import City
from bot.rows import Rows
from bot.senders import locale, roles
from casework import objections
from casework.news import duty_of
from conversations.desk_facts import AsideFact
from conversations.facts import Desk, Facts, Me, Mine, OfficerFact, Rounds, VisitFact
from conversations.lifecycle import MOVABLE
from conversations.service import Services
from models import (
    absence,
    aside,
    finding,
    officer,
    scope,
    visit,
    window,
)
from models.calendar import Calendar
from models.case import Case
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.person import LockedPerson, Person, reachable
from models.turn import Opening
from models.visit import Visit

CHOOSING = 3  # cases of one owner whose free windows are read
QUEUE = 200  # the oldest rows that wait for a supervisor; the desk shows a few of them


def load(
    tx: Session,
    people: Sequence[LockedPerson],
    openings: Mapping[int, Opening],
    city: City,
    now: datetime,
) -> Mapping[int, Facts]:
    """Read the facts of these people, by person id; the caller has locked them."""
    ids = [one.id for one in people]
    on_staff = [i for i in ids if openings[i].staff]
    staff = officer.of_people(tx, on_staff) if on_staff else {}
    rows = Rows.read(tx, [i for i in ids if openings[i].applied], staff, city.flows.services)
    facts: dict[int, Facts] = {}
    for one in people:
        me = staff.get(one.id)
        base = Facts(
            now=now,
            places=city.places,
            trades=city.trades,
            lenders=city.lenders(),
            calendar=openings[one.id].calendar,
            directory=city.directory,
            pages=city.pages,
            my_data_days=city.my_data_days,
            me=Me(
                roles=roles(me),
                locale=locale(one.locale),
                name=me.name if me else one.name,
                badge=me.badge if me else None,
                on_card=openings[one.id].on_card,
                phone=one.phone,
                opted_out=one.opted_out_at is not None,
                consents=openings[one.id].consents,
            ),
        )
        facts[one.id] = _with_rows(tx, base, one, me, rows, openings[one.id].calendar)
    return facts


def _with_rows(
    tx: Session,
    base: Facts,
    one: LockedPerson,
    me: Officer | None,
    rows: Rows,
    calendar: Calendar,
) -> Facts:
    known = replace(base, mine=_mine(tx, base, one, rows, calendar))
    if me is None:
        return known
    if me.role == "officer":
        return replace(known, rounds=_rounds(tx, base, me, rows))
    return replace(known, desk=_desk(tx, base, me, one, rows.services))


def _mine(tx: Session, base: Facts, one: LockedPerson, rows: Rows, calendar: Calendar) -> Mine:
    """Return the person's cases and visits, and the services that the person may ask for."""
    own = sorted((c for c in rows.cases.values() if c.person_id == one.id), key=lambda c: -c.id)
    cases_ = [c for c in own if rows.services[c.service].is_own]
    moved = {v.case_id for v in rows.visits.values() if v.state in MOVABLE}
    choosing = [
        c for c in cases_ if c.area_code and (c.state == CaseState.ACCEPTED or c.id in moved)
    ]
    return Mine(
        cases=tuple(rows.case_fact(case, base) for case in cases_),
        tickets=waiting.of_owner(tx, [c for c in own if rows.services[c.service].answered]),
        visits=rows.visit_facts(
            [v for v in rows.visits.values() if v.host_id == one.id], base, None
        ),
        mends=rows.mends_of(tx, one, base),
        windows={
            case.id: tuple(window.free(tx, case.area_code or "", base.now, calendar))
            for case in choosing[:CHOOSING]
        },
        services=rows.services.offered(base.me.roles),
        posters=rows.services.at_posters(base.me.roles),
    )


def _rounds(tx: Session, base: Facts, me: Officer, rows: Rows) -> Rounds:
    """Return an officer's visits, and those offered to the officer."""
    offered = {o.visit_id for o in rows.offers if o.officer_id == me.id and o.answer is None}
    visits = [v for v in rows.visits.values() if v.officer_id == me.id or v.id in offered]
    rows.see_photos(tx, [v.case_id for v in visits])
    there = {v.id for v in visits if v.officer_id == me.id and v.state == VisitState.ARRIVED}
    forms = assisted.of_officer(tx, base, me, rows.services, there)
    facts = rows.visit_facts(visits, base, me)
    carried = letters.carried_by(tx, me.id)
    return Rounds(tuple(_with_windows(tx, base, one) for one in facts), duty_of(me), forms, carried)


def _with_windows(tx: Session, base: Facts, one: VisitFact) -> VisitFact:
    """Return a visit with the free windows that a host who did not ask for it may choose from."""
    if not one.told or one.state != VisitState.ARRIVED:
        return one
    return replace(one, windows=tuple(window.free(tx, one.area_code, base.now)))


def _desk(tx: Session, base: Facts, me: Officer, one: LockedPerson, services: Services) -> Desk:
    """Read a supervisor's queues, without locks: the acts lock."""
    mine = scope.of(tx, me)
    in_review = tx.scalars(
        select(Case)
        .where(
            Case.state == CaseState.IN_REVIEW, mine.holds(Case.area_code), Case.person_id != one.id
        )
        .order_by(Case.moved_at)
        .limit(QUEUE)
    ).all()
    stuck = tx.scalars(
        select(Visit)
        .where(Visit.state == VisitState.UNASSIGNED, mine.holds(Visit.area_code))
        .order_by(Visit.on)
        .limit(QUEUE)
    ).all()
    lost = waiting.lost(tx, mine, base.now, limit=QUEUE)
    rows = Rows.about(tx, in_review, [*stuck, *lost], services)
    in_review = [case for case in in_review if not _rejected_before(tx, case, rows, me)]
    rows.see_photos(tx, [case.id for case in in_review])
    team = tx.execute(
        select(Officer, and_(reachable(), Person.opted_out_at.is_(None)))
        .outerjoin(Person, Person.id == Officer.person_id)
        .where(mine.team())
        .order_by(Officer.id)
    ).all()
    load = visit.load_of(tx, [o.id for o, _ in team], base.today)
    away = absence.coming(tx, [o.id for o, _ in team], base.today)
    return Desk(
        areas=mine.own,
        cases=waiting.by_deadline(
            tx,
            [(a, rows.case_fact(a, base)) for a in in_review if readable(a.answers) is not None],
            base.today,
        ),
        visits=rows.visit_facts(stuck, base, None),
        calls=waiting.calls(tx, mine, limit=QUEUE),
        tickets=waiting.of_supervisor(tx, mine, me, limit=QUEUE),
        asides=tuple(
            AsideFact(row_id, readable(person.name) or "-", since)
            for row_id, person, since in aside.turns_of(tx, mine, but=one.id, limit=QUEUE)
        ),
        lost=rows.visit_facts(lost, base, None),
        flags=waiting.flags(tx, mine, limit=QUEUE),
        portraits=waiting.portraits(tx, mine, limit=QUEUE),
        officers=tuple(
            OfficerFact(
                o.id,
                o.name,
                o.badge,
                load.get(o.id, 0),
                bool(can_be_asked),
                away.get(o.id, ()),
                duty_of(o),
            )
            for o, can_be_asked in team
        ),
    )


def _rejected_before(tx: Session, case: Case, rows: Rows, me: Officer) -> bool:
    """Whether this supervisor rejected the case before, and somebody else decides now."""
    refused = any(
        one.check == finding.REFUSAL and one.params.get("by") == me.id
        for one in rows.findings.get(case.id, ())
    )
    return refused and objections.kept_from(tx, case) is not None
