"""Portraits: owners see who comes, supervisors agree, and what is over is erased."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from conversations.effects import OfferPortrait
from conversations.events import Uploaded
from conversations.messages import Message
from conversations.supervision import DecidePortrait
from models.attachment import Attachment
from models.audit import AuditEntry
from models.infrastructure.storage import Storage
from models.lifecycle import NotAllowed, VisitState
from models.portrait import Portrait
from models.task import Task
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words, write_effect
from tests.clock import now
from tests.workers.verification.samples import encoded, scene

FACE = encoded(scene(900, 1200))


async def staffed(town: Town) -> None:
    """An officer, with supervisors here and elsewhere."""
    await town.staff(OFFICER, "0417")
    await town.staff(BOSS, "0003", role="supervisor")
    await town.staff("far", "0004", role="supervisor", areas=("31.72",))


async def send(town: Town, content: bytes = FACE, *, caption: str = "foto saya") -> str:
    """Let the officer send a photo of themselves, and the workers look at it."""
    town.desk.chat.files[f"file-{OFFICER}"] = content
    said = await town.say(Uploaded(0, "photo", caption), OFFICER)
    await town.desk.media.fetch_due()
    await town.work()
    return said


async def agreed(town: Town) -> Portrait:
    await send(town)
    await town.tap("agree", BOSS, step="portrait")
    await town.work()
    return portraits(town)[-1]


def portraits(town: Town) -> list[Portrait]:
    return town.read(lambda tx: list(tx.scalars(select(Portrait).order_by(Portrait.id))))


def states(town: Town) -> list[tuple[str, bool]]:
    """Each portrait's state, and whether it has a file."""
    return [(row.state, row.path is not None) for row in portraits(town)]


def files(town: Town) -> Storage:
    return town.desk.media.storage


def last(town: Town, address: str) -> Message:
    return town.desk.chat.sent[address][-1][1]


async def test_an_owner_sees_who_comes(town: Town) -> None:
    await staffed(town)
    row = await agreed(town)
    town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    [comes] = [m for _, m in town.desk.chat.sent[OWNER] if m.picture]
    assert comes.parts[0].key == "notices.officer_comes" and comes.picture == row.path
    assert {"name": "Petugas 0417", "badge": "0417"}.items() <= comes.parts[0].params.items()
    await town.say("cek petugas 417")
    assert last(town, OWNER).picture == row.path
    town.meet(OTHER)
    await town.say("cek petugas 0417", OTHER)
    assert last(town, OTHER).picture == row.path
    await town.say("cek petugas 0003", OTHER)
    assert last(town, OTHER).picture is None


async def test_without_a_portrait_the_owner_reads_who_comes(town: Town) -> None:
    await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    assert town.visit(visit_id).state == VisitState.ACCEPTED
    assert "Petugas 0417 (nomor 0417)" in town.heard(OWNER)
    assert not any(message.picture for _, message in town.desk.chat.sent[OWNER])


async def test_a_photo_is_shown_to_nobody_before_a_supervisor_agrees(town: Town) -> None:
    await staffed(town)
    said = await send(town)
    assert words("own_portrait.done") in said
    assert states(town) == [("asked", True)]
    question = last(town, BOSS)
    assert question.picture == "portraits/1.jpg" and question.choices
    assert "portrait" not in town.heard("far") and "Foto" not in town.heard("far")
    town.meet(OTHER)
    await town.say("cek petugas 0417", OTHER)
    assert last(town, OTHER).picture is None
    await town.tap("agree", BOSS, step="portrait")
    assert states(town) == [("used", True)]
    assert last(town, OFFICER).picture == "portraits/1.jpg"
    [row] = portraits(town)
    assert row.decided_by_id is not None and row.decided_at is not None
    done = town.read(lambda tx: tx.scalars(select(AuditEntry.action)).all())
    assert {"portrait.offered", "portrait.agreed"} <= set(done)


async def test_the_photo_as_it_was_sent_is_erased(town: Town, tmp_path: Path) -> None:
    await staffed(town)
    await send(town)
    assert town.read(lambda tx: tx.query(Attachment).count()) == 0
    assert portraits(town)[0].attachment_id is None
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["1.jpg"]


async def test_a_photo_that_somebody_else_sent_as_well_stays_theirs(town: Town) -> None:
    await staffed(town)
    town.desk.chat.files[f"file-{OWNER}"] = FACE
    await town.say("halo")
    await town.say(Uploaded(0, "photo"))
    await town.desk.media.fetch_due()
    await send(town)
    kept = town.read(lambda tx: tx.scalars(select(Attachment.path)).one())
    assert kept is not None and files(town).read(kept) == FACE


async def test_a_new_portrait_replaces_the_old_one_and_its_file(town: Town) -> None:
    await staffed(town)
    first = await agreed(town)
    await send(town, encoded(scene(640, 640)))
    assert states(town) == [("used", True), ("asked", True)]
    assert files(town).exists(first.path or "")
    await town.tap("agree", BOSS, step="portrait")
    await town.work()
    assert states(town) == [("over", False), ("used", True)]
    assert not files(town).exists("portraits/1.jpg") and files(town).exists("portraits/2.jpg")


async def test_two_photos_in_a_row_leave_one_to_agree_to(town: Town) -> None:
    await staffed(town)
    await send(town)
    await send(town, encoded(scene(640, 640)))
    assert states(town) == [("over", False), ("asked", True)]
    old = town.desk.chat.sent[BOSS]
    assert sum(bool(message.picture) for _, message in old) == 2
    assert await town.tap("agree", BOSS, step="portrait")
    assert states(town)[-1] == ("used", True)


