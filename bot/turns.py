"""Turns: whatever waits is taken together, in one transaction for many people.

There is no timer: an idle process commits one message at once, a busy one many together. A
delivery is answered only when it is committed. A batch that fails is taken apart, so that a
poisoned turn does not hurt its neighbours; its third failure sets it aside, tells the person in
one honest sentence and leaves the row for a supervisor to see.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from bot import facts
from bot.channels.base import Heard
from bot.effects import Writer
from bot.errors import Busy
from bot.facts import City
from conversations import engine, events, messages
from conversations.events import Event, Happened, Said, Uploaded, Withheld
from conversations.messages import Message, Say
from conversations.parsers.identity import contains_identity_number
from conversations.session import Session as Talk
from models import inbox, officer, person, turn
from models.attachment import Attachment
from models.base import now
from models.database import Record
from models.inbox import NEWS, Arrival
from models.outbox import Owed, owe
from models.person import Person

log = structlog.get_logger(__name__)

BATCH = 64  # deliveries in one transaction
BACKLOG = 2_000  # deliveries waiting in this process; beyond that providers are asked to retry
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


@dataclass(slots=True)
class Turns:
    """Takes turns for one bot process; any number of processes may do so at once."""

    record: Record
    city: City
    public_url: str
    after_commit: Callable[[], None]  # wakes the sender
    news: asyncio.Event = field(default_factory=asyncio.Event)  # something lies in the inbox
    _waiting: deque[_Entry] = field(default_factory=deque)
    _busy: set[str] = field(default_factory=set)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, heard: Sequence[Heard]) -> None:
        """Take deliveries; returns when all of them are committed.

        Raises:
            Busy: too many wait, or the database is away; nothing of them is promised.
        """
        if len(self._waiting) + len(heard) > BACKLOG:
            raise Busy("too many deliveries are waiting")
        entries = [
            self._enter(f"{one.channel}:{one.address}", heard=_withhold(one)) for one in heard
        ]
        await asyncio.gather(*(entry.done for entry in entries))

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
        entry = _Entry(lane, heard, person_id, asyncio.get_running_loop().create_future())
        self._waiting.append(entry)
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
                self._busy.difference_update(entry.lane for entry in batch)
                for entry in batch:
                    if not entry.done.done():
                        entry.done.set_exception(Busy("the turn was interrupted"))
                        entry.done.exception()  # a caller that left does not read it
                if self._waiting:
                    self._wake.set()

    def _next_batch(self) -> list[_Entry]:
        """The oldest entries whose lanes are free, one of each lane at most."""
        batch: list[_Entry] = []
        kept: deque[_Entry] = deque()
        while self._waiting and len(batch) < BATCH:
            entry = self._waiting.popleft()
            if entry.lane in self._busy:
                kept.append(entry)
            else:
                self._busy.add(entry.lane)
                batch.append(entry)
        self._waiting.extendleft(reversed(kept))
        return batch

    async def _commit(self, batch: list[_Entry]) -> None:
        try:
            await self.record.do(lambda tx: self._take_batch(tx, batch))
        except (OperationalError, InterfaceError) as error:
            for entry in batch:
                entry.done.set_exception(Busy("the database is away"))
                entry.done.exception()
            log.warning("turns.database_away", error=type(error).__name__)
            await asyncio.sleep(0.2)
        except Exception as error:  # one of them is poisoned: take them apart
            if len(batch) > 1:
                for entry in batch:
                    await self._commit([entry])
            else:
                await self._failed(batch[0], error)
        else:
            for entry in batch:
                if not entry.done.done():
                    entry.done.set_result(None)
            self.after_commit()

    def _take_batch(self, tx: Session, batch: Sequence[_Entry]) -> None:
        """Record, lock, compute, write: everything but the commit."""
        ids = _record(tx, [e.heard for e in batch if e.heard is not None])
        ids |= {e.person_id for e in batch if e.person_id is not None}
        if not ids:
            return
        people = {p.id: p for p in person.lock(tx, ids)}
        _Batch(tx, self.city, self.public_url, people).run()

    async def _failed(self, entry: _Entry, error: Exception) -> None:
        """Count a turn's failure; the third sets it aside and tells the person."""
        log.error(
            "turns.failed",
            error=type(error).__name__,
            place=_place(error),
            person=entry.person_id,
            channel=entry.heard.channel if entry.heard else NEWS,
        )
        try:
            await self.record.do(lambda tx: _count_failure(tx, entry))
        except DBAPIError:
            entry.done.set_exception(Busy("the database is away"))
            entry.done.exception()
        else:
            entry.done.set_result(None)
            self.after_commit()


