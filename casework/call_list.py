"""The supervisors' call list: people whom chat messages did not reach."""

from __future__ import annotations

from sqlalchemy.orm import Session

from casework.news import supervisors, tell
from conversations.events import News
from models import unreached
from models.unreached import CallReason


def add(tx: Session, person_id: int, reason: CallReason) -> None:
    """Add a person to the list and tell the supervisors of the area, once for each reason.

    A supervisor is not told about themselves.
    """
    row = unreached.note(tx, person_id, reason)
    if row is None:
        return
    fact = f"unreached:{row.id}:{row.noted_at.isoformat()}"
    for supervisor in supervisors(tx, row.area_code, fact):
        if supervisor != person_id:
            tell(tx, supervisor, News.UNREACHED, person_id, fact=fact, opens="call")
