"""Sending: outbox rows that are due are leased, renewed and settled."""

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
    """One address of a person, and when they were last heard from there."""

    id: int
    channel: str
    address: str
    heard_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased message with all that sending it needs.

    `message` is what `enqueue` was given, as JSON, or `Unreadable`; or the message itself if this
    process has just enqueued it. `reach` is where to try, one address after the other. A turn knows
    only the address that it answers: then `all_known` is false.
    """

    id: int
    person_id: int
    message: Any
    lane: str
    attempts: int
    locale: str
    opted_out: bool
    at: datetime  # the time it was leased, on the database's clock
    unsure: bool  # an earlier try may have come through: nobody wrote down what became
    reach: tuple[Reach, ...]
    all_known: bool = True
    greeting: bool = False

    @property
    def channel(self) -> str | None:
        """The channel that is tried first; None when there is no address."""
        return self.reach[0].channel if self.reach else None


def claim(execute: Execute, *, lease: timedelta, limit: int, others: int | None = None) -> Results:
    """Lease the first open message of each person whose first is due.

    Replies go first, then at most `others` greetings and as many notices.

    Only a person's oldest open message can be claimed, but for notices that wait for the morning,
    so their order holds whoever sends. It goes to
    the address that it answers, or else to the one that was heard from last; one that can't be
    reached is passed over where there is another. In a pipeline; `claimed` reads what it gives.

    A row made more than a lease ahead of the database's clock is due, and a lease longer than any
    claim gives is over: the clock was put back, and nobody shall wait for that time again.
    """
    others = limit if others is None else min(others, limit)
    execute(IN_ORDER, {})
    return execute(_CLAIM, {"lease": lease.total_seconds(), "limit": limit, "others": others})


def claimed(rows: Results) -> list[Claimed]:
    """Read the rows that `claim` leased."""
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


#: Of the oldest open row of a person, but for sleeping notices, and leased to nobody. Not EXISTS:
#: planned while the table is small, it would read a whole index for each row.
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
    """SQL for the first rows of a part of the index.

    The order names the lane, and `which` compares it by more than equality: else the primary key
    would do for the order, and be read from its first closed row on.
    """
    return f"""
        SELECT id FROM outbox WHERE {which} AND due_at <= now() AND {_FREE}
         ORDER BY lane DESC, greeting, id LIMIT {limit} FOR NO KEY UPDATE SKIP LOCKED
    """


#: Goes before `_CLAIM`, until the transaction ends. Where the statistics promise a few open rows,
#: the planner would sort what another index finds: all rows, however many there are by then. Only
#: here: elsewhere it would read a long index in its order rather than sort three rows.
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
    """Keep messages that are still being sent; in a pipeline."""
    execute(_RENEW, {"ids": packed(list(ids)), "lease": lease.total_seconds()})


_RENEW = """
    UPDATE outbox SET leased_until = statement_timestamp() + make_interval(secs => %(lease)s)
     WHERE id IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(ids)s))
       AND sent_at IS NULL AND failed_at IS NULL
"""


def settle(execute: Execute, sent: Mapping[int, str]) -> Results:
    """Mark messages as sent: id -> the provider's id; in a pipeline.

    Gives one row, (whether any of these people has a message left to be sent,).
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
    """Let messages be due that were put back with this outcome, or of which nothing is known.

    The latter only with at most so many tries that count: the last ones stay spread out.
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
    """Give back messages that were not tried, each for a while; in a pipeline.

    They keep their number of attempts, and what is not known of an earlier one. To wait for a place
    is no failure: it does not count as time since they were first due.
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
