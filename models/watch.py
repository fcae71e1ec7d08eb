"""Watching the database: what waits in it and since when.

Every statement is served by an index over the rows that are open, so that it costs the same on a
record of ten million messages. Ages are told by the database's clock: they are the same whoever
asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from models import audit
from models.lifecycle import WAITS, Turn
from models.outbox import SLEEPS

MOST = 100_000  # rows of one kind that are counted; a longer queue counts as so long
EXACT = 10_000  # drafts that are counted; of more, PostgreSQL's own estimate is taken


@dataclass(frozen=True, slots=True)
class Queue:
    """Open rows of one kind: how many, and for how many seconds the oldest has waited."""

    part: str  # a lane, or a kind of task; "" where there are no parts
    rows: int
    seconds: float


@dataclass(frozen=True, slots=True)
class OutboxQueue:
    """Open messages of one lane; replies to first messages are counted by themselves, as
    `greeting`.

    `due` people wait for a message that could go out now, the first for `lag` seconds. `oldest` is
    how long the oldest message has been owed, also while its provider is being left alone.
    """

    lane: str
    open: int
    due: int
    lag: float
    oldest: float


@dataclass(frozen=True, slots=True)
class Server:
    """How PostgreSQL fares: connections in use and allowed, the oldest transaction in seconds."""

    connections: int
    most_connections: int
    transaction: float


@dataclass(frozen=True, slots=True)
class FailedTask:
    """A task that was given up: where its last try failed, without personal data."""

    id: int
    kind: str
    error: str | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A turn that failed three times."""

    id: int
    person_id: int


def inbox(tx: Session) -> Queue:
    """Rows of the inbox that were not taken."""
    return _queues(tx, _INBOX)[0]


def outbox(tx: Session) -> list[OutboxQueue]:
    """Open messages, for each lane that has any."""
    return [OutboxQueue(*row) for row in tx.execute(text(_OUTBOX), {"most": MOST})]


def files(tx: Session) -> Queue:
    """Files that could be fetched from their provider now."""
    return _queues(tx, _FILES)[0]


def tasks(tx: Session) -> list[Queue]:
    """Tasks that are due, for each kind; the ones that a worker has in hand among them."""
    return _queues(tx, _TASKS)


def tasks_failed(tx: Session) -> list[Queue]:
    """Tasks that were given up, for each kind; `seconds` since the last of them."""
    return _queues(tx, _TASKS_FAILED)


def turns_set_aside(tx: Session) -> Queue:
    """Turns that failed three times; `seconds` since the last of them."""
    return _queues(tx, _TURNS_SET_ASIDE)[0]


def offers(tx: Session) -> Queue:
    """Offers that no officer has answered yet."""
    return _queues(tx, _OFFERS)[0]


def untold(tx: Session) -> int:
    """News of the last day of which no supervisor and no head could be told; each fact once.

    A sweep finds the same visit overdue again and again.
    """
    given = {"subject": audit.SUPERVISORS, "action": audit.UNTOLD, "most": MOST}
    return int(tx.execute(text(_UNTOLD), given).scalar_one())


def overdue(tx: Session) -> dict[str, int]:
    """Cases that wait in a state for longer than they should, by whose turn it is."""
    found = dict.fromkeys(Turn, 0)
    for state, wait in WAITS.items():
        given = {"state": state, "within": wait.within, "most": MOST}
        found[wait.turn] += int(tx.execute(text(_OVERDUE), given).scalar_one())
    return {turn.value: number for turn, number in found.items()}


def drafts(tx: Session) -> int:
    """Forms in the middle of being filled in; beyond `EXACT` about so many."""
    return int(tx.execute(text(_DRAFTS), {"exact": EXACT}).scalar_one())


def heartbeats(tx: Session) -> dict[str, float]:
    """Seconds since each kind of process was last seen."""
    return {name: max(0.0, seconds) for name, seconds in tx.execute(text(_HEARTBEATS))}


def server(tx: Session) -> Server:
    """How PostgreSQL itself fares."""
    connections, most, transaction = tx.execute(text(_SERVER)).one()
    return Server(connections, most, max(0.0, transaction))


def failed_lately(tx: Session, within: timedelta, *, limit: int = 5) -> Sequence[FailedTask]:
    """Tasks that were given up lately, the last first."""
    rows = tx.execute(text(_FAILED_LATELY), {"since": _ago(tx, within), "limit": limit})
    return [FailedTask(*row) for row in rows]


def set_aside_lately(tx: Session, within: timedelta, *, limit: int = 5) -> Sequence[SetAside]:
    """Turns that were set aside lately, the last first."""
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

# A person's messages go out one after the other: only the first of them can be late.
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
             WHERE state = :state AND moved_at < now() - CAST(:within AS interval)
             LIMIT :most) AS late
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
