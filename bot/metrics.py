"""Counters and timers of a bot process, and the log of slow batches.

Called once for each turn, batch or send: a call costs a few microseconds and never waits. Labels
come from closed lists (a channel's name, an outcome of the sender), so they never contain personal
data. `web.metrics` serves them, and adds figures from the database.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from time import perf_counter

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from bot import outcomes
from models.outbox import SendOutcome

#: The metrics of this process; each process has its own.
REGISTRY = CollectorRegistry()

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

_TURN = Histogram(
    "izin_turn_seconds",
    "From a delivery's being heard to its being committed.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
_BATCH = Histogram(
    "izin_batch_seconds",
    "One transaction of turns, from being taken out of the queue to the end of its commit.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
_BATCH_SIZE = Histogram(
    "izin_batch_turns",
    "People whose turns were taken in one transaction.",
    buckets=_SIZES,
    registry=REGISTRY,
)
_SLOW = Counter(
    "izin_slow_batches_total", "Batches that took longer than SLOW_TURN_SECONDS.", registry=REGISTRY
)
_FAILED = Counter("izin_turn_failures_total", "Turns that raised.", registry=REGISTRY)
_WAITING = Gauge(
    "izin_turns_waiting", "Deliveries that wait in this process for their turn.", registry=REGISTRY
)
_SENT = Counter(
    "izin_sends_total",
    "Messages that were claimed, by what became of them: sent, try_later, unknown, rejected, ...",
    ("channel", "outcome"),
    registry=REGISTRY,
)
FILE_OUTCOMES = ("stored", "refused", "provider", "ours")
_FILES = Counter(
    "izin_files_total",
    "Tries to fetch a photo: stored, refused, or left for later by whose fault (provider, ours).",
    ("channel", "outcome"),
    registry=REGISTRY,
)
_GIVEN_UP = Counter(
    "izin_messages_given_up_total",
    "Messages that were closed without being sent, by the outcome of the last try.",
    ("outcome",),
    registry=REGISTRY,
)
_OPEN = Gauge(
    "izin_provider_silent",
    "1 while the channel's provider answers nobody, so that all but one message wait.",
    ("channel",),
    registry=REGISTRY,
)
_SEND = Histogram(
    "izin_send_seconds",
    "One call to a provider that sends a message, whatever it answers.",
    ("channel",),
    buckets=_SECONDS,
    registry=REGISTRY,
)

_sent_counter = cache(_SENT.labels)  # looking up labels costs more than counting
_send_timer = cache(_SEND.labels)
_given_up_counter = cache(_GIVEN_UP.labels)
_silence_gauge = cache(_OPEN.labels)

#: All outcomes of a claimed message.
OUTCOMES = (SendOutcome.SENT, *outcomes.RULES)

SLOW = 1.0  # seconds; the default of `slow_after`

_slow_after = SLOW
_log = structlog.get_logger(__name__)


def slow_after(seconds: float) -> None:
    """Set from how many seconds on a batch is logged as slow; call once, at start."""
    global _slow_after
    _slow_after = seconds


def expect(channels: Iterable[str]) -> None:
    """Export every outcome of these channels as 0, so that the first increase can be detected."""
    for channel in channels:
        _send_timer(channel)
        for outcome in OUTCOMES:
            _sent_counter(channel, outcome)
        for file_outcome in FILE_OUTCOMES:
            file(channel, file_outcome, times=0)
        _silence_gauge(channel).set(0)
    for outcome in OUTCOMES:
        _given_up_counter(outcome)


class Stopwatch:
    """Times a batch and its parts; not thread-safe.

    Create it when the batch is taken out of the queue; call `lap` at the end of each part ("wait"
    for a thread, "begin", "facts", "effects", "keep") and `turn` after each `advance`; pass it to
    `batch` after the commit. Parts of the same name add up.
    """

    __slots__ = ("_last", "_slowest", "_started", "parts", "slowest", "statements")

    def __init__(self) -> None:
        self._started = self._last = perf_counter()
        self._slowest = 0.0
        self.parts: dict[str, float] = {}
        self.slowest: str | None = None  # "flow.step" of the longest `advance`
        self.statements: int | None = None  # sent to the database; None if not counted

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return perf_counter() - self._started

    def lap(self, part: str) -> float:
        """End a part that started at the end of the previous one; return its seconds."""
        now = perf_counter()
        passed = now - self._last
        self._last = now
        self.parts[part] = self.parts.get(part, 0.0) + passed
        return passed

    def turn(self, flow: str | None, step: str | None) -> None:
        """End the part "advance" of one turn; `flow` and `step` are the question it asked."""
        passed = self.lap("advance")
        if passed > self._slowest:
            self._slowest = passed
            self.slowest = f"{flow}.{step}"


def turn(seconds: float) -> None:
    """Count a committed delivery, `seconds` after it was received."""
    _TURN.observe(seconds)


def batch(size: int, watch: Stopwatch) -> None:
    """Count a transaction of turns for `size` people; log it if it was slow."""
    seconds = watch.seconds
    _BATCH.observe(seconds)
    _BATCH_SIZE.observe(size)
    if seconds > _slow_after:
        _SLOW.inc()
        _log.warning(
            "turns.slow",
            size=size,
            seconds=round(seconds, 3),
            parts={part: round(took, 3) for part, took in watch.parts.items()},
            slowest=watch.slowest,
            statements=watch.statements,
        )


def turn_failed() -> None:
    """Count a turn that raised when it was taken alone."""
    _FAILED.inc()


def waiting(deliveries: int) -> None:
    """Set how many deliveries wait in this process; one call for each batch is enough."""
    _WAITING.set(deliveries)


def file(channel: str, outcome: str, *, times: int = 1) -> None:
    """Count the outcome of a try to fetch a file: one of FILE_OUTCOMES."""
    _FILES.labels(channel, outcome).inc(times)


def sent(channel: str | None, outcome: str, seconds: float | None = None) -> None:
    """Count the outcome of a claimed message; `seconds` is None if no provider was called."""
    name = channel or "none"
    _sent_counter(name, outcome).inc()
    if seconds is not None:
        _send_timer(name).observe(seconds)


def gave_up(outcome: str) -> None:
    """Count a message that was closed without being sent."""
    _given_up_counter(outcome).inc()


def silent(channel: str, yes: bool) -> None:
    """Set whether a channel's provider is silent: its breaker is open."""
    _silence_gauge(channel).set(yes)
