"""The supervisors' call list: people whom a message did not reach in chat are called."""

from __future__ import annotations

from sqlalchemy.orm import Session

from conversations import events
from models import inbox, officer, unreached


def add(tx: Session, person_id: int, reason: str) -> None:
    """Put somebody onto the list and tell the supervisors of the area, once for each reason.

    A supervisor is told of others only: whom could they call about themselves?
    """
    row = unreached.note(tx, person_id, reason)
    if row is None:
        return
    news = events.news("unreached", person_id, opens="call", unasked=True)
    for supervisor in officer.supervisors_of(tx, row.area_code):
        if supervisor != person_id:
            fact = f"unreached:{row.id}:{row.noted_at.isoformat()}"
            inbox.tell(tx, supervisor, fact, news, can_wait=True)
