"""Monitoring queries: the pending rows of each table, and their age.

Every statement uses a partial index over open rows, so that its cost does not grow with a database
of ten million messages. Ages are by the database's clock, so all processes get the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import audit, erasure
from models.lifecycle import WAITS, Turn
from models.outbox import SLEEPS

MOST = 100_000  # at most this many rows of one kind are counted
EXACT = 10_000  # up to this many drafts are counted; for more, PostgreSQL's estimate is returned


@dataclass(frozen=True, slots=True)
class Queue:
    """Open rows of one kind: their number, and the age of the oldest in seconds."""

    part: str  # a lane, or a kind of task; "" where there are no parts
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class OutboxQueue:
    """Open messages of one lane; replies to first messages have a lane of their own, `greeting`.

    `due` is the number of people with a message that is due, `lag` the longest time since one was
    due, in seconds. `oldest` is the age of the oldest message in seconds, also of one that is
    postponed while its provider is down.
    """

    lane: str
    open: int
    due: int
    lag: float
    oldest: float


@dataclass(frozen=True, slots=True)
class Tickets:
    """Open tickets, and those of them past a deadline: `unanswered` ones have no first answer.

    `seconds` is the age of the oldest, since it was opened.
    """

    rows: int
    unanswered: int
    unclosed: int  # answered, and not closed in time
    seconds: float


@dataclass(frozen=True, slots=True)
class Server:
    """PostgreSQL's connections in use and allowed, and its oldest transaction in seconds."""

    connections: int
    most_connections: int
    transaction: float


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that was given up; `error` is the last one's type and place, no personal data."""

    id: int
    kind: str
    error: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """An inbox row that is set aside."""

    id: int
    person_id: int


def inbox(tx: Session) -> Queue:
    """Return the open rows of the inbox that are due."""
    return _queues(tx, _INBOX)[0]


def outbox(tx: Session) -> list[OutboxQueue]:
    """Return the open messages, for each lane that has any."""
    return [OutboxQueue(*row) for row in tx.execute(text(_OUTBOX), {"most": MOST})]


def files(tx: Session) -> Queue:
    """Return the pending files that are due."""
    return _queues(tx, _FILES)[0]


def tasks(tx: Session) -> list[Queue]:
    """Return the due tasks of each kind, with those that a worker is running."""
    return _queues(tx, _TASKS)


def tasks_failed(tx: Session) -> list[Queue]:
    """Return the tasks of each kind that were given up; `seconds` since the last of them."""
    return _queues(tx, _TASKS_FAILED)


def turns_set_aside(tx: Session) -> Queue:
    """Return the inbox rows that are set aside; `seconds` since the last of them."""
    return _queues(tx, _TURNS_SET_ASIDE)[0]


def offers(tx: Session) -> Queue:
    """Return the open offers."""
    return _queues(tx, _OFFERS)[0]


def untold(tx: Session) -> int:
    """Return how many facts of the last day had no supervisor and no head to notify.

    Each fact counts once: a sweep finds the same overdue visit many times.
    """
    given = {"subject": audit.SUPERVISORS, "action": audit.UNTOLD, "most": MOST}
    return int(tx.execute(text(_UNTOLD), given).scalar_one())


def overdue(tx: Session) -> dict[str, int]:
    """Return how many cases are overdue (`WAITS`), by the side that must act."""
    found = dict.fromkeys(Turn, 0)
    for state, wait in WAITS.items():
        given = {"state": state, "within": wait.within, "most": MOST}
        found[wait.turn] += int(tx.execute(text(_OVERDUE), given).scalar_one())
    return {turn.value: number for turn, number in found.items()}


def erasures_overdue(tx: Session) -> int:
    """Return how many people were promised an erasure that is not finished in time."""
    given = {"within": erasure.WITHIN, "most": MOST}
    return int(tx.execute(text(_ERASURES_OVERDUE), given).scalar_one())


def tickets(tx: Session) -> Tickets:
    """Return the open tickets: how many wait, how many are overdue, and the oldest."""
    rows, unanswered, unclosed, age = tx.execute(text(_TICKETS), {"most": MOST}).one()
    return Tickets(rows, unanswered, unclosed, max(0.0, float(age or 0)))


def drafts(tx: Session) -> int:
    """Return the number of drafts; beyond `EXACT` an estimate."""
    return int(tx.execute(text(_DRAFTS), {"exact": EXACT}).scalar_one())


def heartbeats(tx: Session) -> dict[str, float]:
    """Return the seconds since the last heartbeat of each kind of process."""
    return {name: max(0.0, seconds) for name, seconds in tx.execute(text(_HEARTBEATS))}


def server(tx: Session) -> Server:
    """Return PostgreSQL's connections and the age of its oldest transaction."""
    connections, most, transaction = tx.execute(text(_SERVER)).one()
    return Server(connections, most, max(0.0, transaction))


def failed_lately(tx: Session, within: timedelta, *, limit: int = 5) -> Sequence[FailedTask]:
    """Return the tasks that were given up within this time, latest first."""
    rows = tx.execute(text(_FAILED_LATELY), {"since": _ago(tx, within), "limit": limit})
    return [FailedTask(*row) for row in rows]


def set_aside_lately(tx: Session, within: timedelta, *, limit: int = 5) -> Sequence[SetAside]:
    """Return the inbox rows that were set aside within this time, latest first."""
    rows = tx.execute(text(_SET_ASIDE_LATELY), {"since": _ago(tx, within), "limit": limit})
    return [SetAside(*row) for row in rows]


def _ago(tx: Session, within: timedelta) -> datetime:
    moment: datetime = tx.execute(text("SELECT now()")).scalar_one()
    return moment - within


