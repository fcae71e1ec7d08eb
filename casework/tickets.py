"""Acts on tickets: matters that a supervisor answers in words, such as a complaint.

A person who waits for the office has a ticket: it has a number, a deadline and a place on the
supervisors' list until somebody closes it with words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import course, files, news
from casework.act import Act
from casework.news import window_of
from casework.visits import take_back
from conversations import services
from conversations.events import News
from conversations.messages import Json, Say, Value
from conversations.service import Answer
from models import calendar, lifecycle, ticket
from models import case as cases
from models import officer as officers
from models import person as people
from models import visit as visits
from models.case import Case, NewCase
from models.infrastructure import deadlines
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.ticket import Remark, Ticket
from models.visit import Visit

COMPLAINT, HELP = "complaint", "help"  # the services whose cases have tickets
OBJECTION = "objection"  # a matter of `help`: to a rejection
SAME = timedelta(days=1)  # within which the same complaint again is counted, and is no new case
NO_OFFICER = "no_officer"
#: The matters of a case that cannot go on: nobody has time, or a task of it was given up.
WAITS = (NO_OFFICER, "stuck_windows", "stuck_offer", "stuck_document")
TOLD_AGAIN = timedelta(days=1)  # supervisors are told of the same matter once in this time
AT_ONCE = timedelta(hours=1)  # until the first answer to a matter that cannot wait
MAX_TIMES = 20  # remarks that one person adds to one ticket; more are counted only

#: Visits of which the officer knows, and those that are offered to one.
_WITH_OFFICER = frozenset(
    {VisitState.OFFERED, VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED}
)
_UNDER_WAY = frozenset({VisitState.ON_THE_WAY, VisitState.ARRIVED})


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter that somebody brings to the office: a `Help` or `Concern`, and the news of it.

    `words` are the person's own. One that is `at_once` is told at any hour. `visit_of` is the
    number of the case whose visit it is about. `within` is the time to settle it, if not the usual.
    """

    about: str
    say: Say
    words: str = ""
    area: str | None = None  # of the person's newest request, or of their work, if it is None
    heads_only: bool = False
    at_once: bool = False
    visit_of: str = ""
    within: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A ticket that somebody waits for: its number and deadline, and whether anybody was told."""

    number: str
    by: date
    told: bool


# -- opened ----------------------------------------------------------------------------------------


def complain(act: Act, service: str, answers: Mapping[str, Json], whom: int | None = None) -> None:
    """File a complaint as a case, take back the accused officer's visits to this person, and tell.

    The same complaint within a day adds its words to the case that is open.
    """
    person_id = act.for_whom(whom)
    accused, seen = _accused(act, person_id, answers.get("officer"))
    about = None if accused is None else accused.id
    known = ticket.open_of(act.tx, person_id, service, about)
    if known is not None and act.at - known[0].submitted_at < SAME:
        case, row = ticket.lock(act.tx, known[0].id)
        _say_again(act, case, row, str(answers.get("what", "")))
        act.reply("ticket.known", number=case.number, by=_day(row.answer_by))
        return
    area = seen.area_code if seen is not None else area_of(act.tx, person_id)
    case, row = _open(act, person_id, service, answers, area, about=service, accused=accused)
    act.note("complaint.filed", f"case:{case.id}", officer=about)
    if accused is not None:
        _take_visits_back(act, accused, person_id)
    what: dict[str, Value] = {"number": case.number, "by": _day(row.answer_by)}
    _tell(act, case, row, Say("notices.complaint_filed", what))
    act.reply(f"{service}.submitted", **what)


def ask(act: Act, matter: Matter, *, always: bool = False, says: bool = True) -> Asked:
    """Open a ticket for the person who acts, and tell supervisors; a repeat is counted.

    With `always`, supervisors are told of repeats too, and not only once a day. With `says`, the
    person is told the number of a new ticket.
    """
    me = act.who().id
    known = ticket.open_of(act.tx, me, matter.about, None)
    if known is None:
        given: dict[str, Json] = {
            "about": matter.about,
            "words": matter.words,
            "visit_of": matter.visit_of,
        }
        area = matter.area or area_of(act.tx, me)
        case, row = _open(act, me, HELP, given, area, about=matter.about)
        row.heads_only = matter.heads_only
        if matter.at_once:
            row.answer_by = act.at + AT_ONCE
        if matter.within is not None:
            row.answer_by = row.close_by = act.at + matter.within
        if says and not always:
            act.reply("ticket.noted", number=case.number, by=_day(row.answer_by))
        told = _tell(act, case, row, matter.say, can_wait=not matter.at_once)
        return Asked(case.number, _day(row.answer_by), told)
    case, row = ticket.lock(act.tx, known[0].id)
    _say_again(act, case, row, matter.words)
    if not always and act.at - row.told_at < TOLD_AGAIN:
        return Asked(case.number, _day(row.answer_by), told=True)
    unheard = row.times - row.told_times - 1
    row.told_at, row.told_times = act.at, row.times
    again = [Say("notices.caller.asked_before", {"n": unheard})] if unheard else []
    told = _tell(act, case, row, matter.say, *again, can_wait=not matter.at_once)
    return Asked(case.number, _day(row.answer_by), told)


def tell_again(act: Act, about: str, say: Say, *, can_wait: bool = True) -> Ticket | None:
    """Tell supervisors something new on the open ticket of the person who acts, and return it."""
    known = ticket.open_of(act.tx, act.who().id, about, None)
    if known is None:
        return None
    _tell(act, *known, say, can_wait=can_wait)
    return known[1]


def wait(act: Act, case: Case, about: str, say: Say, *, at_once: bool = False) -> None:
    """Open a ticket for the owner of a (locked) case that cannot go on, and tell supervisors.

    A matter that is `at_once` is told at any hour, and again while it is open; others are not.
    """
    act.must_be_office()
    known = ticket.open_on(act.tx, case.person_id, about, case.number)
    if known is not None and not at_once:
        return
    if known is None:
        given: dict[str, Json] = {"about": about, "words": "", "visit_of": case.number}
        known = _open(act, case.person_id, HELP, given, case.area_code, about=about)
        if at_once:
            known[1].answer_by = act.at + AT_ONCE
    _tell(act, *known, say, can_wait=not at_once)


def goes_on(act: Act, case: Case, *about: str) -> None:
    """Close the tickets of `wait` on these matters: the case goes on, or has ended."""
    for matter in about:
        known = ticket.open_on(act.tx, case.person_id, matter, case.number)
        if known is None:
            continue
        waits, row = ticket.lock(act.tx, known[0].id)
        if row.closed_at is None:
            row.closed_at = act.at
            act.note("ticket.closed", f"case:{waits.id}", founded=None)
            course.advance(act, waits)


def _open(
    act: Act,
    person_id: int,
    service: str,
    answers: Mapping[str, Json],
    area: str | None,
    *,
    about: str,
    accused: Officer | None = None,
) -> tuple[Case, Ticket]:
    """Create a case that waits for an answer, and its ticket."""
    (sent,) = cases.submit(act.tx, [NewCase(person_id, service, dict(answers), area)])
    act.note("case.sent", f"case:{sent.id}")
    case = act.tx.get_one(Case, sent.id)
    course.accept(act, case)
    stage = course.service_of(case).stage(case.stage)
    if not isinstance(stage, Answer):
        raise NotAllowed(f"the cases of {service} are not answered in words")
    within = deadlines.of(act.tx)
    last = max(within.answer_days, within.close_days)
    row = Ticket(
        case_id=case.id,
        about=about,
        officer_id=accused.id if accused is not None else None,
        heads_only=accused is not None and accused.role != "officer",
        told_at=act.at,
        answer_by=_end_of(sent.calendar.working_days_after(act.at, within.answer_days)),
        close_by=_end_of(sent.calendar.working_days_after(act.at, last)),
    )
    act.tx.add(row)
    act.tx.flush()
    return case, row


def _say_again(act: Act, case: Case, row: Ticket, words: str) -> None:
    row.times += 1
    if words and row.times <= MAX_TIMES:
        act.tx.add(Remark(case_id=case.id, words=words, at=act.at))


def _accused(act: Act, person_id: int, told: Json) -> tuple[Officer | None, Visit | None]:
    """Return the officer whom a complaint is about, and the visit that shows who it is."""
    theirs = select(Visit).where(Visit.host_id == person_id, Visit.officer_id.is_not(None))
    last = act.tx.scalars(theirs.order_by(Visit.id.desc()).limit(1)).one_or_none()
    if told == "last":
        return (act.tx.get(Officer, last.officer_id) if last is not None else None), last
    if not isinstance(told, Mapping) or not told.get("badge"):
        return None, None
    found = officers.with_badge(act.tx, str(told["badge"]))
    one = found[0] if found else None
    seen = last if last is not None and one is not None and last.officer_id == one.id else None
    return one, seen


def area_of(tx: Session, person_id: int) -> str | None:
    """Return the area of a person's work, or of their newest request."""
    me = officers.of_person(tx, person_id)
    if me is not None:
        return next(iter(officers.areas_of(tx, me.id)), None)
    asked = select(Case.area_code).where(Case.person_id == person_id, Case.area_code.is_not(None))
    return tx.scalars(asked.order_by(Case.id.desc()).limit(1)).one_or_none()


