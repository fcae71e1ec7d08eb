"""Whoever complains or asks for a human has a ticket, until a supervisor closes it with words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from conversations.effects import (
    CallPerson,
    Concern,
    DeclineOffer,
    Effect,
    Help,
    Submit,
    TellConcern,
)
from conversations.supervision import TellHeads
from conversations.ticketing import (
    AddToTicket,
    AnswerTicket,
    CloseTicket,
    DropTicket,
    TakeTicket,
)
from models.audit import UNTOLD, AuditEntry
from models.case import Case
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.task import Task
from models.ticket import Remark, Ticket
from models.visit import Visit
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, words, write_effect
from tests.clock import now
from workers import housekeeping

HEAD = "head"
STORY = "petugasnya minta 50 ribu, katanya uang rokok"


async def staffed(town: Town, *, head: bool = True) -> None:
    """A supervisor and two officers of the area, and a head of the city."""
    await town.staff(BOSS, "S1", role="supervisor")
    if head:
        await town.staff(HEAD, "H1", role="head", areas=("31",))
    await town.staff(OFFICER, "0417")
    await town.staff(OTHER, "0418")


async def visited(town: Town) -> tuple[int, str, str]:
    """A visit that an officer has accepted: its id, that officer's address, and the other's."""
    visit_id = town.want(town.apply())
    await town.work()
    comes = town.visit(visit_id).officer_id
    first = comes == officer_id(town, "0417")
    who, other = (OFFICER, OTHER) if first else (OTHER, OFFICER)
    await town.tap("accept", who)
    return visit_id, who, other


def officer_id(town: Town, badge: str) -> int:
    return town.read(lambda tx: tx.scalars(select(Officer.id).filter_by(badge=badge)).one())


def badge_of(who: str) -> str:
    return "0417" if who == OFFICER else "0418"


def tickets(town: Town) -> list[tuple[Case, Ticket]]:
    found = select(Case, Ticket).join(Ticket, Ticket.case_id == Case.id).order_by(Case.id)
    return town.read(lambda tx: [(case, row) for case, row in tx.execute(found)])


def write(town: Town, person_id: int, effect: Effect, turn: int) -> None:
    """Write one effect of this person's, in a turn of its own."""
    town.write(lambda tx: write_effect(tx, person_id, effect, turn_id=20_000 + turn))


async def complain(town: Town, officer: str, address: str = OWNER) -> str:
    """Complain in one's own words, to the end."""
    await town.say("mau lapor", address)
    if "Apa yang terjadi?" not in town.heard(address).rpartition("\n\n")[2]:
        await town.say("ya", address)
    await town.say(STORY, address)
    await town.say(officer, address)
    await town.say("boleh", address)
    return await town.say("ya, kirim", address)


async def test_a_complaint_goes_from_the_owners_words_to_the_closing_sentence(town: Town) -> None:
    await staffed(town)
    visit_id, accused, other = await visited(town)
    said = await complain(town, badge_of(accused))
    ((case, row),) = tickets(town)
    assert case.number in said and case.answers["what"] == STORY
    assert (row.about, row.officer_id) == ("complaint", officer_id(town, badge_of(accused)))
    for boss in (BOSS, HEAD):
        assert case.number in town.heard(boss) and STORY in town.heard(boss)
    assert STORY not in town.heard(accused) and "pengaduan" not in town.heard(accused)
    assert words("notices.officer_changes", **town.when(visit_id)) in town.heard(OWNER)

    await town.work()  # another officer is asked, and the window is kept
    moved = town.visit(visit_id)
    assert (moved.state, moved.officer_id) == (
        VisitState.OFFERED,
        officer_id(town, badge_of(other)),
    )
    await town.tap("accept", other)

    await town.tap("take", BOSS)
    assert "ditangani seorang pengawas" in town.heard(OWNER)
    await town.tap("answer", BOSS)
    await town.say("Kami sudah bicara dengan petugasnya. Mohon maaf, Bu.", BOSS)
    await town.tap("yes", BOSS)
    assert "Kami sudah bicara dengan petugasnya. Mohon maaf, Bu." in town.heard(OWNER)
    await town.tap("add", OWNER, step="show")
    await town.say("terima kasih, uangnya belum kembali", OWNER)
    assert "uangnya belum kembali" in town.heard(BOSS)

    await town.say("menu", BOSS)
    await town.tap(f"ticket-{case.id}", BOSS)
    await town.tap("close", BOSS)
    await town.tap("founded", BOSS)
    await town.say("Petugas itu sudah kami tarik dari wilayah ini.", BOSS)
    await town.tap("yes", BOSS)
    assert "Petugas itu sudah kami tarik dari wilayah ini." in town.heard(OWNER)
    ((case, row),) = tickets(town)
    assert (case.state, row.founded) == (CaseState.DONE, True) and row.closed_at is not None
    assert "pengaduan" not in town.heard(accused)
    assert town.visit(visit_id).state == VisitState.ACCEPTED


