"""The sender: what is owed goes out, in order for each person, for many people at once.

A message is claimed with a lease, sent with no transaction open, and settled. A crash in between
leaves the outcome unknown: the lease runs out and it is sent again, at least once. What follows a
send that failed is `bot.outcomes`' to say.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError
from sqlalchemy.orm import Session

from bot import breaker, metrics, outcomes
from bot.breaker import Breaker, Breakers
from bot.channels.base import Channel, File, Greeter, Letter
from bot.errors import (
    Away,
    HalfSent,
    OutcomeUnknown,
    Rejected,
    StillUnknown,
    TryLater,
    Unlisted,
    Unreachable,
    WindowClosed,
)
from bot.limits import Limits
from casework import call_list
from conversations import messages
from conversations.catalogue import LOCALES, MissingLine
from conversations.messages import Json, Message
from models import outbox, person
from models.database import Record, trip, unfit
from models.encryption import Unreadable
from models.logs import told
from models.outbox import LEASE, NO_PLACE, UNKNOWN, Claimed, Lane, Reach
from models.storage import Storage

log = structlog.get_logger(__name__)

RENEW = 5.0  # seconds; what takes longer stays leased, for as long as its process lives
TICK = 1.0  # seconds; what is due later, or was woken elsewhere, is found by then
BUSY, GATHER = 32, 0.01  # beyond so many being sent, those sent within these seconds are one write
AT_ONCE = 500  # messages in hand: being sent, or waiting for one of the channel's connections
#: How far ahead, in seconds, each may take places in the provider's rate. The places beyond belong
#: to those before it, so that a reply waits for no more greetings than go in 0.3 seconds.
AHEAD = {"reply": 1.0, "greeting": 0.3, "notice": 0.2}
#: Of greetings and notices, when some were turned away: so many are claimed, this often.
CAREFUL, PAUSE = 100, 0.1
TURN_AWAY = timedelta(seconds=1)  # until what found no place in the rate is due again

#: What writing can raise: from the database, or before a value gets there.
_WRITING = (StatementError, ValueError, TypeError, OverflowError)


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a message in hand: "sent", or a row of `outcomes.RULES`."""

    id: int
    person_id: int
    outcome: str
    provider_id: str | None = None
    again_after: timedelta = timedelta(0)  # the least pause: who asked for it may ask for anything
    unsure: bool = False  # whether an earlier try may have come through
    blocked: tuple[int, ...] = ()  # addresses that can't be reached