async def test_a_photo_that_is_refused_is_erased_and_another_asked_for(town: Town) -> None:
    await staffed(town)
    await send(town)
    await town.tap("refuse", BOSS, step="portrait")
    await town.work()
    assert states(town) == [("refused", False)]
    assert not files(town).exists("portraits/1.jpg")
    assert words("notices.portrait_refused") in town.heard(OFFICER)


@pytest.mark.parametrize(
    ("content", "reason"),
    [(encoded(scene(299, 900)), "too_small"), (b"GIF89a", "no_picture"), (b"", "no_picture")],
)
async def test_what_is_no_portrait_is_refused_kindly(
    town: Town, content: bytes, reason: str
) -> None:
    await staffed(town)
    await send(town, content)
    assert words(f"notices.portrait_unsuitable.{reason}") in town.heard(OFFICER)
    assert [state for state, _ in states(town)] == ["refused"]
    assert not any(message.picture for _, message in town.desk.chat.sent[BOSS])


async def test_a_photo_that_is_not_fetched_yet_is_waited_for(town: Town) -> None:
    await staffed(town)
    town.desk.chat.files[f"file-{OFFICER}"] = FACE
    await town.say(Uploaded(0, "photo", "foto saya"), OFFICER)
    await town.work()
    assert states(town) == [("asked", False)]
    await town.desk.media.fetch_due()
    task = town.read(lambda tx: tx.scalars(select(Task).filter_by(kind="portrait")).one())
    assert task.done_at is None and task.due_at > now()
    town.change(Task, task.id, due_at=now())
    await town.work()
    assert states(town) == [("asked", True)]


async def test_when_the_work_ends_the_portrait_is_over_and_erased(town: Town) -> None:
    await staffed(town)
    await agreed(town)
    await send(town, encoded(scene(640, 640)))
    await town.say("0417 keluar", BOSS)
    await town.tap("yes", BOSS)
    await town.work()
    assert states(town) == [("over", False), ("over", False)]
    assert not files(town).exists("portraits/1.jpg") and not files(town).exists("portraits/2.jpg")
    town.meet(OTHER)
    await town.say("cek petugas 0417", OTHER)
    assert last(town, OTHER).picture is None


async def test_the_same_decision_twice_changes_nothing(town: Town) -> None:
    await staffed(town)
    await agreed(town)
    boss = town.person(BOSS)
    for turn_id, yes in ((10_000, False), (10_001, True)):
        decided = DecidePortrait(1, yes)
        town.write(partial(write_effect, person_id=boss, effect=decided, turn_id=turn_id))
    assert states(town) == [("used", True)]


async def test_nobody_offers_the_photo_of_somebody_else(town: Town) -> None:
    await staffed(town)
    theirs = town.photo(OTHER)
    me = town.person(OFFICER)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, me, OfferPortrait(theirs)))
    assert portraits(town) == []


async def test_a_file_store_that_is_away_only_delays_the_erasing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staffed(town)
    await send(town)

    def away(self: Storage, path: str) -> None:
        raise ConnectionRefusedError(path)

    with monkeypatch.context() as broken:
        broken.setattr(Storage, "delete", away)
        await town.tap("refuse", BOSS, step="portrait")
        await town.work()
    assert states(town) == [("refused", True)]
    for task in town.read(lambda tx: list(tx.scalars(select(Task).filter_by(kind="portrait")))):
        if task.done_at is None:
            town.change(Task, task.id, due_at=now())
    await town.work()
    assert states(town) == [("refused", False)]


async def test_an_officer_takes_the_portrait_back_after_a_question(town: Town) -> None:
    await staffed(town)
    row = await agreed(town)
    await town.say("hapus foto saya", OFFICER)
    assert states(town) == [("used", True)]
    said = await town.tap("yes", OFFICER)
    await town.work()
    assert words("own_portrait.withdrawn") in said
    assert states(town) == [("over", False)] and not files(town).exists(row.path or "")
    named = {"name": "Petugas 0417", "badge": "0417"}
    assert words("notices.portrait_withdrawn", **named) in town.heard(BOSS)
    assert "menarik fotonya" not in town.heard("far")
    town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    assert "Petugas 0417 (nomor 0417)" in town.heard(OWNER)
    await town.say("cek petugas 0417")
    assert not any(message.picture for _, message in town.desk.chat.sent[OWNER])


async def test_a_portrait_that_waits_falls_away_with_its_question(town: Town) -> None:
    await staffed(town)
    await send(town)
    await town.say("tarik foto saya", OFFICER)
    await town.tap("yes", OFFICER)
    await town.work()
    assert states(town) == [("over", False)]
    said = await town.tap("agree", BOSS, step="portrait")
    assert "tidak ada yang berubah" in said and states(town) == [("over", False)]
    assert "Petugas 0417" not in await town.say("menu", BOSS)
    assert "menarik fotonya" not in town.heard(BOSS)  # owners never saw it


async def test_taken_back_twice_or_without_one_is_said(town: Town) -> None:
    await staffed(town)
    await town.say("hapus foto saya", OFFICER)
    assert words("own_portrait.none") in await town.tap("yes", OFFICER)
    await agreed(town)
    await town.say("hapus foto saya", OFFICER)
    await town.tap("yes", OFFICER)
    await town.say("hapus foto saya", OFFICER)
    assert words("own_portrait.none") in await town.tap("yes", OFFICER)
