"""Files that people sent: fetched from the provider after the turn, checked by content, stored.

If the file itself is at fault, its sender's conversation gets news and asks again. If the provider
is at fault, or we are (the file store is full), the sender can't help: the fetch is retried for a
day.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

import structlog
from sqlalchemy import func
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from bot import metrics
from bot.channels.base import Channel
from bot.errors import ChannelError, FileRefused, TryLater
from casework import files
from casework.act import by_office
from conversations import events
from conversations.events import News
from conversations.messages import Say
from models import attachment, inbox
from models.attachment import EVIDENCE, VOICE, Attachment, AttachmentState, Kept
from models.base import now
from models.infrastructure import pictures, sounds
from models.infrastructure.database import Database
from models.infrastructure.encryption import Unreadable
from models.infrastructure.storage import Storage

log = structlog.get_logger(__name__)

MAX_BYTES = 20 * 1024 * 1024  # Bot API, getFile
MAX_EVIDENCE = 5 * 1024 * 1024  # of a photo or recording that is sent with a complaint
LEASE = timedelta(seconds=90)
FETCH = timedelta(seconds=80)  # timeout of one file, so that its lease lasts until it is stored
AT_ONCE = 8
ORDINARY = 2 * 1024 * 1024  # bytes; messengers' photos have a few hundred thousand
LARGE_AT_ONCE = 3  # files of more than ORDINARY: each is held in memory as a whole
SEVERAL = 6  # free places before more files are claimed
PATIENCE = timedelta(days=1)  # with the provider, and with our own file store
LONGEST_PAUSE = timedelta(minutes=10)  # between two tries
KEY_TRIES, KEY_PAUSE = 4, timedelta(seconds=5)  # until a process that has the key fetches it
UNREADABLE = "unreadable"  # our own fault: the provider's reference can't be decrypted
_SHOWN_REASON = {UNREADABLE: "file_gone"}  # asks the sender to send the file again
NAMES = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}  # file extensions


@dataclass(frozen=True, slots=True)
class _Wanted:
    id: int
    channel: str
    reference: str | Unreadable
    evidence: bool  # sent with a complaint: it may be a recording


class _NotNow(Exception):
    """The file could not be fetched or stored now; a later try may succeed."""

    def __init__(self, whose: str, cause: Exception | None = None) -> None:
        super().__init__(whose)
        self.whose = whose  # "provider" or "ours"
        self.error = type(cause).__name__ if cause else "NoChannel"
        self.after = cause.after if isinstance(cause, TryLater) else timedelta(0)


@dataclass(slots=True)
class Media:
    """Fetches files in one bot process; any number of processes may run one."""

    db: Database
    channels: Mapping[str, Channel]
    storage: Storage
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _large: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))
    _more: bool = False  # more files wait than there were places for

    def wake(self) -> None:
        """Signal that a file may be waiting."""
        self._wake.set()

    async def run(self) -> None:
        """Fetch files until cancelled, each in its own task: a slow one takes one place."""
        busy = False
        try:
            while True:
                self._wake.clear()
                try:
                    await self._start_due()
                except DBAPIError as error:
                    log.warning("media.database_away", error=type(error).__name__)
                if busy and not self._running:
                    await pictures.tidy()
                busy = bool(self._running)
                await self._wait_for_work()
        finally:
            for task in self._running:
                task.cancel()

    async def _wait_for_work(self) -> None:
        """Wait until `wake` is called and several places are free, or for a second.

        A claim is a commit; one per file would slow the turns down as much as the file itself.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._wake.wait()
                while AT_ONCE - len(self._running) < SEVERAL:
                    self._wake.clear()
                    await self._wake.wait()

    async def fetch_due(self) -> int:
        """Fetch waiting files, up to the number of free places; return how many were tried."""
        started = await self._start_due()
        while self._running:
            await asyncio.wait(self._running)
        return started

    async def _start_due(self) -> int:
        """Claim files for the free places and start to fetch them; return how many."""
        free = AT_ONCE - len(self._running)
        wanted = await self.db.ask(lambda tx: _claim(tx, free)) if free else []
        self._more = len(wanted) == free
        for one in wanted:
            task = asyncio.create_task(self._fetch(one))
            self._running.add(task)
            task.add_done_callback(self._ended)
        return len(wanted)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if self._more or not self._running:  # a file waits for the place, or memory can be freed
            self.wake()

    async def _fetch(self, wanted: _Wanted) -> None:
        """Fetch a file and store it; an error of one file does not affect the others."""
        reference = wanted.reference
        channel = self.channels.get(wanted.channel)
        try:
            if isinstance(reference, Unreadable):
                log.error("media.unreadable", attachment=wanted.id, why=reference.why)
                missing = reference.key_missing  # another process may have the key
                await self.db.do(lambda tx: _unreadable(tx, wanted.id, again=missing))
                return
            try:
                async with AsyncExitStack() as held:
                    most = MAX_EVIDENCE if wanted.evidence else MAX_BYTES
                    content = await self._get(channel, reference, held, most)
                    kept = await self._keep(content, sniff_any if wanted.evidence else sniff)
            except FileRefused as refusal:
                reason = refusal.reason
                await self.db.do(lambda tx: _refuse(tx, wanted.id, reason))
                metrics.file(wanted.channel, "refused")
            except _NotNow as later:
                await self._retry_later(wanted, later)
                return
            else:
                await self.db.do(lambda tx: _store(tx, wanted, kept))
                metrics.file(wanted.channel, "stored")
        except DBAPIError as error:  # retried when its lease expires
            log.warning("media.database_away", error=type(error).__name__)
        else:
            await self._forget(channel, wanted.id, reference)

    async def _get(
        self, channel: Channel | None, reference: str, held: AsyncExitStack, most: int
    ) -> bytes:
        """Get a file from its provider; a large one after taking `_large`, released by `held`.

        Raises:
            FileRefused: the provider will never deliver it.
            _NotNow: the provider is unavailable, or the fault is ours.
        """
        if channel is None:  # its settings are missing
            raise _NotNow("ours")
        try:
            async with asyncio.timeout(FETCH.total_seconds()):
                try:
                    return await channel.fetch(reference, at_most=ORDINARY)
                except FileRefused as refusal:
                    if refusal.reason != "file_too_large":
                        raise
                await held.enter_async_context(self._large)
                return await channel.fetch(reference, at_most=most)
        except FileRefused:
            raise
        except (ChannelError, OSError) as error:  # a TimeoutError is an OSError
            raise _NotNow("provider", error) from error
        except Exception as error:
            raise _NotNow("ours", error) from error

    async def _keep(self, content: bytes, sniff: Callable[[bytes], str]) -> Kept:
        """Check and store a fetched file.

        Raises:
            FileRefused: `sniff` refuses it.
            _NotNow: the file store is unavailable or full, or another fault is ours.
        """
        try:
            kind = await pictures.alone(partial(sniff, content))
            return await asyncio.to_thread(keep, self.storage, content, kind)
        except FileRefused:
            raise
        except Exception as error:  # the sender must not be blamed for our fault
            raise _NotNow("ours", error) from error

    async def _retry_later(self, wanted: _Wanted, later: _NotNow) -> None:
        """Schedule the next try; after a day of failures, ask the sender to send it again."""
        metrics.file(wanted.channel, later.whose)
        if later.whose == "ours":
            log.error("media.not_stored", attachment=wanted.id, error=later.error)
        else:
            log.warning("media.later", attachment=wanted.id, error=later.error)
        if await self.db.do(lambda tx: _plan(tx, wanted.id, later.after)):
            log.error("media.gave_up", attachment=wanted.id, why=later.whose)

    async def _forget(self, channel: Channel | None, attachment_id: int, reference: str) -> None:
        """Delete the provider's copy, best effort: a failure does not affect the file's state."""
        if channel is None:
            return
        try:
            await channel.forget(reference)
        except Exception as error:
            kind = type(error).__name__
            log.warning("media.not_forgotten", attachment=attachment_id, error=kind)


