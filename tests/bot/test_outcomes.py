"""The table of what follows a send: each outcome ends within a day, and nobody is forgotten."""

from __future__ import annotations

import math
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import outcomes
from bot.breaker import FIRST_PAUSE, LONGEST_PAUSE, OPENS_AT, Breaker
from bot.outcomes import DAY, LONGEST, RULES, SHORTEST, Course, Rule, asked, step
from models.outbox import History, SendOutcome

HOUR = timedelta(hours=1)
NEVER = timedelta(0)


def tries(outcome: SendOutcome, ask: timedelta = NEVER) -> list[timedelta]:
    """When a message is tried that always ends so, since it was first due."""
    at, times, counted = NEVER, list[timedelta](), 0
    while True:
        times.append(at)
        after = step(outcome, History(at, len(times), counted), asked=ask)
        if after.again_after is None:
            return times
        at, counted = at + after.again_after, counted + after.counted


@pytest.mark.parametrize("outcome", [one for one, r in RULES.items() if r.course is Course.PASSING])
def test_what_passes_is_tried_for_a_day(outcome: SendOutcome) -> None:
    times = tries(outcome)
    pauses = [later - sooner for sooner, later in pairwise(times)]
    assert DAY <= times[-1] <= DAY + LONGEST
    assert NEVER < min(pauses) <= timedelta(seconds=5) and max(pauses) == timedelta(minutes=10)
    assert pauses == sorted(pauses)


@pytest.mark.parametrize(
    "outcome", [SendOutcome.UNKNOWN, SendOutcome.HALF_SENT, SendOutcome.FAILED]
)
def test_what_may_be_a_copy_is_tried_six_times_spread_over_the_day(outcome: SendOutcome) -> None:
    times = tries(outcome)
    assert len(times) == 6
    assert times[1] < timedelta(minutes=1) and 12 * HOUR < times[-1] < DAY


def test_what_nobody_knows_is_tried_four_times() -> None:
    times = tries(SendOutcome.REFUSED)
    assert len(times) == 4 and times[-1] < 2 * HOUR


@pytest.mark.parametrize("outcome", [one for one, r in RULES.items() if r.course is Course.FINAL])
def test_what_is_final_is_tried_once(outcome: SendOutcome) -> None:
    assert tries(outcome) == [NEVER]


@pytest.mark.parametrize("minutes", [0, 1, 600, 1439, 1440, 100_000])
def test_a_place_in_the_rate_is_waited_for_as_long_as_it_takes(minutes: int) -> None:
    past = History(timedelta(minutes=minutes), 0, 0)
    assert step(SendOutcome.NO_PLACE, past, asked=timedelta(seconds=1)).again_after is not None
    waits = step(SendOutcome.WAITS, past, asked=timedelta(seconds=20)).again_after
    assert (waits is None) == (past.age >= DAY), "but not for a provider that is ill"


def test_all_that_is_given_up_has_a_reason_but_for_the_persons_own_wish() -> None:
    silent = {one for one, rule in RULES.items() if rule.reason is None}
    assert silent == {SendOutcome.OPTED_OUT, SendOutcome.NO_PLACE, SendOutcome.OTHER_ADDRESS}


@given(
    st.sampled_from(sorted(RULES)),
    st.timedeltas(),
    st.integers(-5, 10**6),
    st.integers(0, 100),
    st.timedeltas(),
)
def test_no_pause_is_nothing_or_longer_than_the_table_says(
    outcome: SendOutcome, age: timedelta, attempts: int, counted: int, ask: timedelta
) -> None:
    after = step(outcome, History(age, attempts, counted), asked=ask)
    match RULES[outcome], after.again_after:
        case Rule(course=Course.PASSING), timedelta() as pause:
            assert NEVER < pause <= LONGEST
        case Rule(course=Course.COUNTED, pauses=pauses), timedelta() as pause:
            assert NEVER < pause <= pauses[counted] and after.counted
            assert age + pause <= max(DAY, age + SHORTEST)
        case Rule(course=Course.UNTRIED), timedelta() as pause:
            assert NEVER <= pause <= LONGEST and not after.tried


