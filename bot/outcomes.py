"""The table of what follows each outcome of a send; only the sender reads it.

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

from models.outbox import LATE, History, SendOutcome
from models.unreached import CallReason

DAY = timedelta(hours=24)  # for how long a message is tried, since it was first due
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)  # of a pause before a passing try
FIRST = timedelta(seconds=5)  # each pause of ours is twice the one before
LONGEST_OF_OURS = timedelta(minutes=10)


class Course(StrEnum):
    """The kinds of rules."""

    FINAL = "final"
    PASSING = "passing"
    COUNTED = "counted"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule for one outcome; `reason` is the call list's, None where nobody is called."""

    course: Course
    reason: CallReason | None
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

RULES: Mapping[SendOutcome, Rule] = MappingProxyType(
    {
        SendOutcome.TRY_LATER: Rule(Course.PASSING, CallReason.DISTURBED),
        SendOutcome.AWAY: Rule(Course.PASSING, CallReason.DISTURBED),
        SendOutcome.UNASKED: Rule(Course.PASSING, CallReason.UNSURE),
        SendOutcome.UNKNOWN: Rule(Course.COUNTED, CallReason.UNSURE, DOUBTFUL),
        SendOutcome.HALF_SENT: Rule(Course.COUNTED, CallReason.UNSURE, DOUBTFUL),
        SendOutcome.REFUSED: Rule(Course.COUNTED, CallReason.DISTURBED, UNLISTED),
        SendOutcome.REJECTED: Rule(Course.FINAL, CallReason.OURS),
        SendOutcome.UNREACHABLE: Rule(Course.FINAL, CallReason.UNREACHABLE),
        SendOutcome.WINDOW_CLOSED: Rule(Course.FINAL, CallReason.WINDOW_CLOSED),
        SendOutcome.OPTED_OUT: Rule(Course.FINAL, None),
        SendOutcome.NO_ADDRESS: Rule(Course.FINAL, CallReason.UNREACHABLE),
        SendOutcome.NO_CHANNEL: Rule(Course.PASSING, CallReason.OURS),
        SendOutcome.FILE_MISSING: Rule(Course.PASSING, CallReason.OURS),
        SendOutcome.STORAGE_AWAY: Rule(Course.PASSING, CallReason.OURS),
        SendOutcome.UNREADABLE: Rule(Course.FINAL, CallReason.UNREADABLE),
        SendOutcome.NO_KEY: Rule(Course.COUNTED, CallReason.UNREADABLE, KEYS_ARE_CHANGED),
        SendOutcome.FAILED: Rule(Course.COUNTED, CallReason.OURS, DOUBTFUL),
        SendOutcome.UNWRITABLE: Rule(Course.FINAL, CallReason.OURS),
        SendOutcome.NO_PLACE: Rule(Course.UNTRIED, None),
        SendOutcome.WAITS: Rule(Course.UNTRIED, CallReason.DISTURBED),
        SendOutcome.OTHER_ADDRESS: Rule(Course.UNTRIED, None),
    }
)
REASONS = frozenset(rule.reason for rule in RULES.values() if rule.reason is not None)

ELSEWHERE = frozenset(
    {SendOutcome.UNREACHABLE, SendOutcome.WINDOW_CLOSED}
)  # another address may do
SILENT = frozenset(
    {SendOutcome.UNKNOWN, SendOutcome.UNASKED, SendOutcome.AWAY}
)  # the provider gave no answer that can be used
ANSWERED = frozenset(
    {SendOutcome.SENT, SendOutcome.TRY_LATER, SendOutcome.REFUSED, SendOutcome.HALF_SENT}
)  # the provider is there
#: The provider said that it did not take the message, so that nothing is in doubt any more.
_SAID_NO = frozenset({SendOutcome.TRY_LATER, SendOutcome.AWAY, SendOutcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """The next step for a message that was not sent; `again_after` is None when it is closed."""

    again_after: timedelta | None
    tried: bool = True
    counted: bool = False


def step(outcome: SendOutcome, past: History, *, asked: timedelta = timedelta(0)) -> Step:
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


def kept(outcome: SendOutcome, *, unsure: bool) -> SendOutcome:
    """The outcome that the outbox keeps: what is in doubt stays so until the provider says no."""
    if outcome in (SendOutcome.UNASKED, SendOutcome.HALF_SENT) or (
        unsure and outcome not in _SAID_NO
    ):
        return SendOutcome.UNKNOWN
    return outcome


def reason(outcome: SendOutcome, *, unsure: bool) -> CallReason | None:
    """Why the person of a message that is given up is called; None if nobody is."""
    found = RULES[outcome].reason
    return CallReason.UNSURE if unsure and found == CallReason.DISTURBED else found


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
