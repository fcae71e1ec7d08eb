"""The course of a case: moves it to its next stage, and tells the people who act next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import timedelta

from sqlalchemy.orm import Session

from casework import documents, reporters, waiting
from casework.act import Act
from conversations import services
from conversations.events import News
from conversations.messages import Say
from conversations.service import Answer, Service, Stage, Visit, Waiting
from models import assisted, finding, lifecycle, working_hours
from models import case as cases
from models import person as people
from models import visit as visits
from models.assisted import Assisted
from models.case import Case
from models.finding import Finding
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, VisitState
from models.officer import Officer

STILL_THERE = timedelta(hours=2)  # an officer with somebody met on the road


def service_of(case: Case) -> Service:
    """Return the service that a case asks for."""
    return services.load()[case.service]


def accept(act: Act, case: Case) -> None:
    """Accept a (locked) case and enter its current stage, or else the first.

    Call it again to restart the stage, such as after a failed visit.
    """
    lifecycle.move(act.tx, case, CaseState.ACCEPTED, actor=act.actor)
    service = service_of(case)
    _enter(act, case, service.stage(case.stage) or service.course[0])


def advance(act: Act, case: Case) -> None:
    """Move a (locked) case from its finished stage to the next; after the last, it is done."""
    following = service_of(case).after(case.stage)
    if following is None:
        lifecycle.move(act.tx, case, CaseState.DONE, actor=act.actor)
        if service_of(case).about_others:
            reporters.hear(act, case, "done")
        return
    if isinstance(following, Visit):
        lifecycle.move(act.tx, case, CaseState.ACCEPTED, actor=act.actor)
    _enter(act, case, following)


def _enter(act: Act, case: Case, stage: Stage) -> None:
    case.stage = stage.id
    if isinstance(stage, Visit):
        if not _goes_on(act, case):
            cases.plan_windows(act.tx, case)
        return
    if isinstance(stage, Waiting):
        _wait(act, case, stage)
        return
    if case.state != CaseState.UNDER_WAY:
        lifecycle.move(act.tx, case, CaseState.UNDER_WAY, actor=act.actor)
    if isinstance(stage, Answer):
        return  # its ticket waits for a supervisor
    documents.issue(act, case, stage.issues)
    advance(act, case)


def _wait(act: Act, case: Case, stage: Waiting) -> None:
    if case.state == CaseState.WAITING:
        case.moved_at = act.at
        act.note("case.waits", f"case:{case.id}", stage=stage.id)
    else:
        lifecycle.move(act.tx, case, CaseState.WAITING, actor=act.actor)
    waiting.begin(act, case, stage)


def wait_at(act: Act, case: Case, stage_id: str) -> None:
    """Move a (locked) case that waits to a later stage of its course, which was reached early."""
    stage = service_of(case).stage(stage_id)
    if not isinstance(stage, Waiting):
        raise lifecycle.NotAllowed(f"case {case.id} can't wait at {stage_id!r}")
    _enter(act, case, stage)


def lock(tx: Session, case_id: int) -> Case:
    """Lock and return a case, with the one at whose visit an officer helped with it.

    Both are locked in the order of turns, since accepting the case may end the other.
    """
    helped = assisted.visited_case(tx, case_id)
    rows = cases.lock(tx, sorted({case_id} | ({helped} if helped else set())))
    return next(row for row in rows if row.id == case_id)


def _goes_on(act: Act, case: Case) -> bool:
    """Go on at the visit at which an officer helped with a case, if the officer is still there.

    The visit becomes one of this case, and the case that it was for is done.
    """
    form = assisted.of_case(act.tx, case.id)
    if form is None or case.failed_visits:
        return False
    visit = _visit_of(act, form, case)
    if visit is None:
        return False
    visit.purpose, visit.moved_at = case.stage, act.at
    lifecycle.move(act.tx, case, CaseState.UNDER_WAY, actor=act.actor)
    act.note("visit.goes_on", f"visit:{visit.id}", case=case.id)
    officer = act.tx.get_one(Officer, form.officer_id)
    said = Say("notices.form_goes_on", {"number": case.number})
    act.tell(officer.person_id, News.VISIT_GOES_ON, visit.id, said, opens="visit", can_wait=False)
    return True


def _visit_of(act: Act, form: Assisted, case: Case) -> visits.Visit | None:
    """Return the visit that goes on for a case: the help visit, or one that is made now."""
    officer = act.tx.get_one(Officer, form.officer_id)
    if not officer.active:
        return None
    hosted = people.has_chat(act.tx, case.person_id)
    visit = visits.lock(act.tx, [form.visit_id])[0] if form.visit_id is not None else None
    if visit is None or visit.state != VisitState.ARRIVED or visit.officer_id != officer.id:
        alone = visit is None or not hosted  # nobody else would bring it
        return _made_now(act, form, case, hosted=hosted) if alone else None
    helped = act.tx.get_one(Case, visit.case_id)
    visit.case_id = case.id
    if hosted and visit.host_id is None:  # they took the form over, in a chat of their own
        visit.host_id, visit.code_proved_at = case.person_id, act.at
    act.tx.flush()
    advance(act, helped)
    return visit


def _made_now(act: Act, form: Assisted, case: Case, *, hosted: bool) -> visits.Visit | None:
    """Make a visit to somebody whom an officer met without one, if that was just now."""
    site = service_of(case).site(case.answers)
    if site is None or act.at - form.moved_at > STILL_THERE:
        return None
    now = act.at.astimezone(WIB)
    visit = visits.Visit(
        case_id=case.id,
        purpose=case.stage,
        host_id=case.person_id if hosted else None,
        officer_id=form.officer_id,
        state=VisitState.ARRIVED,
        area_code=site.area_code,
        site=asdict(site),
        on=now.date(),
        part=working_hours.part_at(now.time()).value,
        code_proved_at=act.at,
    )
    act.tx.add(visit)
    act.tx.flush()
    return visit


def ask_again(act: Act, case: Case, says: Iterable[Say]) -> None:
    """Send a (locked) case back to its owner, and say what must be answered again."""
    lifecycle.move(act.tx, case, CaseState.NEEDS_FIX, actor=act.actor)
    act.tell(case.person_id, News.FIX_NEEDED, case.id, *says, opens=case.service)
    _tell_helper(act, case)


def to_review(act: Act, case: Case) -> None:
    """Send a (locked) case to the supervisors of its area for review, and tell its owner."""
    lifecycle.move(act.tx, case, CaseState.IN_REVIEW, actor=act.actor)
    number = {"number": case.number}
    act.tell_supervisors(
        case.area_code,
        News.REVIEW_NEEDED,
        case.id,
        Say("notices.review_needed", number),
        opens="review",
    )
    in_review = Say("notices.in_review", number)
    act.tell(case.person_id, News.IN_REVIEW, case.id, in_review)
    _tell_helper(act, case)


def _tell_helper(act: Act, case: Case) -> None:
    """Tell the officer who helped with a case, and may still be there, that it takes longer."""
    form = assisted.of_case(act.tx, case.id)
    if form is None or act.at - form.moved_at > STILL_THERE:
        return
    officer = act.tx.get_one(Officer, form.officer_id)
    said = Say("notices.form_looked_at", {"number": case.number})
    act.tell(officer.person_id, News.FORM_ENDED, form.id, said, can_wait=False)


def find(act: Act, case: Case, *findings: Finding) -> None:
    """Write findings on the current answers; a check's first finding on them is kept."""
    finding.write(act.tx, case.id, case.answers_version, findings)
