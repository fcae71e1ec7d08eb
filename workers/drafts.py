"""Abandoned drafts: reminds their owners three times, and erases them after a month."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from casework.news import tell
from conversations.events import News
from conversations.messages import Say
from models.base import now
from models.infrastructure import quiet
from models.task import Task

AFTER = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))  # of silence
KEPT = timedelta(days=30)
AT_ONCE = 500  # people in one transaction; the rest follow a second later


def remind(tx: Session, run: Task) -> datetime | None:
    """Remind owners of unfinished forms; not in quiet hours, and at most three times each."""
    at = now(tx)
    if not quiet.of(tx).awake(at):
        return None
    counts = [_remind(tx, times, at - silence) for times, silence in enumerate(AFTER)]
    return at if AT_ONCE in counts else None


def _remind(tx: Session, times: int, since: datetime) -> int:
    """Remind people with `times` reminders and no message after `since`; return their number."""
    rows = tx.execute(_REMINDED, {"times": times, "since": since, "most": AT_ONCE}).all()
    for person_id, spoke_at in rows:
        fact = f"reminder:{person_id}:{spoke_at.isoformat()}:{times + 1}"
        tell(tx, person_id, News.REMINDER, person_id, Say("notices.draft_waits"), fact=fact)
    return len(rows)


# MATERIALIZED: all drafts are found first, then LIMIT picks some. With LIMIT on the first part, the
# planner expects matches early in the table, and scans it to its end.
_REMINDED = text(
    """
    WITH silent AS MATERIALIZED (
      SELECT person_id FROM conversations
       WHERE has_draft AND reminded = :times AND spoke_at < :since
    ), reached AS (
      SELECT conversations.person_id
        FROM silent JOIN conversations USING (person_id)
        JOIN people ON people.id = conversations.person_id
       WHERE opted_out_at IS NULL
         AND EXISTS (SELECT FROM addresses
                      WHERE addresses.person_id = people.id AND unreachable_at IS NULL)
       LIMIT :most
         FOR UPDATE OF conversations SKIP LOCKED
    )
    UPDATE conversations SET reminded = :times + 1
     WHERE person_id IN (SELECT person_id FROM reached)
       AND reminded = :times AND spoke_at < :since  -- unless they speak at this moment
    RETURNING person_id, spoke_at
    """
)


def erase(tx: Session, run: Task) -> datetime | None:
    """Delete drafts that were not touched for a month, with their answers."""
    at = now(tx)
    gone = tx.execute(_ERASED, {"before": at - KEPT, "most": AT_ONCE}).all()
    return at if len(gone) == AT_ONCE else None


_ERASED = text(
    """
    WITH rested AS MATERIALIZED (
      SELECT person_id FROM conversations WHERE has_draft AND spoke_at < :before
    ), free AS (
      SELECT conversations.person_id FROM rested JOIN conversations USING (person_id)
       LIMIT :most
         FOR UPDATE OF conversations SKIP LOCKED
    )
    DELETE FROM conversations
     WHERE person_id IN (SELECT person_id FROM free) AND spoke_at < :before
    RETURNING person_id
    """
)
