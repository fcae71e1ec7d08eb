"""Files that people sent: fetched from the provider after the turn, checked by content, stored.

A file that can't be used goes back to its sender as news, so that the conversation asks again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.channels.base import Channel
from bot.errors import FileRefused
from conversations import events
from conversations.messages import Say
from models import attachment, inbox, pictures
from models.attachment import Attachment, AttachmentState, Kept
from models.database import Record
from models.storage import Storage

log = structlog.get_logger(__name__)

MAX_BYTES = 20 * 1024 * 1024  # Bot API, getFile
LEASE = timedelta(seconds=90)
MAX_TRIES = 6
AT_ONCE = 6  # each holds up to MAX_BYTES
NAMES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}  # how the files of each kind end


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: int
    channel: str
    reference: str


@dataclass(slots=True)
class Media:
    """Fetches for one bot process; any number of processes may do so at once."""

    record: Record
    channels: Mapping[str, Channel]
    storage: Storage
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        """A file may be waiting."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch until cancelled."""
        while True:
            self._wake.clear()
            try:
                busy = await self.fetch_due()
            except DBAPIError as error:
                log.warning("media.database_away", error=type(error).__name__)
                busy = 0
            if not busy:
                try:
                    await asyncio.wait_for(self._wake.wait(), 1.0)
                except TimeoutError:
                    continue

    async def fetch_due(self) -> int:
        """Fetch what waits; gives how many files were tried."""
        wanted = await self.record.do(_claim)
        await asyncio.gather(*(self._fetch(one) for one in wanted))
        return len(wanted)

    async def _fetch(self, wanted: _Wanted) -> None:
        channel = self.channels.get(wanted.channel)
        try:
            if channel is None:
                raise FileRefused("file_gone")
            content = await channel.fetch(wanted.reference, at_most=MAX_BYTES)
            kind = await pictures.alone(partial(sniff, content))
            kept = await asyncio.to_thread(keep, self.storage, content, kind)
        except FileRefused as refusal:
            reason = refusal.reason
            await self.record.do(lambda tx: _refuse(tx, wanted.id, reason))
            await self._forget(channel, wanted)
        except Exception as error:  # whatever it was, it is counted, and stops no other file
            log.warning("media.later", attachment=wanted.id, error=type(error).__name__)
            await self.record.do(lambda tx: _later(tx, wanted.id))
        else:
            await self.record.ask(lambda tx: attachment.store(tx, wanted.id, kept))
            await self._forget(channel, wanted)

    async def _forget(self, channel: Channel | None, wanted: _Wanted) -> None:
        """The provider's copy is of no more use; the file is what it is, whatever comes of this."""
        if channel is None:
            return
        try:
            await channel.forget(wanted.reference)
        except Exception as error:
            log.warning("media.not_forgotten", attachment=wanted.id, error=type(error).__name__)


def sniff(content: bytes) -> str:
    """The kind of picture this is, by its content.

    Raises:
        FileRefused: it is no picture we can open, or only a part of one.
    """
    try:
        return pictures.kind(content)
    except pictures.TooLarge as error:
        raise FileRefused("file_too_large") from error
    except pictures.Unreadable as error:
        raise FileRefused("file_kind") from error


def keep(storage: Storage, content: bytes, kind: str) -> Kept:
    """Store a photo under its own hash.

    Raises:
        OSError: the file store is away or full.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = f"attachments/{digest[:2]}/{digest}.{NAMES[kind]}"
    if not storage.exists(path):
        storage.write(path, content)
    return Kept(path, f"image/{kind.lower()}", len(content), digest)


def _claim(tx: Session) -> list[_Wanted]:
    rows = attachment.claim(tx, lease=LEASE, limit=AT_ONCE)
    return [_Wanted(row.id, row.channel, row.reference or "") for row in rows]


def _refuse(tx: Session, attachment_id: int, reason: str) -> None:
    row = tx.get_one(Attachment, attachment_id)
    if row.state != AttachmentState.PENDING:
        return
    row.state, row.refusal = AttachmentState.REFUSED, reason
    row.reference = row.leased_until = None
    news = events.news("attachment_refused", row.id, Say(f"refusals.{reason}"))
    inbox.tell(tx, row.person_id, f"attachment_refused:{row.id}", news)


def _later(tx: Session, attachment_id: int) -> None:
    row = tx.get_one(Attachment, attachment_id)
    row.failures += 1
    row.leased_until = None
    if row.failures >= MAX_TRIES:
        _refuse(tx, attachment_id, "file_gone")
    else:
        row.due_at = func.now() + timedelta(seconds=4**row.failures)  # the last after 17 minutes