def _take_visits_back(act: Act, accused: Officer, host_id: int) -> None:
    """Offer the accused officer's open visits to this host to another officer, window kept.

    The officer hears only that the visit was given to somebody else. One that is under way ends
    without counting as failed.
    """
    found = select(Visit.id).where(Visit.host_id == host_id, Visit.state.in_(list(_WITH_OFFICER)))
    for one in visits.lock(act.tx, list(act.tx.scalars(found))):
        asked = [o for o in visits.offers_of(act.tx, [one.id]) if o.officer_id == accused.id]
        if one.officer_id != accused.id and not any(o.answer is None for o in asked):
            continue
        under_way = one.state in _UNDER_WAY
        promised = under_way or one.state == VisitState.ACCEPTED
        take_back(act, one, accused)
        visits.plan_offer(act.tx, one)
        number = act.tx.get_one(Case, one.case_id).number
        window = window_of(one)
        if promised:
            key = "notices.visit_stopped" if under_way else "notices.officer_changes"
            act.tell(host_id, News.OFFICER_CHANGES, one.id, Say(key, {"window": window}))
        if under_way:
            params: dict[str, Value] = {
                "number": number,
                "name": accused.name,
                "badge": accused.badge,
            }
            stopped = Say("notices.visit_stopped_supervisor", params)
            act.tell_supervisors(
                one.area_code, News.OFFICER_REPORTS, one.id, stopped, can_wait=False
            )


