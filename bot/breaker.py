"""Circuit breakers: while a provider answers nobody, one message at a time asks whether it does.

A try without an answer may have come through, so each costs its reader a copy. After several
messages in a row without an answer the others wait; one of them probes, after pauses that grow to
half a minute: where the provider can be greeted it is, and the message is tried only if that is
answered. The first message that is answered closes the breaker.

Breakers are in memory: each bot process has its own, and so probes by itself. They share the
outbox, whose limits for one message hold whoever sends.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot import outcomes

OPENS_AT = 3  # messages without an answer, and none with one since: one of them may be at fault
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 30.0  # seconds between probes
#: Until what waits is looked at again; when the breaker closes it is woken before.
PUT_BACK = timedelta(seconds=20)


@dataclass(slots=True)
class Breaker:
    """The breaker of one channel; times are seconds of `clock`."""

    clock: Callable[[], float] = time.monotonic
    _silent: set[int] = field(default_factory=set)  # messages without an answer since the last one
    _probe: int | None = None  # the message that is on its way to find out
    _next: float = 0.0  # when the next may go
    _pause: float = FIRST_PAUSE

    @property
    def open(self) -> bool:
        """Whether the provider answers nobody."""
        return len(self._silent) >= OPENS_AT

    def admits(self, message: int) -> bool:
        """Whether this message may be tried; if so, `note` must follow."""
        if not self.open:
            return True
        if self._probe is not None or self.clock() < self._next:
            return False
        self._probe = message
        return True

    def note(self, message: int, outcome: str) -> bool:
        """Take what became of an admitted message; gives whether the breaker has closed by it."""
        if not self._silent and self._probe is None and outcome in outcomes.ANSWERED:
            return False  # as nearly always
        probed = self._probe == message
        if probed:
            self._probe = None
        was_open = self.open
        if outcome in outcomes.ANSWERED:
            self._silent.clear()
            self._pause = FIRST_PAUSE
            return was_open
        if outcome in outcomes.SILENT:
            if not was_open:
                self._silent.add(message)
            if probed or self.open > was_open:
                self._next = self.clock() + self._pause
                self._pause = min(2 * self._pause, LONGEST_PAUSE)
        return False


@dataclass(slots=True)
class Breakers:
    """The breakers of one process, by channel."""

    clock: Callable[[], float] = time.monotonic
    _made: dict[str, Breaker] = field(default_factory=dict)

    def of(self, channel: str) -> Breaker:
        if channel not in self._made:
            self._made[channel] = Breaker(self.clock)
        return self._made[channel]
