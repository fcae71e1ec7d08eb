"""Acts on a case: submitted, corrected and withdrawn by its owner, decided by a supervisor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from casework import applicants, course, dossiers, inviting, objections, tickets
from casework.act import Act
from casework.visits import cancel
from conversations import letters, services
from conversations.messages import Json
from conversations.whose import may_be_returned, of_somebody
from models import calendar, finding, lifecycle, officer, participant, visit
from models import case as cases
from models.case import Case, NewCase
from models.finding import REFUSAL, Finding, Outcome
from models.lifecycle import CaseState, NotAllowed
from models.participant import ParticipantRole


def submit(
    act: Act,
    service: str,
    answers: Mapping[str, Json],
    whom: int | None = None,
    *,
    helped: bool = False,
) -> int | None:
    """Create a case and plan its verification; a service without checks accepts it at once.

    `whom` is the applicant, if another person filled in the form. With `helped` an officer filled
    it in with the person and is still there: no time has to be chosen. Returns the case's id; None
    for what supervisors answer in words.
    """
    declared, given = services.load()[service], dict(answers)
    if declared.answered:
        tickets.complain(act, service, given, whom)
        return None
    person_id = act.for_whom(whom)
    sent = act.ledger.submitted(act.cause)
    if sent is None:
        (sent,) = cases.submit(act.tx, [new_case(person_id, service, given)])
    act.note("case.sent", f"case:{sent.id}")
    if not act.is_of(person_id):
        participant.add(act.tx, sent.id, ParticipantRole.HELPER, act.who().id)
    if of_somebody(given):
        applicants.add(act.tx, sent.id)
    case = act.tx.get_one(Case, sent.id) if not declared.checks else None
    if case is not None:
        course.accept(act, case)
    promised = declared.promise
    by = sent.calendar.working_days_after(act.at, promised.days) if promised else None
    if helped:
        act.reply("assisted.submitted", number=sent.number)
    else:
        act.reply(f"{service}.submitted", number=sent.number, **({"by": by} if by else {}))
    if case is not None and case.state == CaseState.ACCEPTED and act.is_of(person_id):
        inviting.invite(act, case)
    return sent.id


def new_case(person_id: int, service: str, answers: Mapping[str, Json]) -> NewCase:
    """Return the row of a case that somebody submits."""
    return NewCase(person_id, service, dict(answers), **columns(service, answers))


def correct(act: Act, case_id: int, answers: Mapping[str, Json]) -> None:
    """Replace answers of the person's own case, and plan the verification of what depends on them.

    If the identity will come from the identity page, `identity_given` plans the verification.
    """
    case = act.my_case(case_id)
    if not answers:
        return  # the page was filled in meanwhile, and nothing else was asked
    case.answers = {**case.answers, **answers}
    for name, code in columns(case.service, case.answers).items():
        setattr(case, name, code)
    case.answers_version += 1
    case.changed = list(answers)
    if answers.get("identity") == "page":
        return
    _verify(act, case)


def identity_given(act: Act, person_id: int) -> None:
    """Plan the verification of the identity in a person's cases, after the page was filled in.

    A case that is under way keeps its state, whether the identity was to come from the page or
    from the KTP at the door; the officer's card shows the findings.
    """
    act.must_be_office()
    ids = act.tx.scalars(select(Case.id).where(Case.person_id == person_id)).all()
    for case in cases.lock(act.tx, [*ids, *participant.cases_about(act.tx, person_id)]):
        if applicants.of(act.tx, case) != person_id:
            continue  # somebody else's, asked for on their phone
        under_way = case.state == CaseState.UNDER_WAY
        if case.answers.get("identity") != "page" and not under_way:
            continue
        waits = case.state in {CaseState.NEEDS_FIX, CaseState.ACCEPTED}
        if not (waits or under_way or case.state == CaseState.SUBMITTED):
            continue
        case.answers_version += 1
        case.changed = sorted({*(case.changed or ()), "identity"})
        if waits:
            _verify(act, case)
        else:
            cases.plan_verification(act.tx, case)


def withdraw(act: Act, case_id: int) -> None:
    """Withdraw the person's own case, and cancel its open visit."""
    case = act.my_case(case_id)
    if course.service_of(case).answered:
        tickets.drop(act, case.id)
        return
    open_visit = visit.open_of_case(act.tx, case.id)
    if open_visit is not None:
        cancel(act, open_visit)
    lifecycle.move(act.tx, case, CaseState.CANCELLED, actor=act.actor)
    tickets.goes_on(act, case, *tickets.WAITS)
    dossiers.withdraw(act, case)


