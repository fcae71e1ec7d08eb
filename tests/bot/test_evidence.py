"""Voice messages and photos of a complaint reach the supervisor who took it, and nobody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.media import MAX_EVIDENCE
from conversations.events import Unreadable, Uploaded
from models.attachment import Attachment
from models.case import Case
from models.task import Task
from models.ticket import Ticket
from tests.bot.test_tickets import HEAD, STORY, complain, staffed, tickets
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words
from tests.clock import now
from tests.sounds import SOUNDS, mp4, ogg
from tests.workers.verification.samples import encoded, scene
from workers import evidence

VOICE = Uploaded(0, "voice")


async def send(town: Town, content: bytes, event: Uploaded = VOICE, address: str = OWNER) -> str:
    """Send a file, and let the bot fetch it; return what was said since."""
    before = len(town.desk.chat.texts(address))
    town.desk.chat.files[f"file-{address}"] = content
    await town.say(event, address)
    await town.desk.media.fetch_due()
    await town.quiet()
    return "\n".join(town.desk.chat.texts(address)[before:])


def files(town: Town) -> list[Attachment]:
    return town.read(lambda tx: list(tx.scalars(select(Attachment).order_by(Attachment.id))))


def got(town: Town, address: str) -> list[str]:
    """The kinds of the files that this address was sent."""
    sent = [message for _, message in town.desk.chat.sent.get(address, ())]
    paths = [one.document or one.picture for one in sent if one.document or one.picture]
    return [path.rpartition(".")[2] for path in paths if path]


async def told_aloud(town: Town) -> str:
    """A complaint whose story is a voice message, to the end; return what was said at last."""
    town.meet()
    await town.say("lapor pungli")
    said = await send(town, ogg())
    assert words("common.told_aloud") in said and "petugas yang mana" in said
    await town.say("tidak tahu")
    await town.say("jangan")
    return await town.say("ya, kirim")


async def test_a_story_told_aloud_is_heard_by_the_supervisor_who_takes_it(town: Town) -> None:
    await staffed(town)
    await told_aloud(town)
    ((case, _),) = tickets(town)
    assert case.answers["what"] == "" and len(case.answers["proof"]["ids"]) == 1
    assert "Foto atau rekaman: 1" in town.heard(BOSS) and not got(town, BOSS)
    await town.tap("take", BOSS)
    assert got(town, BOSS) == ["ogg"] and words("notices.ticket_file", number=case.number) in (
        town.heard(BOSS)
    )
    assert got(town, HEAD) == got(town, OFFICER) == []


async def test_words_can_be_added_to_what_was_told_aloud(town: Town) -> None:
    await staffed(town)
    town.meet()
    await town.say("lapor pungli")
    await send(town, ogg())
    await town.say("dia minta uang 50 ribu tadi pagi")
    await town.say("tidak tahu")
    await town.say("jangan")
    await town.say("ya, kirim")
    ((case, _),) = tickets(town)
    assert case.answers["what"] == "dia minta uang 50 ribu tadi pagi"


@pytest.mark.parametrize("kind", SOUNDS)
async def test_later_files_go_to_who_took_it_once_each(town: Town, kind: str) -> None:
    await staffed(town)
    town.meet()
    await complain(town, "tidak tahu")
    await town.tap("take", BOSS)
    said = await send(town, SOUNDS[kind])
    ((case, _),) = tickets(town)
    assert words("my_ticket.file_added", number=case.number) in said
    await send(town, encoded(scene(64, 48)), Uploaded(0, "photo"))
    assert got(town, BOSS) == [kind, "jpg"]
    await town.say(f"cari {case.number}", BOSS)
    assert "Foto atau rekaman: 2" in town.heard(BOSS)
    await town.say(f"foto {case.number}", BOSS)
    assert got(town, BOSS) == [kind, "jpg"] * 2


UNUSABLE = {
    "no sound at all": (b"OggS but not really", "file_kind", VOICE),
    "a video that is called a recording": (mp4(b"vide", b"soun"), "file_kind", VOICE),
    "too large": (ogg() + bytes(MAX_EVIDENCE), "file_too_large", VOICE),
    "a PDF": (b"%PDF-1.7\n%%EOF", "file_kind", Uploaded(0, "document")),
}


@pytest.mark.parametrize("what", UNUSABLE)
async def test_what_is_unusable_is_told_kindly_and_nothing_else_is_lost(
    town: Town, what: str
) -> None:
    await staffed(town)
    content, reason, event = UNUSABLE[what]
    town.meet()
    await town.say("lapor pungli")
    await town.say(STORY)
    said = await send(town, content, event)
    assert words(f"refusals.evidence.{reason}") in said and "petugas yang mana" in said
    await town.say("tidak tahu")
    await town.say("jangan")
    await town.say("ya, kirim")
    ((case, _),) = tickets(town)
    assert case.answers["what"] == STORY
    assert [row.path for row in files(town)] == [None]
    await town.tap("take", BOSS)
    assert got(town, BOSS) == []


async def test_a_story_told_in_a_file_that_is_no_sound_is_asked_for_again(town: Town) -> None:
    town.meet()
    await town.say("lapor pungli")
    said = await send(town, b"nothing to hear")
    assert words("refusals.evidence.file_kind") in said and "Apa yang terjadi?" in said


@pytest.mark.parametrize("kind", ["sticker", "video"])
async def test_a_sticker_in_a_complaint_loses_nothing(town: Town, kind: str) -> None:
    town.meet()
    await town.say("lapor pungli")
    await town.say(STORY)
    said = await town.say(Unreadable(kind))
    assert words(f"complaint.common.unreadable.{kind}") in said and "petugas yang mana" in said


async def test_elsewhere_a_recording_is_not_kept(town: Town) -> None:
    town.meet()
    await town.say("halo")
    assert words("common.unreadable.voice") in await send(town, ogg())
    assert files(town) == []


async def test_a_ticket_holds_so_many_files_and_no_more(town: Town) -> None:
    await staffed(town)
    town.meet()
    await complain(town, "tidak tahu")
    for number in range(10):
        await send(town, ogg() + bytes([number]))
    ((case, _),) = tickets(town)
    said = await send(town, ogg() + b"!")
    assert words("my_ticket.files_enough", number=case.number) in said
    assert len(files(town)) == 10


async def test_files_are_erased_a_month_after_the_ticket_is_closed(town: Town) -> None:
    await staffed(town)
    await told_aloud(town)
    (row,) = files(town)
    path = row.path or ""
    ((case, _),) = tickets(town)
    long_ago = now() - timedelta(days=40)
    town.change(Attachment, row.id, received_at=long_ago)
    assert not erased(town)
    town.write(lambda tx: tx.execute(update(Ticket).values(closed_at=now() - timedelta(days=29))))
    assert not erased(town)
    town.write(lambda tx: tx.execute(update(Ticket).values(closed_at=now() - timedelta(days=31))))
    assert erased(town)
    (row,) = files(town)
    assert (row.path, row.sha256, row.state) == (None, None, "refused")
    with pytest.raises(FileNotFoundError):
        town.desk.media.storage.read(path)
    assert town.read(lambda tx: tx.get_one(Case, case.id)).answers["what"] == ""


def erased(town: Town) -> list[int]:
    """What the job erases now."""
    from workers import jobs

    context = jobs._context
    assert context is not None
    found = evidence.erase(context)
    town.write(lambda tx: evidence.forget(tx, found))
    return found


async def test_who_is_erased_takes_their_recordings_along(town: Town) -> None:
    await staffed(town)
    await told_aloud(town)
    await town.tap("take", BOSS)
    (row,) = files(town)
    path = row.path or ""
    await town.say("hapus data")
    await town.say("ya")
    await town.say("ya, hapus")
    town.write(lambda tx: tx.execute(update(Task).values(due_at=now())))
    await town.work(until=now() + timedelta(minutes=5))
    await town.work(until=now() + timedelta(minutes=10))
    assert [one.path for one in files(town)] == [None]
    with pytest.raises(FileNotFoundError):
        town.desk.media.storage.read(path)
