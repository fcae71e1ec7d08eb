"""Open windows: the owner of a verified application is invited to choose when the officer comes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from conversations.messages import Say
from models import application as applications
from models import area, calendar, window
from models import visit as visits
from models.application import Application
from models.base import now
from models.lifecycle import ApplicationState
from models.task import Task
from models.visit import Visit
from workers.news import tell, tell_supervisors

TRY_AGAIN = timedelta(hours=1)  # of working hours: nobody is woken at night


def open_windows(tx: Session, task: Task) -> datetime | None:
    """Invite the owner; while no officer has room, say so once and look again every hour."""
    (application,) = applications.lock(tx, [task.subject_id])
    if application.state != ApplicationState.VERIFIED:
        return None  # withdrawn or chosen meanwhile
    if visits.open_of_application(tx, application.id) is not None:
        return None
    code = application.kelurahan_code
    if code is not None and window.free(tx, code, now(tx)):
        _invite(tx, application, task.run_key)
        return None
    _say_that_nobody_is_free(tx, application, task.run_key)
    return calendar.load(tx).working_time_after(now(tx), TRY_AGAIN)


def _invite(tx: Session, application: Application, occasion: str) -> None:
    visited = tx.scalar(select(exists().where(Visit.application_id == application.id)))
    number = {"number": application.number}
    say = Say("notices.new_window", number) if visited else Say("notices.verified", number)
    tell(
        tx,
        application.person_id,
        "verified",
        application.id,
        say,
        occasion=occasion,
        opens="visit_window",
    )


def _say_that_nobody_is_free(tx: Session, application: Application, occasion: str) -> None:
    kelurahan = area.load().get(application.kelurahan_code or "")
    tell_supervisors(
        tx,
        application.kelurahan_code,
        "no_officer",
        application.id,
        Say(
            "notices.no_officer",
            {"number": application.number, "place": kelurahan.name if kelurahan else "-"},
        ),
        occasion=occasion,
    )
    tell(
        tx,
        application.person_id,
        "finding_officer",
        application.id,
        Say("notices.finding_officer", {"number": application.number}),
        occasion=occasion,
    )
