"""Deliveries that wait for their turn, in lanes: known senders, strangers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.channels.base import InboundMessage
from bot.errors import Busy, Malformed

TAKING = 6.0  # seconds for a delivery to be taken; Twilio waits for fifteen


@dataclass(slots=True)
class Entry:
    """A delivery that waits for its turn, or a person for whom something lies untaken."""

    lane: str  # one entry a lane at a time: keeps a person's deliveries in order
    heard: InboundMessage | None
    person_id: int | None
    done: asyncio.Future[None]
    since: float  # by `perf_counter`

    def taken(self) -> None:
        """Tell who waits, if they still do."""
        if not self.done.done():
            self.done.set_result(None)

    def refuse(self, error: Busy | Malformed) -> None:
        """Tell who waits, if they still do, that nothing is promised."""
        if not self.done.done():
            self.done.set_exception(error)
            self.done.exception()  # nobody may read it: that is no error


def refuse_late(entries: Iterable[Entry]) -> None:
    """Refuse what waits no longer; what is taken later is known when it comes again."""
    for entry in entries:
        entry.refuse(Busy(f"not taken within {TAKING:g} seconds"))


@dataclass(slots=True)
class Queue:
    """Entries by lane: the lanes that are free take turns, in the order in which they became so."""

    lanes: dict[str, deque[Entry]] = field(default_factory=dict)
    free: deque[str] = field(default_factory=deque)  # have entries, and none that is being taken
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
        """The first entry of the lane whose turn it is; there must be one."""
        name = self.free.popleft()
        lane = self.lanes[name]
        entry = lane.popleft()
        if not lane:
            del self.lanes[name]
        self.size -= 1
        return entry

    def release(self, lane: str) -> None:
        """Let a lane whose entry was taken have its turn again."""
        if lane in self.lanes:
            self.free.append(lane)

    def of(self, lane: str) -> int:
        return len(self.lanes.get(lane, ()))
