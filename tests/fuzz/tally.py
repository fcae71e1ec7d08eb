"""What came back from a fuzz run, and what of it is not as it must be."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

LET_IN: Final = 2 / 3
SHUT: Final = {401, 403, 404, 405, 410, 413, 429}  # answers to requests that were not let in
SLOW: Final = 5.0  # seconds
MOST_MEMORY: Final = 400.0  # MB
GROWTH: Final = 1.2  # of memory, from the end of the second minute to the end
LOADED: Final = 3.0  # load average for each core: above it a slow answer proves nothing
SHOWN: Final = 20  # of many lines of one kind
#: Errors in the log that a forged delivery brings about; any other is a fault of ours.
EXPECTED: Final = frozenset({"whatsapp.media_elsewhere", "whatsapp.held_back", "sender.rejected"})


@dataclass(slots=True)
class Tally:
    """What came back while requests were thrown."""

    requests: int = 0
    let_in: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    routes: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)  # answers of 5xx, and requests without one
    slow: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)  # (seconds, MB) of serve
    load: float = 0.0  # the highest load average for each core of the machine

    def note(self, what: str, route: str, status: int, seconds: float, *, right: bool) -> None:
        """Count an answer; `right` says that the request carried what its route asks for."""
        self.requests += 1
        self.answers[status] += 1
        self.routes[route] += 1
        self.let_in += right and status not in SHUT
        if status >= 500:
            self.broken.append(f"{what}: {status}")
        if seconds > SLOW:
            self.slow.append(f"{what}: {seconds:.1f} s")

    @property
    def share(self) -> float:
        """Which part of the requests was let in."""
        return self.let_in / max(self.requests, 1)

    @property
    def second_minute(self) -> float:
        """MB that serve held at the end of the second minute, or of a shorter run."""
        return max((at, mb) for at, mb in [*self.memory, (-1.0, 0.0)] if at <= 120)[1]

    @property
    def last(self) -> float:
        """MB that serve held at the end."""
        return self.memory[-1][1] if self.memory else 0.0

    @property
    def most(self) -> float:
        """MB that serve held at most."""
        return max((mb for _, mb in self.memory), default=0.0)


@dataclass(frozen=True, slots=True)
class Left:
    """What the run left behind."""

    mute: Sequence[str] = ()  # chats that do not answer, and applicants who waited in vain
    ended: Sequence[str] = ()  # processes that do not run any more
    #: What must be 0: turns that failed, turns set aside, tasks given up, rows nobody took.
    counted: Sequence[tuple[str, int]] = ()
    errors: Counter[str] = field(default_factory=Counter)  # in the logs, by event


def wrong(tally: Tally, left: Left) -> list[str]:
    """Give what is not as it must be; nothing for a good run."""
    found = tally.broken[:SHOWN]
    if tally.load <= LOADED:
        found += tally.slow[:SHOWN]
    found += [f"{name} ended" for name in left.ended]
    found += [f"{chat} is mute" for chat in left.mute]
    found += [f"{number} {what}" for what, number in left.counted if number]
    found += [f"logged {n} times: {event}" for event, n in left.errors.items()]
    if tally.share < LET_IN:
        found.append(f"only {tally.share:.0%} were let in")
    if tally.most >= MOST_MEMORY:
        found.append(f"serve held {tally.most:.0f} MB")
    if tally.last > GROWTH * tally.second_minute:
        found.append(f"memory grew from {tally.second_minute:.0f} to {tally.last:.0f} MB")
    return found


def errors(logs: str) -> Counter[str]:
    """Count the errors in the processes' logs by event; a line that is no JSON is one itself."""
    found: Counter[str] = Counter()
    for line in logs.splitlines():
        event = _error(line.strip())
        if event is not None and event not in EXPECTED:
            found[event] += 1
    return found


def _error(line: str) -> str | None:
    if not line:
        return None
    try:
        told = json.loads(line)
    except ValueError:
        return line[:100]
    if not isinstance(told, dict) or told.get("level") not in {"error", "critical"}:
        return None
    return str(told.get("event"))


def lines(tally: Tally, left: Left) -> Iterator[str]:
    """What is printed about a run."""
    answers = ", ".join(f"{n} x {status}" for status, n in sorted(tally.answers.items()))
    yield f"requests: {tally.requests}, {tally.share:.0%} let in; answers: {answers}"
    yield "routes: " + ", ".join(f"{n} x {route}" for route, n in tally.routes.most_common())
    yield f"5xx or no answer: {len(tally.broken)}; over {SLOW:g} s: {len(tally.slow)}"
    yield f"load average for each core: {tally.load:.1f} at most"
    second, last, most = (f"{mb:.0f}" for mb in (tally.second_minute, tally.last, tally.most))
    yield f"memory of serve: {second} MB after 2 minutes, {last} at the end, {most} at most"
    yield "; ".join(f"{what}: {number}" for what, number in left.counted)
    yield f"errors logged: {dict(left.errors)}; processes that ended: {list(left.ended)}"
    yield f"mute chats: {len(left.mute)}"
