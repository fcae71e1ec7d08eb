"""Inviting: the owner of an accepted case chooses when an officer comes."""

from __future__ import annotations

from sqlalchemy import exists, select

from casework import tickets
from casework.act import Act
from casework.news import worded
from conversations.events import News
from conversations.messages import Say
from models import task as tasks
from models import window
from models.case import Case
from models.visit import Visit


def invite(act: Act, case: Case) -> bool:
    """Invite the owner of an accepted (locked) case to choose; False if no window is free.

    Nothing is said before the question to an owner who has just submitted the case: the reply says
    it.
    """
    own = act.is_of(case.person_id)
    if not own:
        act.must_be_office()
    code = case.area_code
    if code is None or not window.free(act.tx, code, act.at):
        return False
    says = () if own else (_news(act, case),)
    act.tell(case.person_id, News.VERIFIED, case.id, *says, opens="visit_window")
    tickets.goes_on(act, case, tickets.NO_OFFICER)
    tasks.settle(act.tx, "open_windows", case.id)
    return True


def _news(act: Act, case: Case) -> Say:
    visited = act.tx.scalar(select(exists().where(Visit.case_id == case.id)))
    key = "notices.new_window" if visited else "notices.verified"
    return Say(worded(key, case.service), {"number": case.number})
