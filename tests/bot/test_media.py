"""Files: what can't be used goes back to who sent it, what can is stored once, by its content."""

from __future__ import annotations

import asyncio
import hashlib
import io
import struct
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import FileRefused, OutcomeUnknown, TryLater, Unreachable
from bot.media import (
    AT_ONCE,
    LARGE_AT_ONCE,
    LONGEST_PAUSE,
    MAX_BYTES,
    ORDINARY,
    PATIENCE,
    keep,
    sniff,
)
from conversations.events import Uploaded
from models.attachment import Attachment, AttachmentState
from models.infrastructure.storage import Storage
from tests.bot.conftest import Chat
from tests.bot.town import OTHER, OWNER, Town, words
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

PHOTO = encoded(scene(320, 240))


def a_bomb() -> bytes:
    """A PNG of a few hundred bytes that claims to be 30,000 pixels wide and high."""

    def chunk(name: bytes, data: bytes) -> bytes:
        sums = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + sums

    header = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body + chunk(b"IEND", b"")


async def send(town: Town, content: bytes | None, address: str = OWNER) -> int:
    """Send a photo whose content the provider has (or not yet), and give the attachment's id."""
    if content is not None:
        town.desk.chat.files[f"file-{address}"] = content
    await town.say(Uploaded(0, "photo"), address)
    return town.read(lambda tx: max(tx.scalars(select(Attachment.id))))


def row(town: Town, attachment_id: int) -> Attachment:
    return town.read(lambda tx: tx.get_one(Attachment, attachment_id))


def stored_files(town: Town, tmp_path: Path) -> list[Path]:
    return [path for path in tmp_path.rglob("*") if path.is_file()]


async def test_a_photo_is_stored_under_the_hash_of_its_content(town: Town, tmp_path: Path) -> None:
    sent = await send(town, PHOTO)
    await town.desk.media.fetch_due()
    kept = row(town, sent)
    assert (kept.state, kept.content_type, kept.size) == ("stored", "image/jpeg", len(PHOTO))
    assert kept.sha256 == hashlib.sha256(PHOTO).hexdigest()
    assert kept.reference is None and kept.leased_until is None
    assert town.desk.media.storage.read(kept.path or "") == PHOTO
    assert await town.desk.media.fetch_due() == 0


async def test_the_same_content_twice_is_one_file(town: Town, tmp_path: Path) -> None:
    first, second = await send(town, PHOTO), await send(town, PHOTO, OTHER)
    await town.desk.media.fetch_due()
    assert row(town, first).path == row(town, second).path
    assert len(stored_files(town, tmp_path)) == 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_the_kinds_of_picture_that_phones_send_are_taken(kind: str) -> None:
    assert sniff(encoded(scene(64, 48), kind)) == kind


