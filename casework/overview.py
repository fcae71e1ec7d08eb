"""Answers to a supervisor's questions about their areas; nothing is changed, and nothing locked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework.act import Act
from casework.documents import called, day
from casework.files import shown
from casework.news import window_of
from casework.tickets import answered, may_read
from conversations.messages import Lines, Say, Value
from models import attachment, officer, overview, scope
from models import case as cases
from models.case import Case
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import VisitState
from models.officer import Officer
from models.person import Person
from models.reference import area
from models.scope import Scope
from models.ticket import Ticket
from models.visit import Visit
from models.window import Window
from models.working_hours import Part

SHOWN = 15  # lines of one list, to fit a phone's screen


# -- visits ----------------------------------------------------------------------------------------


def show_visits(act: Act, on: date) -> None:
    """Say how many visits of a day are in each state."""
    counts = overview.visits_by_state(act.tx, _scope(act), on, on)
    lines = [
        Say(f"supervising.visits.{state}", {"n": counts[state]})
        for state in VisitState
        if state in counts
    ]
    total = sum(n for state, n in counts.items() if state != VisitState.CANCELLED)
    if lines:
        act.reply("supervising.visits", day=on, total=total, lines=Lines(tuple(lines)))
    else:
        act.reply("supervising.no_visits", day=on)


def show_late(act: Act) -> None:
    """Say which visits are late: not begun in their hours, not arrived after them, not reported."""
    rows = overview.in_hand(act.tx, _scope(act), day(act.at))
    lines = [line for visit, case, comes in rows if (line := _late(act, visit, case, comes))]
    if not lines:
        act.reply("supervising.nobody_late")
        return
    act.reply("supervising.late", n=len(lines), lines=listed(lines))


def _late(act: Act, visit: Visit, case: Case, comes: Officer) -> Say | None:
    """Return the line of a visit that is late; None if it is not."""
    window = Window(visit.on, Part(visit.part))
    params: dict[str, Value] = {
        "officer": comes.name,
        "badge": comes.badge,
        "number": case.number,
        "owner": holder_of(act.tx, case),
        "place": _place(visit.area_code),
        "starts": window.starts,
        "ends": window.ends,
    }
    if visit.on < day(act.at):
        return Say("supervising.late.unreported", {**params, "day": visit.on})
    if visit.state == VisitState.ARRIVED:
        return None
    where = Say(f"supervising.state.{visit.state}")
    if window.ends_at < act.at:
        n = _minutes(act.at - window.ends_at)
        return Say("supervising.late.over", {**params, "n": n, "state": where})
    if visit.state == VisitState.ACCEPTED and window.starts_at < act.at:
        n = _minutes(act.at - window.starts_at)
        return Say("supervising.late.not_left", {**params, "n": n})
    return None


def show_whereabouts(act: Act, officer_id: int) -> None:
    """Say what an officer of the team is doing today: the last stop, and the next one."""
    today = day(act.at)
    one = team_member(act, officer_id)
    if one is None:
        act.reply("supervising.not_your_officer")
        return
    rows = overview.day_of(act.tx, one.id, today)
    lines = [_stop(act.tx, visit, case) for visit, case in rows[:SHOWN]]
    params: dict[str, Value] = {"officer": one.name, "badge": one.badge}
    if lines:
        act.reply("supervising.where", **params, lines=Lines(tuple(lines)))
    else:
        act.reply("supervising.where_nothing", **params)


def _stop(tx: Session, visit: Visit, case: Case) -> Say:
    """Return the line of one visit of today, with the time at which it was moved last."""
    window = Window(visit.on, Part(visit.part))
    return Say(
        "supervising.stop",
        {
            "starts": window.starts,
            "ends": window.ends,
            "owner": holder_of(tx, case),
            "place": _place(visit.area_code),
            "number": case.number,
            "state": Say(f"supervising.state.{visit.state}"),
            "at": visit.moved_at.astimezone(WIB).time().replace(second=0, microsecond=0),
        },
    )


# -- cases -----------------------------------------------------------------------------------------


def show_case(act: Act, number: str) -> None:
    """Say how a case stands; of another area nothing is shown."""
    case = _case(act, number)
    if case is None:
        return
    act.note("case.looked_up", f"case:{case.id}")
    visit = overview.latest_visit(act.tx, case.id)
    act.reply(
        "supervising.case",
        number=case.number,
        state=Say(f"supervising.case_state.{case.state}"),
        holder=holder_of(act.tx, case),
        place=_place(case.area_code),
        submitted=case.submitted_at,
        visit=_visit_line(act, visit) if visit else Say("supervising.case_no_visit"),
    )


def _case(act: Act, number: str) -> Case | None:
    """Return a case of the acting supervisor's areas; say so and return None if it is none.

    A ticket that they may not read is said not to exist.
    """
    me = act.supervisor()
    case = cases.by_number(act.tx, number)
    row = act.tx.get(Ticket, case.id) if case is not None else None
    hidden = case is not None and row is not None and not may_read(act.tx, me, case, row)
    if case is None or hidden:
        act.reply("supervising.no_such_case", number=number)
    elif not looks_after(act, case.area_code):
        act.reply("supervising.case_elsewhere", number=number)
    else:
        return case
    return None


def _visit_line(act: Act, visit: Visit) -> Say:
    comes = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    who = Say("supervising.officer", {"name": comes.name, "badge": comes.badge}) if comes else None
    return Say(
        "supervising.case_visit",
        {
            "window": window_of(visit),
            "state": Say(f"supervising.state.{visit.state}"),
            "officer": who or Say("supervising.no_officer"),
        },
    )


def show_unvisited(act: Act, days: int) -> None:
    """List the open cases that were submitted this many days ago or earlier."""
    before = act.at - timedelta(days=days)
    total, oldest = overview.unvisited(act.tx, _scope(act), before, but=answered(), limit=SHOWN)
    if not total:
        act.reply("supervising.none_unvisited", days=days)
        return
    lines = [
        Say(
            "supervising.unvisited_line",
            {
                "number": case.number,
                "holder": holder_of(act.tx, case),
                "place": _place(case.area_code),
                "state": Say(f"supervising.case_state.{case.state}"),
                "n": (act.at - case.submitted_at).days,
            },
        )
        for case in oldest
    ]
    more = [Say("supervising.and_more", {"n": total - len(lines)})] if total > len(lines) else []
    act.reply("supervising.unvisited", days=days, total=total, lines=Lines((*lines, *more)))


def show_photos(act: Act, number: str) -> None:
    """Send all photos and recordings of a case to the supervisor who asks; it is audited."""
    case = _case(act, number)
    if case is None:
        return
    stored = attachment.photos_of(act.tx, {case.id: readable(case.answers)}).get(case.id, [])
    ticketed = case.service in answered()
    if not stored:
        act.reply("supervising.no_files" if ticketed else "supervising.no_photos", number=number)
        return
    key = "supervising.file" if ticketed else "supervising.photo"
    act.note("case.photos_shown", f"case:{case.id}", n=len(stored))
    for place, path in enumerate(stored, 1):
        words = Say(key, {"number": case.number, "n": place, "total": len(stored)})
        each = replace(act, cause=f"{act.cause}:{place}")  # the dedupe key of each message
        each.enqueue(shown(words, path, case.number))


# -- complaints and figures ------------------------------------------------------------------------


def show_complaints(act: Act, since: date) -> None:
    """List the complaints since a day: number, who complains, of whom, and how it stands."""
    found = overview.complaints(
        act.tx, _scope(act), overview.start_of(since), me=act.supervisor(), limit=SHOWN
    )
    if not found:
        act.reply("supervising.no_complaints", day=since)
        return
    lines = [_complaint(act, case, row) for case, row in found]
    act.reply("supervising.complaints", day=since, n=len(lines), lines=Lines(tuple(lines)))


def _complaint(act: Act, case: Case, row: Ticket) -> Say:
    person = act.tx.get_one(Person, case.person_id)
    about = act.tx.get(Officer, row.officer_id) if row.officer_id is not None else None
    state = "closed" if row.closed_at else "answered" if row.answered_at else "open"
    return Say(
        "supervising.complaint",
        {
            "at": case.submitted_at,
            "number": case.number,
            "name": readable(person.name) or Say("notices.caller.no_name"),
            "officer": Say("supervising.officer", {"name": about.name, "badge": about.badge})
            if about is not None
            else Say("supervising.nobody_named"),
            "state": Say(f"supervising.complaint_state.{state}"),
            "again": Say("supervising.again", {"n": row.times - 1}) if row.times > 1 else "",
        },
    )


def show_figures(act: Act, since: date, until: date) -> None:
    """Say how many cases came in and ended, and how many visits were made, within some days."""
    seen = _scope(act)
    cases_, visits = (
        overview.figures(act.tx, seen, since, until, but=answered()),
        overview.visits_by_state(act.tx, seen, since, until),
    )
    complained = overview.complaints(
        act.tx, seen, overview.start_of(since), me=act.supervisor(), limit=1000
    )
    end = overview.start_of(until + timedelta(days=1))
    act.reply(
        "supervising.figures",
        since=since,
        until=until,
        submitted=cases_.submitted,
        done=cases_.done,
        rejected=cases_.rejected,
        visited=visits.get(VisitState.DONE, 0),
        failed=visits.get(VisitState.FAILED, 0),
        complaints=len([case for case, _ in complained if case.submitted_at < end]),
    )


# -- shared by the acts of supervisors -------------------------------------------------------------


def team_member(act: Act, officer_id: int) -> Officer | None:
    """Return an active officer of the acting supervisor's team; None if it is none of theirs."""
    return act.tx.scalars(
        select(Officer).where(Officer.id == officer_id, _scope(act).team())
    ).one_or_none()