def open_objection(
    act: Act, case: Case, words: str, kept_from: Officer | None
) -> tuple[Case, Ticket]:
    """Open the owner's ticket on a rejected case, which `kept_from` may not read.

    `same_as` of its case is the number of the rejected one.
    """
    case = act.my_case(case.id)
    given: dict[str, Json] = {"about": OBJECTION, "words": words, "visit_of": case.number}
    opened, row = _open(
        act, case.person_id, HELP, given, case.area_code, about=OBJECTION, accused=kept_from
    )
    opened.same_as, row.heads_only = case.number, False
    return opened, row


def tell_readers(act: Act, case: Case, row: Ticket, say: Say) -> bool:
    """Tell those who may read the ticket of the person who acts."""
    return _tell(act, act.my_case(case.id), row, say)


# -- told ------------------------------------------------------------------------------------------


def _tell_owner(act: Act, case: Case, said: Say) -> None:
    """Tell the person who waits that there are words to read: at any hour during a visit."""
    told = act.about(visits.under_way_with(act.tx, case.person_id))
    told.tell(case.person_id, News.TICKET_ANSWERED, case.id, said, opens="my_ticket")


def _tell(act: Act, case: Case, row: Ticket, *says: Say, can_wait: bool = True) -> bool:
    """Tell who may read a ticket: the area's supervisors and, of a complaint, the heads too."""
    readers = _readers(act.tx, case, row)
    for person_id in readers:
        act.tell(person_id, News.TICKET_OPENED, case.id, *says, opens="ticket", can_wait=can_wait)
    if not readers:
        news.nobody(act.tx, case.area_code, f"ticket:{case.id}")
    return bool(readers)


