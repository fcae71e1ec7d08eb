"""Another time for an agreed visit: what is written, and what owner and officer read of it."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select

from conversations.effects import ChooseWindow
from conversations.events import Tapped
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.visit import Visit
from models.window import Window
from models.working_hours import Part
from tests.bot.town import OFFICER, OWNER, Town, forged, words, write_effect

NO_TIMES = ("keep", "later", "language")


async def agreed(town: Town, *, taken: bool = True) -> tuple[int, int]:
    """A case and its visit, which the officer has taken or is asked about."""
    await town.staff(OFFICER, "101")
    visit_id = town.want(case_id := town.apply())
    await town.work()
    if taken:
        await town.tap("accept", OFFICER)
    return case_id, visit_id


async def choice(town: Town, said: str = "ganti waktu") -> list[Tapped]:
    """Let the owner ask for another time; gives the buttons of the times, soonest first."""
    await town.say(said)
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    return [town.button(one.value) for one in asked.choices if one.value not in NO_TIMES]


def open_visits(town: Town, case_id: int) -> list[Visit]:
    still = (VisitState.CANCELLED, VisitState.FAILED, VisitState.DONE)
    of_case = select(Visit).where(Visit.case_id == case_id, Visit.state.not_in(still))
    return town.read(lambda tx: list(tx.scalars(of_case)))


def value_of(visit: Visit) -> str:
    return f"{visit.on.isoformat()}.{visit.part}"


async def test_moving_one_of_two_visits_leaves_the_other(town: Town) -> None:
    first, one = await agreed(town)
    on = town.visit(one).on + timedelta(days=7)
    other = town.want(second := town.apply(number="26-000002"), Window(on, Part.MIDDAY))
    await town.work()
    before = town.visit(other)
    said = await town.say("mau ganti hari")
    assert words("common.reschedule_here") in said
    said = await town.tap(f"move-{one}")
    assert words("visit_window.of", number="26-000001") in said
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    await town.tap(asked.choices[0].value)
    assert town.visit(one).state == VisitState.CANCELLED
    assert [value_of(v) for v in open_visits(town, first)] == [asked.choices[0].value]
    assert [(v.id, value_of(v)) for v in open_visits(town, second)] == [(other, value_of(before))]
    assert town.visit(other).state == before.state
    told = [m for m in town.desk.chat.texts(OFFICER) if "dipindah pemilik" in m]
    assert len(told) == 1 and "26-000001" in told[0]


async def test_a_time_tapped_twice_is_booked_once(town: Town) -> None:
    case_id, _ = await agreed(town)
    tap, *_ = await choice(town)
    await town.at_once((tap, OWNER), (tap, OWNER))
    (moved,) = open_visits(town, case_id)
    assert value_of(moved) == tap.value
    assert len([m for m in town.desk.chat.texts(OFFICER) if "dipindah pemilik" in m]) == 1
    assert words("visit_window.stands", of="", **town.when(moved.id)) in town.heard(OWNER)
    said = await town.say(tap)
    assert words("visit_window.stands", of="", **town.when(moved.id)) in said
    assert [v.id for v in open_visits(town, case_id)] == [moved.id]


async def test_a_time_that_has_passed_moves_nothing(town: Town) -> None:
    case_id, visit_id = await agreed(town)
    await choice(town)
    said = await town.say(forged("visit_window", case_id, "window", "2020-01-02.morning"))
    assert words("visit_window.stands", of="", **town.when(visit_id)) in said
    past = ChooseWindow(case_id, date(2020, 1, 2), "morning")
    town.write(lambda tx: write_effect(tx, town.person(), past))
    await town.quiet()
    assert words("notices.window_gone") in town.heard(OWNER)
    assert "tetap berlaku sampai" in town.desk.chat.texts(OWNER)[-1]
    assert [v.id for v in open_visits(town, case_id)] == [visit_id]
    assert town.visit(visit_id).state == VisitState.ACCEPTED


async def test_an_old_button_moves_no_visit_that_is_under_way(town: Town) -> None:
    case_id, visit_id = await agreed(town)
    tap, *_ = await choice(town)
    town.change(Visit, visit_id, state=VisitState.ON_THE_WAY)
    assert words("common.stale") in await town.say(tap)
    said = await town.say("mau ganti waktu")
    assert words("common.reschedule_late") in said
    assert [v.id for v in open_visits(town, case_id)] == [visit_id]
    assert "dipindah pemilik" not in town.heard(OFFICER)


async def test_without_another_time_the_agreed_one_stands(town: Town) -> None:
    case_id, visit_id = await agreed(town, taken=False)
    tap, *_ = await choice(town)
    officer_id = town.read(lambda tx: tx.scalars(select(Officer.id)).one())
    town.change(Officer, officer_id, capacity=0)
    none_free = words("visit_window.none_free", of="", **town.when(visit_id))
    assert none_free in await town.say(tap)
    assert none_free in await town.say("ganti jadwal")
    day, _, part = tap.value.partition(".")
    chosen = ChooseWindow(case_id, date.fromisoformat(day), part)
    town.write(lambda tx: write_effect(tx, town.person(), chosen))
    await town.quiet()
    last = town.desk.chat.texts(OWNER)[-1]
    assert words("notices.window_gone") in last
    assert words("notices.window_kept", **town.when(visit_id)) in last
    assert [v.id for v in open_visits(town, case_id)] == [visit_id]


async def test_a_first_choice_that_is_gone_is_offered_again_later(town: Town) -> None:
    """None is left: the owner hears so, and is invited again as soon as an officer has room."""
    officer_id = await town.staff(OFFICER, "101")
    case_id = town.apply()
    town.change(Officer, officer_id, capacity=0)
    chosen = ChooseWindow(case_id, date(2020, 1, 2), "morning")
    town.write(lambda tx: write_effect(tx, town.person(), chosen))
    await town.quiet()
    assert words("notices.window_gone") in town.heard(OWNER)
    await town.work()
    assert words("notices.finding_officer", number="26-000001") in town.heard(OWNER)
    assert town.case(case_id).state == CaseState.ACCEPTED
