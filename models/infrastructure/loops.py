"""Loops that a process runs for as long as it lives: one that fails is started again, alone.

A failure that a loop expects (a server that is away) is its own business. An error that ends it is
a fault of ours: it is logged, counted, and shown as `izin_loop_restarts_total`; the others go on
meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds; each pause is twice the one before
SOUND = 300.0  # seconds: a loop that ran so long begins with the first pause again

_log = structlog.get_logger(__name__)
_restarts: Counter[str] = Counter()


def restarts() -> dict[str, int]:
    """How often each loop of this process was started again."""
    return dict(_restarts)


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of a process; `run` works until it is cancelled."""

    name: str  # as the label `loop` of the metric
    run: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Pauses:
    """The pauses of one loop between its failures and its next start."""

    name: str
    pause: float = 0.0  # seconds
    began: float = 0.0  # monotonic

    def begin(self) -> None:
        """The loop starts now."""
        self.began = time.monotonic()

    def after(self, error: BaseException | None) -> float:
        """Log and count that the loop ended; gives the seconds to wait before it starts again."""
        if time.monotonic() - self.began > SOUND:
            self.pause = 0.0
        self.pause = min(2 * self.pause or FIRST_PAUSE, LONGEST_PAUSE)
        _restarts[self.name] += 1
        _log.critical("loop.failed", loop=self.name, seconds=self.pause, exc_info=error)
        return self.pause


async def keep_running(
    loop: Loop,
    *,
    over: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Run a loop, and start it again when it ends, until this is cancelled or it is `over`."""
    pauses = Pauses(loop.name)
    while True:
        error: BaseException | None = None
        pauses.begin()
        try:
            await loop.run()
        except asyncio.CancelledError as cancelled:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            error = cancelled  # of something that the loop waited for
        except Exception as failed:  # whatever it was, it ends this loop alone
            error = failed
        if over():
            return
        await sleep(pauses.after(error))
