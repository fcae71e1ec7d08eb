"""The supervisors' call list: people whom messages did not reach, and some whom officers helped."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from casework.act import Act
from casework.news import supervisors, tell
from conversations import services
from conversations.events import News
from conversations.messages import Say
from models import consent, unreached
from models.assisted import Assisted
from models.case import Case
from models.infrastructure import guards
from models.infrastructure.encryption import blind_index
from models.lifecycle import OPEN_VISITS
from models.unreached import CallReason
from models.visit import Visit

LATER = timedelta(hours=1)  # after a form was handed in: the officer has left


def add(tx: Session, person_id: int, reason: CallReason, *parts: Say) -> None:
    """Add a person to the list and tell the supervisors of the area, once for each reason.

    A supervisor is not told about themselves.
    """
    row = unreached.note(tx, person_id, reason)
    if row is None:
        return
    fact = f"unreached:{row.id}:{row.noted_at.isoformat()}"
    for supervisor in supervisors(tx, row.area_code, fact):
        if supervisor != person_id:
            tell(tx, supervisor, News.UNREACHED, person_id, *parts, fact=fact, opens="call")


def call_back(act: Act, form: Assisted) -> datetime | None:
    """Add some of those whom an officer helped with a form, to be asked whether it is so.

    Return when to try again: nobody is called while the officer may still be there.
    """
    act.must_be_office()
    if form.case_id is None or not drawn(form.case_id, guards.of(act.tx).call_back_one_in):
        return None
    visit = act.tx.get(Visit, form.visit_id) if form.visit_id is not None else None
    if visit is not None and visit.state in OPEN_VISITS:
        return act.at + LATER
    if act.at < form.moved_at + LATER:
        return form.moved_at + LATER
    agreed = consent.given(act.tx, form.person_id, services.load()[form.service].consents)
    if agreed and unreached.can_be_called(act.tx, form.person_id):
        number = act.tx.get_one(Case, form.case_id).number
        add(
            act.tx, form.person_id, CallReason.VISITED, Say("notices.call_back", {"number": number})
        )
    return None


def drawn(case_id: int, one_in: int) -> bool:
    """Whether a case is the one in so many; nobody foresees it without the key."""
    if not one_in:
        return False
    return int.from_bytes(blind_index(str(case_id), "call_back"), "big") % one_in == 0
