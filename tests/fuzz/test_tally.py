"""The books of a fuzz run: each fault makes it fail, and a good run passes."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.fuzz.tally import (
    GROWTH,
    LOADED,
    MOST_MEMORY,
    SHUT,
    SLOW,
    Left,
    Tally,
    errors,
    lines,
    wrong,
)


def good(**changes: object) -> Tally:
    """What a good run of ten minutes counts."""
    tally = Tally(memory=[(1.0, 150.0), (119.0, 200.0), (121.0, 210.0), (600.0, 220.0)])
    for _ in range(9):
        tally.note("GET /", "/", 200, 0.1, right=True)
    tally.note("GET /", "/", 403, 0.1, right=False)
    for name, value in changes.items():
        setattr(tally, name, value)
    return tally


def test_a_good_run_passes_and_says_so() -> None:
    left = Left(counted=[("turns that failed", 0)])
    assert wrong(good(), left) == []
    told = "\n".join(lines(good(), left))
    for part in ("requests: 10, 90% let in", "5xx or no answer: 0", "over 5 s: 0", "mute chats: 0"):
        assert part in told
    assert "200 MB after 2 minutes, 220 at the end" in told


LEFT: dict[str, Left] = {
    "1001 is mute": Left(mute=["1001"]),
    "worker ended": Left(ended=["worker"]),
    "2 turns that failed": Left(counted=[("turns that failed", 2)]),
    "1 turns set aside": Left(counted=[("turns set aside", 1), ("tasks given up", 0)]),
    "logged 3 times: turns.failed": Left(errors=Counter({"turns.failed": 3})),
}


@pytest.mark.parametrize("said", LEFT)
def test_what_is_left_behind_makes_a_run_fail(said: str) -> None:
    assert wrong(good(), LEFT[said]) == [said]


TALLIES: dict[str, Tally] = {
    "GET /x: 500": good(broken=["GET /x: 500"]),
    "GET /x: 5.1 s": good(slow=["GET /x: 5.1 s"]),
    "only 60% were let in": good(let_in=6),
    "serve held 400 MB": good(memory=[(1.0, MOST_MEMORY)]),
    "memory grew from 200 to 241 MB": good(memory=[(119.0, 200.0), (600.0, 200 * GROWTH + 1)]),
}


@pytest.mark.parametrize("said", TALLIES)
def test_what_is_counted_makes_a_run_fail(said: str) -> None:
    assert wrong(TALLIES[said], Left()) == [said]


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
def test_a_5xx_is_broken(status: int) -> None:
    tally = good()
    tally.note("GET /x", "/x", status, 0.1, right=True)
    assert wrong(tally, Left()) == [f"GET /x: {status}"]


def test_a_late_answer_is_slow() -> None:
    tally = good()
    for seconds in (SLOW, SLOW + 0.1):
        tally.note("GET /x", "/x", 200, seconds, right=True)
    assert wrong(tally, Left()) == ["GET /x: 5.1 s"]


@pytest.mark.parametrize(("load", "wrongs"), [(0.0, 1), (2.9, 1), (LOADED, 1), (3.1, 0), (50.0, 0)])
def test_a_late_answer_of_a_machine_that_is_overloaded_proves_nothing(
    load: float, wrongs: int
) -> None:
    tally = good(slow=["GET /x: 9.0 s"], load=load)
    assert len(wrong(tally, Left())) == wrongs
    assert "over 5 s: 1" in "\n".join(lines(tally, Left()))


@pytest.mark.parametrize("status", sorted(SHUT))
def test_what_is_shut_out_is_not_let_in(status: int) -> None:
    tally = Tally()
    tally.note("GET /x", "/x", status, 0.1, right=True)
    tally.note("GET /x", "/x", 200, 0.1, right=False)
    tally.note("GET /x", "/x", 400, 0.1, right=True)
    assert (tally.requests, tally.let_in) == (3, 1)


def test_errors_in_logs_are_counted_and_those_of_forgeries_are_not() -> None:
    told = [
        {"level": "error", "event": "turns.failed"},
        {"level": "critical", "event": "turns.failed"},
        {"level": "warning", "event": "delivery_refused"},
        {"level": "error", "event": "whatsapp.media_elsewhere"},
        {"event": "no level"},
    ]
    logs = "\n".join([*map(json.dumps, told), "Traceback (most recent call last):", "", "7"])
    assert errors(logs) == {"turns.failed": 2, "Traceback (most recent call last):": 1}
