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
from models.personal import Keep, Linking, Personal, on_linking, personal

#: A message that a dead process had in hand is sent by another process after it. It begins with the
#: statement that gives it, since the transaction may have waited for somebody before.
LEASE = timedelta(seconds=15)
#: As many fleeting replies one counts for that was owed in the place of all.
GATHERED = 1_000_000
OPEN = "sent_at IS NULL AND failed_at IS NULL"


class SendOutcome(StrEnum):
    """The outcome of a try to send; `bot.outcomes` says what follows each."""

    SENT = "sent"
    TRY_LATER = "try_later"  # the provider answered that it does not take the message now
    AWAY = "away"  # the provider was not reached, or said that it is broken: nothing was taken
    UNKNOWN = "unknown"  # the message may have come through
    UNASKED = "unasked"  # whether an earlier try came through could not be asked; nothing was sent
    HALF_SENT = "half_sent"  # a part came through, the next did not
    REFUSED = "refused"  # for a reason that none of our lists knows
    REJECTED = "rejected"  # for a reason that is known to be our mistake
    UNREACHABLE = "unreachable"
    WINDOW_CLOSED = "window_closed"
    OPTED_OUT = "opted_out"
    NO_ADDRESS = "no_address"
    NO_CHANNEL = "no_channel"
    FILE_MISSING = "file_missing"
    STORAGE_AWAY = "storage_away"
    UNREADABLE = "unreadable"  # the message can't be opened, or put into words
    NO_KEY = "no_key"  # the message is under a key that this process does not have
    FAILED = "failed"  # an exception that nobody foresaw
    UNWRITABLE = "unwritable"  # the database refuses what became of the message
    NO_PLACE = "rate"  # not tried, since the rate is used up
    WAITS = "waits"  # not tried, since the provider answers nobody
    OTHER_ADDRESS = "other_address"  # not tried where else the person may be reached


class Lane(StrEnum):
    """Replies go before notices."""

    REPLY = "reply"
    NOTICE = "notice"


#: Ranks of messages, in the order in which they go: replies to first messages come between the
#: lanes.
RANKS = ("reply", "greeting", "notice")


class OutboundMessage(Base):
    """One message owed to one person: catalogue keys and parameters, no language, no channel.

    Open until `sent_at` or `failed_at` is set; due from `due_at`. Sent at least once: a crash
    between the provider's yes and our commit leaves the outcome unknown.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        Index("ix_outbox_open", "person_id", "id", postgresql_where=OPEN),
        # The order of `claim`. `due_at` stands in it so that rows of later are passed over in the
        # index, without a visit to the table. The conditions on the times are always true: they
        # keep these two from statements that ask for a person's rows, of which a plan that is made
        # while the table is small would read the whole index.
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
    address_id: Mapped[int | None]  # where it answers to; None goes where they were heard last
    dedupe_key: Mapped[Code]  # the fact, and who is told: "case:81:verified:owner"
    message: Mapped[Any] = mapped_column(
        EncryptedJson("outbox.message"), info=personal(Personal.WORDS, Keep.MESSAGES)
    )  # conversations.messages
    lane: Mapped[Code] = mapped_column(default=Lane.REPLY)
    provisional: Mapped[bool] = mapped_column(default=False)  # dropped if anything else is said
    #: A reply to somebody's first message: it goes after all other replies. Not a lane of its own,
    #: so that processes of the version before can claim it.
    greeting: Mapped[bool] = mapped_column(default=False, server_default=false())
    #: A reply that gives way to a later one when many wait for the same chat.
    fleeting: Mapped[bool] = mapped_column(default=False, server_default=false())
    due_at: Mapped[datetime] = mapped_column(default=func.now())
    created_at: Mapped[datetime] = mapped_column(default=func.now())
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    provider_id: Mapped[Code | None]
    failed_at: Mapped[datetime | None]
    outcome: Mapped[Code | None]  # why it is not sent, or not yet: an error's name
    first_due_at: Mapped[datetime | None]  # None until it is put back for the first time
    counted: Mapped[int | None]  # tries of which only a few are made, as each may be a copy


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A row that `enqueue` writes for one message."""

    person_id: int
    dedupe_key: str
    message: Any
    lane: Lane = Lane.REPLY
    after: timedelta = timedelta(0)
    provisional: bool = False
    address_id: int | None = None  # where it answers to
    urgent: bool = False  # a notice that is told at night, too
    greeting: bool = False
    fleeting: bool = False
    gathers: bool = False  # takes the place of all fleeting replies that were not sent yet


MESSAGE = "outbox.message"


def enqueue(tx: Session, messages: Iterable[NewMessage]) -> None:
    """Enqueue messages, each fact once, and wake the senders at commit."""
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
    """Enqueue messages, each fact once, and lease what the caller sends itself; in a pipeline.

    Leased, for the people in `leasing`, is the first message that is due now, unless an older one
    is still open: so their order holds. A notice at night is due in the morning, unless it is
    urgent. Gives (id, dedupe key) of what is leased.

    A provisional message that has not been sent gives way to the reply that is said after it; a
    notice comes behind it, since it does not ask the open question again. A reply that gathers
    replaces the fleeting ones that have not been sent. If they wait for the rate it is due when the
    last of them was: a chat that is over its rate stays closed. Other pauses were theirs alone.
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
    return execute(_OWE, {**given, **hours.parameters})


#: SQL for how many fleeting replies wait for a person, of SQL that gives the person.
WAITING = f"""
    (SELECT coalesce(sum(CASE WHEN provisional THEN {GATHERED} ELSE 1 END), 0)::int FROM outbox
      WHERE outbox.person_id = {{person}} AND fleeting
        AND sent_at IS NULL AND failed_at IS NULL AND leased_until IS NULL)
"""

#: Tries that count, after which a message waits for hours: it may well have come through.
LATE = 4
#: Messages that hold up nothing that is said meanwhile: a notice that waits for the morning, and a
#: message that waits for one of its last tries. Otherwise the chat would be silent for as long.
SLEEPS = f"""(outbox.leased_until IS NULL AND outbox.due_at > now()
             AND (outbox.lane = 'notice' AND outbox.outcome IS NULL
                  OR coalesce(outbox.counted, 0) >= {LATE}
                     AND outbox.outcome IN ('unknown', 'failed')))"""

_OWE = f"""
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
    """The history of a message that was not sent.

    `age` is the time since it was first due, `attempts` are all tries, the last included; `counted`
    are those before the last of which only a few are made.
    """

    age: timedelta
    attempts: int
    counted: int


#: When a message was first due. It is no longer ago than this when it is put back for the first
#: time: of the day for which it is tried an hour is left, though no sender ran for longer.
_LONGEST_AGO = timedelta(hours=23)
_SINCE = func.coalesce(
    OutboundMessage.first_due_at,
    func.greatest(OutboundMessage.due_at, func.now() - _LONGEST_AGO),
)


def histories(tx: Session, ids: Sequence[int]) -> dict[int, History]:
    """The history of each of these messages that is still open; locks them, in order."""
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
    """Close a message that can't be sent."""
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
    """Try messages again later.

    One that was not `tried` keeps its number of attempts, and what is not known of an earlier one;
    a try that is `counted` is one of a few.
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
