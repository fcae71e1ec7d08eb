"""Time passes in the demo: the dates of letters come nearer, for everybody in it."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import waiting
from conversations.lifecycle import CaseState
from models import dossier, person, task
from models.case import Case
from models.dossier import Dossier
from models.infrastructure.database import Database
from models.infrastructure.wib import WIB
from models.person import Address
from models.task import Task
from tests.clock import now
from tests.web.site import Site
from tests.web.test_demo import bubbles

DAY = timedelta(days=1)
ANSWERED = now() - 3 * DAY
FIRST_DUE = ANSWERED.astimezone(WIB).date() + 10 * DAY
REMINDED = datetime.combine(FIRST_DUE - 3 * DAY, time(9), WIB)


def letter(tx: Session) -> int:
    """A letter whose relief was told, and whose owner is reminded of the first instalment."""
    (owner_id,) = person.meet(tx, "browser", [("demo-owner", "id")]).values()
    row = Case(
        number="26-000001",
        person_id=owner_id,
        service="credit_relaxation",
        state=CaseState.WAITING,
        stage="trust",
        answers={},
        area_code="31.74.05.1001",
        moved_at=ANSWERED,
    )
    tx.add(row)
    tx.flush()
    way = dossier.open_for(tx, row.id)
    way.answered_at, way.outcome = ANSWERED, "longer"
    way.reminders = 1
    way.terms = {"instalment": 550_000, "first_due": FIRST_DUE.isoformat()}
    task.plan(tx, "remind_instalment", row.id, "remind", due_at=REMINDED)
    return row.id


def asked_again(tx: Session) -> None:
    """The owner is asked again, in five days, and a task of an earlier stage is left over."""
    case = tx.scalars(select(Case)).one()
    case.stage = "awaiting"
    task.settle(tx, "remind_instalment", case.id)
    task.plan(tx, "follow_up", case.id, waiting.run_key(case), due_at=now() + 5 * DAY)
    task.plan(tx, "follow_up", case.id, "follow_up:earlier", due_at=now() + DAY)


async def test_the_dates_of_a_letter_come_nearer(
    client: httpx.AsyncClient, site: Site, db: Database
) -> None:
    await db.do(letter)
    answer = await client.post("/demo/later", json={"days": 1})
    assert answer.json() == {"days": 1}
    due_at = await db.do(lambda tx: tx.scalars(select(Task.due_at)).one())
    assert due_at == REMINDED - DAY
    way = await db.do(lambda tx: tx.scalars(select(Dossier)).one())
    assert way.answered_at == ANSWERED - DAY
    assert way.terms == {"instalment": 550_000, "first_due": (FIRST_DUE - DAY).isoformat()}
    heard_at = await db.do(lambda tx: tx.scalars(select(Address.heard_at)).one())
    assert heard_at is not None and now() - heard_at > DAY
    assert [one["later"] for one in await bubbles(client)] == [1]


async def test_all_days_to_the_next_reminder_pass_at_once(
    client: httpx.AsyncClient, site: Site, db: Database
) -> None:
    assert (await client.post("/demo/later", json={})).status_code == 404
    await db.do(letter)
    days = -((now() - REMINDED) // DAY)
    assert (await client.post("/demo/later", json={})).json() == {"days": days}
    due_at = await db.do(lambda tx: tx.scalars(select(Task.due_at)).one())
    assert due_at <= now()


async def test_an_owner_is_asked_again_after_time_has_passed(
    client: httpx.AsyncClient, site: Site, db: Database
) -> None:
    """The task that asks knows its stage by the time at which the stage began."""
    await db.do(letter)
    await db.do(asked_again)
    assert (await client.post("/demo/later", json={})).json() == {"days": 5}
    case = await db.do(lambda tx: tx.scalars(select(Case)).one())
    tasks = await db.do(lambda tx: set(tx.scalars(select(Task.run_key).filter_by(done_at=None))))
    assert case.moved_at == ANSWERED - 5 * DAY
    assert tasks == {waiting.run_key(case), "follow_up:earlier"}


@pytest.mark.parametrize("days", [0, -1, 367, 1.5, True, "1", []])
async def test_only_whole_days_of_a_year_pass(client: httpx.AsyncClient, days: object) -> None:
    assert (await client.post("/demo/later", json={"days": days})).status_code == 400


async def test_time_is_in_the_hands_of_this_machine_alone(site: Site, db: Database) -> None:
    await db.do(letter)
    far = httpx.ASGITransport(site.app, client=("192.168.1.7", 4000))
    async with httpx.AsyncClient(transport=far, base_url="http://izin.test") as phone:
        assert (await phone.post("/demo/later", json={"days": 1})).status_code == 403
        assert 'class="later"' not in (await phone.get("/demo")).text
    near = httpx.ASGITransport(site.app, client=("127.0.0.1", 4000))
    async with httpx.AsyncClient(transport=near, base_url="http://izin.test") as browser:
        assert 'class="later"' in (await browser.get("/demo")).text
        foreign = {"Sec-Fetch-Site": "cross-site"}
        post = await browser.post("/demo/later", json={"days": 1}, headers=foreign)
        assert post.status_code == 403
