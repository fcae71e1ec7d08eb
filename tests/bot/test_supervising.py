"""A supervisor types: what is confirmed reaches the database, and no complaint is filed."""

from __future__ import annotations

import pytest

from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.ticket import Ticket
from models.visit import Visit
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words
from tests.workers.verification.samples import encoded, scene


async def staffed(town: Town) -> None:
    """A supervisor and two officers; the first has accepted a visit."""
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "0417")
    await town.staff(OTHER, "0418")


async def accepted(town: Town) -> int:
    await staffed(town)
    visit_id = town.want(town.apply())
    await town.work()
    who = OFFICER if town.visit(visit_id).officer_id == officer_id(town, "0417") else OTHER
    await town.tap("accept", who)
    if who == OTHER:
        await town.say("kunjungan 0418 kasih ke 0417", BOSS)
        await town.say("ya", BOSS)
        await town.tap("accept", OFFICER)
    return visit_id


def officer_id(town: Town, badge: str) -> int:
    return town.read(lambda tx: tx.query(Officer).filter_by(badge=badge).one().id)


async def test_visits_are_previewed_and_given_after_a_yes(town: Town) -> None:
    visit_id = await accepted(town)
    asked = await town.say("semua kunjungan 0417 kasih ke 0418", BOSS)
    assert "Kunjungan Petugas 0417 (0417) yang bisa dipindah: 1." in asked
    assert "Siti Aminah" in asked and "ke Petugas 0418 (0418)?" in asked
    assert town.visit(visit_id).state == VisitState.ACCEPTED
    assert "1 kunjungan sudah ditawarkan" in await town.say("ya", BOSS)
    moved = town.visit(visit_id)
    assert (moved.state, moved.officer_id) == (VisitState.OFFERED, officer_id(town, "0418"))
    assert words("notices.officer_changes", **town.when(visit_id)) in town.heard(OWNER)
    await town.tap("accept", OTHER)
    assert town.visit(visit_id).state == VisitState.ACCEPTED


async def test_a_late_tap_gives_nothing(town: Town) -> None:
    visit_id = await accepted(town)
    await town.say("semua kunjungan 0417 kasih ke 0418", BOSS)
    town.change(Visit, visit_id, state=VisitState.ARRIVED)
    said = await town.tap("yes", BOSS)
    assert "0 kunjungan" in said and "Tidak ikut dipindah: 1." in said
    assert town.visit(visit_id).state == VisitState.ARRIVED


async def test_an_officers_rights_end_after_a_yes(town: Town) -> None:
    visit_id = await accepted(town)
    asked = await town.say("0417 keluar", BOSS)
    assert "punya 1 kunjungan terbuka" in asked and "Akhiri hak Petugas 0417 (0417)" in asked
    assert "sudah diakhiri" in await town.tap("yes", BOSS)
    assert not town.read(lambda tx: tx.get_one(Officer, officer_id(town, "0417")).active)
    assert town.visit(visit_id).officer_id != officer_id(town, "0417")


async def test_a_photo_is_sent_back_with_the_supervisors_sentence(town: Town) -> None:
    await staffed(town)
    case_id = town.apply(state=CaseState.IN_REVIEW)
    asked = await town.say("kembalikan fotonya buram", BOSS)
    assert "26-000001" in asked and "Catatan pengawas kami: fotonya buram" in asked
    await town.say("ya", BOSS)
    assert town.case(case_id).state == CaseState.NEEDS_FIX
    assert "Catatan pengawas kami: fotonya buram" in town.heard(OWNER)


async def test_photos_are_shown_with_the_case_and_when_asked_for(town: Town) -> None:
    await staffed(town)
    town.desk.media.storage.write("attachments/x.jpg", encoded(scene(640, 480)))
    town.apply(state=CaseState.IN_REVIEW)
    await town.say("menu", BOSS)
    await town.say("1", BOSS)
    (_, card) = town.desk.chat.sent[BOSS][-1]
    assert card.picture == "attachments/x.jpg" and card.choices
    await town.say("lihat foto", BOSS)
    (_, message) = town.desk.chat.sent[BOSS][-1]
    assert message.picture == "attachments/x.jpg"


@pytest.mark.parametrize(
    "said", ["siapa yang telat", "laporan", "pengaduan hari ini", "ada yang ngadu", "mau lapor"]
)
async def test_a_supervisor_files_no_complaint(town: Town, said: str) -> None:
    await staffed(town)
    assert await town.say(said, BOSS)
    assert town.read(lambda tx: tx.query(Ticket).count()) == 0
