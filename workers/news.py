"""Telling people: news for their conversation, each fact once for each of them."""

from __future__ import annotations

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations import events
from conversations.events import Happened
from conversations.messages import Say, say_to_json
from models import audit, inbox, officer
from models.officer import Officer
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
) -> None:
    """Give one person news about a row, and open a flow about it (or none).

    `occasion` tells this time from another; the same news of one occasion is told once.
    """
    params = {"parts": [say_to_json(part) for part in parts], "opens": opens}
    event = events.to_json(Happened(what, str(subject), params))
    inbox.tell(tx, person_id, f"{what}:{subject}:{occasion}", event)


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
    people = _supervisors(tx, area_code)
    for person_id in people:
        tell(tx, person_id, what, subject, *parts, occasion=occasion, opens=opens)
    if not people:
        audit.note(tx, ACTOR, "supervisors.missing", f"{what}:{subject}", area=area_code)
        _log.error("nobody_to_tell", what=what, subject=subject, area=area_code)


def _supervisors(tx: Session, area_code: str | None) -> list[int]:
    covering = officer.covering(tx, area_code, "supervisor") if area_code else ()
    here = [row.person_id for row in covering if row.person_id is not None]
    if here:
        return here
    everyone = select(Officer.person_id).where(
        Officer.active, Officer.role == "supervisor", Officer.person_id.is_not(None)
    )
    return [person_id for person_id in tx.scalars(everyone.order_by(Officer.id)) if person_id]


def window_of(visit: Visit) -> Say:
    """The day and the hours of a visit, in words."""
    starts, ends = hours(visit.on, Part(visit.part))
    return Say("common.window", {"day": visit.on, "starts": starts, "ends": ends})
