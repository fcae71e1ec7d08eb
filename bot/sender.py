"""The sender: what is owed goes out, in order for each person, for many people at once.

A message is claimed with a lease, sent with no transaction open, and settled. A crash in between
leaves the outcome unknown: the lease runs out and it is sent again, at least once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import call_list, metrics
from bot.channels.base import Channel, File, Letter
from bot.errors import OutcomeUnknown, Rejected, TryLater, Unreachable, WindowClosed
from bot.limits import Limits
from conversations import messages
from conversations.catalogue import LOCALES, MissingLine
from conversations.messages import Json, Message
from models import outbox, person
from models.database import Record, trip
from models.encryption import Unreadable
from models.logs import told
from models.outbox import LEASE, UNKNOWN, Claimed, Lane, Reach
from models.storage import Storage

log = structlog.get_logger(__name__)

RENEW = 5.0  # seconds; what takes longer stays leased, for as long as its process lives
TICK = 1.0  # seconds; what is due later, or was woken elsewhere, is found by then
AT_ONCE = 500  # messages in hand: being sent, or waiting for one of the channel's connections
#: How far ahead, in seconds, each may take places in the provider's rate. The places beyond belong
#: to those before it, so that a reply waits for no more greetings than go in 0.3 seconds.
AHEAD = {"reply": 1.0, "greeting": 0.3, "notice": 0.2}
#: Of greetings and notices, when some were turned away: so many are claimed, this often.
CAREFUL, PAUSE = 100, 0.1
UNREACHABLE, WINDOW_CLOSED = "unreachable", "window_closed"
UNREADABLE = "unreadable"  # the outcome of what can't be opened, or put into words
ELSEWHERE = frozenset({UNREACHABLE, WINDOW_CLOSED})  # another address may do
TO_CALL = ELSEWHERE | {UNREADABLE}  # whom such a message was for is on the call list
TRY_LATER = "try_later"  # the outcome of what the provider did not take
NO_PLACE = "rate"  # the outcome of what was not tried, since the provider's rate was used up
TURN_AWAY = timedelta(seconds=1)  # until it is due again
MAX_TRIES = 8  # of a message whose outcome is unknown, or whose file is missing
KEY_TRIES = 3  # within about 15 seconds, of a message whose key this process does not have
MAX_WAITS = 150  # of a message that was not sent, since its provider was away: about a day
WAIT = timedelta(seconds=5)  # after an unknown outcome: a text twice is harmless, so it is repeated
LONGEST_WAIT = timedelta(minutes=10)  # each pause is twice the one before


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of it: sent, failed, or due again after a while."""

    id: int
    person_id: int
    outcome: str
    provider_id: str | None = None
    again_after: timedelta | None = None
    blocked: tuple[int, ...] = ()  # addresses that can't be reached


