"""The hot path of every turn: two round trips to the database for any number of people.

`begin` inserts the deliveries, locks the people concerned and reads their rows; the conversation
decides; `keep` writes the new sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import calendar, identity, inbox, person
from models.base import keep_now, now
from models.calendar import COMING, Calendar
from models.consent import CURRENT_VERSION
from models.conversation import SESSION
from models.inbox import EVENT, Delivery
from models.infrastructure.database import packed, pipeline
from models.infrastructure.encryption import open_json, seal_json
from models.infrastructure.wire import Execute, Results
from models.outbox import WAITING
from models.person import ASKED, LOCK, LockedPerson, asked

HEARINGS = 5  # tries to insert deliveries while other processes create the same people


class Unmet(RuntimeError):
    """Deliveries could not be inserted: other processes kept creating their people, and failed."""


class Moved(RuntimeError):
    """A person was merged into another one, or erased, while `begin` waited for the lock."""


@dataclass(frozen=True, slots=True)
class Untaken:
    """An open row of the inbox."""

    id: int
    channel: str
    event: Any  # as JSON, or `Unreadable`
    attachment_id: int | None  # the file that came with it
    address_id: int | None  # the sender's address; None for news
    address: str | None
    sleeps: bool = False  # news that waits for the morning
    age: float = 0.0  # seconds since it was received, or was due if that is later


@dataclass(slots=True)
class Opening:
    """A person's rows at the start of their turn.

    The flags `staff` and `applied` say which further rows exist; most people have none.
    """

    session: Any  # as JSON, or `Unreadable`; None before the first turn
    consents: frozenset[str]  # purposes agreed to, in the current wording
    staff: bool  # an officer or a supervisor
    applied: bool  # has a case
    on_card: str | None = None  # the name on their KTP, if it was given and can be read
    waiting: int = 0  # pending fleeting replies; one that replaced others counts as `GATHERED`
    calendar: Calendar = field(default_factory=Calendar)
    untaken: list[Untaken] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Begun:
    """The locked people of a batch of turns, and their rows; `at` is the database's time."""

    people: dict[int, LockedPerson]
    openings: dict[int, Opening]
    at: datetime


def begin(tx: Session, deliveries: Sequence[Delivery], ids: Iterable[int] = ()) -> Begun:
    """Insert deliveries, each once; lock and read their senders and the people in `ids`.

    Raises:
        Unmet: other processes are still creating a sender.
        Moved: a person was merged into another, or erased; roll back and begin again.
    """
    addresses = {(one.channel, one.address) for one in deliveries}
    people = asked(ids, addresses)
    for _ in range(HEARINGS):
        with pipeline(tx) as execute:
            inserted = inbox.hear(execute, deliveries) if deliveries else None
            locked = execute(LOCK, people)
            opened = execute(_OPEN, {**people, "version": CURRENT_VERSION})
        senders = inserted.rows if inserted is not None else []
        if len(senders) == len(addresses):
            if any(row[-1] for row in locked.rows):
                raise Moved("people became one, or were erased, while they were waited for")
            speakers = [person.speaker(row) for row in locked.rows]
            at = keep_now(tx, opened.rows[0][-1]) if opened.rows else now(tx)
            return Begun({one.id: one for one in speakers}, _openings(opened.rows), at)
    raise Unmet(f"{len(addresses) - len(senders)} people")


def reopen(tx: Session, ids: Iterable[int]) -> dict[int, Opening]:
    """Read the rows of these (locked) people again."""
    with pipeline(tx) as execute:
        opened = execute(_OPEN, {**asked(ids), "version": CURRENT_VERSION})
    return _openings(opened.rows)


def _openings(rows: Iterable[tuple[Any, ...]]) -> dict[int, Opening]:
    found: dict[int, Opening] = {}
    for row in rows:
        person_id, session, consents, staff, applied, card, waits, row_id, *what = row[:-2]
        opening = found.get(person_id)
        if opening is None:
            opened = None if session is None else open_json(session, SESSION)
            days = calendar.read(row[-2])
            opening = found[person_id] = Opening(
                opened, frozenset(consents), staff, applied, identity.name_of(card), waits, days
            )
        if row_id is not None:
            channel, event, *where = what
            opening.untaken.append(Untaken(row_id, channel, open_json(event, EVENT), *where))
    return found


