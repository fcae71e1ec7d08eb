"""Open windows: the owner of a verified application is invited to choose when the officer comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from casework.act import Act, by_office
from conversations.messages import Say, Value
from models import application as applications
from models import area, calendar, window
from models import visit as visits
from models.application import Application
from models.lifecycle import ApplicationState
from models.task import Task
from models.visit import Visit
from workers.context import ACTOR

TRY_AGAIN = timedelta(hours=1)  # of working hours: nobody is woken at night


def open_windows(tx: Session, task: Task) -> datetime | None:
    """Invite the owner; while no officer has room, say so once and look again every hour."""
    (application,) = applications.lock(tx, [task.subject_id])
    if application.state != ApplicationState.VERIFIED:
        return None  # withdrawn or chosen meanwhile
    if visits.open_of_application(tx, application.id) is not None:
        return None
    act, code = by_office(tx, ACTOR, task.run_key), application.kelurahan_code
    if code is not None and window.free(tx, code, act.at):
        _invite(act, application)
        return None
    _say_that_nobody_is_free(act, application)
    return calendar.load(tx).working_time_after(act.at, TRY_AGAIN)


def _invite(act: Act, application: Application) -> None:
    visited = act.tx.scalar(select(exists().where(Visit.application_id == application.id)))
    number = {"number": application.number}
    say = Say("notices.new_window", number) if visited else Say("notices.verified", number)
    act.tell(application.person_id, "verified", application.id, say, opens="visit_window")


def _say_that_nobody_is_free(act: Act, application: Application) -> None:
    kelurahan = area.load().get(application.kelurahan_code or "")
    params: dict[str, Value] = {
        "number": application.number,
        "place": kelurahan.name if kelurahan else "-",
    }
    say = Say("notices.no_officer", params)
    act.tell_supervisors(application.kelurahan_code, "no_officer", application.id, say)
    finding = Say("notices.finding_officer", {"number": application.number})
    act.tell(application.person_id, "finding_officer", application.id, finding)
