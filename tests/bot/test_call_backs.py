"""Some of those whom an officer helped are called, and asked whether the officer really came."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from casework import call_list
from casework.act import by_office
from models.assisted import Assisted
from models.audit import AuditEntry
from models.consent import Consent
from models.infrastructure.guards import Guards
from models.lifecycle import VisitState
from models.person import Person
from models.task import Task
from models.unreached import Unreached
from models.visit import Visit
from tests.bot.test_assisted import filled_in, form, with_code
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words
from tests.clock import now

PHONE = "+6281234567890"
HOUR = timedelta(hours=1)


async def handed_in(town: Town, *, phone: str | None = PHONE) -> Assisted:
    """A form that an owner took over and sent; the officer has left, and no task is open."""
    await town.staff(BOSS, "S1", role="supervisor")
    await filled_in(town)
    await town.say(f"kode {await with_code(town)}")
    await town.tap("send")
    await town.quiet()
    sent = form(town)
    assert sent.case_id is not None and sent.visit_id is not None
    town.change(Visit, sent.visit_id, state=VisitState.DONE)
    town.change(Assisted, sent.id, moved_at=now() - 2 * HOUR)
    town.change(Person, sent.person_id, phone=phone)
    return sent


def look(town: Town, sent: Assisted, one_in: int = 1) -> datetime | None:
    def looked(tx: Session) -> datetime | None:
        tx.info.update(Guards(call_back_one_in=one_in).info)
        return call_list.call_back(by_office(tx, "worker", "test"), tx.get_one(Assisted, sent.id))

    return town.write(looked)


def to_call(town: Town) -> list[str]:
    return town.read(lambda tx: list(tx.scalars(select(Unreached.reason))))


async def test_an_owner_is_called_and_what_may_be_asked_is_said(town: Town) -> None:
    sent = await handed_in(town)
    assert look(town, sent) is None
    await town.quiet()
    asked = town.desk.chat.texts(BOSS)[-1]
    assert words("notices.call_back", number=number(town, sent)) in town.heard(BOSS)
    assert "apakah petugas benar datang?" in asked and PHONE in asked
    assert PHONE not in town.heard(OFFICER) and "memastikan" not in town.heard(OFFICER)
    await town.say("halo", OWNER)
    assert "apakah petugas benar datang?" in await town.say("menu", BOSS), "writing is no answer"
    await town.say(words("supervisor_desk.call", number=number(town, sent)), BOSS)
    await town.tap("called", BOSS, step="call")
    assert "apakah petugas benar datang?" not in await town.say("menu", BOSS)
    called = select(AuditEntry.details).where(AuditEntry.action == "person.called")
    assert town.read(lambda tx: tx.scalars(called).one()) == {"reason": "visited"}


def number(town: Town, sent: Assisted) -> str:
    return town.case(sent.case_id or 0).number


async def test_a_form_that_is_handed_in_is_looked_at_once_the_officer_has_left(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_list, "drawn", lambda case_id, one_in: True)
    sent = await handed_in(town)
    assert sent.visit_id is not None
    town.change(Visit, sent.visit_id, state=VisitState.ARRIVED)
    assert "check_form" in await town.work()
    assert to_call(town) == []
    (task,) = town.read(lambda tx: list(tx.scalars(select(Task).where(Task.kind == "check_form"))))
    assert task.done_at is None and task.due_at > now() + HOUR / 2
    town.change(Visit, sent.visit_id, state=VisitState.DONE)
    town.change(Task, task.id, due_at=now())
    assert await town.work() == ["check_form"]
    assert to_call(town) == ["visited"]


async def test_nobody_is_called_within_an_hour(town: Town) -> None:
    sent = await handed_in(town)
    just_now = now()
    town.change(Assisted, sent.id, moved_at=just_now)
    assert look(town, sent) == just_now + HOUR
    assert to_call(town) == []


async def test_with_0_nobody_is_called(town: Town) -> None:
    sent = await handed_in(town)
    assert look(town, sent, one_in=0) is None
    assert to_call(town) == []


@pytest.mark.parametrize("why", ["no phone", "opted out", "no consent"])
async def test_who_can_not_or_must_not_be_called_is_not(town: Town, why: str) -> None:
    sent = await handed_in(town, phone=None if why == "no phone" else PHONE)
    if why == "opted out":
        town.change(Person, sent.person_id, opted_out_at=now())
    if why == "no consent":
        given = delete(Consent).where(Consent.person_id == sent.person_id)
        town.write(lambda tx: tx.execute(given))
    assert look(town, sent) is None
    assert to_call(town) == []


@pytest.mark.usefixtures("town")
def test_one_in_ten_is_drawn_and_nobody_is_drawn_by_chance() -> None:
    drawn = [call_list.drawn(case_id, 10) for case_id in range(1, 1001)]
    assert 70 <= sum(drawn) <= 130
    assert drawn == [call_list.drawn(case_id, 10) for case_id in range(1, 1001)]
    assert all(call_list.drawn(case_id, 1) for case_id in range(1, 1001))
    assert not any(call_list.drawn(case_id, 0) for case_id in range(1, 1001))
