"""The rule for each outcome of a send.

final      the message is closed
passing    retried with backoff, for a day since it was first due
counted    each try may send a copy, or a day of tries is useless: a few tries at fixed pauses
untried    the provider was not called: put back without counting a try

A failure is final only if a channel lists it as final; any other is passing or counted. When a
message is closed undelivered, its person goes onto the supervisors' call list under the rule's
`reason`; an opt-out has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType

from models.outbox import LATE, History, SendOutcome
from models.unreached import CallReason

DAY = timedelta(hours=24)  # how long a message is tried, since it was first due
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=1)  # bounds of a pause
FIRST = timedelta(seconds=5)  # of our own backoff; each pause is twice the one before
LONGEST_OF_OURS = timedelta(minutes=10)


class Course(StrEnum):
    """The kind of a rule; see the module's table."""

    FINAL = "final"
    PASSING = "passing"
    COUNTED = "counted"
    UNTRIED = "untried"


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule for one outcome; `reason` is for the call list, None if the person is not called."""

    course: Course
    reason: CallReason | None
    pauses: tuple[timedelta, ...] = ()  # of COUNTED: one more try follows the last pause


#: Six tries within about seventeen hours: the short pauses are for a broken connection, the long
#: ones for a provider that fails all day.
DOUBTFUL = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
)
#: Up to this many counted tries, a message is woken as soon as its provider answers again.
EARLY = LATE - 1
#: During a key rotation another process may already have the key.
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
        SendOutcome.NO_ADDRESS: Rule(Course.FINAL, CallReason.NO_CHAT),
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
ELSEWHERE = frozenset(
    {SendOutcome.UNREACHABLE, SendOutcome.WINDOW_CLOSED}
)  # another address may do
SILENT = frozenset(
    {SendOutcome.UNKNOWN, SendOutcome.UNASKED, SendOutcome.AWAY}
)  # the provider gave no usable answer
ANSWERED = frozenset(
    {SendOutcome.SENT, SendOutcome.TRY_LATER, SendOutcome.REFUSED, SendOutcome.HALF_SENT}
)  # the provider is up
#: The provider stated that it did not accept the message, so the outcome is no longer in doubt.
_SAID_NO = frozenset({SendOutcome.TRY_LATER, SendOutcome.AWAY, SendOutcome.REFUSED})


@dataclass(frozen=True, slots=True)
class Step:
    """The next step for an unsent message; `again_after` is None if it is to be closed."""

    again_after: timedelta | None
    tried: bool = True
    counted: bool = False


def step(outcome: SendOutcome, past: History, *, asked: timedelta = timedelta(0)) -> Step:
    """Apply the rule; `asked` is the minimum pause that the provider or the rate requires."""
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
            left = max(DAY - past.age, SHORTEST)  # not beyond the day's end
            return Step(min(rule.pauses[past.counted], left), counted=True)


def kept(outcome: SendOutcome, *, unsure: bool) -> SendOutcome:
    """Return the outcome to store: a doubtful one stays unknown until the provider refuses."""
    if outcome in (SendOutcome.UNASKED, SendOutcome.HALF_SENT) or (
        unsure and outcome not in _SAID_NO
    ):
        return SendOutcome.UNKNOWN
    return outcome


def reason(outcome: SendOutcome, *, unsure: bool) -> CallReason | None:
    """Return why the person of a given-up message is called; None if the person is not called."""
    found = RULES[outcome].reason
    return CallReason.UNSURE if unsure and found == CallReason.DISTURBED else found


def bounded(pause: timedelta) -> timedelta:
    """Clamp a pause to between SHORTEST and LONGEST."""
    return min(max(pause, SHORTEST), LONGEST)


def asked(value: object, *, otherwise: timedelta) -> timedelta:
    """Parse the seconds that a provider asks us to wait; accepts any value.

    `otherwise` is used for anything but a positive number; true, nan and "x" are not numbers.
    """
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        return bounded(otherwise)
    return bounded(timedelta(seconds=min(value, LONGEST.total_seconds())))


def _pause(attempts: int) -> timedelta:
    doublings = min(max(attempts - 1, 0), 20)
    return min(FIRST * int(2**doublings), LONGEST_OF_OURS)
