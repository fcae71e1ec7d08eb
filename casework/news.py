"""News for conversations: rows of people's inboxes, which a later turn handles."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy.orm import Session

from conversations import catalogue, events
from conversations.duty import Duty
from conversations.events import News
from conversations.messages import Json, Say
from conversations.wording import window_words
from models import audit, inbox, officer
from models.officer import Officer
from models.visit import Visit
from models.working_hours import Part, hours, read

ACTOR = "office"  # the audit's actor where neither a person nor a job acted

_log = structlog.get_logger(__name__)


def tell(
    tx: Session,
    person_id: int,
    what: News,
    subject: int | str,
    *parts: Say,
    fact: str,
    opens: str = "",
    unasked: bool = True,
    can_wait: bool = True,
    form: Mapping[str, Json] | None = None,
) -> None:
    """Add news about the row `subject` to a person's inbox; `opens` is the flow it opens, or "".

    `fact` is the dedupe key: a person is told the same fact once. News that `can_wait` waits at
    night for the morning. `form` is a draft to open, see `conversations.events.news`.
    """
    event = events.news(what, subject, *parts, opens=opens, unasked=unasked, form=form)
    inbox.tell(tx, person_id, fact, event, can_wait=can_wait)


def tell_supervisors(
    tx: Session,
    area_code: str | None,
    what: News,
    subject: int,
    *parts: Say,
    fact: str,
    opens: str = "",
) -> None:
    """Add news to the inboxes of an area's supervisors (`officer.supervisors_of`)."""
    for person_id in supervisors(tx, area_code, fact):
        tell(tx, person_id, what, subject, *parts, fact=fact, opens=opens)


def supervisors(tx: Session, area_code: str | None, fact: str) -> list[int]:
    """Return the people to tell about a fact in an area; if there are none, audit and log that."""
    people = officer.supervisors_of(tx, area_code)
    if not people:
        nobody(tx, area_code, fact)
    return people


def nobody(tx: Session, area_code: str | None, fact: str) -> None:
    """Audit and log that there is nobody to tell about a fact."""
    audit.note(tx, ACTOR, audit.UNTOLD, audit.SUPERVISORS, fact=fact, area=area_code)
    _log.error("nobody_to_tell", fact=fact, area=area_code)


def worded(key: str, *owners: str) -> str:
    """Return the key of a notice: an owner's own wording, such as its service's, or the general."""
    return catalogue.load().overridden(key, *owners)


def duty_of(one: Officer) -> Duty:
    """Return an officer's hours, as conversations know them."""
    week = read(one.hours)
    return Duty(frozenset(week.parts), tuple(week.hours()))


def window_of(visit: Visit) -> Say:
    """Return the day and hours of a visit, in words."""
    starts, ends = hours(visit.on, Part(visit.part))
    return window_words(visit.on, starts, ends)