def looks_after(act: Act, area_code: str | None) -> bool:
    """Whether the acting supervisor supervises this area."""
    return officer.may_supervise(act.tx, act.who().id, area_code)


def holder_of(tx: Session, case: Case) -> str:
    """Return the applicant's name; "-" if they told none, or it can't be read."""
    return called(tx, case) or "-"


def visit_line(tx: Session, visit: Visit, case: Case) -> Say:
    """Return the line of an open visit in a list: when, to whom, where, how far."""
    return Say(
        "supervising.open_visit",
        {
            "window": window_of(visit),
            "owner": holder_of(tx, case),
            "place": _place(visit.area_code),
            "state": Say(f"supervising.state.{visit.state}"),
        },
    )


def listed(lines: Sequence[Say]) -> Lines:
    """Return at most `SHOWN` lines, the last of which tells how many are left out."""
    if len(lines) <= SHOWN:
        return Lines(tuple(lines))
    left = Say("supervising.and_more", {"n": len(lines) - SHOWN})
    return Lines((*lines[:SHOWN], left))


def _scope(act: Act) -> Scope:
    return scope.of(act.tx, act.supervisor())


def _place(area_code: str | None) -> str:
    kelurahan = area.load().get(area_code or "")
    return kelurahan.name if kelurahan else "-"


def _minutes(late: timedelta) -> int:
    return int(late.total_seconds() // 60)
