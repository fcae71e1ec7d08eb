"""Acts on a visit: booked by an owner, offered to officers, made by one of them, or cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date

from sqlalchemy import select

from casework import applicants, confiding, course, documents, reporters
from casework.act import Act
from casework.news import window_of, worded
from conversations.arrival import NO_PIN, distance, meeting_at
from conversations.events import News
from conversations.lifecycle import MOVABLE
from conversations.messages import Json, Lines, Message, Say, Value
from conversations.service import Site
from models import assisted, lifecycle, portrait
from models import offer as offers
from models import task as tasks
from models import visit as visits
from models import window as windows
from models.case import Case
from models.finding import Finding, Outcome
from models.infrastructure import quiet
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.reference import area
from models.visit import Offer, Visit, VisitReport
from models.working_hours import Part

NOT_WANTED = "not_wanted"  # an outcome of visits to places of which somebody told us
Pin = tuple[float, float]  # latitude, longitude; WGS 84
#: States in which the owner knows the officer's name and holds the door code.
PROMISED = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED})


# -- owners ----------------------------------------------------------------------------------------


def book(
    act: Act, case_id: int, on: date, part: str, pin: Pin | None = None, words: str = ""
) -> None:
    """Book a window for the person's own case, or move its visit there; offer others if it is gone.

    The time that was agreed stands until the new one is taken. `pin` or `words` tell where the
    owner will be found, if it is another place than the case's.

    Raises:
        NotAllowed: the case waits for no window, or the pin is not in Jakarta.
    """
    case = act.my_case(case_id)
    window, site = windows.Window(on, Part(part)), site_of(case)
    agreed = _movable(act, case)
    if site is None or (case.state != CaseState.ACCEPTED and agreed is None):
        raise NotAllowed(f"case {case.id} waits for no window")
    if agreed is not None and window == windows.Window(agreed.on, Part(agreed.part)):
        act.reply("notices.window_kept", window=window_of(agreed))
        return
    if not windows.take(act.tx, site.area_code, window, act.at):
        _offer_others(act, case, site.area_code, agreed)
        return
    told = spot(site.area_code, pin, words) if pin is not None or words else None
    visit = _visit_in(case, window, told or site)
    visit.host_id = case.person_id
    if agreed is not None:
        visit.site = agreed.site  # as it was told since
        _leave(act, case, agreed, visit)
    _plan(act, case, visit)
    chosen = Say(worded("notices.window_chosen", case.service), {"window": window_of(visit)})
    printed = documents.printed(act.tx, case)
    to_print = (
        (Say(worded("notices.to_be_printed", case.service), {"lines": Lines(printed)}),)
        if printed
        else ()
    )
    act.enqueue(Message((chosen, *to_print)))
    moves = told is None and course.service_of(case).moves(case.answers)
    if agreed is None and moves and _is_first(act, visit):
        act.tell(case.person_id, News.MEETING_PLACE, visit.id, opens="meeting_place")


def book_for(act: Act, case: Case, window: windows.Window) -> Visit:
    """Book a window of a (locked) case whose host has no chat, and can't choose.

    Raises:
        NotAllowed: the case has no place.
    """
    site = site_of(case)
    if site is None:
        raise NotAllowed(f"case {case.id} has no place")
    visit = _visit_in(case, window, site)
    _plan(act, case, visit)
    return visit


def _visit_in(case: Case, window: windows.Window, site: Site) -> Visit:
    return Visit(
        case_id=case.id,
        purpose=case.stage,
        area_code=site.area_code,
        site=asdict(site),
        on=window.on,
        part=window.part,
    )


def _plan(act: Act, case: Case, visit: Visit) -> None:
    """Add a visit, and look for an officer."""
    act.tx.add(visit)
    act.tx.flush()
    if case.state == CaseState.ACCEPTED:
        lifecycle.move(act.tx, case, CaseState.UNDER_WAY, actor=act.actor)
    visits.plan_offer(act.tx, visit)


def spot(agreed: str, pin: Pin | None, words: str) -> Site:
    """Return the place that an owner told, for a visit to the kelurahan `agreed`.

    Raises:
        NotAllowed: the pin is not in Jakarta, or in the sea.
    """
    if pin is None:
        return Site(agreed, None, words)
    nearest = meeting_at(area.load(), *pin, agreed)
    if nearest is None:
        raise NotAllowed("the pin of a visit is not in Jakarta, or in the sea")
    return Site(nearest.code, pin, words)


def _is_first(act: Act, visit: Visit) -> bool:
    earlier = select(Visit.id).where(Visit.case_id == visit.case_id, Visit.id != visit.id)
    return act.tx.scalars(earlier.limit(1)).first() is None


def _offer_others(act: Act, case: Case, area_code: str, agreed: Visit | None) -> None:
    """Say that a window is gone, and offer others; without any, the agreed one stands."""
    gone = Say("notices.window_gone")
    old = windows.Window(agreed.on, Part(agreed.part)) if agreed is not None else None
    if any(window != old for window in windows.free(act.tx, area_code, act.at)):
        act.tell(act.who().id, News.VERIFIED, case.id, gone, opens="visit_window")
    elif agreed is not None:
        kept = Say("notices.window_kept", {"window": window_of(agreed)})
        act.enqueue(Message((gone, kept)))
    else:
        act.enqueue(Message((gone,)))
        tasks.plan(act.tx, "open_windows", case.id, f"windows:{case.id}:{act.cause}")


def _movable(act: Act, case: Case) -> Visit | None:
    """Lock and return the open visit of a case, if its time may still be changed."""
    visit = visits.open_of_case(act.tx, case.id)
    return visit if visit is not None and visit.state in MOVABLE else None


def _leave(act: Act, case: Case, old: Visit, new: Visit) -> None:
    """Cancel a visit that takes place at another time, and tell the assigned officer."""
    call_off(act, old, "moved")
    act.tx.flush()  # a case has one open visit
    assigned = act.tx.get(Officer, old.officer_id) if old.officer_id else None
    if assigned is not None and assigned.person_id is not None:
        params: dict[str, Value] = {"window": window_of(old), "to": window_of(new)}
        act.notify(assigned.person_id, "notices.visit_moved", number=case.number, **params)


def cancel(act: Act, visit: Visit) -> None:
    """Cancel a (locked) visit for its owner, and tell the assigned officer.

    Raises:
        NotAllowed: the officer is under way.
    """
    if visit.state not in MOVABLE:
        raise NotAllowed(f"visit {visit.id} is {visit.state}: too late to move it")
    call_off(act, visit)
    assigned = act.tx.get(Officer, visit.officer_id) if visit.officer_id else None
    if assigned is not None and assigned.person_id is not None:
        number = act.tx.get_one(Case, visit.case_id).number
        window = window_of(visit)
        act.notify(assigned.person_id, "notices.visit_cancelled", number=number, window=window)


def rate(act: Act, case_id: int, stars: int) -> None:
    """Rate the last finished visit of the person's own case: 1 to 5 stars."""
    case = act.my_case(case_id)
    report = act.tx.scalars(
        select(VisitReport)
        .join(Visit, Visit.id == VisitReport.visit_id)
        .where(Visit.case_id == case.id, Visit.state == VisitState.DONE)
        .order_by(Visit.id.desc())
    ).first()
    if report is not None:
        report.rating = stars


