"""Drafts that rest: their owners are reminded three times, and after a month they are erased."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from conversations.messages import Say
from models.base import WIB, now
from models.conversation import Conversation
from models.person import Person
from models.task import Task
from workers.news import tell

AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))  # of silence
KEPT = timedelta(days=30)
AT_ONCE = 500  # people in one transaction; the rest follows a second later
QUIET_FROM, QUIET_UNTIL = time(20, 0), time(7, 0)  # WIB: nobody is reminded at night


def remind(tx: Session, run: Task) -> datetime | None:
    """Ask whoever left a form in the middle whether to go on; silent at night, and after three."""
    at = now()
    if not _awake(at):
        return None
    counts = [_remind(tx, times, at - silence) for times, silence in enumerate(AFTER)]
    return at if AT_ONCE in counts else None


def _remind(tx: Session, times: int, since: datetime) -> int:
    """Remind those who were reminded so many times and are silent since then; gives how many."""
    rows = tx.execute(
        select(Conversation.person_id, Conversation.spoke_at)
        .join(Person, Person.id == Conversation.person_id)
        .where(
            Conversation.has_draft,
            Conversation.reminded == times,
            Conversation.spoke_at < since,
            Person.opted_out_at.is_(None),
            Person.unreachable_at.is_(None),
        )
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=Conversation)
    ).all()
    for person_id, spoke_at in rows:
        occasion = f"{spoke_at.isoformat()}:{times + 1}"
        tell(tx, person_id, "reminder", person_id, Say("notices.draft_waits"), occasion=occasion)
    tx.execute(
        update(Conversation)
        .where(Conversation.person_id.in_([person_id for person_id, _ in rows]))
        .values(reminded=times + 1)
        .execution_options(synchronize_session=False)
    )
    return len(rows)


def erase(tx: Session, run: Task) -> datetime | None:
    """Forget drafts that rested for a month, with all that was answered in them."""
    at = now()
    rested = Conversation.has_draft, Conversation.spoke_at < at - KEPT
    some = select(Conversation.person_id).where(*rested).limit(AT_ONCE)
    gone = tx.scalars(
        delete(Conversation)
        .where(Conversation.person_id.in_(some), *rested)  # unless they speak at this moment
        .returning(Conversation.person_id)
        .execution_options(synchronize_session=False)
    ).all()
    return at if len(gone) == AT_ONCE else None


def _awake(at: datetime) -> bool:
    return QUIET_UNTIL <= at.astimezone(WIB).time() < QUIET_FROM
