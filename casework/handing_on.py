"""Acts of supervisors on officers: their visits go to a colleague, or their work ends."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from casework import overview, staff
from casework.act import Act
from casework.news import duty_of, window_of
from casework.visits import offer_to, take_back
from conversations.duty import duty_words
from conversations.events import News
from conversations.messages import Message, Say, Value
from conversations.wording import days_words
from models import absence, visit
from models import case as cases
from models import officer as officers
from models import overview as rows
from models.case import Case
from models.infrastructure.wib import WIB
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.visit import Visit

#: States from which a visit can be given to another officer: nobody is on the way yet.
MOVABLE = frozenset({VisitState.OFFERED, VisitState.ACCEPTED})


def preview_visits(act: Act, giver_id: int, taker_id: int, question: Message) -> None:
    """Show which visits of an officer would be offered to another, and ask; or why none would."""
    giver, taker = overview.team_member(act, giver_id), overview.team_member(act, taker_id)
    if giver is None or taker is None:
        act.reply("supervising.not_your_officer")
        return
    names: dict[str, Value] = {"officer": giver.name, "badge": giver.badge}
    if taker.person_id is None:
        act.reply("supervising.not_joined", officer=taker.name, badge=taker.badge)
        return
    going, staying = _sorted(act, giver, taker)
    if not going:
        kept = [Say("supervising.staying", {"n": staying})] if staying else []
        act.enqueue(Message((Say("supervising.no_open_visits", names), *kept)))
        return
    lines = overview.listed([overview.visit_line(act.tx, one, case) for one, case in going])
    shown = Say("supervising.open_visits", {**names, "n": len(going), "lines": lines})
    kept = [Say("supervising.staying", {"n": staying})] if staying else []
    visits = [one for one, _ in going]
    warned = [*_absences(act, taker, visits), *_off_hours(taker, visits)]
    act.enqueue(replace(question, parts=(shown, *kept, *warned, *question.parts)))


def _absences(act: Act, taker: Officer, going: Sequence[Visit]) -> list[Say]:
    """Say on which days of these visits the officer who would take them is absent."""
    away = absence.coming(act.tx, [taker.id], act.at.astimezone(WIB).date()).get(taker.id, ())
    days = sorted({one.on for one in going} & {*away})
    names: dict[str, Value] = {"officer": taker.name, "badge": taker.badge}
    return [Say("supervising.taker_away", {**names, "days": days_words(days)})] if days else []


def _off_hours(taker: Officer, going: Sequence[Visit]) -> list[Say]:
    """Say how many of these visits are outside the hours of the officer who would take them."""
    n = sum(not taker.works(one.on, one.part) for one in going)
    names: dict[str, Value] = {"officer": taker.name, "badge": taker.badge}
    hours = duty_words(duty_of(taker))
    return [Say("supervising.taker_off", {**names, "n": n, "hours": hours})] if n else []


def hand_on(act: Act, giver_id: int, taker_id: int) -> None:
    """Offer the movable visits of one officer to another; both must be of the supervisor's team.

    Visits that were accepted are taken back first: their owners are told that the officer changes.
    """
    giver, taker = _member(act, giver_id), _member(act, taker_id)
    if taker.person_id is None or taker.id == giver.id:
        raise NotAllowed(f"officer {taker.id} can't be offered visits of officer {giver.id}")
    going, staying = _sorted(act, giver, taker, lock=True)
    for one, _ in going:
        withdraw(act, giver, one)
        offer_to(act, one, taker)
    act.note("officer.visits_given", f"officer:{giver.id}", to=f"officer:{taker.id}", n=len(going))
    done = Say("supervising.handed_on", {"n": len(going), "officer": taker.name})
    kept = [Say("supervising.staying", {"n": staying})] if staying else []
    act.enqueue(Message((done, *kept)))


def preview_end(act: Act, officer_id: int, question: Message) -> None:
    """Show how many open visits of an officer would go to others, and ask; or who may do it."""
    one = overview.team_member(act, officer_id)
    if one is None:
        act.reply("supervising.not_your_officer")
        return
    names: dict[str, Value] = {"officer": one.name, "badge": one.badge}
    if not _may_end(act, one):
        act.reply("supervising.end_elsewhere", **names)
        return
    n = len(rows.open_visits(act.tx, one.id))
    shown = Say("supervising.end_visits", {**names, "n": n})
    act.enqueue(replace(question, parts=(shown, *question.parts)))


def end(act: Act, officer_id: int) -> None:
    """End the work of an officer all of whose areas the acting supervisor looks after."""
    one = _member(act, officer_id)
    moved = staff.end(act, one)
    act.reply("supervising.ended", officer=one.name, badge=one.badge, n=moved)


def _may_end(act: Act, one: Officer) -> bool:
    return all(overview.looks_after(act, code) for code in officers.areas_of(act.tx, one.id))


def _member(act: Act, officer_id: int) -> Officer:
    one = overview.team_member(act, officer_id)
    if one is None:
        raise NotAllowed(f"officer {officer_id} is not of {act.actor}'s team")
    return one


def _sorted(
    act: Act, giver: Officer, taker: Officer, *, lock: bool = False
) -> tuple[Sequence[tuple[Visit, Case]], int]:
    """Return the visits that can be given to the other officer, and how many others are open.

    With `lock`, cases and visits are locked first.
    """
    if lock:
        ids = visit.open_ids(act.tx, officer_ids=[giver.id])
        found = [one.case_id for one, _ in rows.open_visits(act.tx, giver.id)]
        cases.lock(act.tx, sorted(found))
        visit.lock(act.tx, ids)
    every = rows.open_visits(act.tx, giver.id)
    going = [
        (one, case)
        for one, case in every
        if one.state in MOVABLE
        and one.host_id != taker.person_id
        and overview.looks_after(act, one.area_code)
    ]
    return going, len(every) - len(going)


def withdraw(act: Act, giver: Officer, one: Visit) -> None:
    """Withdraw a (locked) visit from its officer, and tell the owner that another one comes."""
    accepted = one.state == VisitState.ACCEPTED
    take_back(act, one, giver)
    if accepted:
        changes = Say("notices.officer_changes", {"window": window_of(one)})
        act.tell(one.host_id, News.OFFICER_CHANGES, one.id, changes)