def accept(act: Act, case_id: int) -> None:
    """Accept a case that is in review."""
    case = _supervised(act, case_id)
    course.find(act, case, Finding("approval", Outcome.OK))
    course.accept(act, case)


def reject(act: Act, case_id: int, why: str | None, reason: str | None) -> None:
    """Reject a case that is in review; its owner reads why, what to do next, and how to object.

    Raises:
        NotAllowed: the service does not declare `why` as a reason to reject.
    """
    case = _supervised(act, case_id)
    if why not in course.service_of(case).refusals:
        raise NotAllowed(f"case {case.id} can't be rejected because of {why!r}")
    lifecycle.move(act.tx, case, CaseState.REJECTED, actor=act.actor)
    until = calendar.load(act.tx).working_days_after(act.at, letters.OBJECTION_DAYS)
    by = officer.of_person(act.tx, act.person.id) if act.person else None
    params = {"until": until.isoformat(), "by": by.id if by else None}
    refusal = Finding(REFUSAL, Outcome.OK, why, params=params)
    finding.renew(act.tx, case.id, case.answers_version, refusal)
    letter = letters.refused(case.service, case.number, why, reason or "-", until)
    act.notify(case.person_id, letter.key, **letter.params)


def send_back(act: Act, case_id: int, steps: Sequence[str], reason: str | None) -> None:
    """Ask the owner to answer some steps again, for a supervisor's reason.

    Raises:
        NotAllowed: there is no step, or the service does not let one of them be sent back.
    """
    case = _supervised(act, case_id)
    may = may_be_returned(course.service_of(case).returnable, case.answers)
    if not steps or not all(step in may for step in steps):
        raise NotAllowed(f"{list(steps)} of case {case.id} can't be sent back")
    first, params = steps[0], {"steps": list(steps)} if len(steps) > 1 else {}
    returned = Finding("supervisor", Outcome.FIX_BY_OWNER, "returned", first, params)
    course.find(act, case, returned)
    letter = letters.returned(case.service, case.number, steps, reason or "-")
    course.ask_again(act, case, [letter])


def _supervised(act: Act, case_id: int) -> Case:
    """Lock and return a case in the area of the person who acts, and not their own.

    The supervisor who rejected it does not decide again, if somebody else can.
    """
    (case,) = cases.lock(act.tx, [case_id])
    act.must_supervise(case.area_code)
    if act.is_of(case.person_id):
        raise NotAllowed(f"case {case.id} is {act.actor}'s own")
    rejecter = objections.kept_from(act.tx, case)
    if rejecter is not None and rejecter.person_id and act.is_of(rejecter.person_id):
        raise NotAllowed(f"case {case.id} was rejected by {act.actor}")
    return case


def _verify(act: Act, case: Case) -> None:
    """Move a (locked) case to submitted, and plan its verification."""
    lifecycle.move(act.tx, case, CaseState.SUBMITTED, actor=act.actor)
    cases.plan_verification(act.tx, case)


def columns(service: str, answers: Mapping[str, Any]) -> dict[str, str | None]:
    """Return the answers that are also stored in plain columns, for queries."""
    declared = services.load()[service]
    site = declared.site(answers)
    return {
        "area_code": site.area_code if site else None,
        "same_as": declared.same_as(answers),
    }
