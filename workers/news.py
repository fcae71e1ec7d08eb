"""Telling people: news for their conversation, each fact once for each of them."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from conversations import events
from conversations.flow import window_words
from conversations.messages import Say
from models import audit, inbox, officer
from models.visit import Visit
from models.window import Part, hours
from workers.context import ACTOR

_log = structlog.get_logger(__name__)


def tell(
    tx: Session,
    person_id: int,
    what: str,
    subject: int,
    *parts: Say,
    occasion: str,
    opens: str = "",
    can_wait: bool = True,
) -> None:
    """Give one person news about a row, and open a flow about it (or none).

    `occasion` tells this time from another; the same news of one occasion is told once. At night
    it waits for the morning, if it `can_wait`.
    """
    news = events.news(what, subject, *parts, opens=opens, unasked=True)
    inbox.tell(tx, person_id, f"{what}:{subject}:{occasion}", news, can_wait=can_wait)


def tell_supervisors(
    tx: Session,
    area_code: str | None,
    what: str,
    subject: int,
    *parts: Say,
    occasion: str,
    opens: str = "",
) -> None:
    """Give news to the supervisors of an area; where there is none, to all of the city."""
    people = officer.supervisors_of(tx, area_code)
    for person_id in people:
        tell(tx, person_id, what, subject, *parts, occasion=occasion, opens=opens)
    if not people:
        audit.note(tx, ACTOR, "supervisors.missing", f"{what}:{subject}", area=area_code)
        _log.error("nobody_to_tell", what=what, subject=subject, area=area_code)


def window_of(visit: Visit) -> Say:
    """The day and the hours of a visit, in words."""
    starts, ends = hours(visit.on, Part(visit.part))
    return window_words(visit.on, starts, ends)
