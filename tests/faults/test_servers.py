"""PostgreSQL and Valkey go down while people write: what was promised is kept."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, wait

import pytest

from tests.faults.owners import BEFORE_PHOTO, SCRIPT, Owner, heard, steps
from tests.faults.stage import Stage, until
from workers.queue import NAME

IDLE = 5.0  # seconds without a word: whoever waits now waits for a lease that nobody holds


def go_on(stage: Stage, owners: Sequence[Owner], walks: Sequence[Future[None]]) -> None:
    """Wait for them; a lease whose taker never learned of it is let run out."""
    before = -1
    while wait(walks, IDLE).not_done and before != (before := heard(owners)):
        continue
    stage.pass_time()
    for walk in walks:
        walk.result()


@pytest.mark.parametrize("at_once", [False, True], ids=["fast", "immediate"])
def test_postgresql_restarted_under_load_loses_and_doubles_nothing(
    stage: Stage, at_once: bool
) -> None:
    owners = stage.owners(12, step=1)
    walks = [owner.walk(BEFORE_PHOTO) for owner in owners]
    for share in (0.2, 0.4, 0.6):
        until(lambda: steps(owners) > share * 12 * BEFORE_PHOTO, "some steps")  # noqa: B023
        stage.postgres.stop(at_once=at_once)
        stage.postgres.start()
    go_on(stage, owners, walks)
    stage.balance(owners)


def test_valkey_that_loses_its_data_costs_a_lease_and_no_task(stage: Stage) -> None:
    applicants = stage.owners(2, step=len(SCRIPT) - 1)
    others = stage.owners(2)
    stage.product.start("dispatch")
    stage.finish(applicants, len(SCRIPT))
    until(lambda: stage.valkey.waiting(NAME) >= len(applicants), "the wake-ups to lie in Valkey")
    stage.valkey.kill()
    stage.finish(others)
    stage.valkey.start()
    assert stage.valkey.waiting(NAME) == 0
    stage.product.start("worker")
    stage.pass_time()
    stage.await_verdicts(applicants)
    stage.balance([*applicants, *others])
