"""Acts on a case: an owner submits, corrects and withdraws it, a supervisor decides."""

from __future__ import annotations

from collections.abc import Mapping

from casework import course
from casework.act import Act
from casework.visits import cancel
from conversations.messages import Json, Say
from models import application as applications
from models import calendar, lifecycle, visit
from models.application import Application
from models.lifecycle import ApplicationState

WORKING_DAYS_TO_VISIT = 3  # promised; counted from the day the application is sent


def submit(act: Act, service: str, answers: Mapping[str, Json]) -> None:
    """Enter a new case of the person who acts, and have it verified."""
    given = dict(answers)
    application_id, number = applications.submit(
        act.tx, act.who().id, service, given, **_columns(given)
    )
    act.note("application.sent", f"application:{application_id}")
    by = calendar.load(act.tx).working_days_after(act.at, WORKING_DAYS_TO_VISIT)
    act.reply(f"{service}.submitted", number=number, by=by)


def correct(act: Act, application_id: int, answers: Mapping[str, Json]) -> None:
    """Answer steps of one's own case again, and have what rests on them verified."""
    application = act.my_case(application_id)
    if not answers:
        return  # the page was filled in meanwhile, and nothing else was asked
    application.answers = {**application.answers, **answers}
    for name, code in _columns(application.answers).items():
        setattr(application, name, code)
    applications.corrected(act.tx, application, list(answers), actor=act.actor)


def withdraw(act: Act, application_id: int) -> None:
    """Take one's own case back, with its open visit."""
    application = act.my_case(application_id)
    open_visit = visit.open_of_application(act.tx, application.id)
    if open_visit is not None:
        cancel(act, open_visit)
    lifecycle.move(act.tx, application, ApplicationState.CANCELLED, actor=act.actor)


def accept(act: Act, application_id: int) -> None:
    """Accept a case that is in review; its owner chooses a window next."""
    application = _supervised(act, application_id)
    course.find(act, application, "approval", "ok")
    course.verified(act, application)


def reject(act: Act, application_id: int, reason: str | None) -> None:
    """Reject a case that is in review, and tell its owner why."""
    application = _supervised(act, application_id)
    lifecycle.move(act.tx, application, ApplicationState.REJECTED, actor=act.actor)
    act.notify(
        application.person_id,
        "notices.rejected",
        number=application.number,
        reason=reason or "-",
    )


def send_back(act: Act, application_id: int, step: str | None, reason: str | None) -> None:
    """Have the owner answer one step again, in a supervisor's words."""
    application = _supervised(act, application_id)
    course.find(act, application, "supervisor", "fix_by_owner", "returned", step=step)
    course.ask_again(act, application, [Say("findings.returned", {"reason": reason or "-"})])


def _supervised(act: Act, application_id: int) -> Application:
    (application,) = applications.lock(act.tx, [application_id])
    act.must_supervise(application.kelurahan_code)
    return application


def _columns(answers: Mapping[str, Json]) -> dict[str, str | None]:
    """What of a case's answers stands in plain columns, since queries need it."""
    place, trade = answers.get("place"), answers.get("trade")
    return {
        "kelurahan_code": place.get("kelurahan") if isinstance(place, dict) else None,
        "trade_code": trade.get("code") if isinstance(trade, dict) else None,
    }