REFUSED = {
    "nothing": (b"", "file_kind"),
    "words": (b"this is no picture", "file_kind"),
    "a PDF that is called a photo": (b"%PDF-1.7\n%%EOF", "file_kind"),
    "a GIF": (encoded(scene(64, 48).convert("P"), "GIF"), "file_kind"),
    "a TIFF": (encoded(scene(64, 48), "TIFF"), "file_kind"),
    "a drawing of instructions": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "file_kind"),
    "half a JPEG": (PHOTO[: len(PHOTO) // 2], "file_kind"),
    "the head of a JPEG": (PHOTO[:200], "file_kind"),
    "half a PNG": (encoded(scene(64, 48), "PNG")[:2000], "file_kind"),
    "half a WEBP": (encoded(scene(64, 48), "WEBP")[:300], "file_kind"),
    "a bomb": (a_bomb(), "file_too_large"),
}


@pytest.mark.parametrize("what", list(REFUSED))
def test_what_is_no_picture_is_refused_by_its_content(what: str, tmp_path: Path) -> None:
    content, reason = REFUSED[what]
    with pytest.raises(FileRefused) as refusal:
        keep(Storage(tmp_path.as_uri()), content, sniff(content))
    assert refusal.value.reason == reason
    assert not list(tmp_path.rglob("*"))


def test_hostile_bytes_are_refused_and_never_raise_anything_else() -> None:
    import random

    chance = random.Random(7)
    for kind in ("JPEG", "PNG", "WEBP"):
        sound = bytearray(encoded(scene(64, 48), kind))
        for _ in range(150):
            broken = bytearray(sound)
            for _ in range(chance.randint(1, 12)):
                broken[chance.randrange(len(broken))] = chance.randrange(256)
            try:
                sniff(bytes(broken[: chance.randint(1, len(broken))]))
            except FileRefused as refusal:
                assert refusal.reason in {"file_kind", "file_too_large"}


def test_a_large_photo_is_looked_at_cheaply() -> None:
    file = io.BytesIO()
    Image.new("RGB", (9000, 6000), "grey").save(file, "JPEG")
    assert sniff(file.getvalue()) == "JPEG"


async def test_a_refused_photo_is_told_and_may_be_sent_again(town: Town) -> None:
    await into_the_form(town)
    sent = await send(town, b"%PDF-1.7 not a photo")
    await town.desk.media.fetch_due()
    await town.quiet()
    refused = row(town, sent)
    assert (refused.state, refused.refusal, refused.path) == ("refused", "file_kind", None)
    said = town.desk.chat.texts(OWNER)[-1]
    assert words("refusals.file_kind") in said
    assert words("business_permit.capital.joined") in said
    sent = await send(town, PHOTO)
    await town.desk.media.fetch_due()
    assert row(town, sent).state == "stored"
    await town.say("modal 3 juta, sebulan 5 juta, sendiri")
    assert words("business_permit.papers") in town.desk.chat.texts(OWNER)[-1]


async def into_the_form(town: Town) -> None:
    """An owner in the middle of the form, where photos are kept."""
    for words_said in (
        "mau izin",
        "ya",
        "isi sendiri",
        "Siti Aminah",
        "nasi uduk",
        "1",
        "Warung Bu Siti",
    ):
        await town.say(words_said)
    for words_said in ("cipete utara, Jalan Damai no. 12", "1"):
        await town.say(words_said)
    assert words("business_permit.capital.joined") in town.desk.chat.texts(OWNER)[-1]


class Broken(Chat):
    """A channel that fails to fetch in its own way."""

    error: Exception = TryLater("away", after=timedelta(seconds=5))

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        raise self.error


class Full(Storage):
    """A file store that fails in its own way; sound again when `error` is None."""

    error: Exception | None = OSError(28, "No space left on device")

    def write(self, path: str, content: bytes) -> None:
        if self.error is not None:
            raise self.error
        super().write(path, content)


#: Whose fault it is that a file does not come, and how it looks.
FAULTS: dict[str, tuple[str, Exception]] = {
    "Telegram asks to wait": ("provider", TryLater("429", after=timedelta(seconds=5))),
    "it asks to wait for years": ("provider", TryLater("429", after=timedelta(days=900))),
    "it never answers": ("provider", OutcomeUnknown("no answer")),
    "it does not take us": ("provider", Unreachable("blocked")),
    "the network is away": ("provider", ConnectionResetError()),
    "it takes too long": ("provider", TimeoutError()),
    "our channel has a fault": ("ours", KeyError("file_path")),
    "the file store is full": ("ours", OSError(28, "No space left on device")),
    "it is not there": ("ours", FileNotFoundError()),
    "it may only be read": ("ours", PermissionError()),
    "its quota is used up": ("ours", OSError(122, "Disk quota exceeded")),
    "the bucket does not answer": ("ours", TimeoutError()),
    "the bucket's client has a fault": ("ours", RuntimeError("never seen before")),
}


@pytest.mark.parametrize("what", FAULTS)
async def test_a_file_waits_for_a_day_when_it_is_not_to_blame(town: Town, what: str) -> None:
    await into_the_form(town)
    media = town.desk.media
    sent = await send(town, PHOTO)
    whose, error = FAULTS[what]
    store, chat = Full("memory://"), Broken(files=town.desk.chat.files)
    store.error, chat.error = error, error
    if whose == "ours" and "channel" not in what:
        broken = type(media)(media.db, media.channels, store)
    else:
        broken = type(media)(media.db, {"chat": chat}, media.storage)
    pauses = []
    for _ in range(12):
        assert await broken.fetch_due() == 1
        assert await broken.fetch_due() == 0, "not again at once"
        waiting = row(town, sent)
        assert (waiting.state, waiting.refusal) == (AttachmentState.PENDING, None)
        pauses.append((waiting.due_at - now()).total_seconds())
        town.change(Attachment, sent, due_at=now())
    assert pauses[0] > 0 and max(pauses) <= LONGEST_PAUSE.total_seconds()
    await town.quiet()
    assert words("refusals.file_gone") not in town.heard()
    assert await media.fetch_due() == 1, "and comes when all is well"
    assert row(town, sent).state == AttachmentState.STORED


@pytest.mark.parametrize("what", ["it never answers", "the file store is full"])
async def test_after_a_day_they_are_asked_to_send_it_again(town: Town, what: str) -> None:
    await into_the_form(town)
    sent = await send(town, PHOTO)
    media = town.desk.media
    broken = type(media)(media.db, {"chat": Broken()}, media.storage)
    town.change(Attachment, sent, received_at=now() - PATIENCE - timedelta(seconds=1))
    await broken.fetch_due()
    await town.quiet()
    assert (row(town, sent).state, row(town, sent).refusal) == ("refused", "file_gone")
    assert words("refusals.file_gone") in town.heard()


async def test_a_channel_that_is_switched_off_costs_nobody_a_photo(town: Town) -> None:
    sent = await send(town, PHOTO)
    media = town.desk.media
    await type(media)(media.db, {}, media.storage).fetch_due()
    assert row(town, sent).state == AttachmentState.PENDING


async def test_one_file_that_fails_in_a_new_way_stops_no_other(town: Town) -> None:
    class Odd(Storage):
        def write(self, path: str, content: bytes) -> None:
            if content == PHOTO:
                raise RuntimeError("never seen before")
            super().write(path, content)

    town.desk.media.storage = Odd("memory://")
    unlucky = await send(town, PHOTO)
    other = await send(town, encoded(scene(64, 48)), OTHER)
    await town.desk.media.fetch_due()
    assert (row(town, unlucky).state, row(town, unlucky).failures) == ("pending", 1)
    assert row(town, other).state == "stored"


@pytest.mark.parametrize("slow", range(1, AT_ONCE))
async def test_slow_files_hold_up_no_other(town: Town, slow: int) -> None:
    """More files than there are places, some of which do not come: all others do."""
    chat = Slow(files=town.desk.chat.files)
    media = type(town.desk.media)(town.desk.media.db, {"chat": chat}, town.desk.media.storage)
    for place in range(slow):
        await send(town, PHOTO, f"slow-{place}")
    quick = [await send(town, PHOTO, f"quick-{place}") for place in range(2 * AT_ONCE)]
    running = asyncio.create_task(media.run())
    try:
        async with asyncio.timeout(20):
            while any(row(town, one).state != "stored" for one in quick):
                media.wake()
                await asyncio.sleep(0.02)
            assert len(chat.held) == slow
            chat.go.set()
            while town.read(_pending):
                await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert chat.most <= AT_ONCE


def _pending(tx: Session) -> int:
    return len(tx.scalars(select(Attachment.id).where(Attachment.state == "pending")).all())


class Slow(Chat):
    """A channel some of whose files come only when they are let go."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.go = asyncio.Event()
        self.held: set[str] = set()
        self.now = self.most = 0

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        self.now += 1
        self.most = max(self.most, self.now)
        if "slow" in reference:
            self.held.add(reference)
            await self.go.wait()
        self.now -= 1
        return await super().fetch(reference, at_most=at_most)


class Heavy(Chat):
    """A channel that counts how many large files are being got at once."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.now = self.most = 0

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        if at_most <= ORDINARY:
            return await super().fetch(reference, at_most=at_most)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.02)
            return await super().fetch(reference, at_most=at_most)
        finally:
            self.now -= 1


