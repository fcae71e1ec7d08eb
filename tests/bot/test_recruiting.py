"""Heads of RT/RW and kader are invited from a supervisor's chat, listed, and ended."""

from __future__ import annotations

import asyncio
import re

import pytest
from sqlalchemy import select

from conversations.events import Started
from conversations.supervision import EndHelper, InviteHelper
from models import helper
from models.audit import AuditEntry
from models.helper import Helper
from models.lifecycle import NotAllowed
from tests.bot.town import BOSS, OTHER, Town, words, write_effect

CIPULIR, TEBET = "31.74.05.1003", "31.74.01.1001"


async def supervisor(town: Town, areas: tuple[str, ...] = ("31.74.05",)) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=areas)


def helpers(town: Town) -> list[Helper]:
    return town.read(lambda tx: list(tx.scalars(select(Helper).order_by(Helper.id))))


def audited(town: Town) -> list[tuple[str, str]]:
    of = select(AuditEntry.action, AuditEntry.actor).where(AuditEntry.action.like("helper.%"))
    return town.read(lambda tx: [(a, by) for a, by in tx.execute(of.order_by(AuditEntry.id))])


async def test_the_forwarded_links_join_once(town: Town) -> None:
    await supervisor(town)
    asked = await town.say("undang kader RW 05 Cipulir", BOSS)
    assert "kader RW 05" in asked and "Kelurahan Cipulir" in asked and helpers(town) == []
    said = await town.say("ya", BOSS)
    (row,) = helpers(town)
    assert row.area_code == CIPULIR and f"nomor {row.id}" in said
    *_, (forwarded, _) = town.desk.chat.sent[BOSS]
    (token,) = set(re.findall(r"join-([\w-]+)", forwarded))
    assert f"https://t.me/IzinDatangBot?start=join-{token}" in forwarded
    assert f"https://wa.me/6281112345678?text=%2Fstart%20join-{token}" in forwarded
    assert f"/start join-{token}" in forwarded and "kader RW 05" not in forwarded
    boss = town.person(BOSS)
    assert words("notices.helper_joined") in await town.say(Started(f"join-{token}"), "kader")
    assert words("notices.helper_joined") not in await town.say(Started(f"join-{token}"), OTHER)
    assert audited(town)[0] == ("helper.invited", f"person:{boss}")
    assert town.read(lambda tx: helper.helps_in(tx, town.person("kader"), CIPULIR))


async def test_two_taps_give_one_invitation(town: Town) -> None:
    await supervisor(town)
    await town.say("undang pak RT", BOSS)
    yes = town.button("yes", BOSS)
    await town.at_once((yes, BOSS), (yes, BOSS))
    await town.say(yes, BOSS)
    await town.say("ya", BOSS)
    assert len(helpers(town)) == 1


async def test_helpers_and_open_invitations_are_listed_and_ended(town: Town) -> None:
    await supervisor(town)
    joined, token = town.write(lambda tx: helper.invite(tx, CIPULIR))
    still_open, unused = town.write(lambda tx: helper.invite(tx, "31.74.05"))
    elsewhere, _ = town.write(lambda tx: helper.invite(tx, TEBET))
    town.write(lambda tx: helper.invite(tx, "31.74"))  # an area around the supervisor's
    await supervisor_elsewhere(town)
    town.meet("kader", name="Yuni Astuti")
    await town.say(Started(f"join-{token}"), "kader")
    listed = await town.say("siapa aja kader saya", BOSS)
    assert listed.startswith("Kader dan ketua RT/RW: 2.")
    assert f"nomor {joined}, Kelurahan Cipulir: Yuni Astuti" in listed
    assert f"nomor {still_open}, Kecamatan Kebayoran Lama: belum bergabung" in listed
    assert words("supervising.no_such_helper", number=elsewhere) in await town.say(
        f"akhiri undangan {elsewhere}", BOSS
    )
    asked = await town.say(f"akhiri kader {joined}", BOSS)
    assert "Yuni Astuti" in asked and "Akhiri" in asked
    assert town.read(lambda tx: helper.helps_in(tx, town.person("kader"), CIPULIR))
    assert words("supervising.helper_ended", number=joined) in await town.tap("yes", BOSS)
    assert not town.read(lambda tx: helper.helps_in(tx, town.person("kader"), CIPULIR))
    await town.say(f"cabut undangan {still_open}", BOSS)
    await town.say("ya", BOSS)
    assert words("notices.helper_joined") not in await town.say(Started(f"join-{unused}"), OTHER)
    assert audited(town)[-2:] == [("helper.ended", f"person:{town.person(BOSS)}")] * 2
    assert words("supervising.no_helpers") in await town.say("daftar kader", BOSS)


async def supervisor_elsewhere(town: Town) -> None:
    await town.staff("boss2", "S2", role="supervisor", areas=("31.74",))


async def test_an_area_of_another_supervisor_is_refused_in_words_and_in_the_act(
    town: Town,
) -> None:
    await supervisor(town)
    await town.staff("boss2", "S2", role="supervisor", areas=("31.74.01",))
    assert "di luar wilayah" in await town.say("undang kader Kecamatan Tebet", BOSS)
    number, _ = town.write(lambda tx: helper.invite(tx, TEBET))
    boss = town.person(BOSS)
    for effect in (InviteHelper(TEBET, "kader"), EndHelper(number)):
        with pytest.raises(NotAllowed):
            town.write(lambda tx, one=effect: write_effect(tx, boss, one))  # type: ignore[misc]
    assert len(helpers(town)) == 1


async def test_one_of_several_areas_is_chosen(town: Town) -> None:
    await supervisor(town, (CIPULIR, TEBET))
    await town.say("undang pak RT 03", BOSS)
    asked = await town.tap(f"area-{CIPULIR}", BOSS)
    assert "pak RT 03" in asked and "Kelurahan Cipulir" in asked
    await town.tap("yes", BOSS)
    assert [one.area_code for one in helpers(town)] == [CIPULIR]


async def test_a_head_names_the_area(town: Town) -> None:
    await town.staff(BOSS, "H1", role="head", areas=("31",))
    assert words("supervising.recruit_which_area") in await town.say("buat undangan", BOSS)
    assert "Kelurahan Cipulir" in await town.say("Cipulir", BOSS)
    await asyncio.gather(town.say("ya", BOSS))
    assert [one.area_code for one in helpers(town)] == [CIPULIR]
