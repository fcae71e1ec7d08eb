"""What is stuck stands on the supervisors' list, and they can do something about it in chat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from conversations.ticketing import CloseMessage, RetryMessage
from models.inbox import InboxMessage
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.visit import Visit
from tests.bot.town import BOSS, OFFICER, OWNER, Town, write_effect
from tests.clock import now


async def staffed(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff("far", "S2", role="supervisor", areas=("31.72",))


async def failed(town: Town) -> int:
    """A message of the owner's that was set aside; gives its id."""
    town.apply()
    await town.say("halo")
    row_id = town.read(lambda tx: max(tx.scalars(select(InboxMessage.id))))
    at = now()
    row = update(InboxMessage).where(InboxMessage.id == row_id)
    town.write(lambda tx: tx.execute(row.values(set_aside_at=at, taken_at=None)))
    return row_id


async def test_a_failed_message_is_tried_again_from_the_list(town: Town) -> None:
    await staffed(town)
    row_id = await failed(town)
    assert f"pesan {row_id}" in await town.say("menu", BOSS)
    assert f"pesan {row_id}" not in await town.say("menu", "far")
    await town.tap(f"aside-{row_id}", BOSS)
    assert "diproses sekali lagi" in await town.tap("retry", BOSS)
    row = town.read(lambda tx: tx.get_one(InboxMessage, row_id))
    assert row.set_aside_at is None and row.taken_at is not None
    assert f"pesan {row_id}" not in await town.say("menu", BOSS)


async def test_a_failed_message_is_closed_with_words_that_its_owner_reads(town: Town) -> None:
    await staffed(town)
    row_id = await failed(town)
    await town.say("menu", BOSS)
    await town.tap(f"aside-{row_id}", BOSS)
    await town.tap("close", BOSS)
    assert "ditutup" in await town.say("Silakan kirim sekali lagi, Bu.", BOSS)
    assert "Silakan kirim sekali lagi, Bu." in town.heard(OWNER)
    boss = town.person(BOSS)
    town.write(lambda tx: write_effect(tx, boss, RetryMessage(row_id)))
    await town.quiet()
    assert "tidak menunggu lagi" in town.heard(BOSS)


@pytest.mark.parametrize("who", [OWNER, "far"])
async def test_others_do_nothing_about_a_failed_message(town: Town, who: str) -> None:
    await staffed(town)
    row_id = await failed(town)
    person_id = town.person(who)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, person_id, CloseMessage(row_id, "ya")))


async def test_a_visit_that_nobody_reported_is_ended_and_its_owner_chooses_again(
    town: Town,
) -> None:
    await staffed(town)
    await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    yesterday = now().astimezone(WIB).date() - timedelta(days=1)
    town.change(Visit, visit_id, on=yesterday, state=VisitState.ON_THE_WAY)
    assert "belum dilaporkan" in await town.say("menu", BOSS)
    await town.tap(f"lost-{visit_id}", BOSS)
    assert "diakhiri" in await town.tap("end", BOSS)
    visit = town.visit(visit_id)
    assert visit.state == VisitState.CANCELLED
    case = town.case(visit.case_id)
    assert (case.state, case.failed_visits) == (CaseState.ACCEPTED, 0)
    assert "tidak melaporkan kunjungan" in town.heard(OWNER)
    await town.work()
    assert "Pilih" in town.heard(OWNER) or "kapan" in town.heard(OWNER).lower()
