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
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import structlog
from sqlalchemy.orm import Session

from bot import facts, metrics
from bot.channels.base import Heard
from bot.effects import Writer
from bot.errors import Busy, Malformed
from bot.facts import City
from bot.metrics import Stopwatch
from bot.sender import Sender
from casework.news import tell_supervisors
from conversations import events, messages
from conversations.engine import turn as engine
from conversations.events import Event, Happened, News, Uploaded
from conversations.messages import Message, Say
from conversations.session import Session as Talk
from conversations.withholding import withheld
from models import consent, inbox, logs, loops, officer, turn
from models.database import Record, away, trip, unfit
from models.encryption import Unreadable
from models.inbox import NEWS, Delivery, SentFile
from models.loops import Loop
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
KEY_PATIENCE = 15.0  # seconds that a process with the missing key has to take the turn
TAKING = 6.0  # seconds for a delivery to be taken; Twilio waits for fifteen
PAUSE = 2.0  # seconds until somebody whose turn could not be taken is tried again


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


def _refuse_late(entries: Iterable[_Entry]) -> None:
    """Refuse what waits no longer; what is taken later is known when it comes again."""
    for entry in entries:
        entry.refuse(Busy(f"not taken within {TAKING:g} seconds"))


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
    _resting: dict[int, float] = field(default_factory=dict)  # person id: until when, by the loop

    async def take(self, heard: Sequence[Heard]) -> None:
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
            self._enter(f"{one.channel}:{one.address}", heard=_withhold(one)) for one in heard
        ]
        late = asyncio.get_running_loop().call_later(TAKING, _refuse_late, entries)
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

    def _queue(self, lane: str) -> _Queue:
        """Where a lane's entries wait: where its earlier ones do, so that their order holds."""
        if lane in self._strangers.lanes:
            return self._strangers
        return self._ours if lane in self._known or lane in self._ours.lanes else self._strangers

    async def take_news(self) -> int:
        """Take what lies untaken in the inbox: news, and what a dead process left."""
        moment = asyncio.get_running_loop().time()
        self._resting = {i: until for i, until in self._resting.items() if until > moment}
        resting = list(self._resting)
        people = await self.record.ask(lambda tx: inbox.waiting(tx, limit=BATCH, but_for=resting))
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
            for run in self.committers():
                group.create_task(loops.keep_running(Loop("turns", run)))

    def committers(self) -> Sequence[Callable[[], Awaitable[None]]]:
        """What commits batches until cancelled: several, each of which can go on alone."""
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
            taken = await self.record.do(lambda tx: self._take_batch(tx, batch, watch))
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

    def _take_batch(self, tx: Session, batch: Sequence[_Entry], watch: Stopwatch) -> _Taken:
        """Hear, lock, compute, write and commit."""
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
        _log_failure("turns.failed", entry, error)
        try:
            await self.record.do(lambda tx: _count_failure(tx, entry))
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


@dataclass(frozen=True, slots=True)
class _Taken:
    """What came of a batch."""

    leased: list[Claimed]  # to be sent at once
    more: bool  # there is more for the sender to look for
    left: Collection[int] = ()  # people who are left to a process that has the key


