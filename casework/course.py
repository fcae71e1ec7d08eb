"""The course of a case: moves it to its next stage, and tells the people who act next."""

from __future__ import annotations

from collections.abc import Iterable

from casework import documents
from casework.act import Act
from conversations import services
from conversations.events import News
from conversations.messages import Say
from conversations.service import Answer, Service, Stage, Visit
from models import case as cases
from models import finding, lifecycle
from models.case import Case
from models.finding import Finding
from models.lifecycle import CaseState


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
        return
    if isinstance(following, Visit):
        lifecycle.move(act.tx, case, CaseState.ACCEPTED, actor=act.actor)
    _enter(act, case, following)


def _enter(act: Act, case: Case, stage: Stage) -> None:
    case.stage = stage.id
    if isinstance(stage, Visit):
        cases.plan_windows(act.tx, case)
        return
    if case.state != CaseState.UNDER_WAY:
        lifecycle.move(act.tx, case, CaseState.UNDER_WAY, actor=act.actor)
    if isinstance(stage, Answer):
        return  # its ticket waits for a supervisor
    documents.issue(act, case, stage.issues)
    advance(act, case)


def ask_again(act: Act, case: Case, says: Iterable[Say]) -> None:
    """Send a (locked) case back to its owner, and say what must be answered again."""
    lifecycle.move(act.tx, case, CaseState.NEEDS_FIX, actor=act.actor)
    act.tell(case.person_id, News.FIX_NEEDED, case.id, *says, opens=case.service)


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


def find(act: Act, case: Case, *findings: Finding) -> None:
    """Write findings on the current answers; a check's first finding on them is kept."""
    finding.write(act.tx, case.id, case.answers_version, findings)