@pytest.mark.parametrize("size", [ORDINARY + 1, ORDINARY * 2, MAX_BYTES])
async def test_of_large_files_few_are_held_in_memory_at_once(town: Town, size: int) -> None:
    chat = Heavy(files=town.desk.chat.files)
    town.desk.media.channels = {"chat": chat}
    padded = PHOTO + bytes(size - len(PHOTO))  # what lies behind a picture's end is not looked at
    large = [await send(town, padded, f"large-{place}") for place in range(AT_ONCE + 2)]
    while await town.desk.media.fetch_due():
        pass
    most = chat.most
    assert most == LARGE_AT_ONCE
    assert {row(town, one).state for one in large} == {"stored"}


async def test_a_file_larger_than_we_take_is_refused(town: Town) -> None:
    sent = await send(town, PHOTO + bytes(MAX_BYTES))
    await town.desk.media.fetch_due()
    assert (row(town, sent).state, row(town, sent).refusal) == ("refused", "file_too_large")


async def test_a_fetcher_that_died_leaves_its_files_to_the_next(town: Town) -> None:
    from bot.media import LEASE
    from models import attachment

    sent = await send(town, PHOTO)
    claimed = town.write(lambda tx: len(attachment.claim(tx, lease=LEASE, limit=8)))
    assert claimed == 1
    assert await town.desk.media.fetch_due() == 0
    town.change(Attachment, sent, leased_until=now())
    assert await town.desk.media.fetch_due() == 1
    assert row(town, sent).state == "stored"


