"""The sender: what is owed goes out, in order for each person, for many people at once.

A message is claimed with a lease, sent with no transaction open, and settled. A crash in between
leaves the outcome unknown: the lease runs out and it is sent again, at least once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from sqlalchemy.orm import Session

from bot.channels.base import Channel, File
from bot.errors import OutcomeUnknown, Rejected, TryLater, Unreachable
from conversations import messages
from conversations.messages import Message
from models import outbox
from models.base import now
from models.outbox import Lane
from models.person import Person, addresses_of
from models.storage import Storage

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # longer than the slowest send
AT_ONCE = 40  # claims of one round, and sends in flight
MAX_TRIES = 8  # of a message whose provider is away or whose outcome is unknown
WAIT = timedelta(seconds=5)  # after an unknown outcome: a text twice is harmless, so it is repeated


@dataclass(frozen=True, slots=True)
class _Due:
    """One claimed message with all that sending needs."""

    id: int
    person_id: int
    channel: str
    address: str
    locale: str
    message: Message
    attempts: int
    lane: str
    opted_out: bool


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of it: sent, failed, or due again after a while."""

    id: int
    person_id: int
    outcome: str
    provider_id: str | None = None
    again_after: timedelta | None = None
    unreachable: bool = False


@dataclass(slots=True)
class Sender:
    """Sends for one bot process; any number of processes may do so at once."""

    engine: AsyncEngine
    channels: Mapping[str, Channel]
    storage: Storage
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            self._wake.clear()
            try:
                sent = await self.send_due()
                pause = 0.0 if sent else await self._until_next()
            except DBAPIError as error:
                log.warning("sender.database_away", error=type(error).__name__)
                pause = 1.0
            if pause:
                try:
                    await asyncio.wait_for(self._wake.wait(), pause)
                except TimeoutError:
                    continue

    async def send_due(self) -> int:
        """Send one message to each person who has one due; gives how many were claimed."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            due = await session.run_sync(_claim)
        if not due:
            return 0
        settled = await asyncio.gather(*(self._send(one) for one in due))
        async with AsyncSession(self.engine) as session, session.begin():
            await session.run_sync(_settle, settled)
        return len(due)

    async def _until_next(self) -> float:
        """Seconds until something is due; a second at most, in case a wake-up was lost."""
        async with AsyncSession(self.engine) as session:
            at = await session.run_sync(outbox.next_due)
        return 1.0 if at is None else min(max((at - now()).total_seconds(), 0.01), 1.0)

    async def _send(self, due: _Due) -> _Settled:
        """Send one message; every failure is a value with one decision."""
        if due.opted_out and due.lane == Lane.NOTICE:
            return _Settled(due.id, due.person_id, "opted_out")
        channel = self.channels.get(due.channel)
        if channel is None:
            return _Settled(due.id, due.person_id, "no_channel")
        try:
            file = await self._file(due.message)
            sent = await channel.send(due.address, due.message, due.locale, file)
        except Unreachable:
            return _Settled(due.id, due.person_id, "unreachable", unreachable=True)
        except Rejected as error:
            log.error("sender.rejected", message=due.id, why=str(error))
            return _Settled(due.id, due.person_id, "rejected")
        except TryLater as error:
            return _again(due, "try_later", error.after)
        except OutcomeUnknown:
            return _again(due, "unknown", WAIT)
        except FileNotFoundError:
            return _again(due, "file_missing", WAIT)
        return _Settled(due.id, due.person_id, "sent", provider_id=sent.provider_id)

    async def _file(self, message: Message) -> File | None:
        if message.document is None:
            return None
        content = await asyncio.to_thread(self.storage.read, message.document)
        return File(message.filename or message.document.rsplit("/", 1)[-1], content)


def _again(due: _Due, outcome: str, after: timedelta) -> _Settled:
    if due.attempts >= MAX_TRIES:
        return _Settled(due.id, due.person_id, outcome)
    return _Settled(due.id, due.person_id, outcome, again_after=after)


def _claim(tx: Session) -> Sequence[_Due]:
    rows = outbox.claim(tx, lease=LEASE, limit=AT_ONCE)
    reach = addresses_of(tx, {row.person_id for row in rows})
    due: list[_Due] = []
    for row in rows:
        found = reach.get(row.person_id)
        if found is None:
            outbox.give_up(tx, row.id, "no_address")
            continue
        who, address = found
        due.append(
            _Due(
                id=row.id,
                person_id=row.person_id,
                channel=address.channel,
                address=address.address,
                locale=who.locale,
                message=messages.from_json(row.message),
                attempts=row.attempts,
                lane=row.lane,
                opted_out=who.opted_out_at is not None,
            )
        )
    return due


def _settle(tx: Session, settled: Sequence[_Settled]) -> None:
    outbox.settle(tx, {s.id: s.provider_id for s in settled if s.provider_id is not None})
    for one in settled:
        if one.provider_id is not None:
            continue
        if one.again_after is not None:
            outbox.postpone(tx, one.id, one.again_after, one.outcome)
        else:
            outbox.give_up(tx, one.id, one.outcome)
            log.warning("sender.gave_up", message=one.id, outcome=one.outcome)
    blocked = [one.person_id for one in settled if one.unreachable]
    if blocked:
        tx.execute(update(Person).where(Person.id.in_(blocked)).values(unreachable_at=now()))
