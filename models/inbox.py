"""The inbox: each message, tap and piece of news once, in the order it came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.attachment import REFERENCE
from models.base import Base, Code
from models.infrastructure import quiet
from models.infrastructure.database import INBOX, notify, packed, pipeline
from models.infrastructure.encryption import EncryptedJson, seal, seal_json
from models.infrastructure.wire import Execute, Results
from models.person import MAKE
from models.personal import Keep, Linking, Personal, on_linking, personal

NEWS = "news"  # the channel of what the city itself has to tell a conversation


class InboxMessage(Base):
    """One thing heard from, or for, one person.

    Open until `taken_at` or `set_aside_at` is set. `provider_id` is the provider's own id of the
    delivery; for news it names the fact, so that the same news is told once. An old delivery's id
    that the provider gives to another one is changed here, to id@row (`REPEATED`).
    """

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("channel", "provider_id"),
        Index(
            "ix_inbox_open",
            "person_id",
            "id",
            postgresql_where="taken_at IS NULL AND set_aside_at IS NULL",
        ),
        # The order of `waiting`. The condition on the id is always true: it keeps the index from
        # statements that ask for a person's rows, which have one of their own.
        Index(
            "ix_inbox_waiting",
            "due_at",
            "id",
            postgresql_where="taken_at IS NULL AND set_aside_at IS NULL AND id > 0",
        ),
        Index("ix_inbox_set_aside", "set_aside_at", postgresql_where="set_aside_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[Code]
    provider_id: Mapped[Code]
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.WAITING)
    )
    event: Mapped[Any] = mapped_column(
        EncryptedJson("inbox.event"), info=personal(Personal.WORDS, Keep.MESSAGES)
    )
    address_id: Mapped[int | None]  # where they wrote from; None for news
    attachment_id: Mapped[int | None]  # the file that came with it
    heard_at: Mapped[datetime] = mapped_column(default=func.now())
    due_at: Mapped[datetime | None]  # news that waits for the morning, or until they speak
    taken_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    set_aside_at: Mapped[datetime | None]  # unreadable, or failed three times; a supervisor sees it


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row that `add` writes for one person."""

    channel: str
    provider_id: str
    person_id: int
    event: Any
    can_wait: bool = False  # at night, until the morning


EVENT = "inbox.event"  # what its words are bound to

#: For how long an id means the same delivery. Telegram brings an update again for a day at most,
#: and may begin its numbers anew, at random, after a week without one; another bot has its own.
#: Source: https://core.telegram.org/bots/api#update
REPEATED = "interval '3 days'"


def add(tx: Session, arrivals: Iterable[Arrival]) -> list[int]:
    """Write down what people shall hear of, once each. Gives the new rows' ids."""
    hours = quiet.of(tx)
    rows = [
        {
            "channel": one.channel,
            "provider_id": one.provider_id,
            "person_id": one.person_id,
            "event": seal_json(one.event, EVENT),
            "quiet": one.can_wait and hours.kept,
        }
        for one in arrivals
    ]
    if not rows:
        return []
    with pipeline(tx) as execute:
        recorded = execute(_RECORD, {"rows": packed(rows), **hours.parameters})
    return [row_id for (row_id,) in recorded.rows]


_RECORD = f"""
    INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, due_at, failures)
    SELECT channel, provider_id, person_id, decode(event, 'base64'), now(),
           CASE WHEN quiet THEN nullif({quiet.later("now()")}, now()) END, 0
      FROM json_to_recordset(%(rows)s)
           AS new (channel text, provider_id text, person_id bigint, event text, quiet boolean)
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class SentFile:
    """The file that comes with a delivery, as the provider announces it."""

    reference: str
    kind: str
    size: int | None  # bytes, if it was told


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery from a provider: it comes from an address, not yet from a person."""

    channel: str
    address: str
    provider_id: str
    event: Any
    locale: str = "id"  # to begin with, if nobody has met them
    file: SentFile | None = None


def hear(execute: Execute, deliveries: Iterable[Delivery]) -> Results:
    """Write deliveries, each once, with their files, and create unknown senders; in a pipeline.

    Gives (channel, address, person id). A sender missing from the result is being created by
    another process; nothing was written for it. Call again.
    """
    rows = [
        {
            "channel": one.channel,
            "address": one.address,
            "provider_id": one.provider_id,
            "event": seal_json(one.event, EVENT),
            "locale": one.locale,
            "reference": one.file and seal(one.file.reference.encode(), REFERENCE),
            "kind": one.file and one.file.kind,
            "size": one.file and one.file.size,
        }
        for one in deliveries
    ]
    return execute(_HEAR, {"rows": packed(rows)})