async def test_files_do_not_wait_for_a_clock_that_was_put_back(town: Town) -> None:
    sent = await send(town, PHOTO)
    ahead = now() + timedelta(hours=1)
    town.change(Attachment, sent, received_at=ahead, due_at=ahead, leased_until=ahead)
    assert await town.desk.media.fetch_due() == 1
    assert row(town, sent).state == "stored"


async def test_a_slow_fetcher_does_not_undo_what_a_quicker_one_stored(town: Town) -> None:
    from bot import media

    sent = await send(town, PHOTO)
    await town.desk.media.fetch_due()
    town.write(lambda tx: media._refuse(tx, sent, "file_gone"))
    await town.quiet()
    assert row(town, sent).state == "stored"
    assert words("refusals.file_gone") not in town.heard()


async def test_the_providers_copy_is_deleted_once_the_file_is_ours(town: Town) -> None:
    chat = town.desk.chat
    await send(town, None)
    await town.desk.media.fetch_due()
    assert chat.forgotten == ["file-owner"], "it is gone there, or of no use"
    await send(town, PHOTO, OTHER)
    await town.desk.media.fetch_due()
    assert chat.forgotten == ["file-owner", "file-other"]


async def test_a_file_that_is_not_ours_yet_stays_with_the_provider(
    town: Town, tmp_path: Path
) -> None:
    await send(town, PHOTO)
    media = town.desk.media
    other = type(media)(media.db, media.channels, Full(f"file://{tmp_path}"))
    await other.fetch_due()
    assert town.desk.chat.forgotten == []


async def test_a_copy_that_can_t_be_deleted_does_no_harm(town: Town) -> None:
    class Stubborn(Chat):
        async def forget(self, reference: str) -> None:
            raise TryLater("away", after=timedelta(0))

    sent = await send(town, PHOTO)
    media = town.desk.media
    other = type(media)(media.db, {"chat": Stubborn(files=town.desk.chat.files)}, media.storage)
    await other.fetch_due()
    assert row(town, sent).state == AttachmentState.STORED


NO_PICTURES = {
    "a PDF": b"%PDF-1.7 not a photo",
    "a HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200),
    "a video": b"\0\0\0\x20ftypisom" + bytes(200),
    "half a photo": PHOTO[: len(PHOTO) // 2],
    "a picture too large": a_bomb(),
    "nothing": b"",
}
#: What was said before, and no photo is wanted afterwards.
UNASKED: dict[str, tuple[str, ...]] = {
    "at the menu": ("halo",),
    "in the first question": ("mau izin",),
    "with a form put aside": ("mau izin", "ya", "menu"),
}


@pytest.mark.parametrize("before", UNASKED)
@pytest.mark.parametrize("what", NO_PICTURES)
async def test_a_file_that_nobody_asked_for_is_answered_once(
    town: Town, before: str, what: str
) -> None:
    for said in UNASKED[before]:
        await town.say(said)
    answers = len(town.desk.chat.texts(OWNER))
    sent = await send(town, NO_PICTURES[what])
    await town.desk.media.fetch_due()
    await town.quiet()
    assert row(town, sent).state == AttachmentState.REFUSED
    (answer,) = town.desk.chat.texts(OWNER)[answers:]
    assert words("common.photo_not_now") in answer


@pytest.mark.parametrize("what", NO_PICTURES)
async def test_a_file_at_a_question_of_the_form_is_refused_and_the_question_follows(
    town: Town, what: str
) -> None:
    for said in ("mau izin", "ya", "isi sendiri"):
        await town.say(said)
    sent = await send(town, NO_PICTURES[what])
    await town.desk.media.fetch_due()
    await town.quiet()
    refused = row(town, sent)
    assert refused.state == AttachmentState.REFUSED
    said = town.desk.chat.texts(OWNER)[-1]
    assert words(f"refusals.{refused.refusal}") in said
    assert words("business_permit.owner_name") in said
