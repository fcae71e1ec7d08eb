"""The sender: sends pending messages, in order for each person, to many people concurrently.

A message is claimed with a lease, sent with no transaction open, and settled. After a crash in
between, the lease expires and the message is sent again: at-least-once delivery. `bot.outcomes` has
the rules for failed sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from time import perf_counter

import structlog
from sqlalchemy.exc import DBAPIError, StatementError

from bot import breaker, files, metrics, outcomes
from bot.breaker import Breaker, Breakers
from bot.channels.base import Channel, Greeter, OutgoingMessage
from bot.errors import (
    Away,
    OutcomeUnknown,
)
from bot.limits import Limits
from bot.settling import (
    Settled,
    failed,
    outcome_of,
    refuses_a_value,
    tell_given_up,
    unreadable,
    untried,
    write,
)
from conversations import messages
from conversations.catalogue import LOCALES
from conversations.messages import Json, Message
from models import outbox
from models.infrastructure.database import Database
from models.infrastructure.encryption import Unreadable
from models.infrastructure.storage import Storage
from models.outbox import Lane, SendOutcome
from models.sending import Claimed, Reach

log = structlog.get_logger(__name__)

RENEW = 5.0  # seconds after which the lease of a message still in progress is renewed
TICK = 1.0  # seconds between two looks for messages that became due or were woken elsewhere
BUSY, GATHER = 32, 0.01  # above BUSY messages in progress, outcomes are batched for GATHER seconds
AT_ONCE = 500  # leased messages: in progress, or waiting for a connection
#: How far ahead, in seconds, each kind may reserve places in the provider's rate. Later places are
#: left to the kinds before it, so that a reply waits for at most 0.3 seconds' worth of greetings.
AHEAD = {"reply": 1.0, "greeting": 0.3, "notice": 0.2}
#: After greetings or notices found no place: how many of each are claimed, and the seconds between.
CAREFUL, PAUSE = 100, 0.1
TURN_AWAY = timedelta(seconds=1)  # until a message without a place in the rate is due again

#: Errors of a write: from the database, or raised before the value reaches it.
_WRITING = (StatementError, ValueError, TypeError, OverflowError)


@dataclass(slots=True)
class Sender:
    """Sends messages in one bot process; any number of processes may run one."""

    db: Database
    channels: Mapping[str, Channel]
    storage: Storage
    limits: Limits
    breakers: Breakers = field(default_factory=Breakers)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _look: bool = True  # something may be due
    _settled: list[Settled] = field(default_factory=list)  # outcomes not written yet
    _leased: dict[int, float] = field(default_factory=dict)  # message id: leased at, loop time
    _sending: set[int] = field(default_factory=set)  # leased ones that have their own task
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _careful: bool = False  # the last greetings or notices did not all find a place
    _others_from: float = 0.0  # loop time from which greetings and notices are claimed again
    _closed: bool = False  # a breaker closed: wake the messages that waited for it

    def look(self) -> None:
        """Signal that a message may be due."""
        self._look = True
        self._wake.set()

    def has_room(self) -> bool:
        """Whether a new message could be sent immediately."""
        return len(self._leased) < AT_ONCE

    def has_room_for_greetings(self) -> bool:
        """Whether a first reply could be sent immediately, with no earlier greeting waiting."""
        return self.has_room() and not self._careful

    def send(self, claimed: Iterable[Claimed]) -> None:
        """Start sending messages leased to this process; a slow send does not delay the others."""
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
        """Await `work`; if it raises, settle the messages it has not started as our failure."""
        try:
            await work
        except Exception as error:  # one message must not stop the others or keep its lease
            settled = {one.id for one in self._settled}
            for due in dues:
                if due.id in self._leased and due.id not in self._sending | settled:
                    self._settle(failed(due, error))

    async def _pace(self, channel: str, dues: Sequence[Claimed], rank: str) -> None:
        """Start sends at the provider's rate; put back messages that find no place soon."""
        chats = [due.reach[0].address for due in dues]
        places = await self.limits.reserve_each(channel, chats, within=AHEAD[rank])
        for due, place in zip(dues, places, strict=True):
            if place.at is not None:
                self._start(self._finish(due, place.at))
                continue
            after = timedelta(seconds=place.wait) if place.chat_full else TURN_AWAY
            self._settle(Settled(due.id, due.person_id, SendOutcome.NO_PLACE, again_after=after))
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
        except Exception as error:  # one message must not stop the others or keep its lease
            settled = failed(due, error)
        finally:
            self._sending.discard(due.id)
        self._settle(settled)

    def _settle(self, settled: Settled) -> None:
        self._settled.append(settled)
        self._wake.set()

    async def run(self) -> None:
        """Settle, claim and send until cancelled."""
        while True:
            self._wake.clear()
            try:
                await self.round()
            except DBAPIError as error:
                if refuses_a_value(error):
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
        """Wait until no send is in progress and all outcomes are written.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable.
        """
        while self._tasks or self._settled:
            if self._tasks:
                await asyncio.wait(self._tasks)
            await self.round(claiming=False)

    async def round(self, *, claiming: bool = True) -> int:
        """Write outcomes, renew leases, and start sending due messages; return how many.

        If the database is unavailable, outcomes are kept for the next call. A row that the database
        refuses is closed and does not block the others.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable.
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
            claimed, more, given_up = await self.db.do(
                lambda tx: write(tx, settled, kept, room, others, wake=closed)
            )
        except _WRITING as error:
            self._look, self._closed = True, closed
            if not settled or not refuses_a_value(error):
                raise
            await self._write_apart(settled)
            return 0
        tell_given_up(given_up)
        del self._settled[: len(settled)]
        for row_id in done:
            self._leased.pop(row_id, None)
        self._leased.update(dict.fromkeys(kept, moment))
        if more or (room > 0 and (len(claimed) == room or _reached_limit(claimed, others))):
            self.look()
        # A message of ours whose lease expired because the database's clock jumped is not new.
        fresh = [one for one in claimed if one.id not in self._leased]
        self.send(fresh)
        return len(fresh)

    def _room_for_others(self, room: int, moment: float) -> int:
        """Return how many greetings, and how many notices, may be claimed with the replies."""
        if moment < self._others_from:
            return 0
        return min(room, CAREFUL) if self._careful else room

    async def _write_apart(self, settled: Sequence[Settled]) -> None:
        """Settle one message at a time; one that the database refuses is closed as our fault.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable.
        """
        for one in settled:
            for instead in (one, Settled(one.id, one.person_id, SendOutcome.UNWRITABLE)):
                if await self._written(instead):
                    break
            else:  # adding its person to the call list failed too
                close = partial(outbox.give_up, message_id=one.id, outcome=SendOutcome.UNWRITABLE)
                await self.db.do(close)
                metrics.gave_up(SendOutcome.UNWRITABLE)
            self._settled.remove(one)
            self._leased.pop(one.id, None)
        self.look()

    async def _written(self, one: Settled) -> bool:
        try:
            _, _, given_up = await self.db.do(lambda tx: write(tx, [one], [], 0, 0))
        except _WRITING as error:
            if not refuses_a_value(error):
                raise
            why = type(error).__name__
            log.error("sender.unwritable", message=one.id, person=one.person_id, error=why)
            return False
        tell_given_up(given_up)
        return True

    async def _send(self, due: Claimed) -> Settled:
        """Send one message, trying one address after the other until one accepts it or it waits."""
        if due.opted_out and due.lane == Lane.NOTICE:
            return untried(due, SendOutcome.OPTED_OUT)
        if not due.reach:
            return untried(due, SendOutcome.NO_ADDRESS)
        if isinstance(due.message, Unreadable):
            return unreadable(due, due.message)
        settled = Settled(due.id, due.person_id, SendOutcome.UNREACHABLE, unsure=due.unsure)
        for number, place in enumerate(due.reach):
            if number and not await self.limits.reserve(place.channel, 1, within=0):
                return replace(settled, outcome=SendOutcome.NO_PLACE, again_after=TURN_AWAY)
            one = self.breakers.of(place.channel)
            if one.open and not await self._admitted(one, due, place):
                metrics.sent(place.channel, SendOutcome.WAITS)
                return replace(settled, outcome=SendOutcome.WAITS, again_after=breaker.PUT_BACK)
            began, before = perf_counter(), settled
            try:
                settled = await self._try(due, place)
            except BaseException:  # our own mistake, or the process ends
                self._note(one, due, place, SendOutcome.FAILED)
                raise
            self._note(one, due, place, settled.outcome)
            if before.blocked:
                settled = replace(settled, blocked=before.blocked)
            metrics.sent(place.channel, settled.outcome, perf_counter() - began)
            if settled.outcome not in outcomes.ELSEWHERE:
                return settled
            if settled.outcome == SendOutcome.UNREACHABLE:
                settled = replace(
                    settled, outcome=before.outcome, blocked=(*before.blocked, place.id)
                )
        return settled if due.all_known else replace(settled, outcome=SendOutcome.OTHER_ADDRESS)

    async def _admitted(self, one: Breaker, due: Claimed, place: Reach) -> bool:
        """Whether a message may probe a provider that did not answer.

        If the channel is a `Greeter`, the provider is greeted first; while it does not answer that,
        no message is sent.
        """
        if not one.admits(due.id):
            return False
        channel = self.channels.get(place.channel)
        if not isinstance(channel, Greeter):
            return True
        try:
            await channel.greet()
        except (Away, OutcomeUnknown):
            one.note(due.id, SendOutcome.AWAY)
            return False
        except Exception as error:  # an error, but the provider answered
            log.info("sender.greeted", channel=place.channel, error=type(error).__name__)
        return True

    def _note(self, one: Breaker, due: Claimed, place: Reach, outcome: str) -> None:
        """Record the outcome of a try in the channel's breaker."""
        if one.note(due.id, outcome):
            self._closed = True
            metrics.silent(place.channel, False)
            log.info("sender.provider_back", channel=place.channel)
        elif one.open:
            metrics.silent(place.channel, True)

    async def _try(self, due: Claimed, place: Reach) -> Settled:
        """Send one message to one address; a failure is returned as an outcome."""
        channel = self.channels.get(place.channel)
        if channel is None:  # another process may have this channel
            return Settled(due.id, due.person_id, SendOutcome.NO_CHANNEL, unsure=due.unsure)
        try:
            message, file = await files.of(self.storage, _read(due.message), due)
            sent = await channel.send(
                OutgoingMessage(
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
        except Exception as error:  # one message must not stop the others
            return outcome_of(due, error)
        return Settled(due.id, due.person_id, SendOutcome.SENT, provider_id=str(sent.provider_id))


def _rank(due: Claimed) -> str:
    """Return the message's priority in the provider's rate: a key of `AHEAD`."""
    return "greeting" if due.greeting else due.lane


def _reached_limit(claimed: Sequence[Claimed], others: int) -> bool:
    """Whether greetings or notices reached their limit of a claim, so that there may be more."""
    ranks = [_rank(due) for due in claimed]
    return others > 0 and others in (ranks.count("greeting"), ranks.count("notice"))


def _read(message: Message | Json) -> Message:
    """Parse a message from the database; return one that this process just enqueued unchanged.

    Raises:
        ValueError: it is not a valid message.
    """
    if isinstance(message, Message):
        return message
    try:
        return messages.from_json(message)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a message") from error