def site_of(case: Case) -> Site | None:
    """Return the site of a case's visits; None if the case has no place."""
    return course.service_of(case).site(case.answers)


# -- the office ------------------------------------------------------------------------------------


def call_off(act: Act, visit: Visit, reason: str | None = None) -> None:
    """Cancel a (locked) visit and withdraw its open offer; the caller tells the people."""
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.answer is None:
            offer.answer, offer.answered_at = "withdrawn", act.at
    lifecycle.move(act.tx, visit, VisitState.CANCELLED, actor=act.actor, reason=reason)


def give_window_up(act: Act, case: Case, visit: Visit, reason: str) -> None:
    """Cancel a (locked) visit, and offer its owner other windows."""
    call_off(act, visit, reason)
    if case.state == CaseState.UNDER_WAY:
        course.accept(act, case)


def window_passed(act: Act, case: Case, visit: Visit) -> None:
    """Cancel a (locked) visit whose window began without an officer; the owner chooses another.

    For jobs and operators only, like `expire_offer` and `hand_to_supervisors`.
    """
    act.must_be_office()
    give_window_up(act, case, visit, "window_passed")
    params: dict[str, Value] = {"number": case.number, "window": window_of(visit)}
    act.tell(visit.host_id, News.WINDOW_PASSED, visit.id, Say("notices.window_passed", params))
    missed = Say("notices.window_missed", params)
    act.tell_supervisors(visit.area_code, News.WINDOW_MISSED, visit.id, missed)


def offer_to(act: Act, visit: Visit, chosen: Officer) -> None:
    """Offer a (locked) visit to an officer, and ask them in chat.

    Raises:
        NotAllowed: the visit is neither wanted nor unassigned.
    """
    made = offers.offer_to(act.tx, visit, chosen, at=act.at, actor=act.actor)
    if chosen.person_id is not None:
        can_wait = quiet.of(act.tx).can_wait(made.expires_at, act.at)
        act.tell(chosen.person_id, News.VISIT_OFFERED, visit.id, opens="visit", can_wait=can_wait)


