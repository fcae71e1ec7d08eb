"""Open windows: invites the owner of a verified case to choose a window for the visit."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from casework import course, inviting, referring, tickets
from casework.act import Act, by_office
from casework.news import worded
from conversations.events import News
from conversations.messages import Say, Value
from models import calendar
from models import case as cases
from models import visit as visits
from models.case import Case
from models.lifecycle import CaseState
from models.reference import area
from models.task import Task
from workers.context import ACTOR

TRY_AGAIN = timedelta(hours=1)  # of working hours: no notices at night


def open_windows(tx: Session, task: Task) -> datetime | None:
    """Invite the owner; while no officer has room, say so once and try again every hour.

    The visit of a place that somebody told us of is booked at once: its owner has no chat.
    """
    (case,) = cases.lock(tx, [task.subject_id])
    if case.state != CaseState.ACCEPTED:
        return None  # withdrawn or chosen meanwhile
    if visits.open_of_case(tx, case.id) is not None:
        return None
    act = by_office(tx, ACTOR, task.run_key)
    told = course.service_of(case).about_others
    if referring.book(act, case) if told else inviting.invite(act, case):
        return None
    _say_that_nobody_is_free(act, case)
    return calendar.load(tx).working_time_after(act.at, TRY_AGAIN)


def _say_that_nobody_is_free(act: Act, case: Case) -> None:
    kelurahan = area.load().get(case.area_code or "")
    params: dict[str, Value] = {
        "number": case.number,
        "place": kelurahan.name if kelurahan else "-",
    }
    tickets.wait(act, case, tickets.NO_OFFICER, Say("notices.no_officer", params))
    finding = Say(worded("notices.finding_officer", case.service), {"number": case.number})
    if not course.service_of(case).about_others:
        act.tell(case.person_id, News.FINDING_OFFICER, case.id, finding)
