"""Days on which an officer is away: visits and offers go to others, and none comes for them."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from conversations.effects import Concern, Effect, TellAbsence, TellConcern
from models.absence import Absence
from models.lifecycle import VisitState
from models.officer import Officer
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, write_effect


def act(town: Town, who: str, effect: Effect, turn: int = 900) -> None:
    town.write(lambda tx: write_effect(tx, town.meet(who), effect, turn_id=turn))


async def visited(town: Town) -> tuple[int, str, str]:
    """A visit that an officer has accepted: its id, that officer's address, and the other's."""
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "0417")
    await town.staff(OTHER, "0418")
    visit_id = town.want(town.apply())
    await town.work()
    first = town.visit(visit_id).officer_id == id_of(town, "0417")
    who, other = (OFFICER, OTHER) if first else (OTHER, OFFICER)
    await town.tap("accept", who)
    return visit_id, who, other


def id_of(town: Town, badge: str) -> int:
    return town.read(lambda tx: tx.scalars(select(Officer.id).where(Officer.badge == badge)).one())


def absences(town: Town) -> int:
    return len(town.read(lambda tx: tx.scalars(select(Absence.on)).all()))


async def test_an_accepted_visit_goes_to_another_officer_with_its_window(town: Town) -> None:
    visit_id, who, _ = await visited(town)
    before = town.visit(visit_id)
    act(town, who, TellAbsence((before.on,), "sakit"))
    await town.work()
    after = town.visit(visit_id)
    assert (after.on, after.part, after.state) == (before.on, before.part, VisitState.OFFERED)
    assert after.officer_id not in (None, before.officer_id)
    await town.quiet()
    assert "sakit" in str(town.heard(BOSS))
    assert "berhalangan" in str(town.heard(OWNER))


async def test_the_same_days_twice_are_noted_and_told_once(town: Town) -> None:
    visit_id, who, _ = await visited(town)
    on = town.visit(visit_id).on
    act(town, who, TellAbsence((on,), "cuti pertama"))
    act(town, who, TellAbsence((on,), "cuti kedua"), turn=901)
    await town.quiet()
    assert absences(town) == 1
    assert "cuti kedua" not in str(town.heard(BOSS))


async def test_nobody_who_is_away_is_offered_a_visit(town: Town) -> None:
    await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    act(town, OFFICER, TellAbsence((town.visit(visit_id).on,), "cuti"))
    await town.work()
    assert town.visit(visit_id).state == VisitState.UNASSIGNED


async def test_a_visit_of_another_day_or_under_way_stays(town: Town) -> None:
    visit_id, who, _ = await visited(town)
    one = town.visit(visit_id)
    act(town, who, TellAbsence((one.on + timedelta(days=1),), "cuti"))
    assert town.visit(visit_id).state == VisitState.ACCEPTED
    town.change(type(one), visit_id, state=VisitState.ON_THE_WAY)
    act(town, who, TellAbsence((one.on,), "cuti"), turn=901)
    assert town.visit(visit_id).state == VisitState.ON_THE_WAY


async def test_who_works_after_all_may_be_offered_visits_again(town: Town) -> None:
    await town.staff(OFFICER, "0417")
    days = (today().on - timedelta(days=1), today().on + timedelta(days=1))
    act(town, OFFICER, TellAbsence(days, "cuti"))
    act(town, OFFICER, TellConcern(Concern.WORKS, None, "jadi masuk"), turn=901)
    assert absences(town) == 1  # a day that has passed stays


async def test_a_supervisor_asks_who_is_away(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "0417")
    act(town, OFFICER, TellAbsence((today().on,), "cuti"))
    await town.say("menu", BOSS)
    assert "0417" in await town.say("siapa yang cuti hari ini", BOSS)


async def test_giving_a_visit_to_an_officer_who_is_absent_that_day_is_asked_back(
    town: Town,
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = town.want(town.apply())
    await town.work()  # there is no officer yet
    await town.staff(OFFICER, "0417")
    officer_id, on = id_of(town, "0417"), town.visit(visit_id).on
    act(town, OFFICER, TellAbsence((on,), "sakit"))
    await town.quiet()
    await town.say("menu", BOSS)
    await town.tap(f"assign-{visit_id}", BOSS, step="menu")
    said = await town.tap(str(officer_id), BOSS)
    assert "tidak masuk" in said and town.visit(visit_id).state == VisitState.UNASSIGNED
    await town.tap("no", BOSS)
    assert town.visit(visit_id).state == VisitState.UNASSIGNED
    await town.tap(f"assign-{visit_id}", BOSS, step="menu")
    await town.tap(str(officer_id), BOSS)
    await town.tap("yes", BOSS)
    assert town.offers(visit_id) == [(officer_id, None)]
