"""A letter that its owner withdraws, at any stage: nothing is left, and the lender is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from conversations.lifecycle import CaseState
from models.attachment import Attachment
from models.document import Document
from models.dossier import Dossier, LenderAnswer
from models.person import Person
from models.task import Task
from models.ticket import Ticket
from tests.bot.test_erasing import confirm, count, end
from tests.bot.test_letters import (
    bring_forward,
    delivered,
    dossier,
    fill_in,
    sign,
    the_case,
    written,
)
from tests.bot.town import BOSS, OFFICER, OWNER, Town, words
from workers import jobs
from workers.context import Context
from workers.documents import issue

KEPT = {"lender", "lender_kind", "branch", "business", "owner_name", "place"}


async def withdraw(town: Town) -> None:
    await town.say("permohonan saya")
    await town.tap(f"withdraw-{the_case(town).id}")
    await town.tap("yes", step="sure")


def files(town: Town) -> list[str]:
    """The paths of all files in the store."""
    root = root_of(town)
    return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())


def root_of(town: Town) -> Path:
    return Path(town.desk.media.storage._root)


def tickets(town: Town) -> list[str]:
    of = select(Ticket.about).where(Ticket.closed_at.is_(None))
    return town.read(lambda tx: sorted(tx.scalars(of)))


def is_void(town: Town) -> None:
    case = the_case(town)
    assert case.state == CaseState.CANCELLED
    assert set(case.answers) <= KEPT
    letter = town.read(lambda tx: tx.scalars(select(Document)).one())
    assert letter.revoked_at is not None and letter.path is None
    assert files(town) == []
    row = dossier(town)
    assert (row.terms, row.receiver, row.signature_id, row.receipt_id) == (None,) * 4
    assert row.withdrawn_at is not None
    told = town.read(lambda tx: list(tx.scalars(select(LenderAnswer.details))))
    assert set(told) <= {None}


async def test_a_form_that_became_no_letter_keeps_no_figure(town: Town) -> None:
    await fill_in(town)
    await withdraw(town)
    assert set(the_case(town).answers) <= KEPT
    assert await town.work() != []
    assert files(town) == []


async def test_before_the_signature_nothing_is_left(town: Town) -> None:
    await town.staff(BOSS, "1", role="supervisor")
    await written(town)
    assert len(files(town)) == 2, "the letter, and the copy that is to be signed"
    await withdraw(town)
    await town.work()
    is_void(town)
    assert tickets(town) == []


async def test_after_the_signature_the_photo_of_it_is_gone_too(town: Town) -> None:
    await town.staff(BOSS, "1", role="supervisor")
    await written(town)
    await sign(town)
    await town.work()
    assert len(files(town)) == 3
    await withdraw(town)
    await town.work()
    is_void(town)
    assert tickets(town) == []


async def test_an_officer_who_carries_it_is_told_not_to_hand_it_over(town: Town) -> None:
    await written(town, instead={"[owner]": "[officer]"})
    await sign(town)
    await town.work()
    assert dossier(town).carrier_id is not None
    town.button("yes", OFFICER, step="delivered")
    await withdraw(town)
    await town.work()
    number = the_case(town).number
    assert words("notices.letter_not_carried", number=number) in town.heard(OFFICER)
    said = await town.tap("yes", OFFICER, step="delivered")
    assert "none" not in said and dossier(town).delivered_at is None
    is_void(town)


async def test_after_the_delivery_a_supervisor_calls_the_lender(town: Town) -> None:
    await town.staff(BOSS, "1", role="supervisor")
    await delivered(town)
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("longer")
    for said in ("873.651", "24 bulan", "tanggal 5 bulan depan"):
        await town.say(said)
    await town.tap("yes", step="reminds")
    await withdraw(town)
    await town.work()
    is_void(town)
    assert tickets(town) == ["letter_withdrawn"]
    number = the_case(town).number
    assert words("notices.letter_withdrawn", number=number) in town.heard(BOSS)
    bring_forward(town, "remind_instalment")
    await town.work()
    assert words("notices.reminder.contract", number=the_case(town).number) not in town.heard(OWNER)


@pytest.mark.parametrize("crashes", [False, True])
async def test_a_letter_that_is_typeset_at_that_moment_leaves_no_file(
    town: Town, crashes: bool
) -> None:
    await written(town)
    letter = town.read(lambda tx: tx.scalars(select(Document)).one())
    assert isinstance(jobs._context, Context)
    sheets = {path: (root_of(town) / path).read_bytes() for path in files(town)}
    settle = issue.prepare(jobs._context, letter.id)
    await withdraw(town)
    await town.work()
    for path, content in sheets.items():  # a slow worker writes them only now
        town.desk.media.storage.write(path, content)
    if not crashes:
        task = town.read(lambda tx: tx.scalars(select(Task).filter_by(kind="document")).one())
        town.write(lambda tx: settle(tx, task))
    else:
        town.write(again)
    await town.work()
    is_void(town)


def again(tx: Session) -> None:
    """Let the worker have died before it closed its task: the task is due once more."""
    for one in tx.scalars(select(Task).filter_by(kind="document")):
        one.done_at = None


@pytest.mark.parametrize("done", [False, True])
async def test_an_erased_person_leaves_nothing_of_a_letter(town: Town, done: bool) -> None:
    case = await delivered(town)
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("refused" if done else "must_come")
    if done:
        await town.tap("papers")
    await confirm(town)
    await town.work()
    await end(town, 5)
    await town.work()
    assert count(town, Dossier) == count(town, LenderAnswer) == 0
    assert files(town) == []
    paths = town.read(lambda tx: list(tx.scalars(select(Attachment.path))))
    assert set(paths) <= {None}
    assert town.read(lambda tx: tx.get_one(Person, case.person_id)).erased_at is not None
    bring_forward(town, "second_letter")
    bring_forward(town, "follow_up")
    await town.work()
    assert count(town, Dossier) == 0