def _readers(tx: Session, case: Case, row: Ticket) -> list[int]:
    heads = officers.heads(tx)
    here = [] if row.heads_only else officers.supervisors_of(tx, case.area_code)
    told = [*here, *(heads if row.heads_only or row.about in (COMPLAINT, OBJECTION) else ())]
    about = tx.get(Officer, row.officer_id) if row.officer_id is not None else None
    kept = {case.person_id, about.person_id if about is not None else None}
    return [one for one in dict.fromkeys(told) if one not in kept]


def escalate(act: Act, case: Case, row: Ticket) -> None:
    """Tell the heads once that a (locked) ticket is overdue."""
    act.must_be_office()
    row.overdue_at = act.at
    late = row.answered_at is None and row.answer_by < act.at
    key = "notices.ticket_unanswered" if late else "notices.ticket_unclosed"
    by = _day(row.answer_by if late else row.close_by)
    say = Say(key, {"number": case.number, "by": by})
    about = act.tx.get(Officer, row.officer_id) if row.officer_id is not None else None
    heads = [one for one in officers.heads(act.tx) if about is None or one != about.person_id]
    for person_id in heads:
        act.tell(person_id, News.TICKET_OPENED, case.id, say, opens="ticket")
    if not heads:
        news.nobody(act.tx, case.area_code, f"overdue:{case.id}")


# -- worked on by supervisors ----------------------------------------------------------------------


def take(act: Act, case_id: int) -> None:
    """Take a ticket over: its owner is told, and colleagues see whose it is."""
    case, row, me = mine(act, case_id)
    act.reply("ticket.taken", number=case.number)
    if row.taken_by_id == me.id:
        return
    row.taken_by_id = me.id
    files.send(act, case, row)
    act.note("ticket.taken", f"case:{case.id}")
    act.tell(
        case.person_id,
        News.TICKET_ANSWERED,
        case.id,
        Say("notices.ticket_taken", {"number": case.number, "by": _day(row.close_by)}),
    )


def answer(act: Act, case_id: int, words: str) -> None:
    """Send a supervisor's words to the person who waits; the ticket stays open."""
    case, row, me = mine(act, case_id)
    if row.taken_by_id is None:
        row.taken_by_id = me.id
        files.send(act, case, row)
    row.answered_at = row.answered_at or act.at
    act.tx.add(Remark(case_id=case.id, officer_id=me.id, words=words, at=act.at))
    act.note("ticket.answered", f"case:{case.id}")
    said = Say("notices.ticket_answered", {"number": case.number})
    _tell_owner(act, case, said)
    _warn_if_silent(act, case)


