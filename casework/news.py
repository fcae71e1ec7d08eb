"""News for conversations: rows of people's inboxes, about which their next turn may ask."""

from __future__ import annotations

import structlog
from sqlalchemy.orm import Session

from conversations import catalogue, events
from conversations.events import News
from conversations.messages import Say
from conversations.wording import window_words
from models import audit, inbox, officer
from models.visit import Visit
from models.window import Part, hours

ACTOR = "office"  # the audit's actor where neither a person nor a job acted

_log = structlog.get_logger(__name__)


def tell(
    tx: Session,
    person_id: int,
    what: News,
    subject: int,
    *parts: Say,
    fact: str,
    opens: str = "",
    unasked: bool = True,
    can_wait: bool = True,
) -> None:
    """Give one person news about a row, and open a flow about it (or none).

    `fact` names the news: the same fact is told once to a person. At night it waits for the
    morning if it `can_wait`.
    """
    told = events.news(what, subject, *parts, opens=opens, unasked=unasked)
    inbox.tell(tx, person_id, fact, told, can_wait=can_wait)


def tell_supervisors(
    tx: Session,
    area_code: str | None,
    what: News,
    subject: int,
    *parts: Say,
    fact: str,
    opens: str = "",
) -> None:
    """Give news to the supervisors of an area, as `officer.supervisors_of` finds them."""
    for person_id in supervisors(tx, area_code, fact):
        tell(tx, person_id, what, subject, *parts, fact=fact, opens=opens)


def supervisors(tx: Session, area_code: str | None, fact: str) -> list[int]:
    """The people to be told of a fact in an area; that there is nobody is audited and logged."""
    people = officer.supervisors_of(tx, area_code)
    if not people:
        audit.note(tx, ACTOR, audit.UNTOLD, audit.SUPERVISORS, fact=fact, area=area_code)
        _log.error("nobody_to_tell", fact=fact, area=area_code)
    return people


def worded(key: str, *owners: str) -> str:
    """The key of a notice: one of its owners' own words, such as its service's, or the general."""
    return catalogue.load().overridden(key, *owners)


def window_of(visit: Visit) -> Say:
    """The day and the hours of a visit, in words."""
    starts, ends = hours(visit.on, Part(visit.part))
    return window_words(visit.on, starts, ends)