@pytest.mark.parametrize("state", [VisitState.ON_THE_WAY, VisitState.ARRIVED])
async def test_a_visit_under_way_ends_without_counting_as_failed(
    town: Town, state: VisitState
) -> None:
    await staffed(town)
    visit_id, accused, _ = await visited(town)
    town.change(Visit, visit_id, state=state, on=today().on)
    await complain(town, badge_of(accused))
    stopped = town.visit(visit_id)
    assert stopped.state == VisitState.WANTED and stopped.officer_id is None
    assert town.case(stopped.case_id).failed_visits == 0
    assert "dihentikan karena ada pengaduan" in town.heard(BOSS)
    assert "kami hentikan" in town.heard(OWNER)


async def test_visits_to_others_stay_and_a_cleared_officer_is_told(town: Town) -> None:
    await staffed(town)
    await visited(town)
    elsewhere = town.want(town.apply("neighbour", number="26-000002"))
    await town.work()
    taker = town.visit(elsewhere).officer_id
    who = OFFICER if taker == officer_id(town, "0417") else OTHER
    await town.tap("accept", who)
    await complain(town, badge_of(who))
    assert town.visit(elsewhere).state == VisitState.ACCEPTED
    ((case, _),) = tickets(town)
    boss = town.person(BOSS)
    close = CloseTicket(case.id, "Tidak ada bukti.", founded=False)
    town.write(lambda tx: write_effect(tx, boss, close))
    await town.quiet()
    assert "tidak terbukti" in town.heard(who)
    assert town.visit(elsewhere).state == VisitState.ACCEPTED


async def test_an_accused_officer_is_not_asked_again_until_cleared(town: Town) -> None:
    await staffed(town)
    visit_id, accused, other = await visited(town)
    await complain(town, badge_of(accused))
    await town.work()
    write(town, town.person(other), DeclineOffer(visit_id, "full"), 1)
    await town.work()
    asked = [badge for badge, _ in town.offers(visit_id)]
    assert asked.count(officer_id(town, badge_of(accused))) == 1, "only before the complaint"
    assert town.visit(visit_id).state == VisitState.UNASSIGNED


async def test_the_same_complaint_within_a_day_is_one_case(town: Town) -> None:
    await staffed(town)
    owner = town.meet()
    given = {"what": STORY, "officer": {"badge": "0417", "name": ""}, "may_call": "yes"}
    for turn in range(50):
        write(town, owner, Submit("complaint", given), turn)
    ((case, row),) = tickets(town)
    assert row.times == 50
    assert town.read(lambda tx: tx.query(Remark).count()) < 50
    yesterday = now() - timedelta(days=1, minutes=1)
    town.change(Case, case.id, submitted_at=yesterday)
    write(town, owner, Submit("complaint", given), 50)
    assert len(tickets(town)) == 2


async def test_only_heads_read_a_complaint_about_a_supervisor(town: Town) -> None:
    await staffed(town)
    town.meet()
    await town.say("halo")
    said = await complain(town, "S1")
    ((case, row),) = tickets(town)
    assert row.heads_only and case.number in said
    assert case.number in town.heard(HEAD) and case.number not in town.heard(BOSS)
    boss = town.person(BOSS)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, boss, TakeTicket(case.id)))
    assert case.number not in await town.say("menu", BOSS)


@pytest.mark.parametrize(
    "effect", [TakeTicket(1), AnswerTicket(1, "x y"), CloseTicket(1, "x y")], ids=lambda e: type(e)
)
async def test_nobody_else_works_on_a_ticket(
    town: Town, effect: TakeTicket | AnswerTicket | CloseTicket
) -> None:
    """Neither an owner, nor an officer, nor a supervisor of another area."""
    await staffed(town)
    await town.staff("far", "S2", role="supervisor", areas=("31.72",))
    town.apply()
    await complain(town, "0417")
    ((case, _),) = tickets(town)
    for who in (OWNER, OFFICER, "far"):
        refused(town, town.person(who), replace(effect, case_id=case.id))


