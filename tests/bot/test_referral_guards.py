"""Guards of referrals: limits, doubts that a supervisor decides on, danger, and who told us."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from conversations.events import Located
from models.audit import AuditEntry
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.person import Person
from models.task import Task
from models.visit import Visit
from tests import held
from tests.bot.test_referrals import PIN, arrived, compared, referrals, tell, visits
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words
from tests.clock import now

AREA = "31.74"


def apart(number: int) -> Located:
    """A place some 300 metres from the one before."""
    return Located(PIN.lat + number * 0.003, PIN.lon)


async def tell_several(town: Town, times: int, who: str = OWNER) -> str:
    """Tell of several places; return what was answered to the last."""
    said = ""
    for number in range(times):
        said = await tell(
            town, who, place=apart(number), landmark=f"depan toko nomor {number} sana"
        )
    return said


async def with_boss(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(BOSS, "900", role="supervisor", areas=(AREA,))


# -- limits ----------------------------------------------------------------------------------------


async def test_over_the_limit_of_a_day_the_form_is_kept_and_nothing_is_sent(town: Town) -> None:
    await with_boss(town)
    said = await tell_several(town, 6)
    await town.quiet()
    assert words("referral.full_today", a_day=5, a_month=20) in town.heard(OWNER), said
    assert len(referrals(town)) == 5
    assert "depan toko nomor 5 sana" in town.desk.chat.texts(OWNER)[-1], "the review is open again"


async def test_from_the_fourth_of_a_day_on_a_supervisor_looks_first(town: Town) -> None:
    await with_boss(town)
    await tell_several(town, 5)
    await compared(town)
    states = [one.state for one in referrals(town)]
    assert states == [CaseState.UNDER_WAY] * 3 + [CaseState.IN_REVIEW] * 2
    assert "hari ini sudah banyak laporan dari orang yang sama" in town.heard(BOSS)
    await town.tap("go", BOSS, step="decision")
    await compared(town)
    assert [one.state for one in referrals(town)].count(CaseState.UNDER_WAY) == 4


async def test_all_that_wait_are_sent_with_one_tap(town: Town) -> None:
    await with_boss(town)
    await tell_several(town, 5)
    await compared(town)
    await town.tap("all", BOSS, step="decision")
    await compared(town)
    assert [one.state for one in referrals(town)] == [CaseState.UNDER_WAY] * 5


async def test_one_that_a_supervisor_ends_tells_nobody_why(town: Town) -> None:
    await with_boss(town)
    await tell_several(town, 4)
    await compared(town)
    before = town.heard(OWNER)
    await town.tap("no", BOSS, step="decision")
    await compared(town)
    assert referrals(town)[-1].state == CaseState.CANCELLED
    assert town.heard(OWNER) == before


async def test_a_place_that_may_have_a_permit_waits(town: Town) -> None:
    await with_boss(town)
    case_id = town.apply(state=CaseState.DONE)
    known = town.case(case_id)
    pin = known.answers["place"]["pin"]
    trade = known.answers["trade"]["words"]
    await tell(town, "n1", trade=trade, place=Located(pin[0], pin[1]))
    await compared(town)
    assert referrals(town)[0].state == CaseState.IN_REVIEW
    assert "mungkin sudah ada izin" in town.heard(BOSS)
    assert words("referral.submitted") in town.heard("n1")


async def test_who_told_of_places_that_were_not_found_is_looked_at(town: Town) -> None:
    await with_boss(town)
    for number in range(3):
        await tell(town, "n1", place=apart(number), landmark=f"dekat sana {number} sekali")
        await compared(town)
        case = referrals(town)[-1]
        town.change(Visit, visits(town)[-1].id, state=VisitState.FAILED, failure="not_found")
        town.change(type(case), case.id, state=CaseState.CANCELLED)
    await tell(town, "n1", place=apart(7), landmark="dekat sana lagi")
    await compared(town)
    assert referrals(town)[-1].state == CaseState.IN_REVIEW
    assert "sering tidak ditemukan" in town.heard(BOSS)


# -- accusations -----------------------------------------------------------------------------------


async def test_an_accusation_is_stored_nowhere(town: Town) -> None:
    for said in ("halo", "bantu usaha lain", "ya lanjut"):
        await town.say(said)
    said = await town.say("warung liar zzyzx, tolong digusur")
    assert words("refusals.accusation") in said
    assert not [place for place, text in held.in_tables(town.engine) if "zzyzx" in text]
    await town.say("jual nasi uduk")
    assert "Di mana tempatnya" in town.desk.chat.texts(OWNER)[-1]


# -- danger ----------------------------------------------------------------------------------------


async def test_danger_is_told_again_until_somebody_takes_it(town: Town) -> None:
    await with_boss(town)
    await tell(town)
    await arrived(town)
    said = await town.tap("unsafe", OFFICER)
    assert words("help.left") in said
    await town.quiet()
    assert "BAHAYA" in town.heard(BOSS) and "musala Al-Ikhlas" in town.heard(BOSS)
    assert visits(town)[-1].state == VisitState.FAILED
    assert referrals(town)[0].state == CaseState.IN_REVIEW
    for times in (1, 2):
        await let_alarm_be_due(town)
        assert town.heard(BOSS).count("belum ada yang menangani") == times
    await town.tap("take", BOSS)
    await let_alarm_be_due(town)
    assert town.heard(BOSS).count("belum ada yang menangani") == 2


async def let_alarm_be_due(town: Town) -> None:
    due = update(Task).where(Task.kind == "alarm").values(due_at=now() - timedelta(seconds=1))
    town.write(lambda tx: tx.execute(due))
    await town.work()
    await town.quiet()


# -- who told us -----------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["supervisor", "head"])
async def test_only_a_head_reads_who_told_and_it_is_audited(town: Town, role: str) -> None:
    await with_boss(town)
    town.meet("n1", "Wulandari Kusuma")
    await tell_several(town, 4, "n1")
    await compared(town)
    boss = select(Officer.id).where(Officer.role == "supervisor")
    town.change(Officer, town.read(lambda tx: tx.scalars(boss).one()), role=role)
    await town.say("menu", BOSS)
    number = referrals(town)[-1].number
    await town.say(number, BOSS)
    if role == "supervisor":
        assert "Siapa yang memberi tahu" not in town.desk.chat.texts(BOSS)[-1]
        assert "Wulandari" not in town.heard(BOSS)
        return
    await town.tap("who", BOSS, step="decision")
    await town.tap("abuse", BOSS, step="why")
    assert "Wulandari Kusuma" in town.heard(BOSS)
    noted = select(AuditEntry).where(AuditEntry.action == "reporters.shown")
    assert town.read(lambda tx: tx.scalars(noted).one()).details["why"] == "abuse"


async def test_nothing_that_an_officer_was_ever_sent_names_who_told(town: Town) -> None:
    await with_boss(town)
    person_id = town.meet("n1", "Wulandari Kusuma")
    town.change(Person, person_id, phone="+6281277778888")
    await tell(town, "n1", knows="tahu dan mau", landmark="depan musala, RT 5 RW 3")
    await arrived(town)
    await town.tap("now", OFFICER)
    await town.tap("no", OFFICER, step="may_tell")
    await town.say("status", OFFICER)
    await town.say("siapa yang lapor", OFFICER)
    sent = json.dumps([repr(message) for _, message in town.desk.chat.sent[OFFICER]])
    for theirs in ("Wulandari", "Kusuma", "81277778888", "n1", f"person:{person_id}"):
        assert theirs not in sent + town.heard(OFFICER)


async def test_chats_that_are_linked_reveal_nothing(town: Town) -> None:
    await with_boss(town)
    await tell(town, "n1")
    await compared(town)
    (case,) = referrals(town)
    town.change(type(case), case.id, person_id=town.person("n1"))
    await arrived(town)
    before = town.heard("n1")
    await town.tap("has_permit", OFFICER)
    await town.tap("none", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")
    assert town.heard("n1") == before, "nobody is their own neighbour"
    assert case.number not in await town.say("status", "n1")
