"""The short way: an officer comes after three questions, and finds an owner who moves about."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.effects import ChooseWindow, Effect, SendPlace
from conversations.events import Located
from models.case import Case
from models.infrastructure.encryption import readable
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.task import Task
from models.visit import Visit
from tests.bot.town import OFFICER, OWNER, Town, words, write_effect
from tests.clock import now

HERE = Located(-6.2606, 106.8123)  # not in the kelurahan that was agreed


async def ask(town: Town, trade: str = "jual nasi uduk") -> Case:
    """Ask for an officer, as somebody new; returns the case."""
    for said in ("halo", "datangi saya", "setuju", trade, "cipete utara"):
        await town.say(said)
    return town.read(lambda tx: tx.scalars(select(Case)).one())


async def choose(town: Town) -> Visit:
    """Take the first time that is offered."""
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    await town.tap(asked.choices[0].value)
    return town.read(lambda tx: tx.scalars(select(Visit)).one())


async def comes(town: Town, state: VisitState = VisitState.ACCEPTED) -> Visit:
    """Let the officer who took the visit come today."""
    await town.staff(OFFICER, "101")
    await ask(town)
    visit = await choose(town)
    await town.work()
    await town.tap("accept", OFFICER)
    town.change(Visit, visit.id, on=now().astimezone(WIB).date(), state=state)
    return visit


async def test_the_time_is_asked_at_once_and_only_once(town: Town) -> None:
    await town.staff(OFFICER, "101")
    case = await ask(town)
    assert case.state == CaseState.ACCEPTED
    assert words("assistance.submitted", number=case.number) in town.heard(OWNER)
    assert "Kapan petugas boleh datang" in town.desk.chat.texts(OWNER)[-1]
    before = len(town.desk.chat.texts(OWNER))
    assert "open_windows" not in await town.work(until=now() + timedelta(days=2))
    assert len(town.desk.chat.texts(OWNER)) == before
    visit = await choose(town)
    assert words("assistance.notices.window_chosen", **town.when(visit.id)) in town.heard(OWNER)
    assert "mangkal" not in town.heard(OWNER)


async def test_while_nobody_is_free_the_task_looks_on(town: Town) -> None:
    case = await ask(town)
    still = select(Task.done_at).where(Task.kind == "open_windows")
    assert town.read(lambda tx: tx.scalars(still).one()) is None
    await town.work()
    assert words("assistance.notices.finding_officer", number=case.number) in town.heard(OWNER)
    assert "petugas sedang penuh" in await town.say("status")
    await town.staff(OFFICER, "101")
    await town.work(until=now() + timedelta(days=4))
    assert words("assistance.notices.verified", number=case.number) in town.heard(OWNER)


async def test_a_seller_who_moves_is_asked_once_and_the_officer_reads_it(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await ask(town, "bakso dorong keliling")
    visit = await choose(town)
    assert "mangkal di mana" in town.desk.chat.texts(OWNER)[-1]
    assert words("meeting_place.noted") in await town.say("depan SD 01")
    assert site_of(town, visit.id)["address"] == "depan SD 01"
    await town.work()
    assert "depan SD 01" in town.heard(OFFICER) and "bakso dorong" in town.heard(OFFICER)
    await town.say("ganti waktu")
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    await town.tap(asked.choices[0].value)
    assert town.heard(OWNER).count("mangkal di mana") == 1
    moved = select(Visit).where(Visit.id != visit.id)
    other = town.read(lambda tx: tx.scalars(moved).one())
    assert site_of(town, other.id)["address"] == "depan SD 01"


@pytest.mark.parametrize(
    ("state", "key"),
    [(VisitState.ACCEPTED, "place_sent"), (VisitState.ON_THE_WAY, "place_sent_now")],
)
async def test_a_location_on_the_day_goes_to_the_officer(
    town: Town, state: VisitState, key: str
) -> None:
    visit = await comes(town, state)
    assert words("notices.place_known") in await town.say(HERE)
    site = site_of(town, visit.id)
    assert site["pin"] == [HERE.lat, HERE.lon]
    told = town.desk.chat.texts(OFFICER)[-1]
    assert f"mlat={HERE.lat}&mlon={HERE.lon}" in told
    assert site["area_code"] != visit.area_code  # and the officer reads which


async def test_a_location_in_the_sea_or_elsewhere_moves_nothing(town: Town) -> None:
    visit = await comes(town)
    before = town.visit(visit.id).site
    for away in (Located(-5.9, 106.7), Located(-6.9147, 107.6098)):
        assert "di laut atau di luar Jakarta" in await town.say(away)
        forged = SendPlace(visit.id, (away.lat, away.lon))
        with pytest.raises(NotAllowed):
            town.write(partial(_write, town.person(), forged))
    assert town.visit(visit.id).site == before


async def test_a_location_on_another_day_is_none_of_the_visit(town: Town) -> None:
    visit = await comes(town)
    town.change(Visit, visit.id, on=now().astimezone(WIB).date() + timedelta(days=1))
    before = town.visit(visit.id).site
    assert "kira-kira di" in await town.say(HERE)  # asked back first
    assert town.visit(visit.id).site == before
    await town.say("ya")
    assert site_of(town, visit.id)["pin"] == [HERE.lat, HERE.lon]


async def test_a_place_told_before_the_time_is_that_of_the_visit(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await ask(town, "bakso dorong keliling")
    assert "Petugas menemui" in await town.say("skrg di pasar mayestik")
    await town.say("ya")
    visit = await choose(town)
    assert site_of(town, visit.id)["address"] == "pasar mayestik"
    assert "mangkal di mana" not in town.heard(OWNER)
    forged = ChooseWindow(visit.case_id, visit.on, "afternoon", (-6.9147, 107.6098))
    with pytest.raises(NotAllowed):
        town.write(partial(_write, town.person(), forged))


async def test_a_second_request_shows_the_first(town: Town) -> None:
    await town.staff(OFFICER, "101")
    case = await ask(town)
    await choose(town)
    assert words("common.asked_once", number=case.number) in await town.say("datangi saya")
    assert len(town.read(lambda tx: tx.scalars(select(Case)).all())) == 1


def site_of(town: Town, visit_id: int) -> dict[str, Any]:
    """The place of a visit, as it is stored."""
    stored = readable(town.visit(visit_id).site)
    assert isinstance(stored, dict)
    return stored


def _write(person_id: int, effect: Effect, tx: Session) -> None:
    write_effect(tx, person_id, effect)