@dataclass(slots=True)
class Sender:
    """Sends for one bot process; any number of processes may do so at once."""

    record: Record
    channels: Mapping[str, Channel]
    storage: Storage
    limits: Limits
    breakers: Breakers = field(default_factory=Breakers)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _look: bool = True  # something may be due
    _settled: list[_Settled] = field(default_factory=list)  # not written down yet
    _leased: dict[int, float] = field(default_factory=dict)  # in our hands: since when, by the loop
    _sending: set[int] = field(default_factory=set)  # of these: a task of their own settles them
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _careful: bool = False  # greetings or notices were turned away, and none was let in since
    _others_from: float = 0.0  # by the loop: when greetings and notices are claimed again
    _closed: bool = False  # a provider answers again: what waited for it shall go

    def look(self) -> None:
        """Something may be due."""
        self._look = True
        self._wake.set()

    def has_room(self) -> bool:
        """Whether what is owed now could be sent at once."""
        return len(self._leased) < AT_ONCE

    def has_room_for_greetings(self) -> bool:
        """Whether a first reply could be sent at once, with no other waiting before it."""
        return self.has_room() and not self._careful

    def send(self, claimed: Iterable[Claimed]) -> None:
        """Send what is leased to this process: nobody waits for somebody else's slow send."""
        moment = asyncio.get_running_loop().time()
        queues: dict[tuple[str | None, str], list[Claimed]] = {}
        for due in claimed:
            self._leased[due.id] = moment
            queues.setdefault((due.channel, _rank(due)), []).append(due)
        for (channel, rank), dues in queues.items():
            if channel is None or not self.limits.limited(channel):
                for due in dues:
                    self._start(self._finish(due))
            else:
                self._start(self._guard(self._pace(channel, dues, rank), dues))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _guard(self, work: Coroutine[None, None, None], dues: Sequence[Claimed]) -> None:
        """Do the work; if it raises, what it has left in hand is settled as our failure."""
        try:
            await work
        except Exception as error:  # one message must not stop all others, nor lose its lease
            settled = {one.id for one in self._settled}
            for due in dues:
                if due.id in self._leased and due.id not in self._sending | settled:
                    self._settle(_failed(due, error))

    async def _pace(self, channel: str, dues: Sequence[Claimed], rank: str) -> None:
        """Start sends as fast as the provider allows; what finds no place soon is put back."""
        chats = [due.reach[0].address for due in dues]
        places = await self.limits.reserve_each(channel, chats, within=AHEAD[rank])
        for due, place in zip(dues, places, strict=True):
            if place.at is not None:
                self._start(self._finish(due, place.at))
                continue
            after = timedelta(seconds=place.wait) if place.chat_full else TURN_AWAY
            self._settle(_Settled(due.id, due.person_id, NO_PLACE, again_after=after))
        if rank != Lane.REPLY:
            self._hold_others(any(p.at is None and not p.chat_full for p in places))

    def _hold_others(self, turned_away: bool) -> None:
        """Claim greetings and notices more slowly while the rate has no places for them."""
        self._careful = turned_away
        if turned_away:
            loop = asyncio.get_running_loop()
            self._others_from = loop.time() + PAUSE
            loop.call_later(PAUSE, self.look)

    async def _finish(self, due: Claimed, delay: float = 0.0) -> None:
        self._sending.add(due.id)
        try:
            if delay:
                await asyncio.sleep(delay)
            settled = await self._send(due)
        except Exception as error:  # one message must not stop all others, nor lose its lease
            settled = _failed(due, error)
        finally:
            self._sending.discard(due.id)
        self._settle(settled)

    def _settle(self, settled: _Settled) -> None:
        self._settled.append(settled)
        self._wake.set()

    async def run(self) -> None:
        """Settle, claim and send until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.round()
            except DBAPIError as error:
                if _refuses_a_value(error):
                    log.error("sender.write_refused", error=type(error.orig).__name__)
                else:
                    log.warning("sender.database_away", error=type(error).__name__)
                await asyncio.sleep(TICK)
            try:
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            except TimeoutError:
                self._look = True
            if len(self._leased) - len(self._settled) > BUSY:
                await asyncio.sleep(GATHER)

    async def finish(self) -> None:
        """Wait until nothing is being sent, and write down what became of it.

        Raises:
            sqlalchemy.exc.DBAPIError: the record is away.
        """
        while self._tasks or self._settled:
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self.round(claiming=False)

    async def round(self, *, claiming: bool = True) -> int:
        """Write down what became of sends, keep leases, and send what is due; gives how much.

        What can't be written, since the record is away, is kept for the next time; a row that the
        record refuses is closed, and holds up no other.

        Raises:
            sqlalchemy.exc.DBAPIError: the record is away.
        """
        settled = list(self._settled)
        done = {one.id for one in settled}
        moment = asyncio.get_running_loop().time()
        kept = [i for i, at in self._leased.items() if at < moment - RENEW and i not in done]
        looking = self._look and claiming
        room = AT_ONCE - len(self._leased) + len(settled) if looking else 0
        if not (settled or kept or room > 0):
            return 0
        others = self._room_for_others(room, moment)
        self._look = self._look and room <= 0
        closed, self._closed = self._closed, False
        try:
            claimed, more, given_up = await self.record.do(
                lambda tx: _write(tx, settled, kept, room, others, wake=closed)
            )
        except _WRITING as error:
            self._look, self._closed = True, closed
            if not settled or not _refuses_a_value(error):
                raise
            await self._write_apart(settled)
            return 0
        _tell(given_up)
        del self._settled[: len(settled)]
        for row_id in done:
            self._leased.pop(row_id, None)
        self._leased.update(dict.fromkeys(kept, moment))
        if more or (room > 0 and (len(claimed) == room or _took_all(claimed, others))):
            self.look()
        # A lease of our own that ran out all the same, since the record's clock jumped, is no news.
        fresh = [one for one in claimed if one.id not in self._leased]
        self.send(fresh)
        return len(fresh)

    def _room_for_others(self, room: int, moment: float) -> int:
        """How many greetings, and how many notices, may be claimed with the replies."""
        if moment < self._others_from:
            return 0
        return min(room, CAREFUL) if self._careful else room

    async def _write_apart(self, settled: Sequence[_Settled]) -> None:
        """Settle one message at a time; one that the record refuses is closed as our fault.

        Raises:
            sqlalchemy.exc.DBAPIError: the record is away.
        """
        for one in settled:
            for instead in (one, _Settled(one.id, one.person_id, outcomes.UNWRITABLE)):
                if await self._written(instead):
                    break
            else:  # not even its person can be put onto the call list
                close = partial(outbox.give_up, message_id=one.id, outcome=outcomes.UNWRITABLE)
                await self.record.do(close)
                metrics.gave_up(outcomes.UNWRITABLE)
            self._settled.remove(one)
            self._leased.pop(one.id, None)
        self.look()

    async def _written(self, one: _Settled) -> bool:
        try:
            _, _, given_up = await self.record.do(lambda tx: _write(tx, [one], [], 0, 0))
        except _WRITING as error:
            if not _refuses_a_value(error):
                raise
            why = type(error).__name__
            log.error("sender.unwritable", message=one.id, person=one.person_id, error=why)
            return False
        _tell(given_up)
        return True

    async def _send(self, due: Claimed) -> _Settled:
        """Send one message, to one address after the other until it is taken, or has to wait."""
        if due.opted_out and due.lane == Lane.NOTICE:
            return _untried(due, outcomes.OPTED_OUT)
        if not due.reach:
            return _untried(due, outcomes.NO_ADDRESS)
        if isinstance(due.message, Unreadable):
            return _unreadable(due, due.message)
        settled = _Settled(due.id, due.person_id, outcomes.UNREACHABLE, unsure=due.unsure)
        for number, place in enumerate(due.reach):
            if number and not await self.limits.reserve(place.channel, 1, within=0):
                return replace(settled, outcome=NO_PLACE, again_after=TURN_AWAY)
            one = self.breakers.of(place.channel)
            if one.open and not await self._admitted(one, due, place):
                metrics.sent(place.channel, outcomes.WAITS)
                return replace(settled, outcome=outcomes.WAITS, again_after=breaker.PUT_BACK)
            began, before = perf_counter(), settled
            try:
                settled = await self._try(due, place)
            except BaseException:  # our own mistake, or the process ends
                self._note(one, due, place, outcomes.FAILED)
                raise
            self._note(one, due, place, settled.outcome)
            if before.blocked:
                settled = replace(settled, blocked=before.blocked)
            metrics.sent(place.channel, settled.outcome, perf_counter() - began)
            if settled.outcome not in outcomes.ELSEWHERE:
                return settled
            if settled.outcome == outcomes.UNREACHABLE:
                settled = replace(
                    settled, outcome=before.outcome, blocked=(*before.blocked, place.id)
                )
        return settled if due.all_known else replace(settled, outcome=outcomes.OTHER_ADDRESS)

    async def _admitted(self, one: Breaker, due: Claimed, place: Reach) -> bool:
        """Whether a message may be tried, to find out if a provider answers that did not.

        Where the provider can be greeted it is greeted first: while it does not answer that, not
        even the one message is tried.
        """
        if not one.admits(due.id):
            return False
        channel = self.channels.get(place.channel)
        if not isinstance(channel, Greeter):
            return True
        try:
            await channel.greet()
        except (Away, OutcomeUnknown):
            one.note(due.id, outcomes.AWAY)
            return False
        except Exception as error:  # an answer, if not the one that was hoped for
            log.info("sender.greeted", channel=place.channel, error=type(error).__name__)
        return True

    def _note(self, one: Breaker, due: Claimed, place: Reach, outcome: str) -> None:
        """Let the channel's breaker know how a try went."""
        if one.note(due.id, outcome):
            self._closed = True
            metrics.silent(place.channel, False)
            log.info("sender.provider_back", channel=place.channel)
        elif one.open:
            metrics.silent(place.channel, True)

    async def _try(self, due: Claimed, place: Reach) -> _Settled:
        """Send one message to one address; every failure is a value with one decision."""
        channel = self.channels.get(place.channel)
        if channel is None:  # another process may speak on it
            return _Settled(due.id, due.person_id, outcomes.NO_CHANNEL, unsure=due.unsure)
        try:
            message = _read(due.message)
            file = await self._file(message)
            sent = await channel.send(
                Letter(
                    due.id,
                    place.address,
                    message,
                    due.locale if due.locale in LOCALES else LOCALES[0],
                    file,
                    place.heard_at,
                    due.at,
                    attempts=due.attempts,
                    unsure=due.unsure,
                )
            )
        except Exception as error:  # one message must not stop all others
            return _outcome(due, error)
        return _Settled(due.id, due.person_id, outcomes.SENT, provider_id=str(sent.provider_id))

    async def _file(self, message: Message) -> File | None:
        if message.document is None:
            return None
        content = await asyncio.to_thread(self.storage.read, message.document)
        return File(message.filename or message.document.rsplit("/", 1)[-1], content)


