"""Delivery reports: stores Twilio's status callbacks and enqueues messages that failed late again.

A message that Twilio accepted may still fail, hours later. Its outbox row is reopened; the channel,
which reads the reports, sends it in another way or gives it up. So one module decides and one
sends.
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
from models.infrastructure.database import Database
from models.receipt import DeliveryReport

PATIENCE = 5.0  # seconds to wait until the sender settles the message; Twilio waits for 15
LOOK = 0.1  # seconds between two looks
MORE = 4  # each pause is this many times as long as the one before, up to an hour

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reports:
    """Stores Twilio's delivery reports; idempotent."""

    db: Database
    patience: float = PATIENCE

    async def take(self, reports: Sequence[Report]) -> None:
        """Store reports and enqueue failed messages again; return when all is committed.

        Raises:
            Busy: the sender has not yet settled a message that has failed; report it again.
            sqlalchemy.exc.DBAPIError: the database is unavailable.
        """
        for report in reports:
            if await self.db.do(partial(_note, report=report)):
                _log.warning("whatsapp.undelivered", message=report.outbox_id, code=report.code)
                await self._enqueue_again(report)

    async def _enqueue_again(self, report: Report) -> None:
        outbox_id, sid = report.outbox_id, report.sid
        try:
            async with asyncio.timeout(self.patience):
                while not await self.db.ask(lambda tx: receipt.settled(tx, outbox_id)):
                    await asyncio.sleep(LOOK)
        except TimeoutError:
            raise Busy("the sender has not settled this message yet") from None
        after = await self._pause(report)
        await self.db.do(lambda tx: receipt.enqueue_again(tx, outbox_id, sid, after=after))

    async def _pause(self, report: Report) -> timedelta:
        """Return the time until the next attempt; the backoff of a temporary failure grows."""
        match decision(report.code or 0):
            case TryLater(after=after):
                pass
            case Unlisted():
                after = A_WHILE
            case _:
                return timedelta(0)
        reports = await self.db.ask(lambda tx: receipt.reports(tx, report.outbox_id))
        failures = sum(delivery.failed for delivery in reports)
        return outcomes.bounded(after * int(MORE ** min(max(0, failures - 1), 10)))


def _note(tx: Session, *, report: Report) -> bool:
    return receipt.note(
        tx, report.outbox_id, DeliveryReport(report.sid, report.status, report.code)
    )
