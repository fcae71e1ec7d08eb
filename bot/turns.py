"""Turns: whatever waits is taken together, in one transaction for many people.

There is no timer: an idle process commits one message at once, a busy one many together. A
delivery is answered only when it is committed. A batch that fails is taken apart, so that a
poisoned turn does not hurt its neighbours; its third failure sets it aside, tells the person in
one honest sentence and leaves the row for a supervisor to see.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import facts, metrics
from bot.channels.base import Heard
from bot.effects import Writer
from bot.errors import Busy, Malformed
from bot.facts import City
from bot.metrics import Stopwatch
from bot.sender import Sender
from conversations import engine, events, messages
from conversations.events import Event, Happened, Uploaded
from conversations.messages import Message, Say
from conversations.session import Session as Talk
from conversations.withholding import withheld
from models import consent, inbox, officer, turn
from models.database import Record, away, trip, unfit
from models.inbox import NEWS, Delivery, SentFile
from models.outbox import Claimed, Owed, Reach, owe
from models.turn import Begun, Opening, Untaken

log = structlog.get_logger(__name__)

BATCH = 64  # deliveries in one transaction
BACKLOG = 2_000  # deliveries waiting in this process; beyond that providers are asked to retry
OF_STRANGERS = 1_500  # of them; the rest is for people who are in a conversation
OF_ONE = 1_000  # of them
SPARED = 8  # of a batch, for strangers, however many of the others wait
REMEMBERED = 50_000  # senders known to be in a conversation
COMMITTERS = 2  # one computes while the other waits for the disk
MAX_FAILURES = 3
MAX_EVENTS = 20  # of one person in one transaction; the rest follows in the next


@dataclass(slots=True)
class _Entry:
    """A delivery that waits for its turn, or a person for whom something lies untaken."""

    lane: str  # one entry a lane at a time: keeps a person's deliveries in order
    heard: Heard | None
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


@dataclass(slots=True)
class _Queue:
    """Entries by lane: the lanes that are free take turns, in the order in which they became so."""

    lanes: dict[str, deque[_Entry]] = field(default_factory=dict)
    free: deque[str] = field(default_factory=deque)  # have entries, and none that is being taken
    size: int = 0

    def add(self, entry: _Entry, *, busy: bool) -> None:
        lane = self.lanes.get(entry.lane)
        if lane is None:
            lane = self.lanes[entry.lane] = deque()
            if not busy:
                self.free.append(entry.lane)
        lane.append(entry)
        self.size += 1

    def take(self) -> _Entry:
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


@dataclass(slots=True)
class Turns:
    """Takes turns for one bot process; any number of processes may do so at once."""

    record: Record
    city: City
    public_url: str
    sender: Sender
    news: asyncio.Event = field(default_factory=asyncio.Event)  # something lies in the inbox
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)  # lanes of people met
    _ours: _Queue = field(default_factory=_Queue)  # of people in a conversation, and news
    _strangers: _Queue = field(default_factory=_Queue)
    _busy: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, heard: Sequence[Heard]) -> None:
        """Take deliveries; returns when all of them are committed.

        Strangers are refused before people who are in a conversation are, and a sender of very
        many before others.

        Raises:
            Busy: too many wait, or the database is away; nothing of them is promised.
            Malformed: one of them holds a value that the database can't keep; it is left out.
        """
        self._see_to_room([f"{one.channel}:{one.address}" for one in heard])
        entries = [
            self._enter(f"{one.channel}:{one.address}", heard=_withhold(one)) for one in heard
        ]
        for entry in entries:
            await entry.done

    def _see_to_room(self, lanes: Sequence[str]) -> None:
        strange = sum(lane not in self._known for lane in lanes)
        if (
            self._waiting() + len(lanes) > BACKLOG
            or (strange and self._strangers.size + strange > OF_STRANGERS)
            or any(self._queue(lane).of(lane) + len(lanes) > OF_ONE for lane in set(lanes))
        ):
            raise Busy("too many deliveries are waiting")

    def _waiting(self) -> int:
        return self._ours.size + self._strangers.size

    def _queue(self, lane: str) -> _Queue:
        """Where a lane's entries wait: where its earlier ones do, so that their order holds."""
        if lane in self._strangers.lanes:
            return self._strangers
        return self._ours if lane in self._known or lane in self._ours.lanes else self._strangers

    async def take_news(self) -> int:
        """Take what lies untaken in the inbox: news, and what a dead process left."""
        people = await self.record.ask(lambda tx: inbox.waiting(tx, limit=BATCH))
        people = [p for p in people if f"person:{p}" not in self._busy]
        entries = [self._enter(f"person:{p}", person_id=p) for p in people]
        await asyncio.gather(*(entry.done for entry in entries), return_exceptions=True)
        return len(entries)

    def _enter(
        self, lane: str, *, heard: Heard | None = None, person_id: int | None = None
    ) -> _Entry:
        done = asyncio.get_running_loop().create_future()
        entry = _Entry(lane, heard, person_id, done, perf_counter())
        queue = self._queue(lane) if heard is not None else self._ours
        queue.add(entry, busy=lane in self._busy)
        metrics.waiting(self._waiting())
        self._wake.set()
        return entry

    async def run(self) -> None:
        """Commit batches until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(COMMITTERS):
                group.create_task(self._commit_for_ever())

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

    def _next_batch(self) -> list[_Entry]:
        """The first entries of lanes that are free, one of each lane, strangers' last."""
        batch: list[_Entry] = []
        spared = min(SPARED, len(self._strangers.free))
        for queue, most in ((self._ours, BATCH - spared), (self._strangers, BATCH)):
            while queue.free and len(batch) < most:
                entry = queue.take()
                self._busy.add(entry.lane)
                batch.append(entry)
        metrics.waiting(self._waiting())
        return batch

    def _remember(self, entry: _Entry) -> None:
        """Count its sender among the people who are in a conversation."""
        if entry.heard is not None:
            self._known[entry.lane] = None
            self._known.move_to_end(entry.lane)
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    async def _commit(self, batch: list[_Entry]) -> None:
        watch = Stopwatch()
        try:
            leased, more = await self.record.do(lambda tx: self._take_batch(tx, batch, watch))
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
            self.sender.send(leased)
            if more:
                self.sender.look()
            for entry in batch:
                entry.taken()
                self._remember(entry)
                metrics.turn(perf_counter() - entry.since)
            metrics.batch(len(batch), watch)

    def _take_batch(
        self, tx: Session, batch: Sequence[_Entry], watch: Stopwatch
    ) -> tuple[list[Claimed], bool]:
        """Hear, lock, compute, write and commit; gives what the sender shall send at once.

        And whether there is more for it to look for.
        """
        watch.lap("wait")
        begun = _begin(tx, batch)
        watch.lap("begin")
        most_waiting = self.sender.limits.chats.waiting
        together = _Batch(tx, self.city, self.public_url, begun, watch, most_waiting)
        return together.run(
            can_send=self.sender.has_room(), can_greet=self.sender.has_room_for_greetings()
        )

    async def _failed(self, entry: _Entry, error: Exception) -> None:
        """Count a turn's failure; the third sets it aside and tells the person."""
        metrics.turn_failed()
        log.error(
            "turns.failed",
            error=type(error).__name__,
            place=_place(error),
            person=entry.person_id,
            delivery=entry.heard.provider_id if entry.heard else None,
            channel=entry.heard.channel if entry.heard else NEWS,
        )
        try:
            await self.record.do(lambda tx: _count_failure(tx, entry))
        except (DBAPIError, UnicodeError, turn.Moved) as refusal:
            if unfit(refusal):
                entry.refuse(Malformed("a value that the database can't keep"))
            else:
                entry.refuse(Busy("the database is away"))
        else:
            entry.taken()
            self.sender.look()


