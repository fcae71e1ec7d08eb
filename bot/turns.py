"""Turns: waiting deliveries are taken in batches, one transaction for many people.

There is no timer: an idle process commits a single message immediately, a busy one commits many
together. A delivery is answered only after its commit. If a batch fails, its turns are retried one
by one, so that a poisoned turn does not affect the others; after its third failure it is set aside,
the person is notified and the row is kept for a supervisor.

A stored value that can't be read does not fail a turn. If its key is missing, the person is left to
other processes for a while. After that, or immediately if the value is damaged, the row is set
aside; an unreadable session is set aside unchanged, and the conversation begins anew.
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
from bot.city import City
from bot.deliveries import TAKING, Entry, Queue, refuse_late
from bot.errors import Busy, Malformed
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
OF_STRANGERS = 1_500  # at most, of the backlog; the rest is for people in a conversation
OF_ONE = 1_000  # at most, of the backlog, for one sender
SPARED = 8  # places of a batch reserved for strangers
REMEMBERED = 50_000  # senders known to be in a conversation
COMMITTERS = 2  # one computes while the other waits for the disk
MAX_FAILURES = 3
PAUSE = 2.0  # seconds until a person whose turn could not be taken is tried again


@dataclass(slots=True)
class Turns:
    """Takes turns in one bot process; any number of processes may run one."""

    db: Database
    city: City
    public_url: str
    sender: Sender
    news: asyncio.Event = field(default_factory=asyncio.Event)  # set when the inbox has rows
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # lanes of past senders
    _ours: Queue = field(default_factory=Queue)  # for people in a conversation, and news
    _strangers: Queue = field(default_factory=Queue)
    _busy: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _resting: dict[int, float] = field(default_factory=dict)  # person id: skip until, loop time

    async def take(self, heard: Sequence[InboundMessage]) -> None:
        """Take deliveries; return when all of them are committed.

        Strangers are refused before people in a conversation, and a sender of very many deliveries
        before others.

        Raises:
            Busy: too many wait, the database is unavailable, or they were not taken within `TAKING`
                seconds; any of them may be uncommitted.
            Malformed: one of them has a value that the database can't store; it is dropped.
        """
        self._require_room([f"{one.channel}:{one.address}" for one in heard])
        entries = [
            self._enter(f"{one.channel}:{one.address}", heard=withhold(one)) for one in heard
        ]
        late = asyncio.get_running_loop().call_later(TAKING, refuse_late, entries)
        try:
            for entry in entries:
                await entry.done
        finally:
            late.cancel()

    def _require_room(self, lanes: Sequence[str]) -> None:
        waiting = self._waiting() + len(lanes)
        if waiting <= OF_ONE:  # the lowest of the three limits
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
        """Return a lane's queue: that of its earlier entries, if any, which keeps their order."""
        if lane in self._strangers.lanes:
            return self._strangers
        return self._ours if lane in self._known or lane in self._ours.lanes else self._strangers

    async def take_news(self) -> int:
        """Take untaken inbox rows: news, and those of a dead process; return how many people."""
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
        """Take and commit batches until cancelled."""
        async with asyncio.TaskGroup() as group:
            for run in self.committers():
                group.create_task(loops.keep_running(Loop("turns", run)))

    def committers(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """Return the loops that commit batches until cancelled; each works without the others."""
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
        """Take the first entry of each free lane, up to BATCH; strangers' lanes last."""
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
        """Remember the entry's sender as a person in a conversation."""
        if entry.heard is not None:
            self._known[entry.lane] = None
            self._known.move_to_end(entry.lane)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    async def _commit(self, batch: list[Entry]) -> None:
        watch = Stopwatch()
        try:
            taken = await self.db.do(lambda tx: self._take_batch(tx, batch, watch))
        except turn.Moved:  # the chat was linked to another person meanwhile: retry
            await self._commit(batch)
        except Exception as error:
            if away(error):
                for entry in batch:
                    entry.refuse(Busy("the database is away"))
                log.warning("turns.database_away", error=type(error).__name__)
                await asyncio.sleep(0.2)
            elif len(batch) > 1:  # one of them is poisoned: retry one by one
                for entry in batch:
                    await self._commit([entry])
            else:
                await self._failed(batch[0], error)
        else:
            self.sender.send(taken.leased)
            if taken.more:
                self.sender.look()
            self._skip(taken.left)
            for entry in batch:
                entry.taken()
                self._remember(entry)
                metrics.turn(perf_counter() - entry.since)
            metrics.batch(len(batch), watch)

    def _take_batch(self, tx: Session, batch: Sequence[Entry], watch: Stopwatch) -> Taken:
        """Store the deliveries, lock their people, compute, write and commit."""
        watch.lap("wait")
        begun = begin(tx, batch)
        watch.lap("begin")
        most_waiting = self.sender.limits.chats.waiting
        together = Batch(tx, self.city, self.public_url, begun, watch, most_waiting)
        return together.run(
            can_send=self.sender.has_room(), can_greet=self.sender.has_room_for_greetings()
        )

    async def _failed(self, entry: Entry, error: Exception) -> None:
        """Count a turn's failure; the third sets it aside and notifies the person."""
        metrics.turn_failed()
        _log_failure("turns.failed", entry, error)
        try:
            await self.db.do(lambda tx: _count_failure(tx, entry))
        except Exception as again:  # any error: refuse this delivery, go on with the others
            if unfit(again):
                entry.refuse(Malformed("a value that the database can't keep"))
                return
            if not away(again):
                _log_failure("turns.failure_not_counted", entry, again)
            entry.refuse(Busy("the failure could not be counted"))
            self._skip([entry.person_id] if entry.person_id is not None else [])
        else:
            entry.taken()
            self.sender.look()

    def _skip(self, people: Iterable[int]) -> None:
        """Skip the inbox rows of these people for PAUSE seconds."""
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
