"""A rejected owner objects in chat: a head or another supervisor reads it, not who rejected."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conversations.ticketing import ObjectTo
from models.case import Case
from models.finding import FindingRow
from models.lifecycle import CaseState, NotAllowed
from models.ticket import Remark, Ticket
from tests.bot.town import BOSS, OTHER, OWNER, Town, words, write_effect

HEAD = "head"
WHY = "Kios saya di tanah sendiri, bukan di trotoar"


async def rejected(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(state=CaseState.IN_REVIEW)
    await town.say("menu", BOSS)
    await town.tap("review-1", BOSS)
    await town.tap("reject", BOSS)
    await town.tap("place", BOSS)
    await town.say("Kiosnya berdiri di atas trotoar", BOSS)
    await town.tap("yes", BOSS)
    assert town.case(1).state == CaseState.REJECTED


def objection(town: Town) -> tuple[Case, Ticket]:
    row = town.read(
        lambda tx: tx.execute(
            select(Case, Ticket)
            .join(Ticket, Ticket.case_id == Case.id)
            .where(Ticket.about == "objection")
        ).one()
    )
    return row[0], row[1]


async def test_a_head_reads_it_and_not_who_rejected(town: Town) -> None:
    await town.staff(HEAD, "H1", role="head", areas=("31",))
    await rejected(town)
    await town.say("saya keberatan")
    await town.say(WHY)
    case, row = objection(town)
    assert case.number in str(town.heard(OWNER))
    await town.quiet()
    assert case.number in str(town.heard(HEAD))
    assert case.number not in str(town.heard(BOSS))
    assert (row.heads_only, row.closed_at) == (False, None)


async def test_who_rejected_reads_it_if_there_is_nobody_else(town: Town) -> None:
    await rejected(town)
    await town.say("tidak terima, " + WHY)
    case, row = objection(town)
    await town.quiet()
    assert row.officer_id is None and case.number in str(town.heard(BOSS))


async def test_it_said_twice_is_one_ticket_with_both_words(town: Town) -> None:
    await rejected(town)
    await town.say("keberatan")
    await town.say(WHY)
    await town.say("saya tidak terima, izin RT dan RW sudah ada semua")
    _, row = objection(town)
    remarks = town.read(lambda tx: tx.scalars(select(Remark.words)).all())
    assert row.times == 2 and len(remarks) == 1


async def test_another_persons_case_and_a_late_day_are_refused(town: Town) -> None:
    await rejected(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(OTHER), ObjectTo(1, WHY), turn_id=900))

    def end(tx: object) -> None:
        row = tx.scalars(select(FindingRow).where(FindingRow.check == "refusal")).one()  # type: ignore[attr-defined]
        row.params = {**row.params, "until": "2020-01-01"}

    town.write(end)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(OWNER), ObjectTo(1, WHY), turn_id=901))


async def test_a_supervisor_reads_that_the_owner_has_asked_for_the_same_again(town: Town) -> None:
    await town.staff(HEAD, "H1", role="head", areas=("31",))
    await rejected(town)
    await town.say("saya keberatan")
    await town.say(WHY)
    case, _ = objection(town)
    town.apply(number="26-000099")
    await town.say("menu", HEAD)
    await town.tap(f"ticket-{case.id}", HEAD)
    said = await town.tap("close", HEAD)
    assert words("ticket.verdict.renewed", newer="26-000099") in said
    await town.tap("upheld", HEAD)
    await town.say("Fotonya menunjukkan tanah sendiri.", HEAD)
    await town.tap("yes", HEAD)
    assert town.case(1).state == CaseState.REJECTED and "26-000099" in town.heard()


async def test_an_upheld_objection_is_on_the_list_of_another_supervisor(town: Town) -> None:
    await town.staff(HEAD, "H1", role="head", areas=("31",))
    await rejected(town)
    await town.say("saya keberatan")
    await town.say(WHY)
    case, _ = objection(town)
    await town.say("menu", HEAD)
    await town.tap(f"ticket-{case.id}", HEAD)
    await town.tap("close", HEAD)
    await town.tap("upheld", HEAD)
    await town.say("Fotonya menunjukkan tanah sendiri.", HEAD)
    said = await town.tap("yes", HEAD)
    assert words("ticket.objection.upheld", number=case.number, of="26-000001") in said
    assert words("notices.objection_upheld", number=case.number, of="26-000001") in town.heard()
    assert town.case(1).state == CaseState.IN_REVIEW
    head, boss = await town.say("menu", HEAD), await town.say("menu", BOSS)
    assert words("findings.objection_upheld.short") in head and "26-000001" not in boss
    assert words("objection.late", number="26-000001", until="") not in await town.say("keberatan")
    await town.tap("review-1", HEAD)
    await town.tap("approve", HEAD)
    await town.tap("yes", HEAD)
    assert town.case(1).state == CaseState.ACCEPTED
