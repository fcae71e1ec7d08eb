"""Sending: leases, renews and settles due rows of the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    and_,
    func,
    or_,
    text,
    update,
)
from sqlalchemy.orm import Session

from models.infrastructure.database import packed
from models.infrastructure.encryption import open_json
from models.infrastructure.wire import Execute, Results
from models.outbox import MESSAGE, OPEN, SLEEPS, OutboundMessage, SendOutcome


@dataclass(frozen=True, slots=True)
class Reach:
    """One address of a person, and when they last wrote from it."""

    id: int
    channel: str
    address: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased message with all data that sending needs.

    `message` is the enqueued message as JSON, or `Unreadable`; or the message itself if this
    process has just enqueued it. `reach` holds the addresses to try, in order. A turn knows only
    the address that it replies to: then `all_known` is false.
    """

    id: int
    person_id: int
    message: Any
    lane: str
    attempts: int
    locale: str
    opted_out: bool
    at: datetime  # the time it was leased, on the database's clock
    unsure: bool  # an earlier try may have been delivered: its outcome was not stored
    reach: tuple[Reach, ...]
    all_known: bool = True
    greeting: bool = False

    @property
    def channel(self) -> str | None:
        """The channel to try first; None when there is no address."""
        return self.reach[0].channel if self.reach else None


def claim(execute: Execute, *, lease: timedelta, limit: int, others: int | None = None) -> Results:
    """Add to the pipeline: lease each person's first open message, if it is due.

    Replies go first, then at most `others` greetings and as many notices. `claimed` reads the
    result.

    Only a person's oldest open message can be claimed, not counting sleeping ones (`SLEEPS`), so
    their order holds across processes. A message goes to the address that it replies to, else to
    the one last written from; an unreachable address is skipped if there is another.

    A row created more than a lease in the future is due, and a lease longer than twice `lease` has
    expired: the database's clock was set back.
    """
    others = limit if others is None else min(others, limit)
    execute(IN_ORDER, {})
    return execute(_CLAIM, {"lease": lease.total_seconds(), "limit": limit, "others": others})


def claimed(rows: Results) -> list[Claimed]:
    """Return the messages that `claim` leased."""
    found: list[Claimed] = []
    for (
        row_id,
        person_id,
        message,
        lane,
        greeting,
        attempts,
        locale,
        opted_out,
        at,
        outcome,
        *where,
    ) in rows.rows:
        reach = () if where[0] is None else (Reach(*where),)
        if found and found[-1].id == row_id:
            found[-1] = replace(found[-1], reach=found[-1].reach + reach)
            continue
        words, unsure = open_json(message, MESSAGE), outcome == SendOutcome.UNKNOWN
        due = Claimed(
            row_id, person_id, words, lane, attempts, locale, opted_out, at, unsure, reach
        )
        found.append(replace(due, greeting=True) if greeting else due)
    return found


#: SQL condition: the person's oldest open row, not counting sleeping ones, without a lease. Not
#: EXISTS: planned while the table is small, it would read a whole index for each row.
_FREE = f"""
    sent_at IS NULL AND failed_at IS NULL
    AND (leased_until IS NULL OR leased_until <= statement_timestamp()
         OR leased_until > statement_timestamp() + 2 * make_interval(secs => %(lease)s))
    AND (
      SELECT true FROM outbox AS older
       WHERE older.person_id = outbox.person_id AND older.id < outbox.id
         AND older.sent_at IS NULL AND older.failed_at IS NULL
         AND NOT {SLEEPS.replace("outbox.", "older.")}
       LIMIT 1
    ) IS NULL
"""


def _due(which: str, limit: str) -> str:
    """Return SQL of the first due rows of a part of the index.

    The order names the lane, and `which` compares the lane by an inequality: with an equality the
    planner could use the primary key for the order, and read all closed rows first.
    """
    return f"""
        SELECT id FROM outbox WHERE {which} AND due_at <= now() AND {_FREE}
         ORDER BY lane DESC, greeting, id LIMIT {limit} FOR NO KEY UPDATE SKIP LOCKED
    """


#: Runs before `_CLAIM`; holds until the transaction ends. If the statistics say that few rows are
#: open, the planner would sort the rows of another index: all open ones, however many there are.
#: Set only here: other statements would read a long index in its order to avoid sorting three rows.
IN_ORDER = "SELECT set_config('enable_sort', 'off', true)"