def _queues(tx: Session, statement: str) -> list[Queue]:
    rows = tx.execute(text(statement), {"most": MOST})
    return [Queue(part, number, max(0.0, float(age or 0))) for part, number, age in rows]


_INBOX = """
    SELECT '', count(*), extract(epoch FROM now() - min(greatest(heard_at, due_at)))
      FROM (SELECT heard_at, due_at FROM inbox
             WHERE taken_at IS NULL AND set_aside_at IS NULL
               AND (due_at IS NULL OR due_at <= now()) LIMIT :most) AS open
"""

# A person's messages are sent one after the other: only the first of them can be late.
_OUTBOX = f"""
    WITH open AS (
      SELECT id, person_id, CASE WHEN greeting THEN 'greeting' ELSE lane END AS lane,
             due_at, created_at, attempts,
             {SLEEPS} AS sleeps
        FROM outbox
       WHERE sent_at IS NULL AND failed_at IS NULL
       LIMIT :most
    ), ranked AS (
      SELECT *, row_number() OVER (PARTITION BY person_id, sleeps ORDER BY id) = 1 AS first
        FROM open
    )
    SELECT lane,
           count(*),
           count(*) FILTER (WHERE first AND due_at <= now()),
           coalesce(extract(epoch FROM now() -
             min(due_at) FILTER (WHERE first AND due_at <= now())), 0)::float,
           coalesce(extract(epoch FROM now() -
             min(created_at) FILTER (WHERE attempts > 0 OR due_at <= now())), 0)::float
      FROM ranked GROUP BY lane
"""

_FILES = """
    SELECT '', count(*), extract(epoch FROM now() - min(due_at))
      FROM (SELECT due_at FROM attachments
             WHERE state = 'pending' AND due_at <= now() LIMIT :most) AS open
"""

_TASKS = """
    SELECT kind, count(*), extract(epoch FROM now() - min(due_at))
      FROM (SELECT kind, due_at FROM tasks
             WHERE done_at IS NULL AND failed_at IS NULL AND due_at <= now()
             ORDER BY due_at LIMIT :most) AS open
     GROUP BY kind
"""

_TASKS_FAILED = """
    SELECT kind, count(*), extract(epoch FROM now() - max(failed_at))
      FROM (SELECT kind, failed_at FROM tasks
             WHERE failed_at IS NOT NULL ORDER BY failed_at DESC LIMIT :most) AS failed
     GROUP BY kind
"""

_TURNS_SET_ASIDE = """
    SELECT '', count(*), extract(epoch FROM now() - max(set_aside_at))
      FROM (SELECT set_aside_at FROM inbox
             WHERE set_aside_at IS NOT NULL AND taken_at IS NULL
             ORDER BY set_aside_at DESC LIMIT :most) AS aside
"""

_OFFERS = """
    SELECT '', count(*), extract(epoch FROM now() - min(offered_at))
      FROM (SELECT offered_at FROM offers
             WHERE answer IS NULL ORDER BY offered_at LIMIT :most) AS open
"""

_UNTOLD = """
    SELECT count(DISTINCT fact)
      FROM (SELECT details ->> 'fact' AS fact FROM audit
             WHERE subject = :subject AND action = :action AND at > now() - interval '1 day'
             LIMIT :most) AS lately
"""

_OVERDUE = """
    SELECT count(*)
      FROM (SELECT FROM cases
             WHERE state = :state
               AND coalesce(due_at, moved_at + CAST(:within AS interval)) < now()
             LIMIT :most) AS late
"""

_ERASURES_OVERDUE = """
    SELECT count(*)
      FROM (SELECT FROM people WHERE erase_asked_at < now() - CAST(:within AS interval)
             LIMIT :most) AS late
"""

_TICKETS = """
    SELECT count(*),
           count(*) FILTER (WHERE answered_at IS NULL AND least(answer_by, close_by) < now()),
           count(*) FILTER (WHERE answered_at IS NOT NULL AND close_by < now()),
           extract(epoch FROM now() - min(submitted_at))
      FROM (SELECT answer_by, close_by, answered_at, submitted_at
              FROM tickets JOIN cases ON cases.id = tickets.case_id
             WHERE closed_at IS NULL LIMIT :most) AS open
"""

_DRAFTS = """
    WITH counted AS (
      SELECT count(*) AS rows
        FROM (SELECT FROM conversations WHERE has_draft LIMIT :exact) AS open
    )
    SELECT CASE WHEN rows < :exact THEN rows ELSE greatest(rows, (
             SELECT reltuples FROM pg_class WHERE oid = to_regclass('ix_conversations_drafts')
           )) END
      FROM counted
"""

_HEARTBEATS = "SELECT name, extract(epoch FROM now() - beat_at)::float FROM heartbeats"

_SERVER = """
    SELECT (SELECT sum(numbackends) FROM pg_stat_database)::int,
           current_setting('max_connections')::int,
           (SELECT coalesce(max(extract(epoch FROM now() - xact_start)), 0)::float
              FROM pg_stat_activity
             WHERE datname = current_database() AND backend_type = 'client backend'
               AND pid <> pg_backend_pid())
"""

_FAILED_LATELY = """
    SELECT id, kind, last_error FROM tasks
     WHERE failed_at IS NOT NULL AND failed_at > :since
     ORDER BY failed_at DESC LIMIT :limit
"""

_SET_ASIDE_LATELY = """
    SELECT id, person_id FROM inbox
     WHERE set_aside_at IS NOT NULL AND taken_at IS NULL AND set_aside_at > :since
     ORDER BY set_aside_at DESC LIMIT :limit
"""
