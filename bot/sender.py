"""The sender: what is owed goes out, in order for each person, for many people at once.

A message is claimed with a lease, sent with no transaction open, and settled. A crash in between
leaves the outcome unknown: the lease runs out and it is sent again, at least once.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.channels.base import Channel, File
from bot.errors import OutcomeUnknown, Rejected, TryLater, Unreachable
from conversations import messages
from conversations.catalogue import MissingLine
from conversations.messages import Message
from models import outbox
from models.base import now
from models.database import Record
from models.outbox import Claimed, Lane
from models.person import Person
from models.storage import Storage

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=60)  # longer than the slowest send
TICK = 1.0  # seconds; what is due later, or was woken elsewhere, is found by then
AT_ONCE = 40  # claims of one round, and sends in flight
MAX_TRIES = 8  # of a message whose outcome is unknown, or whose file is missing
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
    unreachable: bool = False


@dataclass(slots=True)
class Sender:
    """Sends for one bot process; any number of processes may do so at once."""

    record: Record
    channels: Mapping[str, Channel]
    storage: Storage
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _settled: list[_Settled] = field(default_factory=list)  # not written down yet
    _in_flight: int = 0

    def wake(self) -> None:
        """Something may be due."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled: nobody waits for somebody else's slow send."""
        async with asyncio.TaskGroup() as sends:
            while True:
                self._wake.clear()
                try:
                    claimed = await self._settle_and_claim(AT_ONCE - self._in_flight)
                except DBAPIError as error:
                    log.warning("sender.database_away", error=type(error).__name__)
                    claimed = []
                self._in_flight += len(claimed)
                for due in claimed:
                    sends.create_task(self._finish(due))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), TICK)

    async def _finish(self, due: Claimed) -> None:
        self._settled.append(await self._send(due))
        self._in_flight -= 1
        self._wake.set()

    async def send_due(self) -> int:
        """Send one message to each person who has one due; gives how many were claimed."""
        due = await self._settle_and_claim(AT_ONCE)
        self._settled += await asyncio.gather(*(self._send(one) for one in due))
        await self._settle_and_claim(0)
        return len(due)

    async def _settle_and_claim(self, limit: int) -> list[Claimed]:
        """Write down what became of sends, and lease what is due now.

        What can't be written, since the record is away, is kept for the next time.
        """
        settled = list(self._settled)

        def work(tx: Session) -> list[Claimed]:
            if settled:
                _settle(tx, settled)
            return outbox.claim(tx, lease=LEASE, limit=limit) if limit else []

        several = any(one.provider_id is None for one in settled)  # statements that belong together
        claimed = await (self.record.do if several else self.record.ask)(work)
        del self._settled[: len(settled)]
        return claimed

    async def _send(self, due: Claimed) -> _Settled:
        """Send one message; every failure is a value with one decision."""
        if due.opted_out and due.lane == Lane.NOTICE:
            return _Settled(due.id, due.person_id, "opted_out")
        if due.channel is None or due.address is None:
            return _Settled(due.id, due.person_id, "no_address")
        channel = self.channels.get(due.channel)
        if channel is None:  # another process may speak on it
            return _again(due, "no_channel", WAIT, at_most=MAX_WAITS)
        try:
            message = messages.from_json(due.message)
            file = await self._file(message)
            sent = await channel.send(due.address, message, due.locale, file)
        except Unreachable:
            return _Settled(due.id, due.person_id, "unreachable", unreachable=True)
        except Rejected as error:
            log.error("sender.rejected", message=due.id, why=str(error))
            return _Settled(due.id, due.person_id, "rejected")
        except TryLater as error:
            return _again(due, "try_later", error.after, at_most=MAX_WAITS)
        except OutcomeUnknown:
            return _again(due, "unknown", WAIT)
        except FileNotFoundError:
            return _again(due, "file_missing", WAIT)
        except OSError as error:  # the file store is away
            log.warning("sender.storage_away", message=due.id, error=type(error).__name__)
            return _again(due, "storage_away", WAIT, at_most=MAX_WAITS)
        except (MissingLine, ValueError) as error:  # our own mistake: it would be so again
            log.error("sender.unreadable", message=due.id, why=str(error))
            return _Settled(due.id, due.person_id, "unreadable")
        except Exception as error:  # one message must not stop all others
            log.error("sender.failed", message=due.id, exc_info=error)
            return _again(due, "failed", WAIT)
        return _Settled(due.id, due.person_id, "sent", provider_id=sent.provider_id)

    async def _file(self, message: Message) -> File | None:
        if message.document is None:
            return None
        content = await asyncio.to_thread(self.storage.read, message.document)
        return File(message.filename or message.document.rsplit("/", 1)[-1], content)


def _again(due: Claimed, outcome: str, after: timedelta, *, at_most: int = MAX_TRIES) -> _Settled:
    """Try again after a pause that grows, and is never shorter than the provider asked for."""
    if due.attempts >= at_most:
        return _Settled(due.id, due.person_id, outcome)
    pause = max(after, min(after * 2 ** min(due.attempts - 1, 20), LONGEST_WAIT))
    return _Settled(due.id, due.person_id, outcome, again_after=pause)


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
