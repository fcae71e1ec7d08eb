"""The door code: wrong ones, the question to the owner, and the second code."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conversations.effects import ConfirmOfficer, DenyOfficer
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.ticket import Ticket
from models.visit import CODE_TRIES
from tests.bot.test_visits import WRONG, arrived, spaced
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words, write_effect

ASKED = "lima kali salah mengetik kode"  # in what the owner and the supervisor read


async def spent(town: Town) -> int:
    """A visit whose officer has arrived and typed five wrong codes."""
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = await arrived(town)
    for left in range(CODE_TRIES - 1, 0, -1):
        assert words("refusals.wrong_code", left=left) in await town.say(WRONG, OFFICER)
    assert words("refusals.code_spent") in await town.say(WRONG, OFFICER)
    await town.quiet()
    return visit_id


def ticket_of(town: Town) -> Ticket:
    return town.read(lambda tx: tx.scalars(select(Ticket)).one())


async def test_after_five_wrong_codes_the_owner_is_asked_and_a_supervisor_reads_it(
    town: Town,
) -> None:
    visit_id = await spent(town)
    visit = town.visit(visit_id)
    assert (visit.state, visit.code_tries) == (VisitState.ARRIVED, CODE_TRIES)
    assert ASKED in town.heard(OWNER) and "Petugas 101" in town.heard(OWNER)
    assert ASKED in town.heard(BOSS) and "Petugas 101" in town.heard(BOSS)
    row = ticket_of(town)
    assert (row.about, row.closed_at) == ("wrong_code", None)
    await town.say("menu", BOSS)
    await town.tap(f"ticket-{row.case_id}", BOSS, step="menu")
    assert words("ticket.about.wrong_code") in town.heard(BOSS)


async def test_the_spent_code_opens_nothing(town: Town) -> None:
    visit_id = await spent(town)
    assert words("refusals.code_waits") in await town.say(town.visit(visit_id).code or "", OFFICER)
    visit = town.visit(visit_id)
    assert (visit.code_proved_at, visit.code_tries) == (None, CODE_TRIES)


async def test_an_owner_who_sees_the_officer_tells_a_new_code(town: Town) -> None:
    visit_id = await spent(town)
    old = town.visit(visit_id).code or ""
    said = await town.tap("yes", OWNER)
    await town.quiet()
    new = town.visit(visit_id).code or ""
    assert new != old and spaced(new) in said
    assert words("notices.owner_confirms", number="26-000001") in town.heard(OFFICER)
    assert new not in town.heard(OFFICER) and spaced(new) not in town.heard(BOSS)
    assert "ada di depannya" in town.heard(BOSS)
    await town.say(old, OFFICER)
    assert town.visit(visit_id).code_proved_at is None
    await town.say(new, OFFICER)
    assert town.visit(visit_id).code_proved_at is not None
    assert ticket_of(town).closed_at is not None, "the visit goes on"


async def test_a_new_code_is_given_once(town: Town) -> None:
    visit_id = await spent(town)
    await town.tap("yes", OWNER)
    for _ in range(CODE_TRIES - 1):
        await town.say(WRONG, OFFICER)
    assert words("refusals.code_spent_again") in await town.say(WRONG, OFFICER)
    await town.quiet()
    visit = town.visit(visit_id)
    assert (visit.state, visit.failure) == (VisitState.FAILED, "wrong_code")
    assert words("notices.visit_failed.wrong_code") in town.heard(OWNER)
    assert town.case(1).state == CaseState.ACCEPTED
    assert "juga lima kali salah" in town.heard(BOSS)
    assert ticket_of(town).closed_at is None


async def test_an_owner_who_sees_nobody_ends_the_visit_and_gets_another_officer(
    town: Town,
) -> None:
    visit_id = await spent(town)
    other = await town.staff(OTHER, "102")
    said = await town.tap("no", OWNER)
    assert words("notices.officer_denied_owner", number="26-000001") in said
    await town.quiet()
    visit = town.visit(visit_id)
    assert (visit.state, visit.failure) == (VisitState.FAILED, "not_there")
    case = town.case(1)
    assert (case.state, case.failed_visits) == (CaseState.ACCEPTED, 0)
    assert words("notices.owner_denies", number="26-000001") in town.heard(OFFICER)
    assert "TIDAK ada petugas" in town.heard(BOSS)
    assert ticket_of(town).officer_id == visit.officer_id
    await town.work()
    again = next(c for c in town.desk.chat.sent[OWNER][-1][1].choices if "." in c.value)
    await town.tap(again.value)
    await town.work()
    assert [officer for officer, _ in town.offers(visit_id + 1)] == [other]


async def test_an_answer_that_comes_late_changes_nothing(town: Town) -> None:
    visit_id = await spent(town)
    await town.tap("failed", OFFICER)
    await town.tap("nobody", OFFICER)
    await town.tap("yes", OWNER)
    assert town.visit(visit_id).state == VisitState.FAILED
    assert town.visit(visit_id).code_renewals == 0


@pytest.mark.parametrize("effect", [ConfirmOfficer(1), DenyOfficer(1)], ids=["confirm", "deny"])
@pytest.mark.parametrize("who", [OTHER, OFFICER, BOSS])
async def test_nobody_answers_for_the_owner(
    town: Town, who: str, effect: ConfirmOfficer | DenyOfficer
) -> None:
    visit_id = await spent(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(who), effect))
    assert town.visit(visit_id).code_renewals == 0


@pytest.mark.parametrize("effect", [ConfirmOfficer(1), DenyOfficer(1)], ids=["confirm", "deny"])
async def test_who_is_not_asked_gives_no_answer(
    town: Town, effect: ConfirmOfficer | DenyOfficer
) -> None:
    visit_id = await arrived(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(), effect))
    assert town.visit(visit_id).state == VisitState.ARRIVED
