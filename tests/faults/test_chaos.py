"""Everything fails at random for a while; `python -m tests.faults.chaos` does it for longer."""

from __future__ import annotations

from tests.faults.chaos import Chaos
from tests.faults.stage import Stage

SECONDS = 8


def test_the_balance_holds_after_everything_has_failed_at_random(stage: Stage) -> None:
    Chaos(stage, seed=3, seconds=SECONDS).run()
