"""What follows each outcome of a send: one table, read by the sender and by nobody else.

final      the message is closed
passing    tried again for a day since it was first due, after pauses that grow
counted    each try may be a copy, or is not worth a day: a few tries, spread by the table
untried    the provider was not asked: put back, at no cost

A failure that no list of a channel names as final is passing or counted, never final. Where a
message is closed without having been delivered, its person goes onto the supervisors' call list
under the row's `reason`; only the person's own wish not to hear from us is no reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from models.outbox import LATE, NO_PLACE, UNKNOWN, History

DAY = timedelta(hours=24)  # for how long a message is tried, since it was first due
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)  # of a pause before a passing try
FIRST = timedelta(seconds=5)  # each pause of ours is twice the one before
LONGEST_OF_OURS = timedelta(minutes=10)

SENT = "sent"
TRY_LATER = "try_later"  # the provider answered that it does not take the message now
AWAY = "away"  # the provider was not reached, or said that it is broken: nothing was taken
UNASKED = "unasked"  # whether an earlier try came through could not be asked; nothing was sent
HALF_SENT = "half_sent"  # a part came through, the next did not
REFUSED = "refused"  # for a reason that none of our lists knows
REJECTED = "rejected"  # for a reason that is known to be our mistake
UNREACHABLE, WINDOW_CLOSED = "unreachable", "window_closed"
OPTED_OUT, NO_ADDRESS = "opted_out", "no_address"
NO_CHANNEL = "no_channel"
FILE_MISSING, STORAGE_AWAY = "file_missing", "storage_away"
UNREADABLE = "unreadable"  # the message can't be opened, or put into words
NO_KEY = "no_key"  # the message is under a key that this process does not have
FAILED = "failed"  # an exception that nobody foresaw
UNWRITABLE = "unwritable"  # the database refuses what became of the message
WAITS = "waits"  # not tried, since the provider answers nobody
OTHER_ADDRESS = "other_address"  # not tried where else the person may be reached


class Course(StrEnum):
    """What follows."""

    FINAL = "final"
    PASSING = "passing"
    COUNTED = "counted"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Rule:
    """What follows one outcome; `reason` is the call list's, None where nobody is called."""

    course: Course
    reason: str | None
    pauses: tuple[timedelta, ...] = ()  # of what is counted: after the last comes one more try


#: Six tries within seventeen hours: the first pauses are for a connection that broke, the last for
#: a provider that is ill all day.
DOUBTFUL = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
#: Up to so many of these tries, a message is woken as soon as its provider answers again.
EARLY = LATE - 1
#: While a key is being changed, another process has it.
KEYS_ARE_CHANGED = (timedelta(seconds=5), timedelta(seconds=10))
UNLISTED = (timedelta(minutes=2), timedelta(minutes=15), timedelta(hours=1))

#: Reasons of the call list: `call.reason.<reason>` and `call.short.<reason>` say them.
BLOCKED, CLOSED, UNSURE, DISTURBED, OURS = (
    UNREACHABLE,
    WINDOW_CLOSED,
    "unknown",
    "disturbed",
    "ours",
)

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        TRY_LATER: Rule(Course.PASSING, DISTURBED),
        AWAY: Rule(Course.PASSING, DISTURBED),
        UNASKED: Rule(Course.PASSING, UNSURE),
        UNKNOWN: Rule(Course.COUNTED, UNSURE, DOUBTFUL),
        HALF_SENT: Rule(Course.COUNTED, UNSURE, DOUBTFUL),
        REFUSED: Rule(Course.COUNTED, DISTURBED, UNLISTED),
        REJECTED: Rule(Course.FINAL, OURS),
        UNREACHABLE: Rule(Course.FINAL, BLOCKED),
        WINDOW_CLOSED: Rule(Course.FINAL, CLOSED),
        OPTED_OUT: Rule(Course.FINAL, None),
        NO_ADDRESS: Rule(Course.FINAL, BLOCKED),
        NO_CHANNEL: Rule(Course.PASSING, OURS),
        FILE_MISSING: Rule(Course.PASSING, OURS),
        STORAGE_AWAY: Rule(Course.PASSING, OURS),
        UNREADABLE: Rule(Course.FINAL, UNREADABLE),
        NO_KEY: Rule(Course.COUNTED, UNREADABLE, KEYS_ARE_CHANGED),
        FAILED: Rule(Course.COUNTED, OURS, DOUBTFUL),
        UNWRITABLE: Rule(Course.FINAL, OURS),
        NO_PLACE: Rule(Course.UNTRIED, None),
        WAITS: Rule(Course.UNTRIED, DISTURBED),
        OTHER_ADDRESS: Rule(Course.UNTRIED, None),
    }
)
REASONS = frozenset(rule.reason for rule in RULES.values() if rule.reason is not None)

ELSEWHERE = frozenset({UNREACHABLE, WINDOW_CLOSED})  # another address may do
SILENT = frozenset({UNKNOWN, UNASKED, AWAY})  # the provider gave no answer that can be used
ANSWERED = frozenset({SENT, TRY_LATER, REFUSED, HALF_SENT})  # the provider is there
#: The provider said that it did not take the message, so that nothing is in doubt any more.
_SAID_NO = frozenset({TRY_LATER, AWAY, REFUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with a message that was not sent; `again_after` is None when it is closed."""

    again_after: timedelta | None
    tried: bool = True
    counted: bool = False


def step(outcome: str, past: History, *, asked: timedelta = timedelta(0)) -> Step:
    """Decide by the table; `asked` is the least pause, which the provider or the rate asks for."""
    rule = RULES[outcome]
    over = past.age >= DAY
    match rule.course:
        case Course.FINAL:
            return Step(None)
        case Course.UNTRIED:
            closes = over and rule.reason is not None
            return Step(None if closes else min(max(asked, timedelta(0)), LONGEST), tried=False)
        case Course.PASSING:
            return Step(None if over else bounded(max(asked, _pause(past.attempts))))
        case Course.COUNTED:
            if over or past.counted >= len(rule.pauses):
                return Step(None, counted=True)
            left = max(DAY - past.age, SHORTEST)  # the day's end is not overslept
            return Step(min(rule.pauses[past.counted], left), counted=True)


def kept(outcome: str, *, unsure: bool) -> str:
    """The outcome that the outbox keeps: what is in doubt stays so until the provider says no."""
    if outcome in (UNASKED, HALF_SENT) or (unsure and outcome not in _SAID_NO):
        return UNKNOWN
    return outcome


def reason(outcome: str, *, unsure: bool) -> str | None:
    """Why the person of a message that is given up is called; None if nobody is."""
    found = RULES[outcome].reason
    return UNSURE if unsure and found == DISTURBED else found


def bounded(pause: timedelta) -> timedelta:
    """A pause that is longer than nothing and no longer than an hour."""
    return min(max(pause, SHORTEST), LONGEST)


def asked(value: object, *, otherwise: timedelta) -> timedelta:
    """Read the seconds that a provider asks us to wait, whatever stands in their place.

    `otherwise` is for what is no positive number; true, nan and "x" are none.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return bounded(otherwise)
    return bounded(timedelta(seconds=min(value, LONGEST.total_seconds())))


def _pause(attempts: int) -> timedelta:
    doublings = min(max(attempts - 1, 0), 20)
    return min(FIRST * int(2**doublings), LONGEST_OF_OURS)
