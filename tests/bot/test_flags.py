"""A supervisor looks at what is unusual of an officer's forms; the officer does not learn of it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from models import task
from models.flag import Flag
from models.infrastructure.wib import WIB
from models.lifecycle import VisitState
from models.visit import Visit
from tests.bot.test_assisted import filled_in, form, with_code
from tests.bot.test_referrals import PIN, arrived, tell, visits
from tests.bot.town import BOSS, OFFICER, OTHER, Town, today, words
from tests.clock import now


async def handed_in(town: Town) -> None:
    """A form that was finished within seconds, and that the workers have looked at."""
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.72",))
    await filled_in(town)
    await town.say(f"kode {await with_code(town)}")
    await town.tap("send")
    await town.work()


def flags(town: Town) -> list[Flag]:
    return town.read(lambda tx: list(tx.scalars(select(Flag).order_by(Flag.id))))


async def test_a_supervisor_looks_and_leaves_a_note_and_the_officer_hears_nothing(
    town: Town,
) -> None:
    await handed_in(town)
    (row,) = flags(town)
    number = town.case(form(town).case_id or 0).number
    asked = town.desk.chat.texts(BOSS)[-1]
    assert words("notices.flag", name="Petugas 101", badge="101") in town.heard(BOSS)
    assert "Perlu dilihat" in asked and number in asked and "bukan tuduhan" in asked
    forged = town.button("seen", BOSS, step="look")
    await town.say(forged, OTHER)
    assert flags(town)[0].seen_at is None and "Perlu dilihat" not in town.heard(OTHER)
    before = town.heard(OFFICER)
    await town.tap("note", BOSS, step="look")
    await town.say("sudah ditanya, wajar", BOSS)
    assert "perlu dilihat" not in await town.say("menu", BOSS)
    assert (flags(town)[0].remark, row.kind) == ("sudah ditanya, wajar", "quick")
    await town.say("status", OFFICER)
    assert "Perlu dilihat" not in town.heard(OFFICER).removeprefix(before)


async def test_the_location_of_an_arrival_is_kept_for_thirty_days(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    visit = await arrived(town)
    assert visit.officer_pin == [PIN.lat, PIN.lon]
    long_ago = now().astimezone(WIB).date() - timedelta(days=32)
    town.change(Visit, visit.id, on=long_ago, state=VisitState.DONE)
    town.write(lambda tx: task.plan(tx, "tidy", 0, "tidy:test"))
    assert "tidy" in await town.work()
    assert town.visit(visit.id).officer_pin is None


async def test_a_tap_in_place_of_a_location_tells_nobody_where_the_officer_was(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await town.work()
    await town.tap("accept", OFFICER)
    (visit,) = visits(town)
    town.change(Visit, visit.id, on=today().on)
    await town.tap("go", OFFICER)
    await town.tap("here", OFFICER, step="arrive")
    (visit,) = visits(town)
    assert (visit.state, visit.officer_pin) == (VisitState.ARRIVED, None)