#: Rows go in by their keys' order, so that two processes that hear the same do not wait for each
#: other in a circle.
_HEAR = f"""
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(%(rows)s)
          AS new (channel text, address text, provider_id text, event text, locale text,
                  reference text, kind text, size bigint)
    ), strangers AS (
      SELECT channel, address, locale FROM given
    ), {MAKE}, known AS (
      SELECT channel, address, person_id, id AS address_id FROM addresses
       WHERE (channel, address) IN (SELECT channel, address FROM given)
       UNION ALL
      SELECT channel, address, person_id, id FROM met
    ), freed AS (
      UPDATE inbox SET provider_id = provider_id || '@' || id
       WHERE (channel, provider_id) IN (SELECT channel, provider_id FROM given)
         AND heard_at < now() - {REPEATED}
      RETURNING id
    ), heard AS MATERIALIZED (
      SELECT given.*, known.person_id, known.address_id,
             CASE WHEN reference IS NOT NULL THEN nextval('attachments_id_seq') END AS attachment_id
        FROM given JOIN known USING (channel, address)
       WHERE (SELECT count(*) FROM freed) >= 0  -- ids are free before they are written
    ), recorded AS (
      INSERT INTO inbox (channel, provider_id, person_id, address_id, event, attachment_id,
                         heard_at, failures)
      SELECT channel, provider_id, person_id, address_id, decode(event, 'base64'), attachment_id,
             now(), 0
        FROM heard ORDER BY channel, provider_id
      ON CONFLICT DO NOTHING
      RETURNING attachment_id
    ), filed AS (
      INSERT INTO attachments (id, person_id, channel, reference, kind, state, size, received_at,
                               due_at, failures)
      SELECT attachment_id, person_id, channel, decode(reference, 'base64'), kind, 'pending', size,
             now(), now(), 0
        FROM heard JOIN recorded USING (attachment_id)
    )
    SELECT channel, address, person_id FROM known
"""


def tell(tx: Session, person_id: int, fact: str, event: Any, *, can_wait: bool = False) -> None:
    """Give a conversation news, once for each `fact`, and wake the bot at commit.

    News at night that `can_wait` is told in the morning, or before the answer to what the person
    says meanwhile.
    """
    if add(tx, [Arrival(NEWS, f"{fact}:{person_id}", person_id, event, can_wait)]):
        notify(tx, INBOX)


_SLEEPS = func.coalesce(InboxMessage.due_at > func.now(), False)


def waiting(tx: Session, *, limit: int, but_for: Sequence[int] = ()) -> Sequence[int]:
    """People for whom something lies untaken, longest first; not those of `but_for`."""
    given = {"limit": limit, "but_for": list(but_for)}
    return list(dict.fromkeys(tx.scalars(text(_WAITING), given)))


# Not an OR of the two: each is a stretch of the index, in its order.
_WAITING = """
    WITH waiting AS (
      (SELECT id, person_id FROM inbox
        WHERE taken_at IS NULL AND set_aside_at IS NULL AND id > 0 AND due_at IS NULL
          AND person_id <> ALL (CAST(:but_for AS bigint[]))
        ORDER BY due_at, id LIMIT :limit)
       UNION ALL
      (SELECT id, person_id FROM inbox
        WHERE taken_at IS NULL AND set_aside_at IS NULL AND id > 0 AND due_at <= now()
          AND person_id <> ALL (CAST(:but_for AS bigint[]))
        ORDER BY due_at, id LIMIT :limit)
    )
    SELECT person_id FROM waiting JOIN people ON people.id = person_id
     WHERE merged_into IS NULL ORDER BY waiting.id LIMIT :limit
"""


def count_failure(tx: Session, person_id: int, *, at_most: int) -> int | None:
    """Count that a (locked) person's next turn raised; gives the row's id when it is set aside."""
    row = tx.scalars(
        select(InboxMessage)
        .where(
            InboxMessage.person_id == person_id,
            InboxMessage.taken_at.is_(None),
            InboxMessage.set_aside_at.is_(None),
        )
        .order_by(_SLEEPS, InboxMessage.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    row.failures += 1
    if row.failures < at_most:
        return None
    row.set_aside_at = func.now()
    return row.id
