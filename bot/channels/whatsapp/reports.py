"""How messages fared: Twilio's reports are kept, and what failed late is owed again.

A message that Twilio took may still not arrive, hours later. Its row in the outbox is opened again,
and the channel, which reads the reports, says it another way or gives it up: so there is one place
that decides, and one that sends.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy.orm import Session

from bot import outcomes
from bot.channels.whatsapp.errors import A_WHILE, decision
from bot.channels.whatsapp.updates import Report
from bot.errors import Busy, TryLater, Unlisted
from models import receipt
from models.infrastructure.database import Record
from models.receipt import Fate

PATIENCE = 5.0  # seconds for the sender to write down that Twilio took a message; it waits for 15
LOOK = 0.1  # seconds
MORE = 4  # times as long is each pause as the one before, up to an hour

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reports:
    """Takes Twilio's reports; the same again changes nothing."""

    record: Record
    patience: float = PATIENCE

    async def take(self, reports: Sequence[Report]) -> None:
        """Keep what has become of messages; returns when all that follows is committed.

        Raises:
            Busy: the sender has not yet settled a message that has failed; report it again.
            sqlalchemy.exc.DBAPIError: the record is away.
        """
        for report in reports:
            if await self.record.do(partial(_note, report=report)):
                _log.warning("whatsapp.undelivered", message=report.letter, code=report.code)
                await self._owe_again(report)

    async def _owe_again(self, report: Report) -> None:
        letter, sid = report.letter, report.sid
        try:
            async with asyncio.timeout(self.patience):
                while not await self.record.ask(lambda tx: receipt.settled(tx, letter)):
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Busy("the sender has not settled this message yet") from None
        after = await self._pause(report)
        await self.record.do(lambda tx: receipt.owe_again(tx, letter, sid, after=after))

    async def _pause(self, report: Report) -> timedelta:
        """How long to leave it; a failure that passes needs longer each time."""
        match decision(report.code or 0):
            case TryLater(after=after):
                pass
            case Unlisted():
                after = A_WHILE
            case _:
                return timedelta(0)
        fates = await self.record.ask(lambda tx: receipt.fates(tx, report.letter))
        failures = sum(fate.failed for fate in fates)
        return outcomes.bounded(after * int(MORE ** min(max(0, failures - 1), 10)))


def _note(tx: Session, *, report: Report) -> bool:
    return receipt.note(tx, report.letter, Fate(report.sid, report.status, report.code))
