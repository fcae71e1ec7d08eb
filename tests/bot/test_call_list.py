"""Whom no message reaches is called: the supervisors of the area are told, once for each reason."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import delete, select

from bot.errors import Unreachable, WindowClosed
from models.lifecycle import CaseState
from models.person import Address, Person
from models.unreached import Unreached
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words

BLOCKED = Unreachable("blocked")
CLOSED = WindowClosed("24 h")
LABEL = words("supervisor_desk.call", number="26-000001")


async def lose(town: Town, *errors: Exception, to: str = OWNER) -> None:
    """Owe somebody messages that their channel refuses."""
    for error in errors:
        town.enqueue(to)
        town.desk.chat.fails = [error]
        await town.desk.send_due()
    await town.quiet()


def told(town: Town, address: str = BOSS) -> list[str]:
    """The calls that a supervisor was asked for."""
    return [text for text in town.desk.chat.texts(address) if text.startswith("Perlu ditelepon")]


async def test_the_supervisor_of_the_area_is_told_once_for_each_reason(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    town.apply()
    town.change(Person, town.meet(), phone="+6281234567890")
    await lose(town, BLOCKED, BLOCKED)
    (asked,) = told(town)
    assert (
        "26-000001" in asked
        and "+6281234567890" in asked
        and "diblokir" in asked
        and "24 jam" not in asked
    )
    await lose(town, CLOSED, CLOSED)
    assert len(told(town)) == 2 and "24 jam" in told(town)[1]
    assert told(town, OTHER) == []


async def test_nobody_has_blocked_a_chat_that_they_never_had(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    owner = town.meet()
    town.enqueue(OWNER)
    town.write(lambda tx: tx.execute(delete(Address).where(Address.person_id == owner)))
    await town.desk.send_due()
    await town.quiet()
    (asked,) = told(town)
    assert "tidak punya chat" in asked and "diblokir" not in asked


async def test_the_list_stands_on_the_first_page_until_somebody_has_called(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    await lose(town, BLOCKED, CLOSED)
    desk = await town.say("menu", BOSS)
    assert desk.count("perlu ditelepon") == 1, "a person stands there once, for whatever reason"
    await town.say(LABEL, BOSS)
    await town.say(words("call.call.called"), BOSS)
    assert "perlu ditelepon" not in await town.say("menu", BOSS)
    rows = town.read(lambda tx: tx.scalars(select(Unreached)).all())
    assert [row.called_at is not None for row in rows] == [True, True]
    await lose(town, BLOCKED)
    assert len(told(town)) == 4, "what could not be said after the call is another matter"


async def test_who_writes_again_is_off_the_list_and_may_be_lost_again(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    await lose(town, BLOCKED)
    await town.say("halo", OWNER)
    assert "perlu ditelepon" not in await town.say("menu", BOSS)
    await lose(town, BLOCKED)
    assert len(told(town)) == 2


async def test_nobody_is_called_about_nothing(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.meet(OTHER)
    town.apply(OWNER, state=CaseState.CANCELLED)
    await lose(town, BLOCKED, to=OTHER)
    await lose(town, BLOCKED, to=OWNER)
    assert told(town) == []


async def test_an_officer_out_of_reach_is_called_by_badge(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "0417")
    await lose(town, BLOCKED, to=OFFICER)
    (asked,) = told(town)
    assert "Petugas 0417, 0417" in asked


async def test_a_supervisor_is_not_told_of_themselves(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await lose(town, BLOCKED, to=BOSS)
    assert told(town) == []
    assert town.read(lambda tx: len(tx.scalars(select(Unreached)).all())) == 1


async def test_a_call_of_another_area_is_not_theirs_to_close(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    town.apply()
    await lose(town, BLOCKED)
    forged = town.button("called", BOSS)
    await town.say(forged, OTHER)
    assert town.read(lambda tx: tx.scalars(select(Unreached.called_at)).all()) == [None]


async def test_no_number_stands_in_the_log(
    town: Town, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    town.change(Person, town.meet(), phone="+6281234567890")
    await lose(town, BLOCKED)
    assert told(town)
    assert "81234567890" not in caplog.text + "".join(capsys.readouterr())
