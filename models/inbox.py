"""The inbox: received messages and taps, and news for people, deduplicated and in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.attachment import REFERENCE
from models.base import Base, Code
from models.infrastructure import quiet
from models.infrastructure.database import INBOX, notify, packed, pipeline
from models.infrastructure.encryption import EncryptedJson, seal, seal_json
from models.infrastructure.wire import Execute, Results
from models.person import MAKE
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

NEWS = "news"  # the channel of rows that the application itself sends to a conversation


class InboxMessage(Base):
    """One event received from, or meant for, one person.

    Open until `taken_at` or `set_aside_at` is set. `provider_id` is the provider's own id of the
    delivery; for news it names the fact, which dedupes it. When the provider reuses an id after
    `REPEATED`, the old row's is changed to id@row.
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
        # The order of `waiting`. `id > 0` is always true: it keeps the planner from using this
        # index for statements about one person's rows, which `ix_inbox_open` serves.
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
        EncryptedJson("inbox.event"), info=personal(Personal.WORDS, Keep.MESSAGES, Erasing.ROW)
    )
    address_id: Mapped[int | None]  # the sender's address; None for news
    attachment_id: Mapped[int | None]  # the file that came with it
    heard_at: Mapped[datetime] = mapped_column(default=func.now())
    due_at: Mapped[datetime | None]  # news that waits for the morning or the person's next message
    taken_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    set_aside_at: Mapped[datetime | None]  # unreadable, or failed three times; a supervisor sees it


@dataclass(frozen=True, slots=True)
class Arrival:
    """A row for `add`."""

    channel: str
    provider_id: str
    person_id: int
    event: Any
    can_wait: bool = False  # at night: until the morning


EVENT = "inbox.event"  # the associated data of its encryption

#: How long an id means the same delivery. Telegram keeps an update for a day at most, and may
#: restart its ids at random after a week without updates; another bot has its own ids.
#: Source: https://core.telegram.org/bots/api#update
REPEATED = "interval '3 days'"


def add(tx: Session, arrivals: Iterable[Arrival]) -> list[int]:
    """Insert rows, skipping known (channel, provider id) pairs and erased people; return ids."""
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
     WHERE (SELECT erased_at FROM people WHERE people.id = new.person_id) IS NULL
    ON CONFLICT DO NOTHING
    RETURNING id
"""


@dataclass(frozen=True, slots=True)
class SentFile:
    """The file of a delivery, as the provider describes it."""

    reference: str
    kind: str
    size: int | None  # bytes; None if the provider did not say


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery from a provider, before its address is resolved to a person."""

    channel: str
    address: str
    provider_id: str
    event: Any
    locale: str = "id"  # of a new person, at first contact
    file: SentFile | None = None


def hear(execute: Execute, deliveries: Iterable[Delivery]) -> Results:
    """Add to the pipeline: insert deliveries, each once, with files, and create unknown senders.

    Returns (channel, address, person id) rows. A sender missing from the result is being created
    by another process; nothing was written for it. Call again.
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


#: Rows are inserted in key order, so that two processes with the same deliveries don't deadlock.
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
    """Enqueue news for a person, once for each `fact`, and wake the bot at commit.

    At night, news that `can_wait` is due in the morning, or before the reply to the person's next
    message.
    """
    if add(tx, [Arrival(NEWS, f"{fact}:{person_id}", person_id, event, can_wait)]):
        notify(tx, INBOX)


def forget(tx: Session, row_id: int, instead: Any) -> None:
    """Replace the event of a row; that it came is kept, so that it is not taken twice."""
    tx.execute(update(InboxMessage).where(InboxMessage.id == row_id).values(event=instead))


_SLEEPS = func.coalesce(InboxMessage.due_at > func.now(), False)


def waiting(tx: Session, *, limit: int, but_for: Sequence[int] = ()) -> Sequence[int]:
    """Return people with open rows that are due, longest wait first, without those in `but_for`."""
    given = {"limit": limit, "but_for": list(but_for)}
    return list(dict.fromkeys(tx.scalars(text(_WAITING), given)))


# A UNION, not an OR: each part reads one range of the index, in its order.
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
     WHERE merged_into IS NULL AND erased_at IS NULL ORDER BY waiting.id LIMIT :limit
"""


def count_failure(tx: Session, person_id: int, *, at_most: int) -> int | None:
    """Count a failure of a (locked) person's next row; return its id if it is set aside now."""
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