def _rank(due: Claimed) -> str:
    """Its place among those that wait for the rate: a key of `AHEAD`."""
    return "greeting" if due.greeting else due.lane


def _took_all(claimed: Sequence[Claimed], others: int) -> bool:
    """Whether as many greetings or notices were claimed as could be: there may be more."""
    ranks = [_rank(due) for due in claimed]
    return others > 0 and others in (ranks.count("greeting"), ranks.count("notice"))


def _unreadable(due: Claimed, message: Unreadable) -> _Settled:
    """Set a message aside; with its key missing, first leave it to a process that may have it."""
    log.error("sender.unreadable", message=due.id, person=due.person_id, why=message.why)
    return _untried(due, outcomes.NO_KEY if message.key_missing else outcomes.UNREADABLE)


def _untried(due: Claimed, outcome: str) -> _Settled:
    metrics.sent(due.channel, outcome)
    return _Settled(due.id, due.person_id, outcome)


def _read(message: Message | Json) -> Message:
    """A message from the record; or one that was owed a moment ago, as it is.

    Raises:
        ValueError: it has another shape than a message.
    """
    if isinstance(message, Message):
        return message
    try:
        return messages.from_json(message)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a message") from error


def _failed(due: Claimed, error: Exception) -> _Settled:
    log.error("sender.failed", message=due.id, person=due.person_id, exc_info=error)
    return _Settled(due.id, due.person_id, outcomes.FAILED, unsure=due.unsure)