def expire_offer(act: Act, case: Case, visit: Visit, made: Offer) -> None:
    """Expire an unanswered offer and seek the next officer; all rows must be locked."""
    act.must_be_office()
    made.answer, made.answered_at = "silent", act.at
    visit.officer_id = None
    seek_officer(act, visit, "silent")
    person_id = act.tx.get_one(Officer, made.officer_id).person_id
    if person_id is not None:
        passed = Say("notices.offer_passed", {"number": case.number})
        act.tell(person_id, News.OFFER_PASSED, visit.id, passed)


def seek_officer(act: Act, visit: Visit, reason: str) -> None:
    """Plan an offer of a (locked) visit to another officer."""
    lifecycle.move(act.tx, visit, VisitState.WANTED, actor=act.actor, reason=reason)
    visits.plan_offer(act.tx, visit)


def hand_to_supervisors(act: Act, case: Case, visit: Visit) -> None:
    """Ask supervisors to assign a (locked) visit, after no officer is left to ask."""
    act.must_be_office()
    lifecycle.move(act.tx, visit, VisitState.UNASSIGNED, actor=act.actor)
    kelurahan = area.load().get(visit.area_code)
    params: dict[str, Value] = {
        "number": case.number,
        "place": kelurahan.name if kelurahan else "-",
        "window": window_of(visit),
    }
    act.tell_supervisors(
        visit.area_code,
        News.VISIT_UNASSIGNED,
        visit.id,
        Say("notices.visit_unassigned", params),
        opens="assignment",
    )


def assign(act: Act, visit_id: int, officer_id: int) -> None:
    """Offer a visit to the officer whom a supervisor chose."""
    (visit,) = visits.lock(act.tx, [visit_id])  # supervisors' facts are read without locks
    act.must_supervise(visit.area_code)
    chosen = act.tx.get_one(Officer, officer_id)
    if chosen.person_id is None or not chosen.active or chosen.person_id == visit.host_id:
        raise NotAllowed(f"officer {chosen.id} can't be asked about visit {visit_id}")
    offer_to(act, visit, chosen)


def take_back(act: Act, visit: Visit, giver: Officer) -> None:
    """Withdraw a (locked) visit from its officer, who is told; an officer is sought again.

    The caller plans the next offer, and tells the owner.
    """
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.officer_id == giver.id:
            offer.answer, offer.reason, offer.answered_at = "withdrawn", "given_on", act.at
    visit.officer_id = None
    visit.give_code(None)
    lifecycle.move(act.tx, visit, VisitState.WANTED, actor=act.actor, reason="given_on")
    number = act.tx.get_one(Case, visit.case_id).number
    given = Say("notices.visit_given_on", {"number": number, "window": window_of(visit)})
    act.tell(giver.person_id, News.VISIT_CANCELLED, visit.id, given)


# -- officers --------------------------------------------------------------------------------------


def accept(act: Act, visit_id: int) -> None:
    """Accept a visit offered to the officer who acts, and tell its owner who comes."""
    me, visit = of_officer(act, visit_id)
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.officer_id == me.id and offer.answer is None:
            offer.answer, offer.answered_at = "accepted", act.at
    visit.officer_id = me.id
    visit.give_code(visits.new_code() if visit.host_id is not None else None)
    lifecycle.move(act.tx, visit, VisitState.ACCEPTED, actor=act.actor)
    face = portrait.shown_for(act.tx, me.id)
    act.notify(visit.host_id, "notices.officer_comes", face, **who_comes(me, visit))


def decline(act: Act, visit_id: int, reason: str) -> None:
    """Decline an offered or accepted visit, and seek another officer."""
    me, visit = of_officer(act, visit_id)
    accepted = visit.state == VisitState.ACCEPTED
    for offer in visits.offers_of(act.tx, [visit.id]):
        if offer.officer_id == me.id:
            offer.answer, offer.reason, offer.answered_at = "declined", reason, act.at
    visit.officer_id = None
    visit.give_code(None)
    seek_officer(act, visit, reason)
    if accepted:
        act.notify(visit.host_id, "notices.officer_changes", window=window_of(visit))


def depart(act: Act, visit_id: int) -> None:
    """Record that the officer is on the way, and tell the owner."""
    me, visit = of_officer(act, visit_id)
    lifecycle.move(act.tx, visit, VisitState.ON_THE_WAY, actor=act.actor)
    act.notify(visit.host_id, "notices.on_the_way", **who_comes(me, visit))
    confiding.plan(act, visit)
    documents.hand_to_officer(act, act.tx.get_one(Case, visit.case_id), visit.purpose)