@dataclass(slots=True)
class _Batch:
    """The turns of one transaction, a person's events one after the other."""

    tx: Session
    city: City
    public_url: str
    begun: Begun
    watch: Stopwatch
    most_waiting: int  # replies that change nothing, for one person

    def run(self, *, can_send: bool, can_greet: bool) -> tuple[list[Claimed], bool]:
        people, openings, at = self.begun.people, self.begun.openings, self.begun.at
        tellable = {i: _tellable(o.untaken)[:MAX_EVENTS] for i, o in openings.items()}
        waiting = {i: deque(rows) for i, rows in tellable.items() if rows}
        talks = {i: _talk(openings[i].session) for i in waiting}
        heard: dict[int, Reach] = {}  # addresses that are spoken from, by id
        last: dict[int, Reach] = {}  # where each person spoke last
        writer = Writer(self.tx, self.public_url, at)
        writer.newcomers = {i for i, o in openings.items() if o.session is None}
        writer.waiting = {i: o.waiting for i, o in openings.items()}
        writer.most_waiting = self.most_waiting
        taken: list[int] = []
        while waiting:
            known = facts.load(self.tx, [people[i] for i in waiting], openings, self.city, at)
            self.watch.lap("facts")
            for person_id in list(waiting):
                row = waiting[person_id].popleft()
                if not waiting[person_id]:
                    del waiting[person_id]
                event = _event(row)
                here = facts.heard_from(known[person_id], row)
                done = engine.advance(self.city.flows, talks[person_id], event, here)
                asked = done.session.asked
                self.watch.turn(asked.flow if asked else None, asked.step if asked else None)
                talks[person_id] = done.session
                unasked = isinstance(event, Happened) and bool(event.params.get("unasked"))
                writer.write(
                    people[person_id],
                    row.id,
                    done.effects,
                    address_id=row.address_id,
                    unasked=unasked,
                )
                taken.append(row.id)
                if row.address_id is not None and row.address is not None:
                    reach = Reach(row.address_id, row.channel, row.address, at)
                    heard[reach.id] = last[person_id] = reach
                self.watch.lap("effects")
            if waiting:
                openings = self._reopen(writer, waiting)
        if not taken:
            return [], False
        leasing = (last if can_greet else last.keys() - writer.newcomers) if can_send else ()
        leased = self._keep(writer, talks, taken, heard, last, leasing=leasing)
        return leased, len(writer.owed) > len(leased)

    def _reopen(self, writer: Writer, waiting: Iterable[int]) -> dict[int, Opening]:
        """What the first events changed."""
        with trip(self.tx) as run:
            consent.give(run, writer.consents)
        return turn.reopen(self.tx, waiting)

    def _keep(
        self,
        writer: Writer,
        talks: dict[int, Talk | None],
        taken: Sequence[int],
        heard: dict[int, Reach],
        last: dict[int, Reach],
        *,
        leasing: Container[int],
    ) -> list[Claimed]:
        """Write what all turns write, and commit; gives what is ours to send."""
        saved = [
            turn.Saved(i, talk.to_json(), _has_draft(talk, self.city), i in last)
            for i, talk in talks.items()
            if talk is not None
        ]
        with trip(self.tx, commit=True) as run:
            leased = writer.close(run, leasing=leasing)
            turn.keep(run, saved, taken, heard)
        self.watch.lap("keep")
        owed = {one.dedupe_key: one for one in writer.owed}
        return [
            self._claimed(
                row_id,
                owed[key],
                writer.messages[key],
                heard[owed[key].address_id or last[owed[key].person_id].id],
            )
            for row_id, key in (leased.rows if leased is not None else ())
        ]

    def _claimed(self, row_id: int, owed: Owed, message: Message, to_where: Reach) -> Claimed:
        """A message as the sender would have claimed it, but for where else they may be reached."""
        to = self.begun.people[owed.person_id]
        return Claimed(
            row_id,
            to.id,
            message,
            owed.lane,
            1,
            to.locale,
            to.opted_out_at is not None,
            self.begun.at,
            False,
            (to_where,),
            all_known=False,
            greeting=owed.greeting,
        )