def sniff(content: bytes) -> str:
    """Return the kind of picture, detected from its content.

    Raises:
        FileRefused: it is not a picture that we can open, or it is incomplete.
    """
    try:
        return pictures.kind(content)
    except pictures.TooLarge as error:
        raise FileRefused("file_too_large") from error
    except pictures.Unreadable as error:
        raise FileRefused("file_kind") from error


def sniff_any(content: bytes) -> str:
    """Return the kind of picture or of recording, detected from its content.

    Raises:
        FileRefused: it is neither, or incomplete.
    """
    try:
        return sounds.kind(content)
    except sounds.Unreadable:
        return sniff(content)


def keep(storage: Storage, content: bytes, kind: str) -> Kept:
    """Store a photo or a recording under its SHA-256; idempotent.

    Raises:
        OSError: the file store is unavailable or full.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = f"attachments/{digest[:2]}/{digest}.{NAMES.get(kind, kind)}"
    if not storage.exists(path):
        storage.write(path, content)
    content_type = sounds.CONTENT_TYPES.get(kind, f"image/{kind.lower()}")
    return Kept(path, content_type, len(content), digest)


def _store(tx: Session, wanted: _Wanted, kept: Kept) -> None:
    """Mark a file as stored; one of a ticket goes to the supervisor who took that."""
    attachment.store(tx, wanted.id, kept)
    if wanted.evidence:
        files.pass_on(by_office(tx, "media", f"attachment:{wanted.id}"), wanted.id)


def _claim(tx: Session, limit: int) -> list[_Wanted]:
    rows = attachment.claim(tx, lease=LEASE, limit=limit)
    return [
        _Wanted(
            row.id,
            row.channel,
            "" if row.reference is None else row.reference,
            row.kind in (EVIDENCE, VOICE),
        )
        for row in rows
    ]


def _refuse(tx: Session, attachment_id: int, reason: str) -> None:
    row = tx.get_one(Attachment, attachment_id)
    if row.state != AttachmentState.PENDING:
        return
    row.state, row.refusal = AttachmentState.REFUSED, reason
    row.leased_until = None
    if reason != UNREADABLE:  # an unreadable reference may be readable on a later try
        row.reference = None
    shown = _SHOWN_REASON.get(reason, reason)
    say = Say(f"refusals.{shown}")
    if row.kind == EVIDENCE:
        say = Say(f"refusals.evidence.{shown}")
    news = events.news(News.ATTACHMENT_REFUSED, row.id, say)
    inbox.tell(tx, row.person_id, f"attachment_refused:{row.id}", news)


def _unreadable(tx: Session, attachment_id: int, *, again: bool) -> None:
    """Count a try with an unreadable reference; after the last, ask the sender to send it again."""
    row = tx.get_one(Attachment, attachment_id)
    row.failures += 1
    row.leased_until = None
    if again and row.failures < KEY_TRIES:
        row.due_at = func.now() + KEY_PAUSE
    else:
        _refuse(tx, attachment_id, UNREADABLE)


def _plan(tx: Session, attachment_id: int, at_least: timedelta) -> bool:
    """Schedule the next try with backoff; return whether the file was given up instead."""
    row = tx.get_one(Attachment, attachment_id)
    if row.state != AttachmentState.PENDING:
        return False
    row.failures += 1
    row.leased_until = None
    if now(tx) - row.received_at > PATIENCE:
        _refuse(tx, attachment_id, "file_gone")
        return True
    pause = max(timedelta(seconds=4 ** min(row.failures, 5)), at_least)
    row.due_at = func.now() + min(pause, LONGEST_PAUSE)
    return False
