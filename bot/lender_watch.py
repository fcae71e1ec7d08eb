"""Keeps this process's register of lenders as it was imported, without a query in turns."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import date, datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from casework import lenders
from conversations.lenders import Lenders
from models import lender
from models.base import now
from models.infrastructure.database import Database
from models.infrastructure.wib import WIB

log = structlog.get_logger(__name__)

EVERY = 30.0  # seconds between two looks


@dataclass(slots=True)
class LenderWatch:
    """Reads the register when it was changed, and once a day for the age of its checks."""

    db: Database
    current: Lenders = field(default_factory=Lenders)
    _seen: tuple[date, int, datetime | None] | None = None

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Read the register if it was changed; keep it if the database is unavailable."""
        try:
            await self.db.ask(self._read)
        except DBAPIError as error:
            log.warning("lenders.database_away", error=type(error).__name__)

    def _read(self, tx: Session) -> None:
        seen = now(tx).astimezone(WIB).date(), *lender.stamp(tx)
        if seen != self._seen:
            self.current, self._seen = lenders.load(tx), seen