def refused(town: Town, person_id: int, effect: Effect) -> None:
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, person_id, effect))


@pytest.mark.parametrize("effect", [AddToTicket(1, "x y"), DropTicket(1)])
async def test_nobody_adds_to_or_drops_anothers_ticket(
    town: Town, effect: AddToTicket | DropTicket
) -> None:
    await staffed(town)
    town.apply()
    await complain(town, "0417")
    ((case, row),) = tickets(town)
    stranger = town.meet("stranger", "Budi")
    given = replace(effect, case_id=case.id)
    refused(town, stranger, given)
    owner = town.person(OWNER)
    town.write(lambda tx: write_effect(tx, owner, given))
    ((_, after),) = tickets(town)
    assert (after.times, after.closed_at is not None) != (row.times, row.closed_at is not None)


async def test_who_takes_no_messages_is_answered_and_never_written_to(town: Town) -> None:
    await staffed(town)
    town.meet()
    await town.say("halo")
    await town.say("bicara dengan orang")
    ((case, _),) = tickets(town)
    await town.say("stop")
    before = town.desk.chat.texts(OWNER)
    boss = town.person(BOSS)
    town.write(lambda tx: write_effect(tx, boss, AnswerTicket(case.id, "Ada apa, Bu?")))
    await town.quiet()
    assert town.desk.chat.texts(OWNER) == before
    assert "tidak mau dikirimi kabar" in town.heard(BOSS)
    await town.say("status")
    assert "Ada apa, Bu?" in await town.tap(f"ticket-{case.id}")


async def test_overdue_tickets_are_told_to_the_heads_once(town: Town) -> None:
    await staffed(town)
    town.meet()
    await town.say("halo")
    await town.say("bicara dengan orang")
    ((case, _),) = tickets(town)
    assert case.number not in town.heard(HEAD)
    late = now() - timedelta(minutes=1)
    town.write(lambda tx: tx.execute(update(Ticket).values(answer_by=late)))
    for _ in range(2):
        town.write(lambda tx: housekeeping.sweep(tx, Task(run_key="sweep:test")))
        await town.quiet()
    assert town.heard(HEAD).count(f"{case.number} belum dijawab") == 1
    assert "TERLAMBAT" in await town.say("menu", BOSS)


async def test_a_supervisor_who_complains_or_waits_is_told_to_heads(town: Town) -> None:
    await staffed(town)
    boss = town.person(BOSS)
    write(town, boss, TellHeads("misconduct", "petugas 0417 kasar"), 1)
    write(town, boss, TellHeads("talk", ""), 2)
    assert [(row.about, row.heads_only) for _, row in tickets(town)] == [
        ("supervisor_misconduct", True),
        ("supervisor_talk", True),
    ]


# -- nobody who waits for a person is on no list ---------------------------------------------------


@pytest.mark.parametrize("about", list(Help))
async def test_whoever_asks_for_a_human_stands_on_the_list(town: Town, about: Help) -> None:
    await staffed(town)
    town.meet()
    await town.say("halo")
    owner = town.person(OWNER)
    town.write(lambda tx: write_effect(tx, owner, CallPerson(about, words="tolong saya")))
    await town.quiet()
    ((case, row),) = tickets(town)
    assert case.number in await town.say("menu", BOSS), about
    assert case.number in await town.say("status", OWNER), about
    assert row.closed_at is None and row.answer_by > now()


@pytest.mark.parametrize("about", sorted(set(Concern) - {Concern.SAFE, Concern.WORKS}))
async def test_what_an_officer_reports_stands_on_the_list(town: Town, about: Concern) -> None:
    await staffed(town)
    one = town.person(OFFICER)
    town.write(lambda tx: write_effect(tx, one, TellConcern(about, None, "begini")))
    await town.quiet()
    ((case, _),) = tickets(town)
    reader = HEAD if about is Concern.COMPLAINT_ABOVE else BOSS
    assert case.number in await town.say("menu", reader), about


async def test_that_nobody_can_be_told_is_recorded(town: Town) -> None:
    town.meet()
    await town.say("halo")
    await town.say("bicara dengan orang")
    ((case, _),) = tickets(town)
    untold = select(AuditEntry).filter_by(action=UNTOLD)
    facts = town.read(lambda tx: [row.details["fact"] for row in tx.scalars(untold)])
    assert facts == [f"ticket:{case.id}"]
