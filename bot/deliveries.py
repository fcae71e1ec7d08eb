"""Deliveries that wait for their turn, in one lane for each sender."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.channels.base import InboundMessage
from bot.errors import Busy, Malformed

TAKING = 6.0  # seconds until a waiting delivery is refused; Twilio waits for fifteen


@dataclass(slots=True)
class Entry:
    """A delivery that waits for its turn, or a person with untaken inbox rows."""

    lane: str  # one entry of a lane is processed at a time, which keeps a sender's order
    heard: InboundMessage | None
    person_id: int | None
    done: asyncio.Future[None]
    since: float  # by `perf_counter`

    def taken(self) -> None:
        """Signal the waiting caller, if it still waits, that the entry is committed."""
        if not self.done.done():
            self.done.set_result(None)

    def refuse(self, error: Busy | Malformed) -> None:
        """Raise `error` in the waiting caller, if it still waits."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # marks it as retrieved, for entries that nobody awaits


def refuse_late(entries: Iterable[Entry]) -> None:
    """Refuse entries that waited too long; one that is still taken later is deduped on retry."""
    for entry in entries:
        entry.refuse(Busy(f"not taken within {TAKING:g} seconds"))


@dataclass(slots=True)
class Queue:
    """Entries by lane; free lanes are served in the order in which they became free."""

    lanes: dict[str, deque[Entry]] = field(default_factory=dict)
    free: deque[str] = field(default_factory=deque)  # lanes with entries and none in progress
    size: int = 0

    def add(self, entry: Entry, *, busy: bool) -> None:
        lane = self.lanes.get(entry.lane)
        if lane is None:
            lane = self.lanes[entry.lane] = deque()
            if not busy:
                self.free.append(entry.lane)
        lane.append(entry)
        self.size += 1

    def take(self) -> Entry:
        """Remove and return the first entry of the next free lane; there must be one."""
        name = self.free.popleft()
        lane = self.lanes[name]
        entry = lane.popleft()
        if not lane:
            del self.lanes[name]
        self.size -= 1
        return entry

    def release(self, lane: str) -> None:
        """Mark a lane as free again after its entry was processed."""
        if lane in self.lanes:
            self.free.append(lane)

    def of(self, lane: str) -> int:
        return len(self.lanes.get(lane, ()))
