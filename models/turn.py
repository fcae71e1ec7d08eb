"""The hot path of every turn: what it reads first and writes last, in one statement each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from models.consent import CURRENT_VERSION
from models.conversation import SESSION
from models.encryption import seal_json, unseal_json
from models.inbox import EVENT


@dataclass(frozen=True, slots=True)
class Untaken:
    """An open row of the inbox."""

    id: int
    person_id: int
    channel: str
    event: Any


@dataclass(slots=True)
class Opening:
    """What the record holds about a person as their turn begins.

    The three flags tell what else there is to be read: most people have next to nothing.
    """

    session: Any  # as JSON; None before the first turn
    consented: bool
    staff: bool  # an officer or a supervisor
    applied: bool  # has an application
    untaken: list[Untaken] = field(default_factory=list)


def open(tx: Session, ids: Iterable[int]) -> dict[int, Opening]:
    """How these people stand and what lies untaken for them, as it was heard; lock them first."""
    found: dict[int, Opening] = {}
    for row in tx.execute(_OPEN, {"ids": list(ids), "version": CURRENT_VERSION}):
        if row.person_id not in found:
            session = unseal_json(row.session, SESSION) if row.session is not None else None
            found[row.person_id] = Opening(session, row.consented, row.staff, row.applied)
        if row.id is not None:
            event = unseal_json(row.event, EVENT)
            untaken = Untaken(row.id, row.person_id, row.channel, event)
            found[row.person_id].untaken.append(untaken)
    return found


_OPEN = text(
    """
    SELECT asked.person_id, kept.session, inbox.id, inbox.channel, inbox.event,
           EXISTS (SELECT 1 FROM consents
                    WHERE consents.person_id = asked.person_id
                      AND purpose = 'applying' AND version = :version) AS consented,
           EXISTS (SELECT 1 FROM officers
                    WHERE officers.person_id = asked.person_id AND active) AS staff,
           EXISTS (SELECT 1 FROM applications
                    WHERE applications.person_id = asked.person_id) AS applied
      FROM unnest(CAST(:ids AS bigint[])) AS asked (person_id)
      LEFT JOIN conversations AS kept USING (person_id)
      LEFT JOIN inbox ON inbox.person_id = asked.person_id
                     AND inbox.taken_at IS NULL AND inbox.set_aside_at IS NULL
     ORDER BY inbox.id
    """
)


@dataclass(frozen=True, slots=True)
class Saved:
    """A person's session as it is to be kept."""

    person_id: int
    session: Any
    has_draft: bool


def close(
    tx: Session,
    sessions: Sequence[Saved],
    taken: Sequence[int],
    heard: Mapping[int, str],
    at: datetime,
) -> None:
    """Keep sessions, mark inbox rows as taken, and people (id -> channel) as heard from.

    The clock of reminders starts anew for those who were heard.
    """
    given = {
        "ids": [row.person_id for row in sessions],
        "sessions": [seal_json(row.session, SESSION) for row in sessions],
        "drafts": [row.has_draft for row in sessions],
        "taken": list(taken),
        "people": list(heard),
        "channels": list(heard.values()),
    }
    tx.execute(_CLOSE, {**given, "at": at})


_CLOSE = text(
    """
    WITH kept AS (
      INSERT INTO conversations AS old (person_id, session, has_draft, spoke_at, reminded)
      SELECT new.*, :at, 0
        FROM unnest(CAST(:ids AS bigint[]), CAST(:sessions AS bytea[]),
                    CAST(:drafts AS boolean[])) AS new (person_id, session, has_draft)
      ON CONFLICT (person_id) DO UPDATE
         SET session = excluded.session,
             has_draft = excluded.has_draft,
             spoke_at = CASE WHEN old.person_id = ANY(CAST(:people AS bigint[]))
                             THEN excluded.spoke_at ELSE old.spoke_at END,
             reminded = CASE WHEN old.person_id = ANY(CAST(:people AS bigint[]))
                             THEN 0 ELSE old.reminded END
    ), heard AS (
      UPDATE people SET last_heard_at = :at, last_channel = spoke.channel, unreachable_at = NULL
        FROM unnest(CAST(:people AS bigint[]), CAST(:channels AS text[])) AS spoke (id, channel)
       WHERE people.id = spoke.id
    )
    UPDATE inbox SET taken_at = :at WHERE id = ANY(CAST(:taken AS bigint[]))
    """
)
