"""The outbox: messages to people, sent at least once, in order for each person."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    Interval,
    UniqueConstraint,
    case,
    false,
    func,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.infrastructure import quiet
from models.infrastructure.database import OUTBOX, notify, packed, pipeline
from models.infrastructure.encryption import EncryptedJson, seal_json
from models.infrastructure.quiet import QuietHours
from models.infrastructure.wire import Execute, Results
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

#: A lease that a dead process held expires after this time. It starts at the statement's time, not
#: the transaction's, which may have waited for locks before.
LEASE = timedelta(seconds=15)
#: In `WAITING`, a reply that replaced all fleeting replies counts as this many.
GATHERED = 1_000_000
OPEN = "sent_at IS NULL AND failed_at IS NULL"


class SendOutcome(StrEnum):
    """The outcome of a try to send; `bot.outcomes` defines what follows each."""

    SENT = "sent"
    TRY_LATER = "try_later"  # the provider answered that it does not accept the message now
    AWAY = "away"  # the provider was unreachable or answered that it is down: nothing was sent
    UNKNOWN = "unknown"  # the message may have been delivered
    UNASKED = "unasked"  # not tried: could not ask the provider whether an earlier try was sent
    HALF_SENT = "half_sent"  # one part was sent, the next was not
    REFUSED = "refused"  # for a reason that is on none of our lists
    REJECTED = "rejected"  # for a reason that is known to be our mistake
    UNREACHABLE = "unreachable"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    NO_ADDRESS = "no_address"
    NO_CHANNEL = "no_channel"
    FILE_MISSING = "file_missing"
    STORAGE_AWAY = "storage_away"
    UNREADABLE = "unreadable"  # the message can't be decrypted or rendered
    NO_KEY = "no_key"  # the message is encrypted under a key that this process does not have
    FAILED = "failed"  # an unexpected exception
    UNWRITABLE = "unwritable"  # the database refuses to store the outcome
    NO_PLACE = "rate"  # not tried: the rate limit is used up
    WAITS = "waits"  # not tried: the provider is down
    OTHER_ADDRESS = "other_address"  # not tried yet at the person's other addresses


class Lane(StrEnum):
    """Replies go before notices."""

    REPLY = "reply"
    NOTICE = "notice"


#: Ranks of messages in sending order: replies to first messages (greetings) go between the lanes.
RANKS = ("reply", "greeting", "notice")


class OutboundMessage(Base):
    """One message to one person: catalogue keys and parameters, without language and channel.

    Open until `sent_at` or `failed_at` is set; due from `due_at`. Sent at least once: a crash
    between the provider's acceptance and our commit leaves the outcome unknown.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_open", "person_id", "id", postgresql_where=OPEN),
        # The order of `claim`. With `due_at` in it, rows that are not due are skipped in the
        # index, without a read of the table. The conditions `IS NOT NULL` are always true: they
        # keep the planner from using these two indexes for statements about one person's rows;
        # such a plan, made while the table is small, would read the whole index.
        Index(
            "ix_outbox_due",
            text("lane DESC"),
            "greeting",
            "id",
            "due_at",
            postgresql_where=f"{OPEN} AND due_at IS NOT NULL",
        ),
        Index(
            "ix_outbox_made", "created_at", postgresql_where=f"{OPEN} AND created_at IS NOT NULL"
        ),
        Index("ix_outbox_failed", "failed_at", postgresql_where="failed_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.WAITING)
    )
    address_id: Mapped[int | None]  # the address to reply to; None: where they last wrote from
    dedupe_key: Mapped[Code]  # the fact and the recipient: "case:81:verified:owner"
    message: Mapped[Any] = mapped_column(
        EncryptedJson("outbox.message"), info=personal(Personal.WORDS, Keep.MESSAGES, Erasing.ROW)
    )  # conversations.messages
    lane: Mapped[Code] = mapped_column(default=Lane.REPLY)
    provisional: Mapped[bool] = mapped_column(default=False)  # dropped if a reply follows
    #: A reply to a person's first message: it goes after all other replies. Not a lane of its own,
    #: so that processes of the previous version can claim it.
    greeting: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: A reply that a later one may replace when many are pending for the same chat.
    fleeting: Mapped[bool] = mapped_column(default=False, server_default=false())
    due_at: Mapped[datetime] = mapped_column(default=func.now())
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[Code | None]
    failed_at: Mapped[datetime | None]
    outcome: Mapped[Code | None]  # of the last try: a `SendOutcome`, "undelivered" or "closed"
    first_due_at: Mapped[datetime | None]  # None until it is postponed for the first time
    counted: Mapped[int | None]  # limited tries: each may have delivered a copy


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message for `enqueue`."""

    person_id: int
    dedupe_key: str
    message: Any
    lane: Lane = Lane.REPLY
    after: timedelta = timedelta(0)
    provisional: bool = False
    address_id: int | None = None  # the address to reply to
    urgent: bool = False  # a notice that is sent at night, too
    greeting: bool = False
    fleeting: bool = False
    gathers: bool = False  # replaces all pending fleeting replies


MESSAGE = "outbox.message"


def enqueue(tx: Session, messages: Iterable[NewMessage]) -> None:
    """Enqueue messages, each dedupe key once, and wake the senders at commit."""
    rows = list(messages)
    if rows:
        with pipeline(tx) as execute:
            enqueue_and_lease(execute, rows, lease=timedelta(0), leasing=(), hours=quiet.of(tx))
        notify(tx, OUTBOX)


def enqueue_and_lease(
    execute: Execute,
    messages: Iterable[NewMessage],
    *,
    lease: timedelta,
    leasing: Container[int],
    hours: QuietHours = quiet.OFF,
) -> Results:
    """Add to the pipeline: enqueue messages, each dedupe key once, and lease some to the caller.

    For each person in `leasing` the first message is leased if it is due now and no older one is
    open, which keeps their order. A notice at night is due in the morning, unless it is urgent.
    Returns (id, dedupe key) of leased messages.

    A pending provisional message is deleted for a later reply, but not for a notice, which would
    not repeat the open question. A reply that gathers replaces the pending fleeting ones. If those
    wait for the chat's rate limit, it is due when the last of them was; their other delays are
    dropped.
    """
    rows, first = [], set[int]()
    for number, one in enumerate(messages):
        can_go = not one.after and one.person_id in leasing and one.person_id not in first
        first.add(one.person_id)
        rows.append(
            {
                "number": number,
                "person_id": one.person_id,
                "address_id": one.address_id,
                "dedupe_key": one.dedupe_key,
                "message": seal_json(one.message, MESSAGE),
                "lane": one.lane.value,
                "provisional": one.provisional,
                "greeting": one.greeting,
                "fleeting": one.fleeting,
                "gathers": one.gathers,
                "after": one.after.total_seconds(),
                "lease": can_go,
                "quiet": one.lane is Lane.NOTICE and not one.urgent and hours.kept,
            }
        )
    given = {"rows": packed(rows), "lease": lease.total_seconds()}
    return execute(_ENQUEUE, {**given, **hours.parameters})


#: SQL of the number of a person's pending fleeting replies; `{person}` is SQL of the person's id.
WAITING = f"""
    (SELECT coalesce(sum(CASE WHEN provisional THEN {GATHERED} ELSE 1 END), 0)::int FROM outbox
      WHERE outbox.person_id = {{person}} AND fleeting
        AND sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL)
