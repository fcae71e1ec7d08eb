"""Settling: writes the outcome of each send and follows up on unreachable people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from bot import metrics, outcomes
from bot.errors import (
    Away,
    HalfSent,
    OutcomeUnknown,
    Rejected,
    StillUnknown,
    TryLater,
    Unlisted,
    Unreachable,
    WindowClosed,
)
from casework import call_list
from conversations.catalogue import MissingLine
from models import outbox, person, sending
from models.infrastructure.database import pipeline, unfit
from models.infrastructure.encryption import Unreadable
from models.infrastructure.logs import told
from models.outbox import LEASE, SendOutcome
from models.sending import Claimed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Settled:
    """The outcome of a leased message: `SENT`, or a key of `outcomes.RULES`."""

    id: int
    person_id: int
    outcome: SendOutcome
    provider_id: str | None = None
    again_after: timedelta = timedelta(0)  # the minimum pause; `outcomes.step` bounds it
    unsure: bool = False  # whether an earlier try may have been delivered
    blocked: tuple[int, ...] = ()  # addresses that can't be reached


def unreadable(due: Claimed, message: Unreadable) -> Settled:
    """Return the outcome of an unreadable message; `NO_KEY` if another process may have its key."""
    log.error("sender.unreadable", message=due.id, person=due.person_id, why=message.why)
    return untried(due, SendOutcome.NO_KEY if message.key_missing else SendOutcome.UNREADABLE)


def untried(due: Claimed, outcome: SendOutcome) -> Settled:
    metrics.sent(due.channel, outcome)
    return Settled(due.id, due.person_id, outcome)


def failed(due: Claimed, error: Exception) -> Settled:
    log.error("sender.failed", message=due.id, person=due.person_id, exc_info=error)
    return Settled(due.id, due.person_id, SendOutcome.FAILED, unsure=due.unsure)


def outcome_of(due: Claimed, error: Exception) -> Settled:
    """Map a channel's error to an outcome; log the errors that we must fix."""
    after = timedelta(0)
    match error:
        case Unreachable():
            outcome = SendOutcome.UNREACHABLE
        case WindowClosed():
            outcome = SendOutcome.WINDOW_CLOSED
        case Rejected():
            outcome = SendOutcome.REJECTED
            log.error("sender.rejected", message=due.id, person=due.person_id, why=str(error))
        case Unlisted():
            outcome = SendOutcome.REFUSED
            log.error("sender.refused", message=due.id, person=due.person_id, why=str(error))
        case Away():
            outcome, after = SendOutcome.AWAY, error.after
        case TryLater():
            outcome, after = SendOutcome.TRY_LATER, error.after
        case HalfSent():
            outcome = SendOutcome.HALF_SENT
        case StillUnknown():
            outcome = SendOutcome.UNASKED
        case OutcomeUnknown():
            outcome = SendOutcome.UNKNOWN
        case FileNotFoundError():
            outcome = SendOutcome.FILE_MISSING
        case OSError():  # the file store is unavailable
            outcome = SendOutcome.STORAGE_AWAY
            log.warning("sender.storage_away", message=due.id, error=type(error).__name__)
        case MissingLine() | ValueError():  # our own mistake: a retry would fail too
            outcome = SendOutcome.UNREADABLE
            log.error("sender.unreadable", message=due.id, person=due.person_id, why=told(error))
        case _:
            return failed(due, error)
    return Settled(due.id, due.person_id, outcome, again_after=after, unsure=due.unsure)


def refuses_a_value(error: Exception) -> bool:
    """Whether the database refused a value, rather than being unavailable.

    True also for an error that was raised before the statement reached the database.
    """
    return not isinstance(error, DBAPIError) or isinstance(error, IntegrityError) or unfit(error)


def tell_given_up(given_up: Sequence[Settled]) -> None:
    """Count and log messages that were given up; call after the commit."""
    for one in given_up:
        metrics.gave_up(one.outcome)
        log.warning("sender.gave_up", message=one.id, person=one.person_id, outcome=one.outcome)


def write(
    tx: Session,
    settled: Sequence[Settled],
    kept: Sequence[int],
    room: int,
    others: int,
    *,
    wake: bool = False,
) -> tuple[list[Claimed], bool, list[Settled]]:
    """Settle messages and renew leases, then claim up to `room`, in one transaction.

    Returns the claimed messages, whether more may be due, and the outcomes that were given up.
    """
    sent = {one.id: one.provider_id for one in settled if one.provider_id is not None}
    turned_away = {
        one.id: one.again_after for one in settled if one.outcome == SendOutcome.NO_PLACE
    }
    unsent = [one for one in settled if one.provider_id is None and one.id not in turned_away]
    given_up = _follow(tx, unsent)
    blocked = [address_id for one in settled for address_id in one.blocked]
    if blocked:
        person.mark_unreachable(tx, blocked)
    if wake:
        sending.wake(tx, SendOutcome.WAITS, counted=outcomes.EARLY)
    with pipeline(tx, commit=True) as execute:
        left = sending.settle(execute, sent) if sent else None
        if kept:
            sending.renew(execute, kept, lease=LEASE)
        if turned_away:
            sending.turn_away(execute, turned_away, SendOutcome.NO_PLACE)
        found = sending.claim(execute, lease=LEASE, limit=room, others=others) if room > 0 else None
    claimed = sending.claimed(found) if found is not None else []
    at_once = wake or bool(given_up) or any(_due_now(one) for one in settled)
    more = at_once or (left is not None and bool(left.rows[0][0]))
    return claimed, more and room <= 0, given_up


def _due_now(one: Settled) -> bool:
    return one.outcome == SendOutcome.OTHER_ADDRESS


def _follow(tx: Session, unsent: Sequence[Settled]) -> list[Settled]:
    """Apply the rules to unsent messages; return those that are given up.

    Rows are written in the order of people, as in other processes, which avoids deadlocks.
    """
    if not unsent:
        return []
    known = outbox.histories(tx, [one.id for one in unsent])
    given_up, together = [], defaultdict[tuple[timedelta, SendOutcome], list[int]](list)
    for one in sorted(unsent, key=lambda one: (one.person_id, one.id)):
        past = known.get(one.id)
        if past is None:  # another process has settled it
            continue
        step = outcomes.step(one.outcome, past, asked=one.again_after)
        outcome = outcomes.kept(one.outcome, unsure=one.unsure)
        if step.again_after is None:
            outbox.give_up(tx, one.id, outcome)
            reason = outcomes.reason(one.outcome, unsure=one.unsure)
            if reason is not None:
                call_list.add(tx, one.person_id, reason)
            given_up.append(one)
        elif step.tried:
            outbox.postpone(tx, [one.id], step.again_after, outcome, counted=step.counted)
        else:
            together[step.again_after, one.outcome].append(one.id)
    for (after, outcome), ids in together.items():
        outbox.postpone(tx, ids, after, outcome, tried=False)
    return given_up
