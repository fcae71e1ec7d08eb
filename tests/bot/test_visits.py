"""Visits in the unhappy cases: given back, moved, withdrawn, mistyped, failed, claimed twice."""

from __future__ import annotations

import re

import pytest

from models.lifecycle import ApplicationState, VisitState
from models.visit import Visit
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, forged, today, words


async def accepted(town: Town, *, on_today: bool = False) -> int:
    """A visit that the officer has taken; nobody else is there to be asked."""
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    if on_today:
        town.change(Visit, visit_id, on=today().on)
        await town.say("menu", OFFICER)
        await town.tap(f"visit-{visit_id}", OFFICER)
    return visit_id


async def on_the_way(town: Town) -> int:
    visit_id = await accepted(town, on_today=True)
    await town.tap("go", OFFICER)
    return visit_id


async def arrived(town: Town) -> int:
    visit_id = await on_the_way(town)
    await town.tap("here", OFFICER)
    return visit_id


async def test_the_owner_hears_who_comes_and_when_and_alone_has_the_code(town: Town) -> None:
    visit_id = await accepted(town)
    visit = town.visit(visit_id)
    assert visit.state == VisitState.ACCEPTED and visit.code
    said = town.heard()
    assert "Petugas 101" in said and "101" in said
    assert f"{visit.code[:3]} {visit.code[3:]}" in said
    day = f"{visit.on.day} "
    assert day in said
    heard = town.heard(OFFICER)
    assert visit.code not in re.sub(r"\D", "", heard) and visit.code[:3] + " " not in heard