"""

#: After this many counted tries a message waits for hours: it may well have been delivered.
LATE = 4
#: Messages that later ones may overtake: a notice that waits for the morning, and a message that
#: waits for one of its last tries. Otherwise they would block the chat for hours.
SLEEPS = f"""(outbox.leased_until IS NULL AND outbox.due_at > now()
             AND (outbox.lane = 'notice' AND outbox.outcome IS NULL
                  OR coalesce(outbox.counted, 0) >= {LATE}
                     AND outbox.outcome IN ('unknown', 'failed')))"""

_ENQUEUE = f"""
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(%(rows)s)
          AS new (number int, person_id bigint, address_id bigint, dedupe_key text, message text,
                  lane text, provisional boolean, greeting boolean, fleeting boolean,
                  gathers boolean, after float, lease boolean, quiet boolean)
    ), timed AS (
      SELECT given.*, CASE WHEN quiet THEN {quiet.later("(now() + make_interval(secs => after))")}
                           WHEN gathers THEN greatest(now(), (
                             SELECT max(due_at) FROM outbox
                              WHERE outbox.person_id = given.person_id AND outbox.fleeting
                                AND sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL
                                AND coalesce(outbox.outcome, 'rate') = 'rate'))
                           ELSE now() + make_interval(secs => after) END AS due_at
        FROM given
    ), dropped AS (
      DELETE FROM outbox
       WHERE person_id IN (SELECT person_id FROM given WHERE lane = 'reply')
         AND sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL
         AND CASE WHEN fleeting THEN person_id IN (SELECT person_id FROM given WHERE gathers)
                  ELSE provisional END
      RETURNING id
    ), ready AS (
      SELECT timed.*,
             lease AND due_at <= now() AND NOT EXISTS (
               SELECT 1 FROM outbox
                WHERE outbox.person_id = timed.person_id
                  AND sent_at IS NULL AND failed_at IS NULL AND NOT {SLEEPS}
                  AND NOT (timed.lane = 'reply' AND leased_until IS NULL
                           AND CASE WHEN outbox.fleeting THEN timed.gathers
                                    ELSE outbox.provisional END)
             ) AS goes
        FROM timed
    ), owed AS (
      INSERT INTO outbox (person_id, address_id, dedupe_key, message, lane, provisional, greeting,
                          fleeting, due_at, created_at, leased_until, attempts)
      SELECT person_id, address_id, dedupe_key, decode(message, 'base64'), lane, provisional,
             greeting, fleeting, due_at, now(),
             CASE WHEN goes THEN statement_timestamp() + make_interval(secs => %(lease)s) END,
             CAST(goes AS int)
        FROM ready ORDER BY number
      ON CONFLICT DO NOTHING
      RETURNING id, dedupe_key, leased_until
    )
    SELECT id, dedupe_key FROM owed WHERE leased_until IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class History:
    """The tries of a message that was not sent.

    `age` is the time since it was first due, `attempts` counts all tries with the last one,
    `counted` the limited tries before the last one.
    """

    age: timedelta
    attempts: int
    counted: int


