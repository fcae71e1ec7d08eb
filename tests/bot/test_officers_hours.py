"""An operator changes an officer's hours, and what becomes of visits outside them."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from models.lifecycle import VisitState
from models.officer import Officer
from models.visit import Visit
from models.working_hours import OFFICE
from tests.bot.conftest import Izin
from tests.bot.test_operators import audited, visited
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words

PROMISED = (VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED)


async def test_hours_are_changed_printed_listed_and_audited(town: Town, izin: Izin) -> None:
    await town.staff(OFFICER, "0417")
    await town.staff(BOSS, "0003", role="supervisor")
    typed = "mon-fri morning,midday,afternoon; sat,sun evening"
    status, out, _ = await izin("officers", "hours", "417", "--hours", typed)
    assert status == 0 and out == f"0417 (Petugas 0417) makes visits: {typed}.\n"
    _, out, _ = await izin("officers", "list")
    rows = [line.split("\t") for line in out.splitlines()]
    assert [(row[0], row[-1]) for row in rows] == [("0003", "-"), ("0417", typed)]
    (entry,) = audited(town, "officer.hours_changed")
    before = "mon-fri morning,midday,afternoon"
    assert entry.details == {"before": before, "hours": typed}


@pytest.mark.parametrize(
    ("badge", "typed", "why"),
    [
        ("0417", "nights", "'nights' is neither a day nor a part of a day"),
        ("0417", "mon-fri", "lacks the parts of the day"),
        ("0003", "sat evening", "only officers visit"),
        ("0999", "sat evening", "Nobody has the badge 0999"),
    ],
)
async def test_hours_that_cannot_be_read_change_nothing(
    town: Town, izin: Izin, badge: str, typed: str, why: str
) -> None:
    await town.staff(OFFICER, "0417")
    await town.staff(BOSS, "0003", role="supervisor")
    status, _, told = await izin("officers", "hours", badge, "--hours", typed)
    assert status == 1 and why in told
    assert not audited(town, "officer.hours_changed")


async def test_an_open_offer_outside_the_new_hours_goes_to_somebody_else(
    town: Town, izin: Izin
) -> None:
    visit_id = await visited(town, VisitState.OFFERED)
    await town.staff(OTHER, "0418")
    tap = town.button("accept", OFFICER)
    status, out, _ = await izin("officers", "hours", "0417", "--hours", "sat,sun evening")
    assert status == 0 and "go to other officers: 1." in out
    await town.work()
    assert [answer for _, answer in town.offers(visit_id)] == ["withdrawn", None]
    await town.say(tap, OFFICER)
    assert town.visit(visit_id).state == VisitState.OFFERED, "the old button does nothing"
    assert words("notices.officer_changes", **town.when(visit_id)) not in town.heard(OWNER)


async def test_an_offer_within_the_new_hours_stays(town: Town, izin: Izin) -> None:
    visit_id = await visited(town, VisitState.OFFERED)
    visit = town.visit(visit_id)
    hours = f"mon-fri {visit.part}"
    status, out, _ = await izin("officers", "hours", "0417", "--hours", hours)
    assert status == 0 and "other officers" not in out
    assert town.visit(visit_id).state == VisitState.OFFERED


@pytest.mark.parametrize("state", PROMISED)
async def test_a_promised_visit_outside_the_new_hours_stays_and_is_named(
    town: Town, izin: Izin, state: VisitState
) -> None:
    visit_id = await visited(town, state)
    status, out, _ = await izin("officers", "hours", "0417", "--hours", "none")
    visit = town.visit(visit_id)
    assert status == 0 and (visit.state, visit.officer_id) == (state, 1)
    assert f"{town.case(1).number}\t{visit.on:%a %Y-%m-%d}\t" in out and f"WIB\t{state}" in out
    assert "still to be made by Petugas 0417" in out and "a supervisor gives them" in out
    await town.quiet()
    assert words("notices.officer_changes", **town.when(visit_id)) not in town.heard(OWNER)


async def test_a_visit_in_an_evening_goes_all_the_way(town: Town, izin: Izin) -> None:
    await town.staff(OFFICER, "0417")
    await izin("officers", "hours", "0417", "--hours", "mon-sun evening")
    visit_id = town.want(town.apply())
    town.change(Visit, visit_id, part="evening")
    await town.work()
    assert town.visit(visit_id).state == VisitState.OFFERED
    await town.tap("accept", OFFICER)
    assert "16.00-19.30 WIB" in town.heard(OWNER)


async def test_an_invitation_gives_hours_and_a_new_one_forgets_the_earlier(
    town: Town, izin: Izin
) -> None:
    given = ("--name", "Tuti", "--badge", "0777", "--areas", "31.74")
    status, _, _ = await izin("officers", "invite", *given, "--hours", "sat,sun evening")
    assert (status, hours_of(town, "0777")) == (0, "sat,sun evening")
    await izin("officers", "invite", *given)
    assert hours_of(town, "0777") == "sat,sun evening", "only the invitation is new"
    await izin("officers", "invite", *given, "--hours", "mon evening")
    assert hours_of(town, "0777") == "mon evening"
    await izin("officers", "end", "0777")
    await izin("officers", "invite", *given)
    assert hours_of(town, "0777") == OFFICE
    await izin("officers", "end", "0777")
    await izin("officers", "invite", *given, "--hours", "tue midday")
    assert hours_of(town, "0777") == "tue midday"


async def test_whoever_makes_no_visits_is_invited_without_hours(town: Town, izin: Izin) -> None:
    given = ("--name", "Tuti", "--badge", "0778", "--areas", "31.74", "--role", "supervisor")
    status, _, told = await izin("officers", "invite", *given, "--hours", "mon evening")
    assert status == 1 and "leave --hours out" in told
    status, _, _ = await izin("officers", "invite", *given)
    assert status == 0
    status, _, told = await izin("officers", "invite", *given[:-2], "--hours", "someday")
    assert status == 1


def hours_of(town: Town, badge: str) -> str:
    of = select(Officer.hours).where(Officer.badge == badge)
    return str(town.read(lambda tx: tx.scalars(of).one()))
