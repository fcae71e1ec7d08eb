"""Polls the approval status of WhatsApp's templates every hour, in one process for all."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.exc import DBAPIError

from bot.channels.whatsapp.approvals import Approvals
from bot.channels.whatsapp.channel import Account
from bot.errors import ChannelError
from models import chore
from models.infrastructure.database import Database

log = structlog.get_logger(__name__)

NAME = "templates"
EVERY = timedelta(hours=1)
LEASE = timedelta(minutes=5)  # after a failure, until the next try in any process
TICK = 60.0  # seconds between two checks whether a poll is due


@dataclass(frozen=True, slots=True)
class TemplateWatch:
    """Polls Twilio; any number of processes may run one."""

    db: Database
    account: Account
    api_url: str | None = None

    async def run(self) -> None:
        """Poll when it is due, until cancelled."""
        while True:
            try:
                await self.look()
            except DBAPIError as error:
                log.warning("templates.database_away", error=type(error).__name__)
            await asyncio.sleep(TICK)

    async def look(self) -> bool:
        """Poll if it is due; return whether a poll succeeded.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable.
        """
        due = await self.db.do(lambda tx: chore.take(tx, NAME, lease=LEASE, every=EVERY))
        if not due:
            return False
        approvals = Approvals(self.account, self.db, api_url=self.api_url)
        try:
            await approvals.status()
        except ChannelError as error:
            log.warning("templates.not_asked", error=type(error).__name__, why=str(error))
            return False
        finally:
            await approvals.close()
        await self.db.do(lambda tx: chore.done(tx, NAME, every=EVERY))
        return True