def _outcome(due: Claimed, error: Exception) -> _Settled:
    """Name what went wrong in a try; what is ours to mend is logged."""
    after = timedelta(0)
    match error:
        case Unreachable():
            outcome = outcomes.UNREACHABLE
        case WindowClosed():
            outcome = outcomes.WINDOW_CLOSED
        case Rejected():
            outcome = outcomes.REJECTED
            log.error("sender.rejected", message=due.id, person=due.person_id, why=str(error))
        case Unlisted():
            outcome = outcomes.REFUSED
            log.error("sender.refused", message=due.id, person=due.person_id, why=str(error))
        case Away():
            outcome, after = outcomes.AWAY, error.after
        case TryLater():
            outcome, after = outcomes.TRY_LATER, error.after
        case HalfSent():
            outcome = outcomes.HALF_SENT
        case StillUnknown():
            outcome = outcomes.UNASKED
        case OutcomeUnknown():
            outcome = UNKNOWN
        case FileNotFoundError():
            outcome = outcomes.FILE_MISSING
        case OSError():  # the file store is away
            outcome = outcomes.STORAGE_AWAY
            log.warning("sender.storage_away", message=due.id, error=type(error).__name__)
        case MissingLine() | ValueError():  # our own mistake: it would be so again
            outcome = outcomes.UNREADABLE
            log.error("sender.unreadable", message=due.id, person=due.person_id, why=told(error))
        case _:
            return _failed(due, error)
    return _Settled(due.id, due.person_id, outcome, again_after=after, unsure=due.unsure)