ASKED: list[tuple[Any, float]] = [
    (17, 17),
    ("17", 17),
    (1.5, 1.5),
    (3600, 3600),
    (3601, 3600),
    (10**13, 3600),
    (10**400, 3600),
    (math.inf, 3600),
    (1e-300, 1),
    (0, 5),
    (0.0, 5),
    (-1, 5),
    (-(10**13), 5),
    (-math.inf, 5),
    (math.nan, 5),
    (True, 5),
    (False, 5),
    (None, 5),
    ("x", 5),
    ("", 5),
    ("0", 5),
    ("-7", 5),
    ("1.5", 5),
    ("²", 5),
    ("٣", 5),
    ("9" * 5000, 5),
    ([7], 5),
    ({"seconds": 7}, 5),
    (b"7", 5),
]


@pytest.mark.parametrize(("given", "seconds"), ASKED, ids=lambda one: repr(one)[:20])
def test_a_pause_that_is_asked_for_is_bounded(given: object, seconds: float) -> None:
    assert asked(given, otherwise=timedelta(seconds=5)) == timedelta(seconds=seconds)


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none(), st.binary()))
def test_whatever_is_asked_for_is_a_pause(given: object) -> None:
    for otherwise in (timedelta(0), timedelta(days=99), timedelta(days=-1)):
        assert SHORTEST <= asked(given, otherwise=otherwise) <= LONGEST


@pytest.mark.parametrize(
    ("outcome", "unsure", "kept"),
    [
        (SendOutcome.UNKNOWN, False, SendOutcome.UNKNOWN),
        (SendOutcome.HALF_SENT, False, SendOutcome.UNKNOWN),
        (SendOutcome.UNASKED, True, SendOutcome.UNKNOWN),
        (SendOutcome.TRY_LATER, True, SendOutcome.TRY_LATER),
        (SendOutcome.AWAY, True, SendOutcome.AWAY),
        (SendOutcome.STORAGE_AWAY, True, SendOutcome.UNKNOWN),
        (SendOutcome.STORAGE_AWAY, False, SendOutcome.STORAGE_AWAY),
    ],
)
def test_what_is_in_doubt_stays_so_until_the_provider_says_no(
    outcome: SendOutcome, unsure: bool, kept: str
) -> None:
    assert outcomes.kept(outcome, unsure=unsure) == kept


# The circuit breaker


class Time:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def broken(clock: Time) -> Breaker:
    one = Breaker(clock)
    for message in range(OPENS_AT):
        assert one.admits(message)
        one.note(message, SendOutcome.UNKNOWN)
    return one


def test_one_message_that_never_gets_an_answer_holds_up_nobody() -> None:
    one = Breaker(Time())
    for _ in range(100):
        one.note(1, SendOutcome.UNKNOWN)
    assert not one.open and one.admits(2)


def test_a_provider_that_answers_somebody_holds_up_nobody() -> None:
    one = Breaker(Time())
    for message in range(0, 100, 2):
        one.note(message, SendOutcome.UNKNOWN)
        one.note(message + 1, SendOutcome.SENT)
    assert not one.open


@pytest.mark.parametrize("outcome", sorted(outcomes.SILENT))
def test_while_it_answers_nobody_one_message_at_a_time_is_tried(outcome: SendOutcome) -> None:
    clock = Time()
    one, probes = broken(clock), list[float]()
    while clock.now < 3600:
        admitted = [message for message in range(10, 20) if one.admits(message)]
        assert len(admitted) <= 1
        for message in admitted:
            probes.append(clock.now)
            assert [other for other in range(20) if one.admits(other)] == []
            one.note(message, outcome)
        clock.now += 1
    pauses = [later - sooner for sooner, later in pairwise(probes)]
    assert probes[0] == FIRST_PAUSE and max(pauses) == LONGEST_PAUSE


@pytest.mark.parametrize("outcome", sorted(outcomes.ANSWERED))
def test_the_first_answer_lets_all_go(outcome: SendOutcome) -> None:
    clock = Time()
    one = broken(clock)
    assert not one.admits(7)
    clock.now += FIRST_PAUSE
    assert one.admits(7) and not one.admits(8)
    assert one.note(7, outcome), "it has closed"
    assert one.admits(8) and one.admits(9) and not one.open


def test_a_probe_that_asks_nothing_of_the_provider_leaves_the_turn_to_the_next() -> None:
    clock = Time()
    one = broken(clock)
    clock.now += FIRST_PAUSE
    for outcome in sorted(set(RULES) - outcomes.SILENT - outcomes.ANSWERED):
        assert one.admits(7)
        assert not one.note(7, outcome)
        assert one.open
    assert one.admits(8)