@dataclass(slots=True)
class _Batch:
    """The turns of one transaction, a person's events one after the other."""

    tx: Session
    city: City
    public_url: str
    people: Mapping[int, Person]

    def run(self) -> None:
        moment = now()
        openings = turn.open(self.tx, self.people)
        waiting = {i: deque(o.untaken[:MAX_EVENTS]) for i, o in openings.items() if o.untaken}
        talks = {i: _talk(openings[i].session) for i in waiting}
        heard: dict[int, str] = {}
        writer = Writer(self.tx, self.public_url, moment)
        taken: list[int] = []
        while waiting:
            known = facts.load(
                self.tx, [self.people[i] for i in waiting], openings, self.city, moment
            )
            for person_id in list(waiting):
                row = waiting[person_id].popleft()
                if not waiting[person_id]:
                    del waiting[person_id]
                event = events.from_json(row.event)
                done = engine.advance(self.city.flows, talks[person_id], event, known[person_id])
                talks[person_id] = done.session
                unasked = isinstance(event, Happened) and bool(event.params.get("unasked"))
                writer.write(self.people[person_id], row.id, done.effects, unasked=unasked)
                taken.append(row.id)
                if row.channel != NEWS:
                    heard[person_id] = row.channel
            self.tx.flush()
            if waiting:
                openings = turn.open(self.tx, waiting)  # what the first events changed
        if taken:
            writer.close()
            turn.close(self.tx, self._saved(talks), taken, heard, moment)

    def _saved(self, talks: Mapping[int, Talk | None]) -> list[turn.Saved]:
        return [
            turn.Saved(i, talk.to_json(), _has_draft(talk, self.city))
            for i, talk in talks.items()
            if talk is not None
        ]


def _record(tx: Session, heard: Sequence[Heard]) -> set[int]:
    """Write deliveries into the inbox, each once; give the people they come from.

    Words and taps of people we know take one statement; newcomers are met first, files entered.
    """
    plain = [
        inbox.Delivery(h.channel, h.address, h.provider_id, events.to_json(h.event))
        for h in heard
        if h.media is None
    ]
    known = inbox.record_known(tx, plain)
    rest = [h for h in heard if h.media is not None or (h.channel, h.address) not in known]
    return {*known.values(), *_record_rest(tx, rest)}


def _record_rest(tx: Session, heard: Sequence[Heard]) -> set[int]:
    ids: dict[tuple[str, str], int] = {}
    for channel in {one.channel for one in heard}:
        addresses = [(one.address, one.locale) for one in heard if one.channel == channel]
        for address, person_id in person.meet(tx, channel, addresses).items():
            ids[channel, address] = person_id
    arrivals: list[Arrival] = []
    for one in heard:
        person_id = ids[one.channel, one.address]
        event = _filed(tx, one, person_id)
        if event is not None:
            arrivals.append(Arrival(one.channel, one.provider_id, person_id, events.to_json(event)))
    inbox.record(tx, arrivals)
    return set(ids.values())


def _filed(tx: Session, heard: Heard, person_id: int) -> Event | None:
    """The event with its file entered in the record; None when the delivery was heard before."""
    if heard.media is None or not isinstance(heard.event, Uploaded):
        return heard.event
    if inbox.known(tx, heard.channel, heard.provider_id):
        return None
    attachment = Attachment(
        person_id=person_id,
        channel=heard.channel,
        reference=heard.media.reference,
        kind=heard.media.kind,
        size=heard.media.size,
    )
    tx.add(attachment)
    tx.flush()
    return Uploaded(attachment.id, heard.event.kind, heard.event.caption)


def _withhold(heard: Heard) -> Heard:
    """Drop an identity number's digits before anything is stored."""
    event = heard.event
    words = event.text if isinstance(event, Said) else getattr(event, "caption", "")
    if not words or not contains_identity_number(words):
        return heard
    if isinstance(event, Uploaded):
        kept: Event = Uploaded(event.attachment_id, event.kind)
    else:
        kept = Withheld()
    return Heard(
        heard.channel,
        heard.address,
        heard.provider_id,
        kept,
        heard.media,
        heard.locale,
        heard.tap_id,
    )


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
    ids = _record(tx, [entry.heard] if entry.heard else [])
    if entry.person_id is not None:
        ids.add(entry.person_id)
    person.lock(tx, ids)
    for person_id in ids:
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
        inbox.tell(tx, supervisor, f"turn_set_aside:{row_id}", news)


def _place(error: BaseException) -> str:
    """Where an error was raised: file and line, no values."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
