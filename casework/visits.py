"""Acts on a visit: booked by an owner, offered to officers, made by one of them, or called off."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from casework import course, documents
from casework.act import Act
from casework.news import window_of
from conversations.messages import Say, Value
from models import area, lifecycle, quiet
from models import offer as offers
from models import visit as visits
from models import window as windows
from models.case import Case
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.visit import MAX_FAILED_VISITS, Offer, Visit, VisitReport

#: States of a visit in which it can still be moved to another time, or called off.
MOVABLE = frozenset(
    {VisitState.WANTED, VisitState.OFFERED, VisitState.UNASSIGNED, VisitState.ACCEPTED}
)
#: The owner was told who comes, and holds a code for them.
PROMISED = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED})


# -- owners ----------------------------------------------------------------------------------------


def book(act: Act, case_id: int, on: date, part: str) -> None:
    """Take a window for one's own case; offers others if it is gone."""
    case = act.my_case(case_id)
    window = windows.Window(on, windows.Part(part))
    kelurahan = case.kelurahan_code or ""  # none was verified without one
    if not windows.take(act.tx, kelurahan, window, act.at):
        gone = Say("notices.window_gone")
        act.tell(act.who().id, "verified", case.id, gone, opens="visit_window")
        return
    visit = Visit(
        case_id=case.id,
        owner_id=case.person_id,
        kelurahan_code=kelurahan,
        on=window.on,
        part=window.part,
    )
    act.tx.add(visit)
    act.tx.flush()
    lifecycle.move(act.tx, case, CaseState.UNDER_WAY, actor=act.actor)
    visits.plan_offer(act.tx, visit)
    act.reply("notices.window_chosen", window=window_of(visit))


def leave(act: Act, visit_id: int) -> None:
    """Give the window of one's own visit up, to choose another."""
    visit = _visit(act, visit_id)
    case = act.my_case(visit.case_id)
    cancel(act, visit)
    course.verified(act, case)


def cancel(act: Act, visit: Visit) -> None:
    """Call a (locked) visit off for its owner, and tell the officer who was to come.

    Raises:
        NotAllowed: the officer is under way.
    """
    if visit.state not in MOVABLE:
        raise NotAllowed(f"visit {visit.id} is {visit.state}: too late to move it")
    call_off(act, visit)
    comes = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if comes is not None and comes.person_id is not None:
        number = act.tx.get_one(Case, visit.case_id).number
        window = window_of(visit)
        act.notify(comes.person_id, "notices.visit_cancelled", number=number, window=window)


def rate(act: Act, case_id: int, stars: int) -> None:
    """Rate the visit at which one's own case was done: 1 to 5 stars."""
    case = act.my_case(case_id)
    report = act.tx.scalars(
        select(VisitReport)
        .join(Visit, Visit.id == VisitReport.visit_id)
        .where(Visit.case_id == case.id, Visit.state == VisitState.DONE)
    ).one_or_none()
    if report is not None:
        report.rating = stars


# -- the office ------------------------------------------------------------------------------------


def call_off(act: Act, visit: Visit, reason: str | None = None) -> None:
    """Cancel a (locked) visit and withdraw its open offer; others are told by the caller."""
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.answer is None:
            offer.answer, offer.answered_at = "withdrawn", act.at
    lifecycle.move(act.tx, visit, VisitState.CANCELLED, actor=act.actor, reason=reason)


def give_window_up(act: Act, case: Case, visit: Visit, reason: str) -> None:
    """Call a (locked) visit off, and offer its owner other windows."""
    call_off(act, visit, reason)
    if case.state == CaseState.UNDER_WAY:
        course.verified(act, case)


def window_passed(act: Act, case: Case, visit: Visit) -> None:
    """The window of a (locked) visit has begun with nobody to come: the owner chooses another.

    For jobs and operators, as are `expire_offer` and `hand_to_supervisors`.
    """
    act.must_be_office()
    give_window_up(act, case, visit, "window_passed")
    params: dict[str, Value] = {"number": case.number, "window": window_of(visit)}
    act.tell(visit.owner_id, "window_passed", visit.id, Say("notices.window_passed", params))
    missed = Say("notices.window_missed", params)
    act.tell_supervisors(visit.kelurahan_code, "window_missed", visit.id, missed)


