"""A letter to a lender, from the first question to the last reminder."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import lender_answers
from casework.act import by_office
from conversations.lifecycle import CaseState
from models.case import Case
from models.consent import Consent
from models.document import Document
from models.dossier import Dossier
from models.task import Task
from models.visit import Visit
from tests.bot.test_linking import code, type_in
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, words
from tests.clock import now

#: What an owner answers, tap by tap; a value in brackets is a button.
FORM = (
    "[yes]",
    "Siti Aminah",
    "jual nasi uduk",
    "cipete utara",
    "Jl. Damai 3, depan musala",
    "[bank]",
    "BRI",
    "Unit Cipulir",
    "[kur]",
    "Maret 2024",
    "[to_10]",
    "850 ribu",
    "[to_3]",
    "9 juta",
    "4 juta",
    "[slow]",
    "[done]",
    "500 ribu",
    "[smaller]",
    "[done]",
    "[none]",
    "[no]",
    "[owner]",
    "[send]",
)


async def fill_in(town: Town, *, instead: dict[str, str] | None = None) -> Case:
    """Ask for a letter as somebody new; returns the case."""
    changed = instead or {}
    await town.say("halo")
    await town.tap("credit_relaxation")
    for answer in FORM:
        given = changed.get(answer, answer)
        if given.startswith("["):
            await town.tap(given.strip("[]"))
        else:
            await town.say(given)
    return town.read(lambda tx: tx.scalars(select(Case)).one())


def the_case(town: Town) -> Case:
    return town.read(lambda tx: tx.scalars(select(Case).order_by(Case.id).limit(1)).one())


def dossier(town: Town) -> Dossier:
    return town.read(lambda tx: tx.scalars(select(Dossier)).one())


async def sign(town: Town, *, on: str = "paper") -> None:
    """Read the draft, choose a time, and let the officer come and have it signed.

    On the screen it is not signed yet: the officer has the link.
    """
    await town.tap("right")
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    await town.tap(asked.choices[0].value)
    await town.work()
    await town.tap("accept", OFFICER)
    visit = town.read(lambda tx: tx.scalars(select(Visit)).one())
    town.change(Visit, visit.id, on=today().on)
    await town.tap("go", OFFICER)
    await town.arrive(OFFICER)
    await town.say(town.visit(visit.id).code or "", OFFICER)
    for answer in ("[ktp]", "[loan_book]", "[done]", "[cash_book]", "[done]", f"[{on}]"):
        await town.tap(answer.strip("[]"), OFFICER)
    if on == "screen":
        return
    await town.photo_from(OFFICER)
    await town.tap("yes", OFFICER)


def bring_forward(town: Town, kind: str) -> None:
    """Let the next task of a kind be due."""

    def due(tx: Session) -> None:
        for one in tx.scalars(select(Task).filter_by(kind=kind, done_at=None)):
            one.due_at = now()

    town.write(due)


async def written(town: Town, *, instead: dict[str, str] | None = None) -> Case:
    """A letter whose draft its owner has before them."""
    await town.staff(OFFICER, "101")
    await fill_in(town, instead=instead)
    await town.work()
    return the_case(town)


async def delivered(town: Town, *, instead: dict[str, str] | None = None) -> Case:
    """A letter that its owner has taken to the lender."""
    await written(town, instead=instead)
    await sign(town)
    await town.work()
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("yes", step="delivered")
    await town.tap("none")
    await town.say("Bu Rina, bagian kredit")
    return the_case(town)


async def test_a_letter_is_written_signed_delivered_answered_and_reminded_of(town: Town) -> None:
    case = await written(town)
    assert (case.state, case.stage) == (CaseState.WAITING, "reading")
    await sign(town)
    case = the_case(town)
    assert (case.state, case.stage) == (CaseState.WAITING, "delivery")
    await town.work()
    assert dossier(town).signed_how == "paper"
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("yes", step="delivered")
    await town.tap("none")
    await town.say("Bu Rina, bagian kredit")
    case = the_case(town)
    assert (case.state, case.stage) == (CaseState.WAITING, "awaiting")
    assert dossier(town).receiver == "Bu Rina, bagian kredit"
    bring_forward(town, "follow_up")
    await town.work()
    await town.tap("longer")
    for said in ("550 ribu", "24 bulan"):
        await town.say(said)
    await town.say((today().on + timedelta(days=20)).strftime("%d/%m/%Y"))
    await town.tap("yes", step="reminds")
    case = the_case(town)
    assert (case.state, case.stage) == (CaseState.WAITING, "trust")
    while the_case(town).state == CaseState.WAITING:
        move_back(town, days=3)
        bring_forward(town, "remind_instalment")
        await town.work()
    told = town.heard(OWNER)
    for key in ("contract", "after_1", "after_2", "after_3", "record"):
        assert words(f"notices.reminder.{key}", number=case.number) in told
    assert told.count("cicilan pertama") == told.count("cicilan ketiga") == 1
    assert dossier(town).reminders == 8
    assert the_case(town).state == CaseState.DONE


async def test_linking_two_chats_moves_a_letter(town: Town) -> None:
    await town.say("halo", OTHER)
    older = town.person(OTHER)
    case = await written(town)
    assert case.person_id != older
    await type_in(town, await code(town, OTHER), OWNER)
    await town.work()
    letter = town.read(lambda tx: tx.scalars(select(Document)).one())
    assert (the_case(town).person_id, letter.person_id) == (older, older)
    bring_forward(town, "follow_up")
    await town.work()
    asked = words("notices.about_letter", number=case.number)
    assert asked in town.heard(OTHER) + town.heard(OWNER)
    await town.say("permohonan saya", OTHER)
    await town.tap(f"withdraw-{case.id}", OTHER)
    await town.tap("yes", OTHER, step="sure")
    assert the_case(town).state == CaseState.CANCELLED


@pytest.mark.parametrize(
    "changed",
    [
        {"[to_3]": "[over_6]"},
        {"[no]": "[twice]"},
        {"4 juta": "1 juta"},
    ],
    ids=["late", "many_times", "heavy"],
)
async def test_a_supervisor_reviews_what_is_flagged_first(
    town: Town, changed: dict[str, str]
) -> None:
    await town.staff(BOSS, "1", role="supervisor")
    await fill_in(town, instead=changed)
    await town.work()
    assert the_case(town).state == CaseState.IN_REVIEW
    await town.tap("approve", BOSS)
    await town.tap("yes", BOSS, step="letter")
    await town.work()
    assert (the_case(town).state, the_case(town).stage) == (CaseState.WAITING, "reading")
    for figure in ("bulan", "80 %", "850.000", "500.000", "9.000.000", "4.000.000", "1.000.000"):
        assert figure not in town.heard(BOSS)


def move_back(town: Town, *, days: int) -> None:
    """Let days pass: what was answered and is due was so many days earlier."""

    def passed(tx: Session) -> None:
        row = tx.scalars(select(Dossier)).one()
        assert row.answered_at is not None
        row.answered_at -= timedelta(days=days)
        terms = dict(row.terms or {})
        due = date.fromisoformat(terms["first_due"]) - timedelta(days=days)
        terms["first_due"] = due.isoformat()
        row.terms = terms

    town.write(passed)


def press(tx: Session, code: str, outcome: str) -> bool:
    """Press a button on the lender's page."""
    return lender_answers.at_desk(by_office(tx, "web", "press"), code, outcome)


async def test_a_withdrawn_letter_is_void_and_the_lender_is_called(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    case = await delivered(town)
    assert "pass_to_lender:bri" in purposes(town)
    await town.say("permohonan saya")
    await town.tap(f"withdraw-{case.id}")
    await town.tap("yes")
    await town.work()
    letter = town.read(lambda tx: tx.scalars(select(Document)).one())
    assert letter.revoked_at is not None and letter.path is None
    assert the_case(town).state == CaseState.CANCELLED
    assert "instalment" not in the_case(town).answers
    assert words("notices.letter_withdrawn", number=case.number) in town.heard(BOSS)
    assert "pass_to_lender:bri" not in purposes(town)
    assert not town.write(lambda tx: press(tx, dossier(town).desk_code, "longer"))


def purposes(town: Town) -> set[str]:
    return set(town.read(lambda tx: tx.scalars(select(Consent.purpose)).all()))
