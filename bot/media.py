"""Files that people sent: fetched from the provider after the turn, checked by content, stored.

A file that can't be used goes back to its sender as news, so that the conversation asks again.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from PIL import Image
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot.channels.base import Channel
from bot.errors import FileRefused
from conversations import events
from conversations.messages import Say
from models import attachment, inbox
from models.attachment import Attachment, AttachmentState, Kept
from models.database import Record
from models.encryption import Unreadable
from models.storage import Storage

log = structlog.get_logger(__name__)

MAX_BYTES = 20 * 1024 * 1024  # Bot API, getFile
LEASE = timedelta(seconds=90)
MAX_TRIES = 6
KEY_TRIES, KEY_PAUSE = 4, timedelta(seconds=5)  # for a process that has the key to fetch it
AT_ONCE = 8
SMALL = 64  # pixels, about: a JPEG is decoded at a fraction of its size
UNREADABLE = "unreadable"  # our own fault: the provider's reference can't be opened
_TOLD = {UNREADABLE: "file_gone"}  # what the sender hears of it: to send the file once more
KINDS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: int
    channel: str
    reference: str | Unreadable


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
                    async with asyncio.timeout(1.0):
                        await self._wake.wait()
                except TimeoutError:
                    continue

    async def fetch_due(self) -> int:
        """Fetch what waits; gives how many files were tried."""
        wanted = await self.record.do(_claim)
        await asyncio.gather(*(self._fetch(one) for one in wanted))
        return len(wanted)

    async def _fetch(self, wanted: _Wanted) -> None:
        reference = wanted.reference
        if isinstance(reference, Unreadable):
            log.error("media.unreadable", attachment=wanted.id, why=reference.why)
            missing = reference.key_missing  # then a process that has the key may fetch it
            await self.record.do(lambda tx: _unreadable(tx, wanted.id, again=missing))
            return
        channel = self.channels.get(wanted.channel)
        try:
            if channel is None:
                raise FileRefused("file_gone")
            content = await channel.fetch(reference, at_most=MAX_BYTES)
            kept = await asyncio.to_thread(keep, self.storage, content)
        except FileRefused as refusal:
            reason = refusal.reason
            await self.record.do(lambda tx: _refuse(tx, wanted.id, reason))
            await self._forget(channel, wanted.id, reference)
        except Exception as error:  # whatever it was, it is counted, and stops no other file
            log.warning("media.later", attachment=wanted.id, error=type(error).__name__)
            await self.record.do(lambda tx: _later(tx, wanted.id))
        else:
            await self.record.ask(lambda tx: attachment.store(tx, wanted.id, kept))
            await self._forget(channel, wanted.id, reference)

    async def _forget(self, channel: Channel | None, attachment_id: int, reference: str) -> None:
        """The provider's copy is of no more use; the file is what it is, whatever comes of this."""
        if channel is None:
            return
        try:
            await channel.forget(reference)
        except Exception as error:
            kind = type(error).__name__
            log.warning("media.not_forgotten", attachment=attachment_id, error=kind)


def keep(storage: Storage, content: bytes) -> Kept:
    """Check a photo by its content and store it under its own hash.

    Raises:
        FileRefused: it is empty or no picture we can open.
    """
    kind = sniff(content)
    digest = hashlib.sha256(content).hexdigest()
    path = f"attachments/{digest[:2]}/{digest}.{KINDS[kind]}"
    if not storage.exists(path):
        storage.write(path, content)
    return Kept(path, f"image/{kind.lower()}", len(content), digest)


def sniff(content: bytes) -> str:
    """The kind of picture this is: JPEG, PNG or WEBP.

    Raises:
        FileRefused: it is something else, or only a part of a picture.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=list(KINDS)) as image:
                if image.format == "JPEG":  # it has no sums: only decoding shows that all is there
                    image.draft("L", (SMALL, SMALL))
                    image.load()
                else:
                    image.verify()
                return str(image.format)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise FileRefused("file_too_large") from error
    except Exception as error:  # Pillow's decoders raise anything on broken or hostile bytes
        raise FileRefused("file_kind") from error


def _claim(tx: Session) -> list[_Wanted]:
    rows = attachment.claim(tx, lease=LEASE, limit=AT_ONCE)
    return [
        _Wanted(row.id, row.channel, "" if row.reference is None else row.reference) for row in rows
    ]


def _refuse(tx: Session, attachment_id: int, reason: str) -> None:
    row = tx.get_one(Attachment, attachment_id)
    if row.state != AttachmentState.PENDING:
        return
    row.state, row.refusal = AttachmentState.REFUSED, reason
    row.leased_until = None
    if reason != UNREADABLE:  # what can't be read now may be read when it is tried again
        row.reference = None
    news = events.news("attachment_refused", row.id, Say(f"refusals.{_TOLD.get(reason, reason)}"))
    inbox.tell(tx, row.person_id, f"attachment_refused:{row.id}", news)


def _unreadable(tx: Session, attachment_id: int, *, again: bool) -> None:
    """Count a file whose reference can't be read; the last time its sender is asked for it anew."""
    row = tx.get_one(Attachment, attachment_id)
    row.failures += 1
    row.leased_until = None
    if again and row.failures < KEY_TRIES:
        row.due_at = func.now() + KEY_PAUSE
    else:
        _refuse(tx, attachment_id, UNREADABLE)


def _later(tx: Session, attachment_id: int) -> None:
    row = tx.get_one(Attachment, attachment_id)
    row.failures += 1
    row.leased_until = None
    if row.failures >= MAX_TRIES:
        _refuse(tx, attachment_id, "file_gone")
    else:
        row.due_at = func.now() + timedelta(seconds=4**row.failures)  # the last after 17 minutes