def _begin(tx: Session, batch: Sequence[_Entry]) -> Begun:
    deliveries = [_delivery(entry.heard) for entry in batch if entry.heard is not None]
    ids = [entry.person_id for entry in batch if entry.person_id is not None]
    return turn.begin(tx, deliveries, ids)


def _tellable(untaken: Sequence[Untaken]) -> Sequence[Untaken]:
    """What is taken now: all of it if the person speaks, else what does not wait for the morning.

    So at night they hear the news first, and then the answer.
    """
    if any(row.address_id is not None for row in untaken):
        return untaken
    return [row for row in untaken if not row.sleeps]


def _delivery(heard: Heard) -> Delivery:
    media = heard.media
    return Delivery(
        heard.channel,
        heard.address,
        heard.provider_id,
        events.to_json(heard.event),
        heard.locale,
        SentFile(media.reference, media.kind, media.size) if media else None,
    )


def _event(row: Untaken) -> Event:
    event = events.from_json(row.event)
    if isinstance(event, Uploaded) and row.attachment_id is not None:
        return replace(event, attachment_id=row.attachment_id)
    return event


def _withhold(heard: Heard) -> Heard:
    """Drop an identity number's digits before anything is stored."""
    kept = withheld(heard.event)
    return heard if kept is heard.event else replace(heard, event=kept)


def _talk(data: object) -> Talk | None:
    """The stored session; one that can't be read begins anew, so that the menu always works."""
    if data is None:
        return None
    try:
        return Talk.from_json(data)
    except (KeyError, TypeError, ValueError) as error:
        log.error("turns.session_unreadable", error=type(error).__name__)
        return None


def _has_draft(talk: Talk, city: City) -> bool:
    drafts = [d for d in (talk.draft, *talk.parked) if d is not None and d.answers]
    flows = city.flows.by_id
    return any(d.flow in flows and flows[d.flow].form and not d.subject for d in drafts)


def _count_failure(tx: Session, entry: _Entry) -> None:
    for person_id in _begin(tx, [entry]).people:
        row_id = inbox.count_failure(tx, person_id, at_most=MAX_FAILURES)
        if row_id is not None:
            sorry = messages.to_json(Message((Say("common.trouble"),)))
            owe(tx, [Owed(person_id, f"trouble:{row_id}", sorry)])
            _tell_supervisors(tx, person_id, row_id)


def _tell_supervisors(tx: Session, person_id: int, row_id: int) -> None:
    """Show supervisors a turn that was set aside; not their own, or one would follow another."""
    supervisors = officer.supervisors_of(tx, None)
    if person_id in supervisors:
        return
    say = Say("notices.turn_set_aside", {"number": row_id})
    for supervisor in supervisors:
        news = events.news("turn_set_aside", row_id, say, unasked=True)
        inbox.tell(tx, supervisor, f"turn_set_aside:{row_id}", news, can_wait=True)


def _place(error: BaseException) -> str:
    """Where an error was raised: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
