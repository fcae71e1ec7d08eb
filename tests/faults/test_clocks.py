"""Clocks that are wrong, that differ, and that jump: nothing is lost, taken twice, or put off.

A process's own clock must not matter: there is one clock that all processes share, and that is the
record's. When that one jumps, which looks to the product as if all stored times had moved the other
way, what is in flight may come twice, and nothing may wait for the hour to come.
"""

from __future__ import annotations

import signal

from tests.faults.owners import SCRIPT, heard, steps
from tests.faults.stage import Stage, sends, until
from tests.providers.bot_api import slow

HOUR = 3600
JUMPS = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGUSR2)  # an hour ahead, right, an hour behind


def test_processes_whose_clocks_differ_take_nothing_from_each_other(stage: Stage) -> None:
    owners = stage.owners(4)
    stage.start_with_clock("serve:2", HOUR)
    stage.telegram.doors += [stage.product.url_of(name) for name in ("serve", "serve:2")]
    stage.telegram.fail(*(slow(2.5) for _ in range(4)))  # long enough to be looked at by the other
    stage.finish(owners)
    stage.balance(owners)


def test_what_a_process_whose_clock_was_ahead_has_left_is_sent_by_the_next(stage: Stage) -> None:
    stage.kill("serve")
    stage.start_with_clock("serve", HOUR)
    owners = stage.owners(4)
    with stage.to_telegram.hold(sends) as hold:
        for promise in [owner.act() for owner in owners]:
            promise.result()
        hold.wait()
        stage.kill("serve", hold)
    stage.product.start("serve")
    stage.pass_time()
    stage.finish(owners)
    stage.balance(owners)


def test_a_process_whose_clock_jumps_sends_nothing_twice_and_nothing_late(stage: Stage) -> None:
    stage.kill("serve")
    stage.start_with_clock("serve", 0)
    owners = stage.owners(6, step=1)
    for place, jump in enumerate(JUMPS):
        before = steps(owners)
        stage.telegram.fail(slow(1.5))
        walks = [owner.walk(3 + 2 * place) for owner in owners]
        until(lambda: steps(owners) > before, "a step")  # noqa: B023
        stage.product.signal("serve", jump)
        for walk in walks:
            walk.result()
    stage.finish(owners)
    stage.balance(owners)


def test_tasks_do_not_wait_for_wrong_clocks_to_be_right(stage: Stage) -> None:
    stage.kill("serve")
    stage.start_with_clock("dispatch", -HOUR)
    stage.start_with_clock("worker", -HOUR)
    stage.start_with_clock("serve", HOUR)
    owners = stage.owners(2, step=len(SCRIPT) - 1)
    stage.await_idle()
    stage.finish(owners, len(SCRIPT))
    stage.await_verdicts(owners)
    stage.balance(owners)


def test_what_was_owed_before_the_records_clock_was_put_back_is_sent_now(stage: Stage) -> None:
    owners = stage.owners(4)
    with stage.to_telegram.hold(sends) as hold:
        for promise in [owner.act() for owner in owners]:
            promise.result()
        hold.wait()
        stage.kill("serve", hold)
    stage.shift_clock(-HOUR)
    stage.product.start("serve")
    stage.finish(owners)
    stage.balance(owners)


def test_a_records_clock_that_is_put_forward_doubles_only_what_is_in_flight(stage: Stage) -> None:
    owners = stage.owners(4)
    before = heard(owners)
    with stage.to_telegram.hold(sends) as hold:
        for promise in [owner.act() for owner in owners]:
            promise.result()
        hold.wait()
        stage.shift_clock(HOUR)
        hold.release()
    until(lambda: heard(owners) >= before + len(owners), "the replies")
    stage.finish(owners)
    stage.balance(owners, doubled=len(owners))