# Not EXISTS: while a table is small, PostgreSQL would hash all of it for each batch.
_OPEN = f"""
    WITH {ASKED}
    SELECT asked.id, kept.session,
           ARRAY (SELECT purpose FROM consents
                   WHERE consents.person_id = asked.id AND version = %(version)s),
           (SELECT true FROM officers
             WHERE officers.person_id = asked.id AND active LIMIT 1) IS TRUE,
           (SELECT true FROM cases
             WHERE cases.person_id = asked.id LIMIT 1) IS TRUE,
           (SELECT name FROM identities WHERE identities.person_id = asked.id),
           {WAITING.format(person="asked.id")},
           inbox.id, inbox.channel, inbox.event, inbox.attachment_id,
           addresses.id, addresses.address, coalesce(inbox.due_at > now(), false),
           CAST(extract(epoch FROM now() - greatest(inbox.heard_at, inbox.due_at)) AS float),
           {COMING}, now()
      FROM asked
      LEFT JOIN conversations AS kept ON kept.person_id = asked.id
      LEFT JOIN inbox ON inbox.person_id = asked.id
                     AND inbox.taken_at IS NULL AND inbox.set_aside_at IS NULL
      LEFT JOIN addresses ON addresses.id = inbox.address_id
     ORDER BY inbox.id
"""


@dataclass(frozen=True, slots=True)
class Saved:
    """A person's new session for `keep`; if they `spoke`, the clock of reminders restarts."""

    person_id: int
    session: Any
    has_draft: bool
    spoke: bool


def keep(
    execute: Execute,
    sessions: Iterable[Saved],
    taken: Sequence[int],
    heard: Iterable[int],
) -> None:
    """Add to the pipeline: save sessions, and mark inbox rows as taken and addresses as heard from.

    `taken` and `heard` are ids.
    """
    rows = [
        {
            "id": one.person_id,
            "session": seal_json(one.session, SESSION),
            "has_draft": one.has_draft,
            "spoke": one.spoke,
        }
        for one in sessions
    ]
    execute(
        _KEEP,
        {"rows": packed(rows), "taken": packed(list(taken)), "heard": packed(list(heard))},
    )


def set_session_aside(execute: Execute, person_ids: Sequence[int]) -> Results:
    """Add to the pipeline: copy unreadable sessions to `sessions_aside`; `keep` then replaces them.

    `models.aside` can restore them when the key is back. Returns (id, person id, has draft).
    """
    return execute(_SET_SESSION_ASIDE, {"ids": packed(list(person_ids))})


_SET_SESSION_ASIDE = """
    INSERT INTO sessions_aside (person_id, session, has_draft, set_aside_at)
    SELECT person_id, session, has_draft, now() FROM conversations
     WHERE person_id IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(ids)s))
    RETURNING id, person_id, has_draft
"""


def set_aside(execute: Execute, row_ids: Sequence[int]) -> None:
    """Add to the pipeline: set aside inbox rows that can't be read."""
    execute(_SET_ASIDE, {"ids": packed(list(row_ids))})


_SET_ASIDE = """
    UPDATE inbox SET set_aside_at = now(), failures = failures + 1
     WHERE id IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(ids)s))
       AND taken_at IS NULL AND set_aside_at IS NULL
"""


_KEEP = """
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(%(rows)s)
          AS new (id bigint, session text, has_draft boolean, spoke boolean)
    ), kept AS (
      INSERT INTO conversations AS old (person_id, session, has_draft, spoke_at, reminded)
      SELECT id, decode(session, 'base64'), has_draft, now(), 0 FROM given
      ON CONFLICT (person_id) DO UPDATE
         SET session = excluded.session,
             has_draft = excluded.has_draft,
             spoke_at = CASE WHEN EXISTS (SELECT 1 FROM given
                                           WHERE given.id = old.person_id AND spoke)
                             THEN excluded.spoke_at ELSE old.spoke_at END,
             reminded = CASE WHEN EXISTS (SELECT 1 FROM given
                                           WHERE given.id = old.person_id AND spoke)
                             THEN 0 ELSE old.reminded END
    ), heard AS (
      UPDATE addresses AS here SET heard_at = now(), unreachable_at = NULL
       WHERE id IN (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(heard)s))
         AND (heard_at IS NULL OR heard_at < now() - interval '1 minute'
              OR unreachable_at IS NOT NULL
              OR EXISTS (SELECT 1 FROM addresses AS other
                          WHERE other.person_id = here.person_id
                            AND other.heard_at > here.heard_at))
    )
    UPDATE inbox SET taken_at = now() WHERE id IN
      (SELECT CAST(value AS bigint) FROM json_array_elements_text(%(taken)s))
"""
