"""Circuit breakers: while a provider does not answer, one message at a time probes it.

A send without an answer may have been delivered, so each retry can cost the person a copy. After
several messages in a row without an answer, the breaker opens: the others wait, and one probes
after pauses that grow to half a minute. If the channel is a `Greeter`, the probe greets first and
sends the message only if that is answered. The first answered message closes the breaker.

Breakers are in memory: each bot process has its own and probes independently. The attempts of one
message are counted in the shared outbox, whichever process sends it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from bot import outcomes

OPENS_AT = 3  # messages in a row without an answer; fewer may be the fault of one message
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 30.0  # seconds between probes
#: Until a waiting message is due again; it is woken earlier if the breaker closes.
PUT_BACK = timedelta(seconds=20)


@dataclass(slots=True)
class Breaker:
    """The breaker of one channel; times are seconds of `clock`."""

    clock: Callable[[], float] = time.monotonic
    _silent: set[int] = field(default_factory=set)  # unanswered messages since the last answer
    _probe: int | None = None  # the message that probes now
    _next: float = 0.0  # the time of the next probe
    _pause: float = FIRST_PAUSE

    @property
    def open(self) -> bool:
        """Whether the provider is considered silent."""
        return len(self._silent) >= OPENS_AT

    def admits(self, message: int) -> bool:
        """Whether this message may be sent; if so, the caller must call `note` afterwards."""
        if not self.open:
            return True
        if self._probe is not None or self.clock() < self._next:
            return False
        self._probe = message
        return True

    def note(self, message: int, outcome: str) -> bool:
        """Record the outcome of an admitted message; return whether it closed the breaker."""
        if not self._silent and self._probe is None and outcome in outcomes.ANSWERED:
            return False  # the usual case
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
