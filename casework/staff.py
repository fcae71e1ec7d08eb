"""Changes of staff: rights end at once, and visits are offered to other officers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import portraits
from casework.act import Act
from casework.news import window_of
from casework.visits import PROMISED, seek_officer
from conversations.events import News
from conversations.messages import Say
from models import case as cases
from models import identity, officer, visit
from models.case import Case
from models.lifecycle import OPEN_VISITS, NotAllowed
from models.officer import Officer, StaffRole
from models.visit import Visit
from models.working_hours import Week, read


def end(act: Act, row: Officer) -> int:
    """End an officer's or supervisor's work; return how many visits are offered anew.

    Idempotent: a second call also takes back visits that were offered to them meanwhile. A person
    who acts must supervise all areas of an officer; supervisors and heads are ended by an operator.

    Raises:
        NotAllowed: it is an officer of another area, or no officer.
    """
    if act.person is not None and row.role != "officer":
        raise NotAllowed(f"{row.role} {row.id} is not ended by a person")
    for area_code in officer.areas_of(act.tx, row.id):
        act.must_supervise(area_code)
    mine = _open_visits(act.tx, row)
    was_active = row.active
    officer.end(act.tx, row, actor=act.actor)
    portraits.end(act, row)
    _give_back(act, row, mine, reason="officer_ended")
    if row.person_id is not None:
        identity.end_links_held(act.tx, row.person_id)
        if was_active:
            say = Say("notices.duty_ended", {"badge": row.badge})
            act.tell(row.person_id, News.DUTY_ENDED, row.id, say)
    return len(mine)


def move(act: Act, row: Officer, areas: Sequence[str]) -> int:
    """Set an officer's areas; return how many visits outside them are offered anew."""
    act.must_be_office()
    mine = _open_visits(act.tx, row)
    officer.work_in(act.tx, row, areas, actor=act.actor)
    outside = [
        (case, one) for case, one in mine if set(areas).isdisjoint(officer.holding(one.area_code))
    ]
    _give_back(act, row, outside, reason="areas_changed")
    return len(outside)


def promote(act: Act, row: Officer, role: StaffRole) -> int:
    """Set an officer's or supervisor's role; return how many visits are offered anew."""
    act.must_be_office()
    mine = _open_visits(act.tx, row) if role != row.role else []
    officer.work_as(act.tx, row, role, actor=act.actor)
    if role != "officer":
        portraits.end(act, row)
    _give_back(act, row, mine, reason="role_changed")
    return len(mine)


def keep_hours(act: Act, row: Officer, week: Week) -> tuple[int, list[tuple[Case, Visit]]]:
    """Set an officer's hours; return how many offers go to others, and the promised visits outside.

    Unanswered offers outside the new hours are withdrawn, unless they were outside the old ones:
    then a supervisor chose this officer all the same. A promise to an owner stays.
    """
    act.must_be_office()
    mine = _open_visits(act.tx, row)
    before = read(row.hours)
    officer.work_at(act.tx, row, week, actor=act.actor)
    outside = [(case, one) for case, one in mine if not week.holds(one.on, one.part)]
    kept = [(case, one) for case, one in outside if one.state in PROMISED]
    given = [
        (case, one)
        for case, one in outside
        if one.state not in PROMISED and before.holds(one.on, one.part)
    ]
    _give_back(act, row, given, reason="hours_changed")
    return len(given), sorted(kept, key=lambda pair: (pair[1].on, pair[1].id))


def _open_visits(tx: Session, row: Officer) -> list[tuple[Case, Visit]]:
    """Return the open visits of an officer, offered or accepted; locks cases, then visits."""
    ids = visit.open_ids(tx, officer_ids=[row.id])
    of = tx.scalars(select(Visit.case_id).where(Visit.id.in_(ids))).all()
    locked = {one.id: one for one in cases.lock(tx, sorted(of))}
    return [
        (locked[one.case_id], one)
        for one in visit.lock(tx, ids)
        if one.state in OPEN_VISITS and one.officer_id == row.id
    ]


def _give_back(act: Act, row: Officer, mine: Sequence[tuple[Case, Visit]], *, reason: str) -> None:
    """Seek another officer for each visit, and tell the owners and the previous officer."""
    for offer in visit.offers_of(act.tx, [one.id for _, one in mine]):
        if offer.officer_id == row.id:
            offer.answer, offer.reason, offer.answered_at = "withdrawn", reason, act.at
    for case, one in mine:
        promised, told = one.state in PROMISED, act.about(one)
        one.officer_id = None
        one.give_code(None)
        seek_officer(act, one, reason)
        window = window_of(one)
        if promised:
            say = Say("notices.officer_changes", {"window": window})
            told.tell(one.host_id, News.OFFICER_CHANGES, one.id, say)
        if promised and row.person_id is not None and row.active:
            say = Say("notices.visit_cancelled", {"number": case.number, "window": window})
            told.tell(row.person_id, News.VISIT_CANCELLED, one.id, say)