def close(
    act: Act,
    case_id: int,
    words: str,
    *,
    founded: bool | None = None,
    result: Say | None = None,
) -> None:
    """Close a ticket with words to its owner; an officer who was cleared is told that it is over.

    `founded` tells how a complaint ended, None if it was not decided. `result` is told to the
    owner instead of the general sentence.
    """
    case, row, me = mine(act, case_id)
    row.taken_by_id = row.taken_by_id or me.id
    row.answered_at = row.answered_at or act.at
    row.closed_at, row.founded = act.at, founded
    act.tx.add(Remark(case_id=case.id, officer_id=me.id, words=words, at=act.at))
    act.note("ticket.closed", f"case:{case.id}", founded=founded)
    course.advance(act, case)
    said = result or Say("notices.ticket_closed", {"number": case.number})
    _tell_owner(act, case, said)
    accused = row.officer_id if row.about != OBJECTION else None
    about = act.tx.get(Officer, accused) if accused is not None else None
    if founded is False and about is not None:
        act.tell(about.person_id, News.OFFICER_REPORTS, case.id, Say("notices.officer_cleared"))
    _warn_if_silent(act, case)


def _warn_if_silent(act: Act, case: Case) -> None:
    """Tell the supervisor that the person takes no messages, so that a call is the only way."""
    person = act.tx.get_one(people.Person, case.person_id)
    if person.opted_out_at is not None:
        act.reply("ticket.opted_out", number=case.number)


def mine(act: Act, case_id: int) -> tuple[Case, Ticket, Officer]:
    """Lock and return an open ticket that the supervisor who acts may read.

    Raises:
        NotAllowed: they may not, or it is closed.
    """
    me = act.supervisor()
    case, row = ticket.lock(act.tx, case_id)
    if row.closed_at is not None:
        raise NotAllowed(f"ticket {case_id} is closed")
    if not may_read(act.tx, me, case, row):
        raise NotAllowed(f"ticket {case_id} is not for {act.actor}")
    return case, row, me


def may_read(tx: Session, me: Officer, case: Case, row: Ticket) -> bool:
    """Whether a supervisor may read a ticket: of their area, and neither by nor about them."""
    if me.person_id is None or case.person_id == me.person_id or row.officer_id == me.id:
        return False
    if row.heads_only:
        return me.role == "head"
    return officers.may_supervise(tx, me.person_id, case.area_code)


# -- added to by their owners ----------------------------------------------------------------------


def add(act: Act, case_id: int, words: str) -> None:
    """Add the owner's words to their open ticket, and tell the supervisor who took it."""
    case = act.my_case(case_id)
    case, row = ticket.lock(act.tx, case.id)
    if row.closed_at is not None:
        raise NotAllowed(f"ticket {case_id} is closed")
    _say_again(act, case, row, words)
    say = Say("notices.ticket_added", {"number": case.number})
    taker = act.tx.get(Officer, row.taken_by_id) if row.taken_by_id is not None else None
    if taker is not None and taker.active and taker.person_id is not None:
        act.tell(taker.person_id, News.TICKET_OPENED, case.id, say, opens="ticket")
    else:
        _tell(act, case, row, say)


def drop(act: Act, case_id: int) -> None:
    """Close the owner's own ticket, since the matter is settled."""
    case = act.my_case(case_id)
    case, row = ticket.lock(act.tx, case.id)
    if row.closed_at is not None:
        return
    row.closed_at = act.at
    lifecycle.move(act.tx, case, CaseState.CANCELLED, actor=act.actor)
    say = Say("notices.ticket_dropped", {"number": case.number})
    taker = act.tx.get(Officer, row.taken_by_id) if row.taken_by_id is not None else None
    if taker is not None:
        act.tell(taker.person_id, News.TICKET_OPENED, case.id, say)


# -- shared ----------------------------------------------------------------------------------------


def words_of(case: Case) -> str:
    """Return what the person told when the ticket was opened; "" if it can't be read."""
    answers: Mapping[str, Any] = readable(case.answers) or {}
    return str(answers.get("what") or answers.get("words") or "")


def answered() -> frozenset[str]:
    """Return the services whose cases have tickets."""
    return services.load().answered()


def _end_of(day: date) -> datetime:
    return datetime.combine(day, calendar.CLOSES, WIB).astimezone(UTC)


def _day(at: datetime) -> date:
    return at.astimezone(WIB).date()
