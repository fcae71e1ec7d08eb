"""What officers write on their rounds reaches owners and supervisors, with real rows."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conversations.effects import Concern, TellConcern, TellLate
from models.audit import AuditEntry
from models.lifecycle import NotAllowed, VisitState
from models.visit import Visit
from tests.bot.test_visits import accepted, arrived, on_the_way
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words, write_effect


async def test_the_owner_is_told_that_the_officer_is_late(town: Town) -> None:
    visit_id = await on_the_way(town)
    await town.say("ban bocor telat 30 menit", OFFICER)
    known = {"name": "Petugas 101", "badge": "101", "minutes": 30, **town.when(visit_id)}
    late = words("notices.officer_late", **known)
    assert late not in town.heard(OWNER)
    await town.say("ya", OFFICER)
    assert late in town.heard(OWNER)
    noted = town.read(
        lambda tx: tx.scalars(select(AuditEntry).filter_by(action="visit.late")).one()
    )
    assert noted.details == {"minutes": 30}


async def test_the_owner_is_told_that_the_officer_is_not_late_after_all(town: Town) -> None:
    visit_id = await on_the_way(town)
    await town.say("telat 30 menit", OFFICER)
    await town.say("ya", OFFICER)
    await town.say("eh ga jadi telat", OFFICER)
    in_time = words(
        "notices.officer_in_time", name="Petugas 101", badge="101", **town.when(visit_id)
    )
    assert in_time not in town.heard(OWNER)
    await town.say("ya", OFFICER)
    assert in_time in town.heard(OWNER)


async def test_a_complaint_about_a_supervisor_reaches_the_head_alone(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OTHER, "H1", role="head")
    await accepted(town)
    await town.say("saya mau ngadu, pengawas saya kasar", OFFICER)
    await town.say("ya", OFFICER)
    about = words("notices.officer_concern.complaint_above")
    assert about in town.heard(OTHER) and about not in town.heard(BOSS)
    assert words("supervising.heads_told") in town.heard(OFFICER)


async def test_without_a_head_a_complaint_about_a_supervisor_is_told_to_nobody(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await accepted(town)
    await town.say("saya mau ngadu, pengawas saya kasar", OFFICER)
    await town.say("ya", OFFICER)
    assert words("notices.officer_concern.complaint_above") not in town.heard(BOSS)
    assert words("supervising.no_heads") in town.heard(OFFICER)


async def test_who_is_there_records_departure_and_arrival_at_once(town: Town) -> None:
    visit_id = await accepted(town, on_today=True)
    await town.say("sudah sampai", OFFICER)
    assert town.visit(visit_id).state == VisitState.ACCEPTED
    await town.say("ya", OFFICER)
    assert town.visit(visit_id).state == VisitState.ON_THE_WAY
    await town.say("ga bisa kirim lokasi", OFFICER)
    assert town.visit(visit_id).state == VisitState.ARRIVED


async def test_an_officer_who_is_there_is_not_late(town: Town) -> None:
    visit_id = await arrived(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(OFFICER), TellLate(visit_id, 30)))


async def test_danger_reaches_supervisors_with_place_and_words(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await on_the_way(town)
    await town.say("ada anjing\ngalak   di sini", OFFICER)
    told = town.heard(BOSS)
    assert 'Tulisannya: "ada anjing galak di sini"' in told and told.count("BAHAYA") == 1
    for part in ("Petugas 101", "26-000001", "Siti Aminah"):
        assert part in told
    assert "mengadu" not in told


async def test_danger_without_a_visit_reaches_the_supervisors_of_the_officers_areas(
    town: Town,
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OTHER, "102", areas=("31.74", "31.71"))
    await town.say("ada yang malak", OTHER)
    told = town.heard(BOSS)
    assert words("notices.officer_visit.none") in told and told.count("BAHAYA") == 1


async def test_a_visit_recorded_as_failed_by_mistake_is_named(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = await on_the_way(town)
    await town.tap("failed", OFFICER)
    await town.tap("nobody", OFFICER)
    assert town.visit(visit_id).state == VisitState.FAILED
    await town.say("kepencet gagal padahal berhasil", OFFICER)
    await town.say("ya", OFFICER)
    told = town.heard(BOSS)
    assert words("notices.officer_concern.not_failed") in told and "26-000001" in told


async def test_absence_reaches_supervisors(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await accepted(town)
    await town.say("besok ga masuk demam", OFFICER)
    assert "tidak masuk" not in town.heard(BOSS)
    await town.say("ya", OFFICER)
    assert 'Tulisannya: "besok ga masuk demam"' in town.heard(BOSS)


async def test_a_concern_about_another_officers_visit_is_refused(town: Town) -> None:
    visit_id = await accepted(town)
    await town.staff(OTHER, "102")
    effect = TellConcern(Concern.TRADE, visit_id, "jualan kopi")
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(OTHER), effect))


async def test_a_photo_may_be_left_out(town: Town) -> None:
    visit_id = await arrived(town)
    await town.say(town.visit(visit_id).code or "", OFFICER)
    await town.tap("seen", OFFICER)
    await town.tap("as_described", OFFICER)
    host_id = town.visit(visit_id).host_id
    assert host_id is not None
    town.identify(host_id)
    await town.say("ga mau difoto orangnya", OFFICER)
    await town.say("ya", OFFICER)
    await town.tap("yes", OFFICER)
    assert town.visit(visit_id).state == VisitState.DONE


async def test_a_vehicle_that_broke_down_gives_the_visit_back(town: Town) -> None:
    visit_id = await accepted(town, on_today=True)
    await town.say("ban kempes", OFFICER)
    await town.tap("decline", OFFICER)
    await town.tap("vehicle", OFFICER)
    row: Visit = town.visit(visit_id)
    assert (row.state, row.officer_id) == (VisitState.WANTED, None)
