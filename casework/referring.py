"""Acts on referrals: somebody tells us of a place, and an officer goes there to offer help.

The case belongs to a person without a chat, whoever has the place; who told us is a participant.
Every new one is compared with what is known: one place is visited once, however many tell of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update

from casework import course, reporters, visits
from casework.act import Act
from casework.cases import columns, new_case
from casework.likeness import Same, Spot, compare, signs, spot_of
from conversations import services
from conversations.events import News
from conversations.messages import Json, Message, Say, Value
from conversations.referrals import OF_SERIES, SERIES
from conversations.wording import window_words
from models import calendar, erasure, finding, helper, lifecycle, referrals, window
from models import case as cases
from models import officer as officers
from models import visit as rows
from models.case import Case
from models.finding import Finding, Outcome
from models.infrastructure import guards
from models.infrastructure.encryption import readable
from models.lifecycle import OPEN_CASES, CaseState, NotAllowed
from models.person import Person
from models.visit import Visit
from models.window import Window

DAY, MONTH = timedelta(days=1), timedelta(days=30)
NOT_FOUND = frozenset({"nobody", "not_found"})  # failures of a visit at which nobody was met
WORKING_DAYS = 5  # until the visit of a place that somebody else told us of
WORKING_DAYS_AGAIN = 3  # until the second one, if nobody was met
SHOWN = 3  # other referrals, at most, that the officer is told may be the same

#: The parts of a day in which a place is open, by the reporter's answer.
PARTS: Mapping[str, tuple[str, ...]] = {
    "morning": ("morning",),
    "midday": ("midday", "afternoon"),
    "evening": ("evening", "afternoon"),
}

REPEATED = ("purpose", "place")  # answers that need not be given again for the next place
#: An answer: landmarks that were added later, as they were typed, for erasing to find them.
ADDED = "added"

#: Reasons for which a supervisor decides first.
MANY, UNLIKELY, LICENSED = "many_referrals", "unlikely_referrals", "perhaps_licensed"


# -- told ------------------------------------------------------------------------------------------


def refer(act: Act, service: str, answers: Mapping[str, Json], public_url: str) -> None:
    """Take in a place of which the person who acts tells us, and thank them.

    The same sentence, whatever follows. Over their limit nothing is stored, and they may send the
    same again on another day: the form opens at its review. If the owner agreed, there is a code
    to forward; somebody who was invited to tell of places is asked for the next one.
    """
    me = act.who()
    given = {step: answer for step, answer in answers.items() if step not in OF_SERIES}
    helps = helper.helps_in(act.tx, me.id, str(columns(service, given)["area_code"]))
    full = _full(act, me.id, service, helps=helps)
    if full is not None:
        said, form = Say(full, _limits(act)), {"answers": {**answers}, "whom": None}
        act.tell(me.id, News.FORM_OPENED, "", said, opens=service, form=form)
        return
    case_id = _take_in(act, service, given)
    reporters.add(act, case_id)
    act.reply(f"{service}.submitted")
    if given.get("knows") == "agreed":
        code = referrals.invite(act.tx, case_id)
        forwarded = Say(f"{service}.invitation", {"url": f"{public_url}/k/{code}", "code": code})
        replace(act, cause=f"{act.cause}:code").enqueue(Message((forwarded,)))
    if helps:
        again: dict[str, Json] = {step: given[step] for step in REPEATED if step in given}
        form = {"answers": {**again, SERIES: True}, "whom": None}
        act.tell(me.id, News.FORM_OPENED, "", opens=service, form=form)


def accept_invitation(act: Act, code: str) -> bool:
    """Let the owner of a place that somebody told of go on alone; False for another code.

    The visit that was planned is called off, unless the officer is under way. Those who told us of
    the place can't take it for their own.
    """
    me, case_id = act.who().id, referrals.invited(act.tx, code)
    if case_id is None:
        return False
    (case,) = cases.lock(act.tx, [case_id])
    service = course.service_of(case)
    if me in referrals.told_by(act.tx, case):
        act.reply(f"{service.id}.invitation_own")
        return True
    referrals.accept_invitation(act.tx, case.id)
    first = _first(act, case)
    if first is not case:  # the visit is the one of whoever told first
        (case,) = cases.lock(act.tx, [first.id])
    planned = rows.open_of_case(act.tx, case.id)
    if planned is None or planned.state not in rows.UNDER_WAY:
        if planned is not None:
            visits.call_off(act, planned, "invited")
        if case.state in OPEN_CASES:
            _end(act, case, "invited")
    known = readable(case.answers) or {}
    form = {"answers": {s: known[s] for s in ("trade", "place") if s in known}, "whom": None}
    helping = services.load().helper_of(service.opens, services.load())
    opens = helping.id if helping is not None else service.opens
    act.note("invitation.accepted", f"case:{case.id}")
    welcome = Say(f"{service.id}.invited")
    act.tell(me, News.FORM_OPENED, "", welcome, opens=opens, form=form, can_wait=False)
    return True


def _full(act: Act, person_id: int, service: str, *, helps: bool) -> str | None:
    """Return the sentence of the limit that a person has used up; None if there is none."""
    rules = guards.of(act.tx)
    today = referrals.told_before(act.tx, person_id, DAY)
    if today >= (rules.helpers_a_day if helps else rules.a_day):
        return f"{service}.full_today"
    if not helps and referrals.told_before(act.tx, person_id, MONTH) >= rules.a_month:
        return f"{service}.full"
    return None


def _limits(act: Act) -> dict[str, Value]:
    rules = guards.of(act.tx)
    return {"a_day": rules.a_day, "a_month": rules.a_month}


def tell_onward(act: Act, visit_id: int, place: Json) -> None:
    """Take in the new place of somebody who moved away, as the officer was told at the old one."""
    _, visit = visits.of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    if not course.service_of(case).about_others or not isinstance(place, Mapping):
        raise NotAllowed(f"visit {visit_id} is not to a place that somebody told us of")
    answers = {**(readable(case.answers) or {}), "place": dict(place), "landmark": None}
    _take_in(act, case.service, answers)


def tell_more(
    act: Act,
    case_id: int,
    landmarks: Sequence[str],
    place: Mapping[str, Json] | None,
    opens: str | None,
) -> None:
    """Take in what somebody adds to a place that they told of and that was not found.

    It is looked for once more, however many of those who told of it add something. All that is
    known goes on in a case of its own, so that it is compared with other places anew.

    Raises:
        NotAllowed: the person who acts did not tell of the place, or heard long ago how it ended.
    """
    me = act.who()
    (case,) = cases.lock(act.tx, [case_id])
    service = course.service_of(case)
    if not service.about_others or not reporters.may_add(act, case):
        raise NotAllowed(f"{act.actor} can't add anything to case {case_id}")
    known = readable(case.answers) or {}
    near = ", ".join(one for one in (*landmarks, str(known.get("landmark") or "")) if one)
    more: dict[str, Json] = {"landmark": near or None, ADDED: [*landmarks]}
    more |= ({"place": dict(place)} if place else {}) | ({"open": opens} if opens else {})
    given = {**known, **more}
    helps = helper.helps_in(act.tx, me.id, str(columns(case.service, given)["area_code"]))
    full = _full(act, me.id, case.service, helps=helps)
    if full is not None:
        act.reply(full, **_limits(act))
        return
    act.reply("lost_place.noted")
    if finding.has(act.tx, case.id, finding.ADDED):
        return
    course.find(act, case, Finding(finding.ADDED, Outcome.OK))
    again = act.tx.get_one(Case, _take_in(act, case.service, given, case.person_id))
    again.failed_visits = service.attempts - 1  # one more try
    reporters.add(act, again.id)


def _take_in(
    act: Act, service: str, answers: Mapping[str, Json], whose_id: int | None = None
) -> int:
    """Create the case of a place, and the person without a chat who has it; return its id.

    `whose_id` is that person, if the place is known already.
    """
    if whose_id is None:
        whose = Person()
        act.tx.add(whose)
        act.tx.flush()
        whose_id = whose.id
    (sent,) = cases.submit(act.tx, [new_case(whose_id, service, answers)])
    act.note("case.sent", f"case:{sent.id}")
    return sent.id


# -- compared --------------------------------------------------------------------------------------


def settle(act: Act, case: Case) -> None:
    """Compare a new (locked) referral with what is known, and let it go on, wait, or end.

    Raises:
        NotAllowed: a person acts.
    """
    act.must_be_office()
    referrals.lock_area(act.tx, case.area_code or "")
    spot, rules = _spot(case), guards.of(act.tx)
    if referrals.is_quiet(act.tx, signs(spot, around=True)):
        _end(act, case, "not_again")
        erasure.ask(act.tx, case.person_id, f"erase:{case.person_id}:{act.cause}")
        return
    same, perhaps = _alike(act, case, spot, rules)
    if same is not None:
        _merge(act, case, same)
        return
    found = [Finding(why, Outcome.NEEDS_A_PERSON, why) for why in _doubts(act, case, spot)]
    course.find(act, case, *found)
    if perhaps:
        course.find(act, case, Finding(finding.SAME_PLACE, Outcome.OK, "", params={"of": perhaps}))
    if found:
        hold(act, case)
    else:
        course.accept(act, case)


def _spot(case: Case) -> Spot:
    return spot_of(readable(case.answers) or {}, case.area_code or "")


def _alike(
    act: Act, case: Case, spot: Spot, rules: guards.Guards
) -> tuple[Case | None, list[tuple[int, str]]]:
    """Return the referral that is about the same place, and others that may be: id and number."""
    apart = referrals.apart(act.tx, case.id)
    perhaps: list[tuple[int, str]] = []
    known = referrals.near(act.tx, case.service, case.area_code or "", rules.compared, case.id)
    for other in known:
        first = _first(act, other)
        if other.id in apart or not _counts(act, first):
            continue
        how = compare(spot, _spot(other), rules.metres)
        if how is Same.YES:
            return first, perhaps
        if how is Same.PERHAPS and other.state in OPEN_CASES:
            perhaps.append((other.id, other.number))
    return None, perhaps[:SHOWN]


def _counts(act: Act, case: Case) -> bool:
    """Whether a referral stands for its place: one that was not found may be told of anew.

    One that is not compared yet will itself be compared with this one.
    """
    if case.state == CaseState.SUBMITTED:
        return False
    if case.state in OPEN_CASES:
        return True
    last = select(Visit.failure).where(Visit.case_id == case.id).order_by(Visit.id.desc()).limit(1)
    return act.tx.scalar(last) not in NOT_FOUND


def _first(act: Act, case: Case) -> Case:
    """Return the referral into which this one was merged, or else itself."""
    into = (case.same_as or "").removeprefix("case:")
    return act.tx.get_one(Case, int(into)) if into.isdecimal() else case


def _merge(act: Act, case: Case, same: Case) -> None:
    """Give a (locked) referral to the person of the one that is about the same place."""
    alone = case.person_id
    case.same_as = referrals.merged_into(same.id)
    _end(act, case, "merged")
    act.tx.flush()
    if alone != same.person_id:
        of_place = update(Case).where(Case.person_id == alone)  # it may have been told of before
        act.tx.execute(of_place.values(person_id=same.person_id))
        act.tx.delete(act.tx.get_one(Person, alone))


def _end(act: Act, case: Case, why: str) -> None:
    lifecycle.move(act.tx, case, CaseState.CANCELLED, actor=act.actor, reason=why)


def _doubts(act: Act, case: Case, spot: Spot) -> Iterable[str]:
    """Yield the reasons for which a supervisor decides first."""
    rules, told = guards.of(act.tx), referrals.told_by(act.tx, case)
    area = case.area_code or ""
    others = [one for one in told if not helper.helps_in(act.tx, one, area)]
    if any(referrals.told_before(act.tx, p, DAY, case.id) >= rules.looked_at_from for p in others):
        yield MANY
    if any(_unlikely(act, one, case.service, rules) for one in told):
        yield UNLIKELY
    if _licensed(act, case, spot, rules):
        yield LICENSED


def _unlikely(act: Act, person_id: int, service: str, rules: guards.Guards) -> bool:
    last = referrals.last_told(act.tx, person_id, service, rules.last)
    failed = select(Visit.case_id).where(
        Visit.case_id.in_([one.id for one in last]), Visit.failure.in_(NOT_FOUND)
    )
    return len(set(act.tx.scalars(failed))) >= rules.not_found


def _licensed(act: Act, case: Case, spot: Spot, rules: guards.Guards) -> bool:
    """Whether the place may have a permit, or has asked for one."""
    opened = course.service_of(case).opens
    for other in referrals.near(act.tx, opened, case.area_code or "", 10 * rules.compared, case.id):
        if other.state in (CaseState.REJECTED, CaseState.CANCELLED):
            continue
        if compare(spot, _spot(other), rules.metres) is Same.YES:
            return True
    return False


# -- held ------------------------------------------------------------------------------------------


def hold(act: Act, case: Case) -> None:
    """Let supervisors of the area decide whether an officer goes there."""
    lifecycle.move(act.tx, case, CaseState.IN_REVIEW, actor=act.actor)
    said = Say("notices.held", {"number": case.number})
    act.tell_supervisors(case.area_code, News.REVIEW_NEEDED, case.id, said, opens="held")


def decide(act: Act, case_id: int, *, go: bool) -> None:
    """Send an officer to a place that waited for a supervisor, or to none.

    Raises:
        NotAllowed: the person who acts does not supervise the area, or it does not wait.
    """
    (case,) = cases.lock(act.tx, [case_id])
    act.must_supervise(case.area_code)
    if not course.service_of(case).about_others or case.state != CaseState.IN_REVIEW:
        raise NotAllowed(f"case {case_id} does not wait")
    if go:
        course.find(act, case, Finding("approval", Outcome.OK))
        course.accept(act, case)
    else:
        _end(act, case, "held")


def send_all(act: Act, case_id: int) -> None:
    """Send officers to this place and to all others that wait in the areas of who acts."""
    act.supervisor()
    me, service = act.who().id, act.tx.get_one(Case, case_id).service
    waiting = select(Case.id).where(Case.state == CaseState.IN_REVIEW, Case.service == service)
    for one in act.tx.scalars(waiting.order_by(Case.moved_at)).all():
        if officers.may_supervise(act.tx, me, act.tx.get_one(Case, one).area_code):
            decide(act, one, go=True)


# -- booked ----------------------------------------------------------------------------------------


def book(act: Act, case: Case) -> bool:
    """Book a visit of an accepted (locked) case for its owner, who has no chat; False if none fits.

    It is when the place is open, if that is known, and in another part of the day than before.
    """
    act.must_be_office()
    code = case.area_code or ""
    free = list(window.free(act.tx, code, act.at))
    if not free:
        return False
    chosen = _best(act, case, free)
    visits.book_for(act, case, chosen)
    return True


def _best(act: Act, case: Case, free: list[Window]) -> Window:
    answers = readable(case.answers) or {}
    open_in = PARTS.get(str(answers.get("open")), ())
    before = set(act.tx.scalars(select(Visit.part).where(Visit.case_id == case.id)))
    within = WORKING_DAYS_AGAIN if before else WORKING_DAYS
    by = calendar.load(act.tx).working_days_after(act.at, within)
    in_time = [one for one in free if one.on <= by] or free
    fitting = [one for one in in_time if one.part in open_in and one.part not in before]
    fitting = fitting or [one for one in in_time if one.part not in before]
    return (fitting or in_time)[0]


def postpone(act: Act, visit_id: int, chosen: Window) -> None:
    """Book another time that the host chose at the door, in place of a visit under way.

    Raises:
        NotAllowed: the visit is another officer's.
    """
    _, visit = visits.of_officer(act, visit_id)
    (case,) = cases.lock(act.tx, [visit.case_id])
    visits.call_off(act, visit, "host_chose")
    act.tx.flush()
    visits.book_for(act, case, chosen)
    act.reply("help.postponed", window=window_words(chosen.on, chosen.starts, chosen.ends))
    reporters.hear(act, case, "later")


def may_tell(act: Act, visit_id: int) -> None:
    """Tell those who told us of a place that its owner is being helped, as the owner allows."""
    _, visit = visits.of_officer(act, visit_id)
    case = act.tx.get_one(Case, visit.case_id)
    act.note("reporters.told", f"case:{case.id}")
    reporters.hear(act, case, "helped")


def is_same(act: Act, visit_id: int, other_id: int, *, same: bool) -> None:
    """Note whether two referrals are about one place, as an officer says who was there."""
    _, visit = visits.of_officer(act, visit_id)
    if not same:
        referrals.set_apart(act.tx, visit.case_id, other_id)
        act.note("referrals.apart", f"case:{visit.case_id}", of=other_id)
        return
    locked = {one.id: one for one in cases.lock(act.tx, sorted([visit.case_id, other_id]))}
    case, other = locked[visit.case_id], locked[other_id]
    waiting = rows.open_of_case(act.tx, other.id)
    if waiting is not None and waiting.state in rows.UNDER_WAY:
        return  # somebody is on the way there: both visits are made
    if waiting is not None:
        visits.call_off(act, waiting, "merged")
    _merge(act, other, case)
