"""Visits in the unhappy cases: given back, moved, withdrawn, mistyped, failed, claimed by force."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from sqlalchemy import select

from conversations.effects import ChooseWindow
from conversations.messages import Say
from models import finding
from models.audit import AuditEntry
from models.case import Case
from models.finding import Finding, Outcome
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.person import Person
from models.visit import Visit, VisitReport
from models.window import Window
from models.working_hours import Part
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, forged, today, words, write_effect
from tests.clock import now
from tests.world import work_off

WRONG = "000000"


async def accepted(town: Town, *, on_today: bool = False) -> int:
    """A visit that the officer has taken, and nobody else could."""
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    if on_today:
        town.change(Visit, visit_id, on=today().on)
    return visit_id


async def on_the_way(town: Town) -> int:
    visit_id = await accepted(town, on_today=True)
    await town.tap("go", OFFICER)
    assert town.visit(visit_id).state == VisitState.ON_THE_WAY
    return visit_id


async def arrived(town: Town) -> int:
    visit_id = await on_the_way(town)
    await town.arrive(OFFICER)
    assert town.visit(visit_id).state == VisitState.ARRIVED
    return visit_id


async def proved(town: Town) -> int:
    visit_id = await arrived(town)
    await town.say(town.visit(visit_id).code or "", OFFICER)
    return visit_id


def host(town: Town, visit_id: int) -> int:
    """Who is visited."""
    host_id = town.visit(visit_id).host_id
    assert host_id is not None
    return host_id


async def looked_at(town: Town) -> int:
    """All is seen and photographed; what is left is the hand-over."""
    visit_id = await proved(town)
    await town.tap("seen", OFFICER)
    await town.tap("as_described", OFFICER)
    town.identify(host(town, visit_id))
    await town.photo_from(OFFICER)
    return visit_id


def spaced(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


# -- accepting, declining, giving back ---------------------------------------------------------


async def test_the_owner_hears_who_comes_and_when_and_alone_has_the_code(town: Town) -> None:
    visit = town.visit(await accepted(town))
    said, code = town.heard(OWNER), visit.code or "?"
    assert visit.state == VisitState.ACCEPTED
    assert "Petugas 101" in said and "nomor 101" in said and spaced(code) in said
    assert words("common.window", **town.window(visit)) in said
    for seen in (town.heard(OFFICER), repr([m.message for m in town.messages(OFFICER)])):
        assert code not in seen and spaced(code) not in seen


async def test_who_declines_is_not_asked_again_and_the_next_one_is(town: Town) -> None:
    first, second = await town.staff(OFFICER, "101"), await town.staff(OTHER, "102")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("decline", OFFICER)
    await town.tap("too_far", OFFICER)
    await town.work()
    assert town.offers(visit_id) == [(first, "declined"), (second, None)]
    await town.tap("accept", OTHER)
    assert town.visit(visit_id).officer_id == second
    assert "Petugas 102" in town.heard(OWNER) and "Petugas 101" not in town.heard(OWNER)


async def test_an_officer_who_gives_a_visit_back_is_replaced_and_the_code_is_gone(
    town: Town,
) -> None:
    visit_id = await accepted(town)
    second = await town.staff(OTHER, "102")
    old = town.visit(visit_id).code
    await town.tap("cannot", OFFICER)
    await town.tap("sick", OFFICER)
    assert town.visit(visit_id).code is None
    assert words("notices.officer_changes", **town.when(visit_id)) in town.heard(OWNER)
    await town.work()
    await town.tap("accept", OTHER)
    visit = town.visit(visit_id)
    assert visit.officer_id == second
    assert visit.code is not None and visit.code != old


async def test_nobody_takes_it_so_the_supervisor_gives_it_to_the_one_who_declined(
    town: Town,
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    officer_id = await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("decline", OFFICER)
    await town.tap("full", OFFICER)
    await town.work()
    assert town.visit(visit_id).state == VisitState.UNASSIGNED
    await town.tap(str(officer_id), BOSS)
    assert town.offers(visit_id) == [(officer_id, None)]
    await town.tap("accept", OFFICER)
    assert town.visit(visit_id).state == VisitState.ACCEPTED


async def test_an_offer_that_has_passed_to_another_cannot_be_accepted(town: Town) -> None:
    await town.staff(OFFICER, "101")
    second = await town.staff(OTHER, "102")
    visit_id = town.want(town.apply())
    await town.work()
    late = town.button("accept", OFFICER)
    town.expire_offers(visit_id)
    await town.work()
    assert town.offers(visit_id)[-1] == (second, None)
    said = await town.say(late, OFFICER)
    assert said and words("common.trouble") not in said
    assert town.visit(visit_id).state == VisitState.OFFERED
    await town.tap("accept", OTHER)
    await town.say(late, OFFICER)
    assert town.visit(visit_id).officer_id == second


# -- the owner changes their mind ----------------------------------------------------------------


@pytest.mark.parametrize("taken", [False, True])
async def test_the_owner_withdraws_before_the_officer_sets_off(town: Town, taken: bool) -> None:
    await town.staff(OFFICER, "101")
    visit_id = town.want(case_id := town.apply())
    await town.work()
    if taken:
        await town.tap("accept", OFFICER)
    button = town.button("go" if taken else "accept", OFFICER)
    await town.say("status")
    await town.tap(f"withdraw-{case_id}")
    await town.tap("yes")
    assert town.visit(visit_id).state == VisitState.CANCELLED
    told = words("notices.visit_cancelled", number="26-000001", **town.when(visit_id))
    assert told in town.heard(OFFICER)
    said = await town.say(button, OFFICER)
    assert said and words("common.trouble") not in said, "a late tap is answered"
    assert town.visit(visit_id).state == VisitState.CANCELLED
    await town.work()
    assert town.case(case_id).state == CaseState.CANCELLED


@pytest.mark.parametrize("taken", [False, True])
async def test_the_agreed_time_stands_until_another_is_chosen(town: Town, taken: bool) -> None:
    await town.staff(OFFICER, "101")
    visit_id = town.want(case_id := town.apply())
    await town.work()
    if taken:
        await town.tap("accept", OFFICER)
    button = town.button("go" if taken else "accept", OFFICER)
    before = town.visit(visit_id)
    await town.say("status")
    said = await town.tap(f"move-{visit_id}")
    assert "tetap berlaku sampai" in said
    assert town.visit(visit_id).state == before.state
    assert "Tidak perlu berangkat" not in town.heard(OFFICER)
    assert "waktunya tetap" in await town.tap("keep")
    assert town.visit(visit_id).state == before.state

    await town.say("status")
    await town.tap(f"move-{visit_id}")
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    chosen = next(one for one in asked.choices if one.value != "keep")
    await town.tap(chosen.value)
    assert town.visit(visit_id).state == VisitState.CANCELLED
    moved = town.read(lambda tx: tx.scalars(select(Visit).order_by(Visit.id.desc())).first())
    assert moved is not None and moved.id != visit_id
    assert f"{moved.on.isoformat()}.{moved.part}" == chosen.value
    assert town.case(case_id).state == CaseState.UNDER_WAY
    told = {**town.when(visit_id), "to": town.when(moved.id)["window"]}
    assert words("notices.visit_moved", number="26-000001", **told) in town.heard(OFFICER)
    assert "dibatalkan pemilik" not in town.heard(OFFICER)
    said = await town.say(button, OFFICER)
    assert said and words("common.trouble") not in said, "a late tap is answered"
    await town.work()
    assert town.visit(moved.id).state == VisitState.OFFERED
    assert town.offers(moved.id)


async def test_a_time_that_is_gone_leaves_the_agreed_one(town: Town) -> None:
    await town.staff(OFFICER, "101", capacity=1)
    visit_id = town.want(case_id := town.apply())
    await town.work()
    await town.say("status")
    await town.tap(f"move-{visit_id}")
    *_, (_, asked) = town.desk.chat.sent[OWNER]
    value = next(one.value for one in asked.choices if one.value != "keep")
    day, part = value.split(".")
    town.want(
        town.apply("neighbour", number="26-000002"), Window(date.fromisoformat(day), Part(part))
    )
    await town.tap(value)
    assert words("notices.window_gone") in town.heard(OWNER)
    assert town.visit(visit_id).state == VisitState.OFFERED
    assert town.case(case_id).state == CaseState.UNDER_WAY


async def test_the_same_time_chosen_again_changes_nothing(town: Town) -> None:
    await town.staff(OFFICER, "101")
    visit_id = town.want(case_id := town.apply())
    await town.work()
    agreed = town.visit(visit_id)
    owner = town.meet(OWNER)
    town.write(
        lambda tx: write_effect(tx, owner, ChooseWindow(case_id, agreed.on, str(agreed.part)))
    )
    await town.quiet()
    assert words("notices.window_kept", **town.when(visit_id)) in town.heard(OWNER)
    assert town.visit(visit_id).state == VisitState.OFFERED


@pytest.mark.parametrize("act", ["move", "withdraw"])
async def test_nothing_is_moved_or_withdrawn_while_the_officer_is_on_the_way(
    town: Town, act: str
) -> None:
    visit_id = await accepted(town, on_today=True)
    await town.say("status")
    late = town.button(f"{act}-{visit_id if act == 'move' else 1}", OWNER)
    await town.tap("go", OFFICER)
    await town.say(late)
    if act == "withdraw":
        await town.say("ya")
    assert town.visit(visit_id).state == VisitState.ON_THE_WAY
    assert town.case(1).state == CaseState.UNDER_WAY
    assert words("notices.visit_cancelled", number="26-000001", **town.when(visit_id)) not in (
        town.heard(OFFICER)
    )
    assert words("common.gone") in town.heard(OWNER)
    assert words("common.trouble") not in town.heard(OWNER)
    assert words("my_requests.withdrawn") not in town.heard(OWNER)


# -- at the door ---------------------------------------------------------------------------------


async def test_an_arrival_that_no_location_shows_is_told_as_the_officer_s_words(town: Town) -> None:
    visit_id = await on_the_way(town)
    await town.tap("here", OFFICER)
    assert town.visit(visit_id).state == VisitState.ON_THE_WAY
    await town.tap("signal", OFFICER)
    assert town.visit(visit_id).state == VisitState.ARRIVED
    await town.quiet()
    told = town.heard(OWNER)
    assert words("notices.says_arrived.no_location") in told
    assert words("notices.says_arrived.signal") in told
    assert "sudah tiba" not in told


async def test_an_arrival_that_a_location_shows_is_told_as_such(town: Town) -> None:
    await arrived(town)
    await town.quiet()
    told = town.heard(OWNER)
    assert "sudah tiba" in told and "mengatakan sudah sampai" not in told


async def test_the_third_failed_visit_is_a_supervisors_matter(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = await on_the_way(town)
    town.change(Case, 1, failed_visits=2)
    await town.tap("failed", OFFICER)
    await town.tap("nobody", OFFICER)
    assert town.visit(visit_id).failure == "nobody"
    assert town.case(1).state == CaseState.IN_REVIEW
    assert words("notices.review_needed", number="26-000001") in town.heard(BOSS)
    assert words("findings.visits_failed.short") in town.heard(BOSS)


async def test_a_failed_visit_lets_the_owner_choose_anew(town: Town) -> None:
    visit_id = await on_the_way(town)
    await town.tap("failed", OFFICER)
    await town.tap("weather", OFFICER)
    await town.work()
    assert words("notices.new_window", number="26-000001") in town.heard(OWNER)
    again = next(c for c in town.desk.chat.sent[OWNER][-1][1].choices if "." in c.value)
    await town.tap(again.value)
    assert town.visit(visit_id + 1).state == VisitState.WANTED


async def test_whoever_chooses_a_time_reads_what_will_be_printed(town: Town) -> None:
    await on_the_way(town)
    await town.tap("failed", OFFICER)
    await town.tap("weather", OFFICER)
    await town.work()
    town.identify(town.meet(OWNER), "DEWI LESTARI")
    again = next(c for c in town.desk.chat.sent[OWNER][-1][1].choices if "." in c.value)
    said = await town.tap(again.value)
    for line in ("Dicetak di izin:", "Nama: Dewi Lestari", "Skala: Usaha mikro", "ubah izin"):
        assert line in said
    assert "diberi tahu" in await town.say("ubah izin")


async def test_nothing_is_handed_over_before_the_code_is_right(town: Town) -> None:
    visit_id = await arrived(town)
    for step, value in (("ktp", "seen"), ("place", "as_described"), ("hand_over", "yes")):
        await town.say(forged("visit", visit_id, step, value, version=99), OFFICER)
    assert town.visit(visit_id).state == VisitState.ARRIVED
    assert town.documents() == []


async def test_a_hand_over_tapped_twice_issues_one_permit(town: Town) -> None:
    visit_id = await looked_at(town)
    button = town.button("yes", OFFICER, step="hand_over")
    await town.at_once((button, OFFICER), (button, OFFICER), (button, OFFICER))
    assert len(town.documents()) == 1
    assert town.visit(visit_id).state == VisitState.DONE
    told = words("business_permit.notices.handed_over_officer", number=town.documents()[0])
    assert town.heard(OFFICER).count(told) == 1
    assert len(town.read(lambda tx: tx.scalars(select(VisitReport)).all())) == 1


# -- whose visit is it? --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "value"),
    [("offer", "accept"), ("offer", "decline"), ("depart", "go"), ("depart", "cannot")],
)
async def test_an_officer_cannot_touch_somebody_elses_visit(
    town: Town, step: str, value: str
) -> None:
    visit_id = await accepted(town)
    before = town.visit(visit_id)
    await town.staff(OTHER, "201", areas=("31.71",))
    said = await town.say(forged("visit", visit_id, step, value), OTHER)
    assert words("common.stale") in said
    assert "Siti" not in said
    after = town.visit(visit_id)
    assert (after.state, after.officer_id, after.code) == (
        before.state,
        before.officer_id,
        before.code,
    )


@pytest.mark.parametrize(
    ("stage", "step", "value"),
    [
        ("offered", "offer", "accept"),
        ("offered", "offer", "decline"),
        ("accepted", "depart", "go"),
        ("accepted", "depart", "cannot"),
        ("on_the_way", "arrive", "here"),
        ("on_the_way", "arrive", "failed"),
        ("arrived", "code", "failed"),
        ("proved", "ktp", "seen"),
    ],
)
async def test_an_owner_cannot_tap_an_officers_buttons(
    town: Town, stage: str, step: str, value: str
) -> None:
    if stage == "offered":
        await town.staff(OFFICER, "101")
        visit_id = town.want(town.apply())
        await town.work()
    else:
        make = {"accepted": accepted, "on_the_way": on_the_way, "arrived": arrived}
        visit_id = await make.get(stage, proved)(town)
    await town.say("halo")
    before = town.visit(visit_id).state
    said = await town.say(forged("visit", visit_id, step, value), OWNER)
    assert said and words("common.trouble") not in said
    for event in ("nobody", "yes"):
        await town.say(forged("visit", visit_id, "failure", event, version=99), OWNER)
    await town.say(town.visit(visit_id).code or "1", OWNER)
    assert town.visit(visit_id).state == before
    assert town.documents() == []


async def test_an_officer_cannot_tap_an_owners_buttons(town: Town) -> None:
    visit_id = await accepted(town)
    for forgery in (
        forged("my_requests", "", "show", "withdraw-1"),
        forged("visit_window", 1, "window", "later"),
        forged("rating", 1, "stars", "5"),
        forged("review", 1, "decision", "approve"),
        forged("assignment", visit_id, "officer", "1"),
    ):
        said = await town.say(forgery, OFFICER)
        assert words("common.stale") in said, forgery
    assert town.case(1).state == CaseState.UNDER_WAY


async def test_an_officer_who_was_made_inactive_can_do_nothing_any_more(town: Town) -> None:
    visit_id = await accepted(town)
    officer_id = town.visit(visit_id).officer_id or 0
    button = town.button("go", OFFICER)
    town.change(Officer, officer_id, active=False)
    said = await town.say(button, OFFICER)
    assert said and words("common.trouble") not in said
    assert town.visit(visit_id).state == VisitState.ACCEPTED
    await town.say("menu", OFFICER)
    labels = [choice.label for choice in town.desk.chat.sent[OFFICER][-1][1].choices]
    assert Say("business_permit.title") in labels, "they are an owner like any other"


async def test_two_officers_cannot_take_the_same_visit(town: Town) -> None:
    """The first accepts in the moment in which the offer passes to the second."""
    first, second = await town.staff(OFFICER, "101"), await town.staff(OTHER, "102")
    visit_id = town.want(town.apply())
    await town.work()
    button = town.button("accept", OFFICER)
    town.expire_offers(visit_id)
    passing = asyncio.to_thread(work_off, town.engine)
    await asyncio.gather(passing, town.at_once((button, OFFICER)))
    await town.work()
    visit, offers = town.visit(visit_id), town.offers(visit_id)
    if visit.state == VisitState.ACCEPTED:
        assert (visit.officer_id, offers) == (first, [(first, "accepted")])
    else:
        assert (visit.officer_id, offers) == (second, [(first, "silent"), (second, None)])
        await town.tap("accept", OTHER)
    assert town.heard(OWNER).count("Kode kunjungan") == 1
    assert words("common.trouble") not in town.heard(OFFICER) + town.heard(OTHER)


async def test_an_officer_is_never_sent_to_their_own_stall(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = town.want(town.apply(OFFICER))
    officer_id = await town.staff(OFFICER, "101")
    await town.work()
    assert town.visit(visit_id).state == VisitState.UNASSIGNED
    await town.say(forged("assignment", visit_id, "officer", str(officer_id)), BOSS)
    assert town.visit(visit_id).state == VisitState.UNASSIGNED


async def test_every_act_on_a_visit_is_in_the_audit(town: Town) -> None:
    visit_id = await arrived(town)
    await town.say(WRONG, OFFICER)
    rows = town.read(
        lambda tx: tx.scalars(
            select(AuditEntry).filter_by(subject=f"visit:{visit_id}").order_by(AuditEntry.id)
        ).all()
    )
    assert [row.details.get("to", row.action) for row in rows] == [
        "offered",
        "accepted",
        "on_the_way",
        "arrived",
        "visit.arrived",
        "visit.code_mistyped",
    ]


async def test_an_owner_who_opted_out_is_sent_no_notices_of_the_visit(town: Town) -> None:
    visit_id = await accepted(town)
    town.change(Person, host(town, visit_id), opted_out_at=now())
    before = town.heard(OWNER)
    town.change(Visit, visit_id, on=today().on)
    await town.tap("go", OFFICER)
    assert town.heard(OWNER) == before


FLAGS = [
    ("identity", "nik_date_differs"),
    ("identity", "nik_date_impossible"),
    ("identity", "nik_serial_zero"),
    ("identity", "nik_area_unknown"),
    ("identity", "birth_date_implausible"),
    ("identity", "under_age"),
    ("duplicates", "same_business_asked"),
]


@pytest.mark.parametrize(("check", "reason"), FLAGS)
async def test_the_officer_s_card_says_what_was_found_in_the_identity(
    town: Town, check: str, reason: str
) -> None:
    visit_id = await on_the_way(town)
    visit = town.visit(visit_id)
    town.identify(host(town, visit_id))
    found = Finding(check, Outcome.NEEDS_A_PERSON, reason)
    town.write(lambda tx: finding.write(tx, visit.case_id, 7, [found]))
    await town.arrive(OFFICER)
    await town.say(visit.code or "", OFFICER)
    card = town.desk.chat.texts(OFFICER)[-1]
    assert words(f"findings.{reason}.short") in card
    await town.tap("seen", OFFICER)
    await town.tap("as_described", OFFICER)
    await town.photo_from(OFFICER)
    assert words(f"findings.{reason}.short") in town.desk.chat.texts(OFFICER)[-1]
    await town.tap("yes", OFFICER)
    assert town.visit(visit_id).state == VisitState.DONE
