"""The command `izin` under a wrong clock, and one that jumps while it runs.

    CLOCK=3600 python -m tests.faults.clock serve    # an hour ahead

SIGUSR1 puts the clock an hour forward, SIGUSR2 an hour back. The seconds that pass are real, and so
is the clock by which Python waits.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from types import FrameType

import time_machine

from cli.main import main

HOUR = 3600


def _run() -> int:
    clock = time_machine.travel(time.time() + float(os.environ["CLOCK"]), tick=True).start()

    def jump(which: int, frame: FrameType | None) -> None:
        clock.shift(HOUR if which == signal.SIGUSR1 else -HOUR)

    signal.signal(signal.SIGUSR1, jump)
    signal.signal(signal.SIGUSR2, jump)
    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(_run())
