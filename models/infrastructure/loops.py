"""Loops that run for the life of a process; a loop that fails is restarted, the others go on.

A loop handles failures that it expects (a server that is down) itself. An error that ends it is a
bug: it is logged, counted, and exported as `izin_loop_restarts_total`.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds; each pause is twice the one before
SOUND = 300.0  # seconds: after a run of this length the pause is reset to the first

_log = structlog.get_logger(__name__)
_restarts: Counter[str] = Counter()


def restarts() -> dict[str, int]:
    """Return how often each loop of this process was restarted."""
    return dict(_restarts)


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop of a process; `run` runs until it is cancelled."""

    name: str  # the metric's label `loop`
    run: Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Pauses:
    """The backoff of one loop between a failure and its next start."""

    name: str
    pause: float = 0.0  # seconds
    began: float = 0.0  # monotonic

    def begin(self) -> None:
        """Note that the loop starts now."""
        self.began = time.monotonic()

    def after(self, error: BaseException | None) -> float:
        """Log and count that the loop ended; return the seconds to wait before the restart."""
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
    """Run a loop, and restart it when it ends, until this task is cancelled or `over()` is true."""
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
            error = cancelled  # the loop awaited another task that was cancelled
        except Exception as failed:  # any error ends only this loop
            error = failed
        if over():
            return
        await sleep(pauses.after(error))
