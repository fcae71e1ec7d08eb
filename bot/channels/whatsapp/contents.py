"""Content at Twilio: created once for each shape of message and shared by all processes."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import Any

import structlog
from twilio.base.exceptions import TwilioException
from twilio.rest.content.v1.content import ContentList

from bot.channels.whatsapp.payloads import Shape
from bot.errors import ChannelError
from models import content
from models.infrastructure.database import Database

_log = structlog.get_logger(__name__)


class Contents:
    """The Content SIDs of shapes, cached; recreated when Twilio has lost one."""

    def __init__(self, client: Any, db: Database) -> None:
        """Create missing Content with Twilio's `client`; store its SID in the database."""
        self._contents = client.content.v1.contents
        self._db = db
        self._known: dict[Shape, str] = {}
        self._making: defaultdict[Shape, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def sid(self, shape: Shape) -> str:
        """Return the SID of this shape's Content; create it if it does not exist.

        Raises:
            bot.errors.ChannelError, twilio.base.exceptions.TwilioException: creation failed.
        """
        if shape not in self._known:
            async with self._making[shape]:
                if shape not in self._known:
                    found = await self._db.ask(lambda tx: content.find(tx, shape.key))
                    self._known[shape] = found or await self._make(shape)
        return self._known[shape]

    async def forget(self, shape: Shape, sid: str) -> None:
        """Drop a SID that Twilio does not know, so that the Content is created again."""
        if self._known.get(shape) == sid:
            del self._known[shape]
        await self._db.do(lambda tx: content.forget(tx, shape.key, sid))

    async def _make(self, shape: Shape) -> str:
        wanted = ContentList.ContentCreateRequest(
            {
                "friendly_name": f"izin_{shape.key[:12]}",
                "language": "id",
                "variables": shape.samples,
                "types": shape.types,
            }
        )
        made = (await self._contents.create_async(wanted)).sid
        if not made:
            raise ValueError("Twilio's answer holds no Content")
        kept = await self._db.do(lambda tx: content.keep(tx, shape.key, made))
        if kept != made:  # another process stored one first
            await self._discard(made)
        return kept

    async def _discard(self, sid: str) -> None:
        try:
            await self._contents(sid).delete_async()
        except (ChannelError, TwilioException) as error:
            _log.warning("whatsapp.content_left", sid=sid, error=type(error).__name__)
