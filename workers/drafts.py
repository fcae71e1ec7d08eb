"""Drafts that rest: their owners are reminded three times, and after a month they are erased."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from conversations.messages import Say
from models.base import WIB, now
from models.conversation import Conversation
from models.person import Person
from models.task import Task
from workers.news import tell

AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))  # of silence
KEPT = timedelta(days=30)
QUIET_FROM, QUIET_UNTIL = time(20, 0), time(7, 0)  # WIB: nobody is reminded at night


def remind(tx: Session, run: Task) -> datetime | None:
    """Ask whoever left a form in the middle whether to go on; silent at night, and after three."""
    at = now()
    if not _awake(at):
        return None
    for reminded, silence in enumerate(AFTER):
        rows = tx.scalars(
            select(Conversation)
            .join(Person, Person.id == Conversation.person_id)
            .where(
                Conversation.has_draft,
                Conversation.reminded == reminded,
                Conversation.spoke_at < at - silence,
                Person.opted_out_at.is_(None),
                Person.unreachable_at.is_(None),
            )
            .with_for_update(skip_locked=True, of=Conversation)
        )
        for row in rows:
            row.reminded = reminded + 1
            occasion = f"{row.spoke_at.isoformat()}:{row.reminded}"
            say = Say("notices.draft_waits")
            tell(tx, row.person_id, "reminder", row.person_id, say, occasion=occasion)
    return None


def erase(tx: Session, run: Task) -> datetime | None:
    """Forget drafts that rested for a month, with all that was answered in them."""
    tx.execute(
        delete(Conversation).where(Conversation.has_draft, Conversation.spoke_at < now() - KEPT)
    )
    return None


def _awake(at: datetime) -> bool:
    return QUIET_UNTIL <= at.astimezone(WIB).time() < QUIET_FROM