def arrive(
    act: Act,
    visit_id: int,
    km: float | None,
    why: str | None = None,
    words: str = "",
    pin: Pin | None = None,
) -> None:
    """Record the officer's arrival, and tell the owner what is known of it.

    `km` is the distance from the pin, None if unknown. `why` is the officer's reason why no
    location shows the arrival, in `words` if they are the officer's own. `pin` is their location.
    """
    me, visit = of_officer(act, visit_id)
    visit.officer_pin = pin
    lifecycle.move(act.tx, visit, VisitState.ARRIVED, actor=act.actor)
    act.note("visit.arrived", f"visit:{visit.id}", km=km, why=why)
    if why is None:
        act.notify(visit.host_id, "notices.arrived", **who_comes(me, visit))
    else:
        unseen = _unseen(km, why, words)
        act.notify(visit.host_id, "notices.says_arrived", **who_comes(me, visit), unseen=unseen)


def _unseen(km: float | None, why: str, words: str) -> Say:
    """Say what shows the arrival of an officer, and what the officer says about it."""
    if why == NO_PIN:
        return Say("notices.says_arrived.no_pin")
    seen = Say("notices.says_arrived.no_location")
    if km is not None:
        seen = Say("notices.says_arrived.far", {"distance": distance(km)})
    says = Say(f"notices.says_arrived.{why}", {"words": words})
    return Say("notices.says_arrived.unseen", {"seen": seen, "says": says})


def finish(
    act: Act, visit_id: int, purpose: str, outcome: str, answers: Mapping[str, Json]
) -> None:
    """Finish a visit: store its report, and advance its case along the course.

    Raises:
        NotAllowed: its host's door code was not typed, it is for another purpose meanwhile, or
            what differs is being mended.
    """
    _, visit = of_officer(act, visit_id)
    if visit.purpose != purpose:
        raise NotAllowed(f"visit {visit.id} is for {visit.purpose}, and not for {purpose}")
    if visit.host_id is not None and visit.code_proved_at is None:
        raise NotAllowed(f"visit {visit.id} was not proved by its code")
    case = act.tx.get_one(Case, visit.case_id)
    form = assisted.mending(act.tx, case.id)
    if form is not None and form.visit_id == visit.id:
        raise NotAllowed(f"case {case.id} is being mended at visit {visit.id}")
    act.tx.add(VisitReport(visit_id=visit.id, answers=dict(answers)))
    visit.outcome = outcome
    lifecycle.move(act.tx, visit, VisitState.DONE, actor=act.actor)
    owners = case.service, visit.purpose
    stage = course.service_of(case).stage(visit.purpose)
    if stage is not None and stage.issues is not None:
        number = documents.issue(act, case, stage.issues)
        act.reply(worded("notices.handed_over_officer", *owners), number=number)
        act.notify(visit.host_id, worded("notices.handed_over", *owners), number=number)
    else:
        act.reply(worded("notices.visit_done_officer", *owners), number=case.number)
        act.notify(visit.host_id, worded("notices.visit_done", *owners), number=case.number)
    if course.service_of(case).about_others:
        _told_place_ends(act, case, outcome)
    course.advance(act, case)


def _told_place_ends(act: Act, case: Case, outcome: str) -> None:
    """Tell those who told us of a (locked) place; one that wants no help is erased."""
    reporters.hear(act, case, outcome)
    if outcome == NOT_WANTED:
        reporters.keep_quiet(act, case)


def fail(act: Act, visit_id: int, reason: str) -> None:
    """Record a failed visit: the owner chooses another window; after three, supervisors decide.

    A place that somebody told us of is visited twice, and not again.
    """
    _, visit = of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    visit.failure = reason
    lifecycle.move(act.tx, visit, VisitState.FAILED, actor=act.actor, reason=reason)
    case.failed_visits += 1
    why = Say(f"notices.visit_failed.{reason}")
    act.notify(visit.host_id, "notices.visit_failed", reason=why)
    service = course.service_of(case)
    if case.failed_visits < service.attempts:
        course.accept(act, case)
        return
    if service.about_others:
        lifecycle.move(act.tx, case, CaseState.CANCELLED, actor=act.actor, reason=reason)
        reporters.hear(act, case, "not_found")
        return
    course.find(act, case, Finding("visits", Outcome.NEEDS_A_PERSON, "visits_failed"))
    course.to_review(act, case)


def applicant_at(act: Act, visit_id: int) -> int:
    """Return the person whose KTP the officer who acts sees: the host, or the case's applicant.

    Raises:
        NotAllowed: it is another officer's.
    """
    _, visit = of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    applicant = applicants.of(act.tx, case)
    return applicant if applicant != case.person_id else visit.host_id or case.person_id


def of_officer(act: Act, visit_id: int) -> tuple[Officer, Visit]:
    """Return the officer who acts, and a visit that is theirs or offered to them.

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


def who_comes(me: Officer, visit: Visit) -> dict[str, Value]:
    code = visit.code or ""
    return {
        "name": me.name,
        "badge": me.badge,
        "window": window_of(visit),
        "code": f"{code[:3]} {code[3:]}",
    }