@dataclass(slots=True)
class _Batch:
    """The turns of one transaction, a person's events one after the other."""

    tx: Session
    city: City
    public_url: str
    begun: Begun
    watch: Stopwatch
    most_waiting: int  # replies that change nothing, for one person

    def run(self, *, can_send: bool, can_greet: bool) -> _Taken:
        people, openings, at = self.begun.people, self.begun.openings, self.begun.at
        found = {i: _Readable.of(o) for i, o in openings.items()}
        left = [i for i, one in found.items() if one.left]
        aside = [row_id for one in found.values() for row_id in one.aside]
        if aside:
            self._set_aside(found)
        waiting = {i: deque(one.rows) for i, one in found.items() if one.rows}
        talks = {i: _talk(openings[i].session) for i in waiting}
        replaced = [i for i in waiting if talks[i] is None and openings[i].session is not None]
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
            return _Taken([], bool(aside), left)
        if replaced:
            self._replace_sessions(replaced)
        leasing = (last if can_greet else last.keys() - writer.newcomers) if can_send else ()
        leased = self._keep(writer, talks, taken, heard, last, leasing=leasing)
        more = bool(aside or replaced) or len(writer.owed) > len(leased)
        return _Taken(leased, more, left)

    def _set_aside(self, found: Mapping[int, _Readable]) -> None:
        """Set aside what was heard and can't be read, and say so to whom it concerns."""
        for person_id, one in found.items():
            for row_id in one.aside:
                metrics.turn_failed()
                log.error("turns.unreadable", person=person_id, row=row_id)
                _tell_set_aside(self.tx, person_id, row_id)
        with trip(self.tx) as run:
            turn.set_aside(run, [row_id for one in found.values() for row_id in one.aside])

    def _replace_sessions(self, people: Sequence[int]) -> None:
        """Set sessions aside that can't be read, and say so to whom it concerns."""
        with trip(self.tx) as run:
            put_away = turn.set_session_aside(run, people)
        for aside_id, person_id, had_draft in put_away.rows:
            metrics.turn_failed()
            log.error("turns.session_unreadable", person=person_id, session=aside_id)
            told = Say("notices.session_set_aside", {"number": aside_id})
            _tell_supervisors(self.tx, person_id, News.SESSION_SET_ASIDE, aside_id, told)
            if had_draft:
                anew = messages.to_json(Message((Say("common.begun_anew"),)))
                owe(self.tx, [Owed(person_id, f"session_set_aside:{aside_id}", anew)])

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


@dataclass(frozen=True, slots=True)
class _Readable:
    """What of a person's open rows is taken now, in order, and what can't be read."""

    rows: Sequence[Untaken]
    aside: Sequence[int] = ()  # rows to be set aside
    left: bool = False  # what follows waits for a process that has the key

    @classmethod
    def of(cls, opening: Opening) -> _Readable:
        """Sort what lies open for somebody.

        With a key missing, what came lately waits, and all that came after it.
        """
        tellable = _tellable(opening.untaken)[:MAX_EVENTS]
        if tellable and _waits_for_key(opening.session, tellable[0]):
            return cls((), left=True)
        rows: list[Untaken] = []
        aside: list[int] = []
        for row in tellable:
            if not isinstance(row.event, Unreadable):
                rows.append(row)
            elif _waits_for_key(row.event, row):
                return cls(rows, aside, left=True)
            else:
                aside.append(row.id)
        return cls(rows, aside)


def _waits_for_key(value: object, row: Untaken) -> bool:
    """Whether a process that has the key may still come and take this row."""
    return isinstance(value, Unreadable) and value.key_missing and row.age < KEY_PATIENCE


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
    if data is None or isinstance(data, Unreadable):
        return None
    try:
        return Talk.from_json(data)
    except ValueError:
        return None


def _has_draft(talk: Talk, city: City) -> bool:
    drafts = [d for d in (talk.draft, *talk.parked) if d is not None and d.answers]
    flows = city.flows.by_id
    return any(d.flow in flows and flows[d.flow].form and not d.subject for d in drafts)


def _count_failure(tx: Session, entry: _Entry) -> None:
    for person_id in _begin(tx, [entry]).people:
        row_id = inbox.count_failure(tx, person_id, at_most=MAX_FAILURES)
        if row_id is not None:
            _tell_set_aside(tx, person_id, row_id)


def _tell_set_aside(tx: Session, person_id: int, row_id: int) -> None:
    """Tell the person and the supervisors that something was set aside."""
    sorry = messages.to_json(Message((Say("common.trouble"),)))
    owe(tx, [Owed(person_id, f"trouble:{row_id}", sorry)])
    told = Say("notices.turn_set_aside", {"number": row_id})
    _tell_supervisors(tx, person_id, News.TURN_SET_ASIDE, row_id, told)


def _tell_supervisors(tx: Session, person_id: int, what: News, number: int, say: Say) -> None:
    """Show supervisors what was set aside; not their own, or one would follow another."""
    if person_id not in officer.supervisors_of(tx, None):
        tell_supervisors(tx, None, what, number, say, fact=f"{what}:{number}")


def _log_failure(event: str, entry: _Entry, error: Exception) -> None:
    log.error(
        event,
        error=type(error).__name__,
        place=logs.place(error),
        person=entry.person_id,
        delivery=entry.heard.provider_id if entry.heard else None,
        channel=entry.heard.channel if entry.heard else NEWS,
    )