def offer_to(act: Act, visit: Visit, chosen: Officer) -> None:
    """Offer a (locked) visit to an officer, and ask them.

    Raises:
        NotAllowed: the visit is neither wanted nor unassigned.
    """
    made = offers.offer_to(act.tx, visit, chosen, at=act.at, actor=act.actor)
    if chosen.person_id is not None:
        can_wait = quiet.of(act.tx).can_wait(made.expires_at, act.at)
        act.tell(chosen.person_id, "visit_offered", visit.id, opens="visit", can_wait=can_wait)


def expire_offer(act: Act, case: Case, visit: Visit, made: Offer) -> None:
    """Take an offer that nobody answered back, and have the next officer asked; all are locked."""
    act.must_be_office()
    made.answer, made.answered_at = "silent", act.at
    visit.officer_id = None
    seek_officer(act, visit, "silent")
    person_id = act.tx.get_one(Officer, made.officer_id).person_id
    if person_id is not None:
        passed = Say("notices.offer_passed", {"number": case.number})
        act.tell(person_id, "offer_passed", visit.id, passed)


def seek_officer(act: Act, visit: Visit, reason: str) -> None:
    """Have another officer asked to take a (locked) visit."""
    lifecycle.move(act.tx, visit, VisitState.WANTED, actor=act.actor, reason=reason)
    visits.plan_offer(act.tx, visit)


def hand_to_supervisors(act: Act, case: Case, visit: Visit) -> None:
    """Nobody is left to be asked for a (locked) visit: a supervisor assigns an officer."""
    act.must_be_office()
    lifecycle.move(act.tx, visit, VisitState.UNASSIGNED, actor=act.actor)
    kelurahan = area.load().get(visit.kelurahan_code)
    params: dict[str, Value] = {
        "number": case.number,
        "place": kelurahan.name if kelurahan else "-",
        "window": window_of(visit),
    }
    act.tell_supervisors(
        visit.kelurahan_code,
        "visit_unassigned",
        visit.id,
        Say("notices.visit_unassigned", params),
        opens="assignment",
    )


def assign(act: Act, visit_id: int, officer_id: int) -> None:
    """Ask an officer of a supervisor's choice to take a visit."""
    (visit,) = visits.lock(act.tx, [visit_id])  # the facts of supervisors lock nothing
    act.must_supervise(visit.kelurahan_code)
    chosen = act.tx.get_one(Officer, officer_id)
    if chosen.person_id is None or not chosen.active or chosen.person_id == visit.owner_id:
        raise NotAllowed(f"officer {chosen.id} can't be asked about visit {visit_id}")
    offer_to(act, visit, chosen)


# -- officers --------------------------------------------------------------------------------------


def accept(act: Act, visit_id: int) -> None:
    """Take a visit that is offered to the officer who acts; its owner is told who comes."""
    me, visit = _mine(act, visit_id)
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.officer_id == me.id and offer.answer is None:
            offer.answer, offer.answered_at = "accepted", act.at
    visit.officer_id = me.id
    visit.code, visit.code_tries, visit.code_proved_at = visits.new_code(), 0, None
    lifecycle.move(act.tx, visit, VisitState.ACCEPTED, actor=act.actor)
    act.notify(visit.owner_id, "notices.officer_comes", **_who_comes(me, visit))


def decline(act: Act, visit_id: int, reason: str) -> None:
    """Give a visit back, offered or accepted; another officer is sought."""
    me, visit = _mine(act, visit_id)
    accepted = visit.state == VisitState.ACCEPTED
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.officer_id == me.id:
            offer.answer, offer.reason, offer.answered_at = "declined", reason, act.at
    visit.officer_id, visit.code = None, None
    seek_officer(act, visit, reason)
    if accepted:
        act.notify(visit.owner_id, "notices.officer_changes", window=window_of(visit))