@dataclass(slots=True)
class Sender:
    """Sends for one bot process; any number of processes may do so at once."""

    record: Record
    channels: Mapping[str, Channel]
    storage: Storage
    limits: Limits
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _look: bool = True  # something may be due
    _settled: list[_Settled] = field(default_factory=list)  # not written down yet
    _leased: dict[int, float] = field(default_factory=dict)  # in our hands: since when, by the loop
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _careful: bool = False  # greetings or notices were turned away, and none was let in since
    _others_from: float = 0.0  # by the loop: when greetings and notices are claimed again

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
                self._start(self._pace(channel, dues, rank))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _pace(self, channel: str, dues: Sequence[Claimed], rank: str) -> None:
        """Start sends as fast as the provider allows; what finds no place soon is put back."""
        chats = [due.reach[0].address for due in dues]
        try:
            places = await self.limits.reserve_each(channel, chats, within=AHEAD[rank])
        except Exception as error:  # what is leased must not stay in hand without a send
            log.error("sender.failed", messages=len(dues), exc_info=error)
            for due in dues:
                self._settle(_again(due, "failed", WAIT))
            return
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
        if delay:
            await asyncio.sleep(delay)
        try:
            settled = await self._send(due)
        except Exception as error:  # a lease of ours is renewed until its message is settled
            log.error("sender.failed", message=due.id, person=due.person_id, exc_info=error)
            settled = _again(due, "failed", WAIT)
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
                log.warning("sender.database_away", error=type(error).__name__)
                await asyncio.sleep(TICK)
            try:
                async with asyncio.timeout(TICK):
                    await self._wake.wait()
            except TimeoutError:
                self._look = True

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

        What can't be written, since the record is away, is kept for the next time.

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
        try:
            claimed, more = await self.record.do(lambda tx: _write(tx, settled, kept, room, others))
        except DBAPIError:
            self._look = True
            raise
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

    async def _send(self, due: Claimed) -> _Settled:
        """Send one message, to one address after the other until it is taken, or has to wait."""
        if due.opted_out and due.lane == Lane.NOTICE:
            return _untried(due, "opted_out")
        if not due.reach:
            return _untried(due, "no_address")
        if isinstance(due.message, Unreadable):
            return _unreadable(due, due.message)
        settled = _Settled(due.id, due.person_id, UNREACHABLE)
        for number, place in enumerate(due.reach):
            if number and not await self.limits.reserve(place.channel, 1, within=0):
                return replace(settled, outcome=NO_PLACE, again_after=TURN_AWAY)
            began, before = perf_counter(), settled
            settled = replace(await self._try(due, place), blocked=before.blocked)
            metrics.sent(place.channel, settled.outcome, perf_counter() - began)
            if settled.outcome not in ELSEWHERE:
                return settled
            if settled.outcome == UNREACHABLE:
                settled = replace(
                    settled, outcome=before.outcome, blocked=(*before.blocked, place.id)
                )
        return settled if due.all_known else replace(settled, again_after=timedelta(0))

    async def _try(self, due: Claimed, place: Reach) -> _Settled:
        """Send one message to one address; every failure is a value with one decision."""
        channel = self.channels.get(place.channel)
        if channel is None:  # another process may speak on it
            return _again(due, "no_channel", WAIT, at_most=MAX_WAITS)
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
        except Unreachable:
            return _Settled(due.id, due.person_id, UNREACHABLE)
        except WindowClosed:
            return _Settled(due.id, due.person_id, WINDOW_CLOSED)
        except Rejected as error:
            log.error("sender.rejected", message=due.id, person=due.person_id, why=str(error))
            return _Settled(due.id, due.person_id, "rejected")
        except TryLater as error:
            return _again(due, TRY_LATER, error.after, at_most=MAX_WAITS)
        except OutcomeUnknown:
            return _again(due, UNKNOWN, WAIT)
        except FileNotFoundError:
            return _again(due, "file_missing", WAIT)
        except OSError as error:  # the file store is away
            log.warning("sender.storage_away", message=due.id, error=type(error).__name__)
            return _again(due, "storage_away", WAIT, at_most=MAX_WAITS)
        except (MissingLine, ValueError) as error:  # our own mistake: it would be so again
            log.error("sender.unreadable", message=due.id, person=due.person_id, why=told(error))
            return _Settled(due.id, due.person_id, UNREADABLE)
        except Exception as error:  # one message must not stop all others
            log.error("sender.failed", message=due.id, person=due.person_id, exc_info=error)
            return _again(due, "failed", WAIT)
        return _Settled(due.id, due.person_id, "sent", provider_id=sent.provider_id)

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
    metrics.sent(due.channel, UNREADABLE)
    settled = _again(due, UNREADABLE, WAIT, at_most=KEY_TRIES if message.key_missing else 0)
    return replace(settled, outcome=UNREADABLE)


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


def _again(due: Claimed, outcome: str, after: timedelta, *, at_most: int = MAX_TRIES) -> _Settled:
    """Try again after a pause that grows, and is never shorter than the provider asked for.

    What is unsure stays so until the provider has said no.
    """
    if due.unsure and outcome != TRY_LATER:
        outcome = UNKNOWN
    if due.attempts >= at_most:
        return _Settled(due.id, due.person_id, outcome)
    pause = max(after, min(after * 2 ** min(due.attempts - 1, 20), LONGEST_WAIT))
    return _Settled(due.id, due.person_id, outcome, again_after=pause)


def _write(
    tx: Session, settled: Sequence[_Settled], kept: Sequence[int], room: int, others: int
) -> tuple[list[Claimed], bool]:
    """Settle and renew leases, then claim; gives what is claimed, and whether more may be due."""
    sent = {one.id: one.provider_id for one in settled if one.provider_id is not None}
    given_up = [one for one in settled if one.provider_id is None and one.again_after is None]
    for one in given_up:
        outbox.give_up(tx, one.id, one.outcome)
        if one.outcome in TO_CALL:
            call_list.add(tx, one.person_id, one.outcome)
        log.warning("sender.gave_up", message=one.id, person=one.person_id, outcome=one.outcome)
    turned_away: dict[int, timedelta] = {}
    for one in settled:
        if one.again_after is None:
            continue
        if one.outcome == NO_PLACE:
            turned_away[one.id] = one.again_after
        else:
            outbox.postpone(tx, one.id, one.again_after, one.outcome)
    blocked = [address_id for one in settled for address_id in one.blocked]
    if blocked:
        person.mark_unreachable(tx, blocked)
    with trip(tx, commit=True) as run:
        left = outbox.settle(run, sent) if sent else None
        if kept:
            outbox.renew(run, kept, lease=LEASE)
        if turned_away:
            outbox.turn_away(run, turned_away, NO_PLACE)
        found = outbox.claim(run, lease=LEASE, limit=room, others=others) if room > 0 else None
    claimed = outbox.claimed(found) if found is not None else []
    at_once = any(one.provider_id is None and not one.again_after for one in settled)
    more = at_once or (left is not None and bool(left.rows[0][0]))
    return claimed, more and room <= 0