def _refuses_a_value(error: Exception) -> bool:
    """Whether the record refused what was written, rather than being away or changed.

    What is no error of the record's own did not get as far as the record.
    """
    return not isinstance(error, DBAPIError) or isinstance(error, IntegrityError) or unfit(error)


def _tell(given_up: Sequence[_Settled]) -> None:
    """Count and log what was closed, once that is committed."""
    for one in given_up:
        metrics.gave_up(one.outcome)
        log.warning("sender.gave_up", message=one.id, person=one.person_id, outcome=one.outcome)


def _write(
    tx: Session,
    settled: Sequence[_Settled],
    kept: Sequence[int],
    room: int,
    others: int,
    *,
    wake: bool = False,
) -> tuple[list[Claimed], bool, list[_Settled]]:
    """Settle and renew leases, then claim.

    Gives what is claimed, whether more may be due, and what was given up.
    """
    sent = {one.id: one.provider_id for one in settled if one.provider_id is not None}
    turned_away = {one.id: one.again_after for one in settled if one.outcome == NO_PLACE}
    unsent = [one for one in settled if one.provider_id is None and one.id not in turned_away]
    given_up = _follow(tx, unsent)
    blocked = [address_id for one in settled for address_id in one.blocked]
    if blocked:
        person.mark_unreachable(tx, blocked)
    if wake:
        outbox.wake(tx, outcomes.WAITS, counted=outcomes.EARLY)
    with trip(tx, commit=True) as run:
        left = outbox.settle(run, sent) if sent else None
        if kept:
            outbox.renew(run, kept, lease=LEASE)
        if turned_away:
            outbox.turn_away(run, turned_away, NO_PLACE)
        found = outbox.claim(run, lease=LEASE, limit=room, others=others) if room > 0 else None
    claimed = outbox.claimed(found) if found is not None else []
    at_once = wake or bool(given_up) or any(_due_now(one) for one in settled)
    more = at_once or (left is not None and bool(left.rows[0][0]))
    return claimed, more and room <= 0, given_up


def _due_now(one: _Settled) -> bool:
    return one.outcome == outcomes.OTHER_ADDRESS


def _follow(tx: Session, unsent: Sequence[_Settled]) -> list[_Settled]:
    """Do what the table says about messages that were not sent; gives those that are given up.

    In the order of people, as another process' transaction does, or the two might wait for each
    other.
    """
    if not unsent:
        return []
    known = outbox.histories(tx, [one.id for one in unsent])
    given_up, together = [], defaultdict[tuple[timedelta, str], list[int]](list)
    for one in sorted(unsent, key=lambda one: (one.person_id, one.id)):
        past = known.get(one.id)
        if past is None:  # somebody else has settled it
            continue
        step = outcomes.step(one.outcome, past, asked=one.again_after)
        outcome = outcomes.kept(one.outcome, unsure=one.unsure)
        if step.again_after is None:
            outbox.give_up(tx, one.id, outcome)
            reason = outcomes.reason(one.outcome, unsure=one.unsure)
            if reason is not None:
                call_list.add(tx, one.person_id, reason)
            given_up.append(one)
        elif step.tried:
            outbox.postpone(tx, [one.id], step.again_after, outcome, counted=step.counted)
        else:
            together[step.again_after, one.outcome].append(one.id)
    for (after, outcome), ids in together.items():
        outbox.postpone(tx, ids, after, outcome, tried=False)
    return given_up