_CLAIM = f"""
    WITH free AS (
      SELECT id FROM ({_due("lane >= 'reply' AND NOT greeting", "%(limit)s")}) AS replies
       UNION ALL
      SELECT id FROM (
        SELECT id FROM outbox  -- made when the clock was ahead
         WHERE created_at > statement_timestamp() + make_interval(secs => %(lease)s)
           AND due_at > now() AND NOT {SLEEPS} AND {_FREE}
         ORDER BY created_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
      ) AS made_later
       UNION ALL
      SELECT id FROM ({_due("lane >= 'reply' AND greeting", "%(others)s")}) AS greetings
       UNION ALL
      SELECT id FROM ({_due("lane <= 'notice'", "%(others)s")}) AS notices
       LIMIT %(limit)s
    ), leased AS (
      UPDATE outbox
          SET leased_until = statement_timestamp() + make_interval(secs => %(lease)s),
              attempts = attempts + 1,
              outcome = CASE WHEN leased_until IS NULL THEN outcome ELSE 'unknown' END
       WHERE id IN (SELECT id FROM free)
      RETURNING id, person_id, message, lane, greeting, attempts, address_id, outcome
    )
    SELECT leased.id, leased.person_id, message, lane, greeting, attempts, locale,
           opted_out_at IS NOT NULL,
           now(), outcome,
           reach.id, reach.channel, reach.address, reach.heard_at
      FROM leased JOIN people ON people.id = leased.person_id
      LEFT JOIN LATERAL (
        SELECT *, unreachable_at IS NULL AS free,
               bool_or(unreachable_at IS NULL) OVER () AS any_free
          FROM addresses WHERE addresses.person_id = coalesce(people.merged_into, people.id)
      ) AS reach ON free OR NOT any_free
     ORDER BY lane DESC, greeting, leased.id,
              reach.id IS NOT DISTINCT FROM address_id DESC, heard_at DESC NULLS LAST, reach.id
"""


def renew(execute: Execute, ids: Sequence[int], *, lease: timedelta) -> None:
    """Add to the pipeline: renew the leases of messages that are still being sent."""
    execute(_RENEW, {"ids": packed(list(ids)), "lease": lease.total_seconds()})


_RENEW = """
    UPDATE outbox SET leased_until = statement_timestamp() + make_interval(secs => %(lease)s)
     WHERE id IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(ids)s))
       AND sent_at IS NULL AND failed_at IS NULL
"""


def settle(execute: Execute, sent: Mapping[int, str]) -> Results:
    """Add to the pipeline: mark messages as sent, id -> the provider's id.

    Returns one row, (whether one of these people has another open message,).
    """
    rows = [{"id": row_id, "provider_id": sent[row_id]} for row_id in sent]
    return execute(_SETTLE, {"rows": packed(rows)})


_SETTLE = f"""
    WITH done AS MATERIALIZED (
      SELECT * FROM json_to_recordset(%(rows)s) AS new (id bigint, provider_id text)
    ), settled AS (
      UPDATE outbox
         SET sent_at = now(), provider_id = done.provider_id, outcome = 'sent',
             leased_until = NULL
        FROM done
       WHERE outbox.id = done.id
      RETURNING outbox.person_id
    )
    SELECT EXISTS (
      SELECT 1 FROM outbox WHERE person_id IN (SELECT person_id FROM settled)
         AND sent_at IS NULL AND failed_at IS NULL AND id NOT IN (SELECT id FROM done)
         AND NOT {SLEEPS}
    )
"""


def wake(tx: Session, outcome: SendOutcome, *, counted: int) -> None:
    """Make messages due now that were postponed with this outcome, or with the outcome UNKNOWN.

    The latter only with at most `counted` counted tries: later tries stay spread out.
    """
    doubtful = and_(
        OutboundMessage.outcome == SendOutcome.UNKNOWN,
        func.coalesce(OutboundMessage.counted, 0) <= counted,
    )
    tx.execute(
        update(OutboundMessage)
        .where(
            text(OPEN),
            OutboundMessage.leased_until.is_(None),
            OutboundMessage.due_at > func.now(),
            or_(OutboundMessage.outcome == outcome, doubtful),
        )
        .values(due_at=func.now())
    )


def turn_away(execute: Execute, waits: Mapping[int, timedelta], outcome: SendOutcome) -> None:
    """Add to the pipeline: postpone messages that were not tried, each by its own time.

    The claim is not counted as an attempt, and an outcome UNKNOWN stays. Waiting for the rate limit
    is not a failure: `first_due_at` is not set by it.
    """
    rows = [{"id": row_id, "after": after.total_seconds()} for row_id, after in waits.items()]
    execute(_TURN_AWAY, {"rows": packed(rows), "outcome": outcome.value})


_TURN_AWAY = f"""
    UPDATE outbox
       SET due_at = now() + make_interval(secs => new.after), leased_until = NULL,
           attempts = attempts - 1,
           outcome = CASE WHEN outcome = '{SendOutcome.UNKNOWN}' THEN outcome ELSE %(outcome)s END
      FROM json_to_recordset(%(rows)s) AS new (id bigint, after float)
     WHERE outbox.id = new.id AND sent_at IS NULL AND failed_at IS NULL
"""
