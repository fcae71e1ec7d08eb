"""Acts on a case: an owner submits, corrects and withdraws it, a supervisor decides."""

from __future__ import annotations

from collections.abc import Mapping

from casework import course
from casework.act import Act
from casework.visits import cancel
from conversations.messages import Json, Say
from models import calendar, lifecycle, visit
from models import case as cases
from models.case import Case
from models.lifecycle import CaseState

WORKING_DAYS_TO_VISIT = 3  # promised; counted from the day the case is sent


def submit(act: Act, service: str, answers: Mapping[str, Json]) -> None:
    """Enter a new case of the person who acts, and have it verified."""
    given = dict(answers)
    case_id, number = cases.submit(act.tx, act.who().id, service, given, **_columns(given))
    act.note("case.sent", f"case:{case_id}")
    by = calendar.load(act.tx).working_days_after(act.at, WORKING_DAYS_TO_VISIT)
    act.reply(f"{service}.submitted", number=number, by=by)


def correct(act: Act, case_id: int, answers: Mapping[str, Json]) -> None:
    """Answer steps of one's own case again, and have what rests on them verified."""
    case = act.my_case(case_id)
    if not answers:
        return  # the page was filled in meanwhile, and nothing else was asked
    case.answers = {**case.answers, **answers}
    for name, code in _columns(case.answers).items():
        setattr(case, name, code)
    cases.corrected(act.tx, case, list(answers), actor=act.actor)


def withdraw(act: Act, case_id: int) -> None:
    """Take one's own case back, with its open visit."""
    case = act.my_case(case_id)
    open_visit = visit.open_of_case(act.tx, case.id)
    if open_visit is not None:
        cancel(act, open_visit)
    lifecycle.move(act.tx, case, CaseState.CANCELLED, actor=act.actor)


def accept(act: Act, case_id: int) -> None:
    """Accept a case that is in review; its owner chooses a window next."""
    case = _supervised(act, case_id)
    course.find(act, case, "approval", "ok")
    course.verified(act, case)


def reject(act: Act, case_id: int, reason: str | None) -> None:
    """Reject a case that is in review, and tell its owner why."""
    case = _supervised(act, case_id)
    lifecycle.move(act.tx, case, CaseState.REJECTED, actor=act.actor)
    act.notify(
        case.person_id,
        "notices.rejected",
        number=case.number,
        reason=reason or "-",
    )


def send_back(act: Act, case_id: int, step: str | None, reason: str | None) -> None:
    """Have the owner answer one step again, in a supervisor's words."""
    case = _supervised(act, case_id)
    course.find(act, case, "supervisor", "fix_by_owner", "returned", step=step)
    course.ask_again(act, case, [Say("findings.returned", {"reason": reason or "-"})])


def _supervised(act: Act, case_id: int) -> Case:
    (case,) = cases.lock(act.tx, [case_id])
    act.must_supervise(case.kelurahan_code)
    return case


def _columns(answers: Mapping[str, Json]) -> dict[str, str | None]:
    """What of a case's answers stands in plain columns, since queries need it."""
    place, trade = answers.get("place"), answers.get("trade")
    return {
        "kelurahan_code": place.get("kelurahan") if isinstance(place, dict) else None,
        "trade_code": trade.get("code") if isinstance(trade, dict) else None,
    }
