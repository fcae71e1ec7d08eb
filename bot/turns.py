"""Turns: whatever waits is taken together, in one transaction for many people.

There is no timer: an idle process commits one message at once, a busy one many together. A
delivery is answered only when it is committed. A batch that fails is taken apart, so that a
poisoned turn does not hurt its neighbours; its third failure sets it aside, tells the person in
one honest sentence and leaves the row for a supervisor to see.

A stored value that can't be read fails nothing. Where its key is missing, the person is left for a
while to a process that may have it. Then, or at once where the value is damaged, the row is set
aside; a session is set aside as it is, and the conversation begins anew.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import structlog
from sqlalchemy.orm import Session

from bot import metrics
from bot.batch import Batch, Taken, begin, tell_set_aside, withhold
from bot.channels.base import InboundMessage
from bot.deliveries import TAKING, Entry, Queue, refuse_late
from bot.errors import Busy, Malformed
from bot.facts import City
from bot.metrics import Stopwatch
from bot.sender import Sender
from models import inbox, turn
from models.inbox import NEWS
from models.infrastructure import logs, loops
from models.infrastructure.database import Database, away, unfit
from models.infrastructure.loops import Loop

log = structlog.get_logger(__name__)

BATCH = 64  # deliveries in one transaction
BACKLOG = 2_000  # deliveries waiting in this process; beyond that providers are asked to retry
OF_STRANGERS = 1_500  # of them; the rest is for people who are in a conversation
OF_ONE = 1_000  # of them
SPARED = 8  # of a batch, for strangers, however many of the others wait
REMEMBERED = 50_000  # senders known to be in a conversation
COMMITTERS = 2  # one computes while the other waits for the disk
MAX_FAILURES = 3
PAUSE = 2.0  # seconds until somebody whose turn could not be taken is tried again


@dataclass(slots=True)
class Turns:
    """Takes turns for one bot process; any number of processes may do so at once."""

    db: Database
    city: City
    public_url: str
    sender: Sender
    news: asyncio.Event = field(default_factory=asyncio.Event)  # something lies in the inbox
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # lanes of people met
    _ours: Queue = field(default_factory=Queue)  # of people in a conversation, and news
    _strangers: Queue = field(default_factory=Queue)
    _busy: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _resting: dict[int, float] = field(default_factory=dict)  # person id: until when, by the loop

    async def take(self, heard: Sequence[InboundMessage]) -> None:
        """Take deliveries; returns when all of them are committed.

        Strangers are refused before people who are in a conversation are, and a sender of very
        many before others.

        Raises:
            Busy: too many wait, the database is away, or they were not taken within `TAKING`
                seconds; nothing of them is promised.
            Malformed: one of them holds a value that the database can't keep; it is left out.
        """
        self._see_to_room([f"{one.channel}:{one.address}" for one in heard])
        entries = [
            self._enter(f"{one.channel}:{one.address}", heard=withhold(one)) for one in heard
        ]
        late = asyncio.get_running_loop().call_later(TAKING, refuse_late, entries)
        try:
            for entry in entries:
                await entry.done
        finally:
            late.cancel()

    def _see_to_room(self, lanes: Sequence[str]) -> None:
        waiting = self._waiting() + len(lanes)
        if waiting <= OF_ONE:  # the least of the three
            return
        strange = sum(lane not in self._known for lane in lanes)
        if (
            waiting > BACKLOG
            or (strange and self._strangers.size + strange > OF_STRANGERS)
            or any(self._queue(lane).of(lane) + len(lanes) > OF_ONE for lane in set(lanes))
        ):
            raise Busy("too many deliveries are waiting")

    def _waiting(self) -> int:
        return self._ours.size + self._strangers.size

    def _queue(self, lane: str) -> Queue:
        """Where a lane's entries wait: where its earlier ones do, so that their order holds."""
        if lane in self._strangers.lanes:
            return self._strangers
        return self._ours if lane in self._known or lane in self._ours.lanes else self._strangers

    async def take_news(self) -> int:
        """Take what lies untaken in the inbox: news, and what a dead process left."""
        moment = asyncio.get_running_loop().time()
        self._resting = {i: until for i, until in self._resting.items() if until > moment}
        resting = list(self._resting)
        people = await self.db.ask(lambda tx: inbox.waiting(tx, limit=BATCH, but_for=resting))
        people = [p for p in people if f"person:{p}" not in self._busy]
        entries = [self._enter(f"person:{p}", person_id=p) for p in people]
        await asyncio.gather(*(entry.done for entry in entries), return_exceptions=True)
        return len(entries)

    def _enter(
        self, lane: str, *, heard: InboundMessage | None = None, person_id: int | None = None
    ) -> Entry:
        done = asyncio.get_running_loop().create_future()
        entry = Entry(lane, heard, person_id, done, perf_counter())
        queue = self._queue(lane) if heard is not None else self._ours
        queue.add(entry, busy=lane in self._busy)
        metrics.waiting(self._waiting())
        self._wake.set()
        return entry

    async def run(self) -> None:
        """Commit batches until cancelled."""
        async with asyncio.TaskGroup() as group:
            for run in self.committers():
                group.create_task(loops.keep_running(Loop("turns", run)))

    def committers(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Loops that commit batches until cancelled; each can go on alone."""
        return [self._commit_for_ever] * COMMITTERS

    async def _commit_for_ever(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                self._wake.clear()
                await self._wake.wait()
                continue
            try:
                await self._commit(batch)
            finally:
                for entry in batch:
                    self._busy.discard(entry.lane)
                    self._ours.release(entry.lane)
                    self._strangers.release(entry.lane)
                    entry.refuse(Busy("the turn was interrupted"))
                if self._waiting():
                    self._wake.set()

    def _next_batch(self) -> list[Entry]:
        """The first entries of lanes that are free, one of each lane, strangers' last."""
        batch: list[Entry] = []
        spared = min(SPARED, len(self._strangers.free))
        for queue, most in ((self._ours, BATCH - spared), (self._strangers, BATCH)):
            while queue.free and len(batch) < most:
                entry = queue.take()
                self._busy.add(entry.lane)
                batch.append(entry)
        metrics.waiting(self._waiting())
        return batch

    def _remember(self, entry: Entry) -> None:
        """Count its sender among the people who are in a conversation."""
        if entry.heard is not None:
            self._known[entry.lane] = None
            self._known.move_to_end(entry.lane)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    async def _commit(self, batch: list[Entry]) -> None:
        watch = Stopwatch()
        try:
            taken = await self.db.do(lambda tx: self._take_batch(tx, batch, watch))
        except turn.Moved:  # at their new person's, what they said is heard
            await self._commit(batch)
        except Exception as error:
            if away(error):
                for entry in batch:
                    entry.refuse(Busy("the database is away"))
                log.warning("turns.database_away", error=type(error).__name__)
                await asyncio.sleep(0.2)
            elif len(batch) > 1:  # one of them is poisoned: take them apart
                for entry in batch:
                    await self._commit([entry])
            else:
                await self._failed(batch[0], error)
        else:
            self.sender.send(taken.leased)
            if taken.more:
                self.sender.look()
            self._rest(taken.left)
            for entry in batch:
                entry.taken()
                self._remember(entry)
                metrics.turn(perf_counter() - entry.since)
            metrics.batch(len(batch), watch)

    def _take_batch(self, tx: Session, batch: Sequence[Entry], watch: Stopwatch) -> Taken:
        """Hear, lock, compute, write and commit."""
        watch.lap("wait")
        begun = begin(tx, batch)
        watch.lap("begin")
        most_waiting = self.sender.limits.chats.waiting
        together = Batch(tx, self.city, self.public_url, begun, watch, most_waiting)
        return together.run(
            can_send=self.sender.has_room(), can_greet=self.sender.has_room_for_greetings()
        )

    async def _failed(self, entry: Entry, error: Exception) -> None:
        """Count a turn's failure; the third sets it aside and tells the person."""
        metrics.turn_failed()
        _log_failure("turns.failed", entry, error)
        try:
            await self.db.do(lambda tx: _count_failure(tx, entry))
        except Exception as again:  # whatever it was: the delivery is refused, others are taken
            if unfit(again):
                entry.refuse(Malformed("a value that the database can't keep"))
                return
            if not away(again):
                _log_failure("turns.failure_not_counted", entry, again)
            entry.refuse(Busy("the failure could not be counted"))
            self._rest([entry.person_id] if entry.person_id is not None else [])
        else:
            entry.taken()
            self.sender.look()

    def _rest(self, people: Iterable[int]) -> None:
        """Do not look for what lies untaken for these people for a while."""
        until = asyncio.get_running_loop().time() + PAUSE
        self._resting.update(dict.fromkeys(people, until))


def _count_failure(tx: Session, entry: Entry) -> None:
    for person_id in begin(tx, [entry]).people:
        row_id = inbox.count_failure(tx, person_id, at_most=MAX_FAILURES)
        if row_id is not None:
            tell_set_aside(tx, person_id, row_id)


def _log_failure(event: str, entry: Entry, error: Exception) -> None:
    log.error(
        event,
        error=type(error).__name__,
        place=logs.place(error),
        person=entry.person_id,
        delivery=entry.heard.provider_id if entry.heard else None,
        channel=entry.heard.channel if entry.heard else NEWS,
    )
