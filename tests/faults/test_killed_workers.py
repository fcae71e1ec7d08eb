"""Workers and dispatchers are killed over a task: it is done once, and its owner told once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.owners import SCRIPT
from tests.faults.stage import Stage
from tests.faults.statements import commit_of, committed
from tests.wire import Passage

CLAIMED = "SELECT 1 FROM tasks WHERE kind = 'verify' AND done_at IS NULL AND leased_until > now()"
FINDS = r"\bINSERT INTO findings\b"

#: What is known when a worker dies, and where that is.
POINTS: dict[str, Callable[[Passage], bool]] = {
    "before commit": commit_of(FINDS),
    "after commit": committed(FINDS),
}


def pushes(passage: Passage) -> bool:
    """A wake-up on its way into the queue."""
    return not passage.answer and "PUSH" in passage.words


@pytest.mark.parametrize("point", POINTS)
def test_a_task_whose_worker_was_killed_over_it_is_done_once(stage: Stage, point: str) -> None:
    stage.product.start("worker", "dispatch")
    owners = stage.owners(2, step=len(SCRIPT) - 1)
    stage.await_idle()
    with stage.postgres.wire.hold(POINTS[point]) as hold:
        stage.finish(owners, len(SCRIPT))
        hold.wait()
        stage.kill("worker", hold)
    stage.product.start("worker")
    stage.pass_time()
    stage.await_verdicts(owners)
    stage.balance(owners)


def test_tasks_claimed_by_a_dispatcher_that_was_killed_before_it_sent_them_are_done_once(
    stage: Stage,
) -> None:
    stage.product.start("worker", "dispatch")
    owners = stage.owners(2, step=len(SCRIPT) - 1)
    stage.await_idle()
    with stage.valkey.wire.hold(pushes) as hold:
        stage.finish(owners, len(SCRIPT))
        hold.wait()
        claimed = (
            "SELECT 1 FROM tasks WHERE kind = 'verify' AND done_at IS NULL AND leased_until > now()"
        )
        assert stage.postgres.rows(claimed)
        stage.kill("dispatch", hold)
    stage.product.start("dispatch")
    stage.pass_time()
    stage.await_verdicts(owners)
    stage.balance(owners)