#: When a message was first due. At its first postponement this is at most 23 hours ago: a message
#: is tried for a day, and an hour of it must be left even if no sender ran for longer.
_LONGEST_AGO = timedelta(hours=23)
_SINCE = func.coalesce(
    OutboundMessage.first_due_at,
    func.greatest(OutboundMessage.due_at, func.now() - _LONGEST_AGO),
)


def histories(tx: Session, ids: Sequence[int]) -> dict[int, History]:
    """Return the histories of those of these messages that are open; locks them in id order."""
    rows = tx.execute(
        select(
            OutboundMessage.id,
            type_coerce(func.now() - _SINCE, Interval),
            OutboundMessage.attempts,
            func.coalesce(OutboundMessage.counted, 0),
        )
        .where(OutboundMessage.id.in_(ids), text(OPEN))
        .order_by(OutboundMessage.id)
        .with_for_update(key_share=True)
    )
    return {row_id: History(age, attempts, counted) for row_id, age, attempts, counted in rows}


def give_up(tx: Session, message_id: int, outcome: SendOutcome) -> None:
    """Close an open message that can't be sent."""
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id, text(OPEN))
        .values(failed_at=func.now(), outcome=outcome, leased_until=None)
    )


def postpone(
    tx: Session,
    message_ids: int | Sequence[int],
    after: timedelta,
    outcome: SendOutcome,
    *,
    tried: bool = True,
    counted: bool = False,
) -> None:
    """Postpone open messages by `after` and end their leases.

    Without `tried` the last claim is not counted as an attempt, and the outcome UNKNOWN of an
    earlier one stays. `counted` counts the try as one of the limited ones.
    """
    ids = [message_ids] if isinstance(message_ids, int) else message_ids
    attempts = OutboundMessage.attempts - (0 if tried else 1)
    tx.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids), text(OPEN))
        .values(
            due_at=func.now() + after,
            first_due_at=_SINCE,
            outcome=outcome if tried else _unless_unknown(outcome),
            leased_until=None,
            attempts=attempts,
            counted=func.coalesce(OutboundMessage.counted, 0) + int(counted),
        )
    )


def _unless_unknown(outcome: SendOutcome) -> ColumnElement[str]:
    return case(
        (OutboundMessage.outcome == SendOutcome.UNKNOWN, SendOutcome.UNKNOWN), else_=outcome
    )