def depart(act: Act, visit_id: int) -> None:
    """Set out to a visit."""
    me, visit = _mine(act, visit_id)
    lifecycle.move(act.tx, visit, VisitState.ON_THE_WAY, actor=act.actor)
    act.notify(visit.owner_id, "notices.on_the_way", **_who_comes(me, visit))


def arrive(act: Act, visit_id: int, km: float | None) -> None:
    """Stand at the door; `km` is how far from the pin, where the officer sent a location."""
    me, visit = _mine(act, visit_id)
    lifecycle.move(act.tx, visit, VisitState.ARRIVED, actor=act.actor)
    act.note("visit.arrived", f"visit:{visit.id}", km=km)
    act.notify(visit.owner_id, "notices.arrived", **_who_comes(me, visit))


def mistype_code(act: Act, visit_id: int) -> None:
    """Count a wrong code at the door."""
    _, visit = _mine(act, visit_id)
    visit.code_tries += 1
    act.note("visit.code_mistyped", f"visit:{visit_id}")


def prove_code(act: Act, visit_id: int) -> None:
    """The owner's code was typed: the officer stands before the right person."""
    _, visit = _mine(act, visit_id)
    visit.code_proved_at = act.at
    act.note("visit.code_proved", f"visit:{visit_id}")


def hand_over(
    act: Act, visit_id: int, *, ktp_seen: bool, place_as_described: bool, photo_id: int | None
) -> None:
    """Finish a visit: its report is written, the permit is issued, the case is done.

    Raises:
        NotAllowed: the visit was not proved by its code.
    """
    _, visit = _mine(act, visit_id)
    if visit.code_proved_at is None:
        raise NotAllowed(f"visit {visit.id} was not proved by its code")
    case = act.tx.get_one(Case, visit.case_id)
    report = VisitReport(
        visit_id=visit.id,
        ktp_seen=ktp_seen,
        place_as_described=place_as_described,
        photo_id=photo_id,
    )
    act.tx.add(report)
    lifecycle.move(act.tx, visit, VisitState.DONE, actor=act.actor)
    lifecycle.move(act.tx, case, CaseState.DONE, actor=act.actor)
    number = documents.issue(act, case, visit.kelurahan_code)
    act.reply("notices.handed_over_officer", number=number)
    act.notify(visit.owner_id, "notices.handed_over", number=number)


def fail(act: Act, visit_id: int, reason: str) -> None:
    """A visit did not work: its owner chooses another window; the third time supervisors decide."""
    _, visit = _mine(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    visit.failure = reason
    lifecycle.move(act.tx, visit, VisitState.FAILED, actor=act.actor, reason=reason)
    case.failed_visits += 1
    why = Say(f"notices.visit_failed.{reason}")
    act.notify(visit.owner_id, "notices.visit_failed", reason=why)
    if case.failed_visits < MAX_FAILED_VISITS:
        course.verified(act, case)
        return
    course.find(act, case, "visits", "needs_a_person", "visits_failed")
    course.to_review(act, case)


def owner_of(act: Act, visit_id: int) -> int:
    """The owner of a visit of the officer who acts."""
    return _mine(act, visit_id)[1].owner_id


def _mine(act: Act, visit_id: int) -> tuple[Officer, Visit]:
    """The officer who acts, and a visit that is theirs or offered to them.

    Raises:
        NotAllowed: no officer acts, or the visit is another officer's.
    """
    visit, me = _visit(act, visit_id), act.officer()
    if visit.officer_id != me.id:
        raise NotAllowed(f"visit {visit_id} is not {act.actor}'s")
    return me, visit


def _visit(act: Act, visit_id: int) -> Visit:
    visit = act.tx.get(Visit, visit_id)
    if visit is None:
        (visit,) = visits.lock(act.tx, [visit_id])
    return visit


def _who_comes(me: Officer, visit: Visit) -> dict[str, Value]:
    code = visit.code or ""
    return {
        "name": me.name,
        "badge": me.badge,
        "window": window_of(visit),
        "code": f"{code[:3]} {code[3:]}",
    }
