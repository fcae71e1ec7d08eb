"""Acts by which an officer reports from the day's rounds: late, in danger, absent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from casework import alarms, course, handing_on, referring, tickets, visits
from casework.act import Act
from casework.documents import called
from casework.news import window_of
from conversations import catalogue
from conversations.effects import Concern
from conversations.events import News
from conversations.messages import Say, Value
from conversations.wording import days_words
from models import absence, lifecycle, officer
from models import case as cases
from models import visit as rows
from models.case import Case
from models.finding import Finding, Outcome
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import NotAllowed, VisitState
from models.officer import Officer
from models.person import Person
from models.reference import area
from models.visit import Visit

UNSAFE = "unsafe"  # why a visit failed
_URGENT = frozenset({Concern.DANGER, Concern.SAFE})  # told at any hour
_NEWS_ONLY = frozenset({Concern.SAFE, Concern.WORKS})  # nobody waits for an answer to these
_COMING = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY})


def late(act: Act, visit_id: int, minutes: int) -> None:
    """Tell the owner that the officer comes later, or in time after all if `minutes` is 0.

    Raises:
        NotAllowed: the visit is another officer's, or the officer is there already.
    """
    me, visit = visits.of_officer(act, visit_id)
    if visit.state not in _COMING:
        raise NotAllowed(f"visit {visit_id} is {visit.state}: nobody is waited for")
    act.note("visit.late", f"visit:{visit.id}", minutes=minutes)
    known: dict[str, Value] = {"name": me.name, "badge": me.badge, "window": window_of(visit)}
    if minutes:
        act.notify(visit.host_id, "notices.officer_late", **known, minutes=minutes)
    else:
        act.notify(visit.host_id, "notices.officer_in_time", **known)


def concern(act: Act, about: Concern, visit_id: int | None, words: str) -> None:
    """Tell supervisors what an officer reports, with the officer's own words.

    Danger is told at any hour, and so is what concerns a visit under way. A visit recorded as
    failed by mistake is the officer's last one.
    """
    me = act.officer()
    visit = visits.of_officer(act, visit_id)[1] if visit_id is not None else None
    if about is Concern.WORKS:
        absence.end(act.tx, me.id, act.at.astimezone(WIB).date())
    if about is Concern.NOT_FAILED:
        visit = _last_failed(act, me)
    act.note("officer.reported", f"officer:{me.id}", about=about, visit=visit_id)
    params: dict[str, Value] = {
        "name": me.name,
        "badge": me.badge,
        "visit": _visit(act, visit) if visit is not None else Say("notices.officer_visit.none"),
        "words": words,
    }
    if about is Concern.DANGER:
        phone = alarms.phone_of(act.tx.get_one(Person, act.who().id))
        say = Say("notices.officer_in_danger", {**params, "phone": phone})
    else:
        what = Say(f"notices.officer_concern.{about}")
        say = Say("notices.officer_reports", {**params, "what": what})
    if about in _NEWS_ONLY:
        _tell(act.about(visit), me, visit, say, can_wait=about not in _URGENT)
        return
    above = about is Concern.COMPLAINT_ABOVE
    matter = tickets.Matter(
        about,
        say,
        words,
        area=visit.area_code if visit is not None else None,
        heads_only=above,
        at_once=about in _URGENT,
        visit_of=act.tx.get_one(Case, visit.case_id).number if visit is not None else "",
    )
    asked = tickets.ask(act.about(visit), matter, always=True)
    if about is Concern.DANGER:
        alarms.plan(act, asked.number)
    if above:
        act.reply("supervising.heads_told" if asked.told else "supervising.no_heads")


def leave_unsafe(act: Act, visit_id: int) -> None:
    """End a visit at once that is not safe, and call the supervisors until one of them takes it.

    The visit fails without a question; a supervisor decides whether anybody goes there again.

    Raises:
        NotAllowed: the visit is another officer's, or its host asked for it.
    """
    _, visit = visits.of_officer(act, visit_id)
    (case,) = cases.lock(act.tx, [visit.case_id])
    if not course.service_of(case).about_others:
        raise NotAllowed(f"visit {visit_id} is not to a place that somebody told us of")
    said = Say("help.met.unsafe")
    locale = "en" if act.who().locale == "en" else "id"
    concern(act, Concern.DANGER, visit_id, catalogue.load().say(said, locale))
    visit.failure = UNSAFE
    lifecycle.move(act.tx, visit, VisitState.FAILED, actor=act.actor, reason=UNSAFE)
    course.find(act, case, Finding("visits", Outcome.NEEDS_A_PERSON, "visit_unsafe"))
    referring.hold(act, case)
    act.reply("help.left")


def absent(act: Act, days: Sequence[date], words: str) -> None:
    """Store the days on which an officer will not work, and tell supervisors.

    The officer's visits and offers of those days go to others, with their windows. The same days
    again are not told again.
    """
    me = act.officer()
    if not absence.add(act.tx, me.id, days):
        return
    act.note("officer.absent", f"officer:{me.id}", days=[day.isoformat() for day in days])
    _give_up(act, me, days)
    params: dict[str, Value] = {
        "name": me.name,
        "badge": me.badge,
        "days": days_words(days),
        "words": words,
    }
    _tell(act, me, None, Say("notices.officer_absent", params), can_wait=True)


def _give_up(act: Act, me: Officer, days: Sequence[date]) -> None:
    """Offer the officer's visits of these days to others; one that is under way stays."""
    open_ids = rows.open_ids(act.tx, officer_ids=[me.id])
    found = act.tx.scalars(select(Visit).where(Visit.id.in_(open_ids), Visit.on.in_(days))).all()
    cases.lock(act.tx, sorted({one.case_id for one in found}))
    for one in rows.lock(act.tx, [one.id for one in found]):
        if one.state in handing_on.MOVABLE:
            handing_on.withdraw(act, me, one)
            rows.plan_offer(act.tx, one)


def _tell(act: Act, me: Officer, visit: Visit | None, say: Say, *, can_wait: bool) -> None:
    areas: list[str | None] = [*officer.areas_of(act.tx, me.id)]
    if visit is not None:
        areas = [visit.area_code]
    for code in areas or [None]:
        act.tell_supervisors(code, News.OFFICER_REPORTS, me.id, say, can_wait=can_wait)


def _last_failed(act: Act, me: Officer) -> Visit | None:
    failed = select(Visit).where(Visit.officer_id == me.id, Visit.state == VisitState.FAILED)
    return act.tx.scalars(failed.order_by(Visit.moved_at.desc(), Visit.id.desc()).limit(1)).first()


def _visit(act: Act, visit: Visit) -> Say:
    """Return a visit as supervisors read it: the case, whom it is to, and where."""
    case = act.tx.get_one(Case, visit.case_id)
    kelurahan = area.load().get(visit.area_code)
    site = readable(visit.site) or {}
    place = [str(site.get("address") or ""), kelurahan.name if kelurahan else visit.area_code]
    return Say(
        "notices.officer_visit.named",
        {
            "number": case.number,
            "owner": called(act.tx, case),
            "place": " ".join(", ".join(part for part in place if part).split()),
            "window": window_of(visit),
        },
    )
