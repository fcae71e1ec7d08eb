"""Effects in the unhappy cases: who may do what, who is told, what two do at the same moment."""

from __future__ import annotations

import threading
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from bot.writer import Writer
from conversations import catalogue
from conversations.effects import (
    AcceptOffer,
    Arrive,
    Assign,
    ChooseWindow,
    Correct,
    Decide,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    GiveConsent,
    MistypeCode,
    ProveCode,
    SendIdentityLink,
    SpendCode,
    Submit,
    Withdraw,
)
from conversations.events import Event, Said, SharedContact, Started
from conversations.messages import Say
from models import case as cases
from models import person as people
from models import window
from models.audit import AuditEntry
from models.case import Case
from models.consent import Consent
from models.finding import FindingRow
from models.infrastructure.database import pipeline
from models.lifecycle import OPEN_CASES, CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.participant import Participant
from models.ticket import Ticket
from models.visit import Visit
from tests import world
from tests.bot.town import BOSS, NIK, OFFICER, OTHER, OWNER, Town, forged, words, write_effect
from tests.clock import now

REVIEW = CaseState.IN_REVIEW
NUMBER = "26-000001"


def act(town: Town, address: str, effect: Effect) -> None:
    """Write one effect as this person's, whatever their conversation would have allowed."""
    person_id = town.meet(address)
    town.write(lambda tx: write_effect(tx, person_id, effect))


# -- whoever forges a tap ------------------------------------------------------------------------


OFFICERS_ACTS = [
    AcceptOffer(1),
    DeclineOffer(1, "full"),
    Depart(1),
    Arrive(1, 0.1),
    MistypeCode(1),
    SpendCode(1),
    ProveCode(1),
    FailVisit(1, "nobody"),
    SendIdentityLink(1),
    FinishVisit(1, "hand_over", "handed_over", {}),
]


@pytest.mark.parametrize("who", [OWNER, OTHER, BOSS])
@pytest.mark.parametrize("effect", OFFICERS_ACTS, ids=lambda effect: type(effect).__name__)
async def test_only_the_visits_own_officer_can_act_on_it(
    town: Town, who: str, effect: Effect
) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(OTHER, "102")
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = town.want(town.apply())
    town.change(Visit, visit_id, officer_id=1, code="482915", code_proved_at=now())
    for state in (VisitState.OFFERED, VisitState.ACCEPTED, VisitState.ARRIVED):
        town.change(Visit, visit_id, state=state)
        with pytest.raises(NotAllowed):
            act(town, who, effect)
        visit = town.visit(visit_id)
        assert (visit.state, visit.officer_id, visit.code_tries) == (state, 1, 0)


@pytest.mark.parametrize(
    "effect",
    [
        Withdraw(1),
        Correct(1, {"capital": 1}),
        ChooseWindow(1, window.Window(now().date(), "morning").on, "morning"),
    ],
    ids=lambda effect: type(effect).__name__,
)
@pytest.mark.parametrize("who", [OTHER, OFFICER])
async def test_only_the_owner_changes_a_case(town: Town, who: str, effect: Effect) -> None:
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    town.meet(OTHER)
    with pytest.raises(NotAllowed):
        act(town, who, effect)
    assert town.case(1).state == CaseState.UNDER_WAY
    assert town.visit(visit_id).state == VisitState.WANTED


@pytest.mark.parametrize("who", [OWNER, OFFICER, OTHER])
async def test_only_a_supervisor_of_the_area_decides(town: Town, who: str) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    officer_id = await town.staff(OFFICER, "101")
    town.apply(state=REVIEW)
    with pytest.raises(NotAllowed):
        act(town, who, Decide(1, "approve"))
    town.want(1)
    town.change(Visit, 1, state=VisitState.UNASSIGNED)
    with pytest.raises(NotAllowed):
        act(town, who, Assign(1, officer_id))
    act(town, BOSS, Assign(1, officer_id))
    assert town.visit(1).state == VisitState.OFFERED


async def test_an_owner_cannot_approve_their_own_case(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(state=REVIEW)
    await town.say("halo")
    said = await town.say(forged("review", 1, "decision", "approve"))
    await town.say(forged("review", 1, "letter", "yes", version=99))
    await town.say("ya")
    assert words("common.stale") in said
    assert town.case(1).state == REVIEW


@pytest.mark.parametrize("state", [VisitState.ON_THE_WAY, VisitState.ARRIVED])
@pytest.mark.parametrize(
    "effect",
    [ChooseWindow(1, now().date() + timedelta(days=30), "morning"), Withdraw(1)],
    ids=["move", "withdraw"],
)
async def test_nothing_is_taken_back_once_the_officer_has_set_off(
    town: Town, state: VisitState, effect: Effect
) -> None:
    officer_id = await town.staff(OFFICER, "101")
    town.want(town.apply())
    town.change(Visit, 1, state=state, officer_id=officer_id)
    with pytest.raises(NotAllowed):
        act(town, OWNER, effect)
    assert town.visit(1).state == state


# -- joining -------------------------------------------------------------------------------------


async def test_an_invitation_works_once(town: Town) -> None:
    token = town.invite("101")
    said = await town.say(Started(f"join-{token}"), OFFICER)
    assert words("notices.joined", name="Petugas 101", badge="101") in said
    assert "Kunjungan" in said, "the desk opens"
    said = await town.say(Started(f"join-{token}"), OTHER)
    assert words("notices.invitation_invalid") in said
    assert person_of(town, "101") == town.meet(OFFICER)


async def test_who_taps_the_invitation_twice_finds_their_desk(town: Town) -> None:
    token = town.invite("101")
    await town.at_once((Started(f"join-{token}"), OFFICER), (Started(f"join-{token}"), OFFICER))
    heard = town.heard(OFFICER)
    assert heard.count(words("notices.joined", name="Petugas 101", badge="101")) == 1
    assert words("notices.invitation_invalid") not in heard


@pytest.mark.parametrize("payload", ["join-", "join-nothing", "join-" + "x" * 60])
async def test_an_unknown_invitation_makes_nobody_an_officer(town: Town, payload: str) -> None:
    town.invite("101")
    said = await town.say(Started(payload), OTHER)
    assert words("notices.invitation_invalid") in said
    assert person_of(town, "101") is None
    await town.say("menu", OTHER)
    labels = [choice.label for choice in town.desk.chat.sent[OTHER][-1][1].choices]
    assert Say("business_permit.title") in labels, "they are an owner"


@pytest.mark.parametrize("state", sorted(OPEN_CASES))
async def test_an_owner_with_an_open_case_joins_and_keeps_it(town: Town, state: CaseState) -> None:
    town.apply(state=state, number="26-000007")
    token = town.invite("101")
    said = await town.say(Started(f"join-{token}"))
    assert words("notices.joined", name="Petugas 101", badge="101") in said
    said = await town.say("status")
    assert "26-000007" in said, "an officer sees what they asked for themselves"
    await town.say("menu")
    assert words("officer_desk.menu.citizen") in labels_of(town, OWNER)


async def test_an_officer_asks_for_a_permit_and_nobody_hands_it_to_themselves(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.say("menu", OFFICER)
    await town.tap("citizen", OFFICER)
    shown = labels_of(town, OFFICER)
    assert shown[:2] == [words("welcome.menu.desk"), words("business_permit.title")]
    await town.tap("business_permit", OFFICER)
    privacy = "https://izin.example/privasi"
    assert words("business_permit.consent", privacy=privacy) in town.heard(OFFICER)
    case_id = town.apply(OFFICER, number="26-000009")
    visit_id = town.want(case_id)
    await town.work()
    assert town.visit(visit_id).state == VisitState.UNASSIGNED, "nobody else works here"


async def test_a_supervisor_does_not_decide_on_a_case_of_their_own(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    case_id = town.apply(BOSS, state=CaseState.IN_REVIEW)
    assert "26-000001" not in await town.say("menu", BOSS)
    with pytest.raises(NotAllowed):
        act(town, BOSS, Decide(case_id, "approve"))


async def test_each_of_two_accepted_cases_has_windows_of_its_own(town: Town) -> None:
    await town.staff(OFFICER, "101", areas=("31.74", "31.71"))
    south = town.apply(number="26-000001")
    centre = town.apply(number="26-000002", place={"kelurahan": "31.71.01.1001", "pin": None})
    said = await town.say("status")
    assert "26-000001" in said and "26-000002" in said
    for case_id in (south, centre):
        await town.say("status")
        await town.tap(f"window-{case_id}")
        await town.say("1")
    visits = town.read(lambda tx: tx.scalars(select(Visit).order_by(Visit.id)).all())
    assert [(one.case_id, one.area_code[:5]) for one in visits] == [
        (south, "31.74"),
        (centre, "31.71"),
    ]


def labels_of(town: Town, address: str) -> list[str]:
    """The buttons of the newest message."""
    said = catalogue.load()
    return [said.say(one.label, "id") for one in town.desk.chat.sent[address][-1][1].choices]


async def test_a_form_that_an_officer_fills_in_is_about_the_host_of_their_visit(
    town: Town,
) -> None:
    await town.staff(OFFICER, "101")
    owner_id = town.meet(OWNER)
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    given = world.answers(town.photo())
    helped = Submit("business_permit", given, owner_id)
    with pytest.raises(NotAllowed):
        act(town, OFFICER, helped)  # not at the door yet
    town.change(Visit, visit_id, state=VisitState.ARRIVED)
    act(town, OFFICER, GiveConsent("another", owner_id))
    act(town, OFFICER, helped)
    newest = town.read(lambda tx: tx.scalars(select(Case).order_by(Case.id.desc()).limit(1)).one())
    assert newest.person_id == owner_id
    helper = town.read(lambda tx: tx.scalars(select(Participant)).one())
    assert (helper.case_id, helper.role) == (newest.id, "helper")
    assert helper.person_id == town.person(OFFICER)
    consents = town.read(lambda tx: tx.scalars(select(Consent).filter_by(purpose="another")).one())
    assert consents.person_id == owner_id


@pytest.mark.parametrize("state", [CaseState.DONE, CaseState.REJECTED, CaseState.CANCELLED])
async def test_an_owner_whose_cases_are_closed_joins(town: Town, state: CaseState) -> None:
    town.apply(state=state)
    said = await town.say(Started(f"join-{town.invite('101')}"))
    assert words("notices.joined", name="Petugas 101", badge="101") in said


async def test_of_two_officers_with_one_badge_the_one_who_comes_is_named(town: Town) -> None:
    await town.staff(OFFICER, "0417")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    town.write(lambda tx: tx.add(Officer(name="Agus", badge="417", badge_shared=True)))
    yours = words("notices.officer_yours", name="Petugas 0417", badge="0417", **town.when(visit_id))
    for typed in ("417", "0417", "00417"):
        assert yours in await town.say(f"cek petugas {typed}")
    known = words("notices.officer_known", name="Agus", badge="417")
    assert known in await town.say("cek petugas 417", "stranger")


async def test_an_expired_invitation_is_no_use(town: Town) -> None:
    token = town.invite("101")
    town.change(Officer, 1, invited_at=now() - timedelta(days=15))
    said = await town.say(Started(f"join-{token}"), OFFICER)
    assert words("notices.invitation_invalid") in said
    assert person_of(town, "101") is None


async def test_two_people_tap_one_invitation_at_the_same_moment(town: Town) -> None:
    token = town.invite("101")
    await town.at_once((Started(f"join-{token}"), OFFICER), (Started(f"join-{token}"), OTHER))
    told = [
        words("notices.joined", name="Petugas 101", badge="101") in town.heard(who)
        for who in (OFFICER, OTHER)
    ]
    assert sorted(told) == [False, True]


async def test_one_person_holds_one_badge(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.say(Started(f"join-{town.invite('102')}"), OFFICER)
    assert person_of(town, "102") is None
    assert person_of(town, "101") == town.meet(OFFICER)


async def test_who_lost_one_badge_may_take_up_another(town: Town) -> None:
    first = await town.staff(OFFICER, "101")
    town.change(Officer, first, active=False)
    said = await town.say(Started(f"join-{town.invite('102')}"), OFFICER)
    assert words("notices.joined", name="Petugas 102", badge="102") in said
    assert person_of(town, "102") == town.meet(OFFICER)


async def test_a_renewed_invitation_moves_an_officer_to_another_phone(town: Town) -> None:
    officer_id = await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    await town.say(Started(f"join-{town.invite('101')}"), OTHER)
    assert town.visit(visit_id).officer_id == officer_id
    assert "Siti Aminah" in town.heard(OTHER), "the desk shows the visits"
    said = await town.say(town.button("go", OFFICER), OFFICER)
    assert said and town.visit(visit_id).state == VisitState.ACCEPTED


async def test_an_owner_with_an_open_form_becomes_an_officer(town: Town) -> None:
    await town.say("mau izin")
    await town.say("ya")
    await town.say("isi sendiri")
    await town.say("Siti Aminah")
    await town.staff(OWNER, "101")
    assert "Kunjungan" in town.desk.chat.texts(OWNER)[-1]
    for words_said in ("menu", "kembali", "Rahmat Hidayat 0417", "batal", "status"):
        said = await town.say(words_said)
        assert said and words("common.trouble") not in said
        assert words("business_permit.trade") not in said


def person_of(town: Town, badge: str) -> int | None:
    return town.read(lambda tx: tx.scalars(select(Officer).filter_by(badge=badge)).one().person_id)


# -- supervisors ---------------------------------------------------------------------------------


async def in_review(town: Town) -> None:
    """A case that a supervisor has on the desk."""
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(state=REVIEW)
    await town.say("menu", BOSS)
    await town.tap("review-1", BOSS)


async def test_an_approved_case_goes_on_to_the_windows(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await in_review(town)
    await town.tap("approve", BOSS)
    await town.tap("yes", BOSS)
    await town.work()
    assert town.case(1).state == CaseState.ACCEPTED
    assert words("notices.verified", number=NUMBER) in town.heard(OWNER)


async def test_what_is_returned_is_asked_again_and_nothing_else(town: Town) -> None:
    await in_review(town)
    await town.tap("return", BOSS)
    await town.tap("capital", BOSS)
    await town.say("Modalnya tidak cocok dengan foto", BOSS)
    await town.tap("yes", BOSS)
    said = town.heard(OWNER)
    assert "Modalnya tidak cocok dengan foto" in said
    assert words("business_permit.capital") in said
    said = await town.say("7 juta")
    assert words("business_permit.corrected") in said
    case = town.case(1)
    assert case.answers["capital"] == 7_000_000
    assert case.answers["turnover"] == 6_000_000
    assert (case.answers_version, case.changed) == (2, ["capital"])
    assert case.state == CaseState.SUBMITTED


async def test_what_is_rejected_is_told_with_the_reason(town: Town) -> None:
    await in_review(town)
    await town.tap("reject", BOSS)
    await town.tap("scale", BOSS)
    await town.say("Pegawainya sudah dua puluh orang", BOSS)
    await town.tap("yes", BOSS)
    assert town.case(1).state == CaseState.REJECTED
    told = str(town.heard(OWNER))
    for part in (NUMBER, words("business_permit.refused.scale"), "Pegawainya sudah dua puluh"):
        assert part in told
    assert words("business_permit.refused.scale.next") in told
    service = words("business_permit.name")
    rejected = words("my_requests.state.rejected", number=NUMBER, service=service)
    assert rejected in await town.say("status")


async def test_a_decision_tapped_twice_counts_once(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await in_review(town)
    await town.tap("approve", BOSS)
    button = town.button("yes", BOSS)
    await town.at_once((button, BOSS), (button, BOSS))
    assert len(moves(town, "case:1")) == 1
    assert words("common.trouble") not in town.heard(BOSS)


@pytest.mark.parametrize("second", ["approve", "reject"])
async def test_two_supervisors_decide_at_the_same_moment(town: Town, second: str) -> None:
    await in_review(town)
    await town.staff(OTHER, "S2", role="supervisor")
    await town.say("menu", OTHER)
    await town.tap("review-1", OTHER)
    for who, decision in ((BOSS, "approve"), (OTHER, second)):
        await town.tap(decision, who)
        if decision == "reject":
            await town.tap("place", who)
            await town.say("Kiosnya di atas trotoar", who)
    await town.at_once((town.button("yes", BOSS), BOSS), (town.button("yes", OTHER), OTHER))
    assert len(moves(town, "case:1")) == 1
    assert words("common.trouble") not in town.heard(BOSS) + town.heard(OTHER)


async def test_two_supervisors_give_one_visit_to_two_officers(town: Town) -> None:
    """In two transactions that run side by side: only one of them counts."""
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OTHER, "S2", role="supervisor")
    first, second = await town.staff(OFFICER, "101"), await town.staff("officer-2", "102")
    visit_id = town.want(town.apply())
    town.change(Visit, visit_id, state=VisitState.UNASSIGNED)
    start = threading.Barrier(2)
    lost: list[BaseException] = []

    def assign(address: str, officer_id: int) -> None:
        person_id = town.meet(address)
        with Session(town.engine) as tx:
            seen = tx.get_one(Visit, visit_id).state  # the facts of the turn: nothing is locked
            assert seen == VisitState.UNASSIGNED
            start.wait(10)
            try:
                write_effect(tx, person_id, Assign(1, officer_id), turn_id=officer_id)
                tx.commit()
            except NotAllowed as error:
                lost.append(error)

    threads = [
        threading.Thread(target=assign, args=one) for one in ((BOSS, first), (OTHER, second))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(lost) == 1
    assert len(town.offers(visit_id)) == 1
    assert town.offers(visit_id) == [(town.visit(visit_id).officer_id, None)]


async def test_the_owner_withdraws_while_a_supervisor_decides(town: Town) -> None:
    await in_review(town)
    await town.tap("approve", BOSS)
    await town.say("status")
    await town.tap("withdraw-1")
    await town.at_once((town.button("yes", BOSS), BOSS), (town.button("yes", OWNER), OWNER))
    await town.quiet()
    assert len(moves(town, "case:1")) in {1, 2}
    assert town.case(1).state in {CaseState.CANCELLED, CaseState.ACCEPTED}
    assert words("common.trouble") not in town.heard(BOSS) + town.heard(OWNER)


def moves(town: Town, subject: str) -> list[str]:
    rows = select(AuditEntry).filter_by(subject=subject, action=f"{subject.split(':')[0]}.moved")
    return town.read(lambda tx: [row.details["to"] for row in tx.scalars(rows)])


# -- windows -------------------------------------------------------------------------------------


def invite(case_id: int, tx: Session) -> None:
    cases.plan_windows(tx, tx.get_one(Case, case_id))


async def choosing(town: Town, *addresses: str, capacity: int = 1) -> list[str]:
    """Owners before whom the same windows lie; gives the first window's value."""
    await town.staff(OFFICER, "101", capacity=capacity)
    for number, address in enumerate(addresses):
        case_id = town.apply(address, number=f"26-00000{number}")
        town.write(partial(invite, case_id))
    await town.work()
    choices = town.desk.chat.sent[addresses[0]][-1][1].choices
    return [choice.value for choice in choices]


async def test_a_window_that_somebody_else_took_is_asked_again(town: Town) -> None:
    first, second, *_ = await choosing(town, OWNER, OTHER)
    await town.tap(first, OWNER)
    said = await town.say(town.button(first, OTHER), OTHER)
    assert words("notices.window_gone") in said
    offered = [c.value for c in town.desk.chat.sent[OTHER][-1][1].choices]
    assert first not in offered and second in offered
    await town.tap(second, OTHER)
    assert town.case(2).state == CaseState.UNDER_WAY


async def test_the_last_room_in_a_window_is_given_once(town: Town) -> None:
    first, *_ = await choosing(town, OWNER, OTHER)
    await town.at_once((town.button(first, OWNER), OWNER), (town.button(first, OTHER), OTHER))
    chosen = town.read(lambda tx: [(row.on, row.part) for row in tx.scalars(select(Visit))])
    assert len(chosen) == len(set(chosen)) >= 1


async def test_two_transactions_do_not_both_take_the_last_room(town: Town) -> None:
    first, *_ = await choosing(town, OWNER, OTHER)
    on, part = first.split(".")
    chosen = window.Window(now().date().fromisoformat(on), part)
    taken: list[bool] = []
    start = threading.Barrier(2)

    def take(case_id: int) -> None:
        with Session(town.engine) as tx, tx.begin():
            code = tx.get_one(Case, case_id).area_code or ""
            start.wait(10)
            room = window.take(tx, code, chosen, now())
            taken.append(room)
            if room:
                tx.add(
                    Visit(
                        case_id=case_id,
                        purpose="hand_over",
                        host_id=1,
                        area_code=code,
                        on=chosen.on,
                        part=chosen.part,
                    )
                )

    threads = [threading.Thread(target=take, args=(one,)) for one in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(taken) == [False, True]


async def test_a_window_further_down_than_those_shown_now_is_still_free(town: Town) -> None:
    """An earlier one was given back meanwhile: what was shown before still holds."""
    shown = await choosing(town, OWNER)
    case = town.case(1)
    kelurahan = case.area_code or ""
    later = town.read(lambda tx: window.free(tx, kelurahan, now()))[-1]
    assert f"{later.on.isoformat()}.{later.part}" not in shown
    act(town, OWNER, ChooseWindow(1, later.on, later.part))
    assert town.visit(1).on == later.on


# -- asking about officers, calling somebody -----------------------------------------------------


async def test_anybody_may_ask_who_an_officer_is(town: Town) -> None:
    await town.staff(OFFICER, "0417")
    await town.staff(BOSS, "S1", role="supervisor")
    visit_id = town.want(town.apply())
    await town.work()
    known = words("notices.officer_known", name="Petugas 0417", badge="0417")
    assert known in await town.say("cek petugas 417"), "only offered: nobody comes yet"
    await town.tap("accept", OFFICER)
    yours = words("notices.officer_yours", name="Petugas 0417", badge="0417", **town.when(visit_id))
    assert yours in await town.say("cek petugas 0417")
    assert known in await town.say("cek petugas 0417", "stranger")
    unknown = words("notices.officer_unknown", badge="999")
    assert unknown in await town.say("cek petugas 999", "stranger")
    town.change(Officer, 1, active=False)
    assert words("notices.officer_ended", badge="0417") in await town.say("cek petugas 0417")
    boss = words("notices.officer_known", name="Petugas S1", badge="S1")
    assert boss in await town.say("cek petugas s1"), "a supervisor's badge is ours too"


async def test_who_wants_a_person_is_passed_on_with_their_number(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply()
    await town.say("halo")
    await town.say(SharedContact("+6281234567890", own=True))
    told = words("notices.person_called", name="Siti Aminah", phone="+6281234567890", number=NUMBER)
    assert told in town.heard(BOSS)


@pytest.mark.parametrize("areas", [("31.74",), ("31.71",), ("31",)])
async def test_a_call_for_help_always_finds_a_supervisor(
    town: Town, areas: tuple[str, ...]
) -> None:
    """Even of somebody without a case, even where nobody supervises."""
    await town.staff(BOSS, "S1", role="supervisor", areas=areas)
    await town.say("halo")
    await town.say("bicara dengan orang")
    assert "ingin bicara" in town.heard(BOSS)


#: What brings supervisors into it, and a part of what they are told.
CALLS: dict[str, tuple[tuple[Event, ...], str]] = {
    "a person": ((Said("bicara dengan petugas"),), "ingin bicara"),
    "a person in other words": ((Said("saya mau ngomong sama orang aja"),), "ingin bicara"),
    "a renewal": ((Said("izin saya mau diperpanjang"),), "minta dihubungi: memperpanjang izin"),
    "despair": ((Said("saya mau bunuh diri saja"),), "SEGERA"),
    "their data": ((Said("data saya"),), "minta salinan datanya"),
    "a number to call": ((SharedContact("+6281234567890", own=True),), "ingin bicara"),
}


@pytest.mark.parametrize("what", CALLS)
async def test_supervisors_hear_of_one_thing_once_a_day_and_then_how_often(
    town: Town, what: str
) -> None:
    events, told = CALLS[what]
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff("second", "S2", role="supervisor")
    await town.say("halo", "stranger")
    for event in events * 12:
        await town.say(event, "stranger")
    numbered = what != "their data"  # its number is in each answer
    assert len(town.desk.chat.texts("stranger")) == 1 + numbered + 12 * len(events), (
        "an answer each time, and the number of the ticket once"
    )
    for boss in (BOSS, "second"):
        assert [told in text for text in town.desk.chat.texts(boss)].count(True) == 1
    yesterday = now() - timedelta(days=1, seconds=1)
    town.write(lambda tx: tx.execute(update(Ticket).values(told_at=yesterday)))
    for event in events:
        await town.say(event, "stranger")
    again = words("notices.caller.asked_before", n=11)
    for boss in (BOSS, "second"):
        assert [told in text for text in town.desk.chat.texts(boss)].count(True) == 2
        assert again in town.heard(BOSS)


async def test_each_kind_of_request_and_each_person_is_told(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    before = len(town.desk.chat.texts(BOSS))
    for who in ("one", "other"):
        await town.say("halo", who)
        for said in (
            "izin saya mau diperpanjang",
            "data saya",
            "bicara dengan petugas",
        ):
            await town.say(said, who)
            await town.say(said, who)
    assert len(town.desk.chat.texts(BOSS)) == before + 6


async def test_a_supervisor_far_away_decides_where_nobody_supervises(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.71",))
    town.apply(state=REVIEW)
    assert NUMBER in await town.say("menu", BOSS)
    await town.tap("review-1", BOSS)
    await town.tap("approve", BOSS)
    await town.tap("yes", BOSS)
    assert town.case(1).state == CaseState.ACCEPTED


async def test_a_form_that_was_answered_on_the_page_meanwhile_changes_nothing(town: Town) -> None:
    town.apply(state=CaseState.SUBMITTED)
    act(town, OWNER, Correct(1, {}))
    case = town.case(1)
    assert (case.state, case.answers_version) == ("submitted", 1)


# -- what the tables hold ------------------------------------------------------------------------


async def test_nothing_personal_stands_in_any_table_in_the_clear(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "101")
    secrets = ["Siti Aminah", "Jalan Rahasia", "812-3456", "81234567890", NIK, "Warung Bu"]
    for said in (
        "mau izin",
        "ya",
        "isi sendiri",
        "Siti Aminah",
        "nasi uduk",
        "1",
        "Warung Bu Siti",
    ):
        await town.say(said)
    for said in ("cipete utara", "Jalan Rahasia no. 12, RT 5/3", "1"):
        await town.say(said)
    await town.photo_from(OWNER)
    await town.say(SharedContact("+6281234567890", own=True))
    await town.say("halo, HP saya 0812-3456-7890")
    await town.say(f"NIK saya {NIK}")
    case_id = town.apply("other", street="Jalan Rahasia 9", number="26-000009")
    town.identify(town.meet("other"))
    visit_id = town.want(case_id)
    await town.work()
    await town.tap("accept", OFFICER)
    secrets.append(town.visit(visit_id).code or "?")
    with town.engine.connect() as connection:
        tables = connection.execute(
            text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        ).scalars()
        for table in tables.all():
            rows = connection.execute(text(f'SELECT "{table}"::text FROM "{table}"'))  # noqa: S608
            everything = "\n".join(row[0] for row in rows)
            for secret in secrets:
                assert secret not in everything, f"{table} holds {secret!r}"
                assert secret.encode().hex() not in everything, f"{table} holds {secret!r}"


async def test_a_finding_by_hand_holds_no_words_of_the_supervisor(town: Town) -> None:
    """The reason is told to the owner, encrypted; the findings are plain rows."""
    await in_review(town)
    await town.tap("return", BOSS)
    await town.tap("street", BOSS)
    await town.say("Bu Siti, alamatnya keliru", BOSS)
    await town.tap("yes", BOSS)
    (row,) = town.read(lambda tx: tx.scalars(select(FindingRow)).all())
    assert (row.check, row.step, row.params) == ("supervisor", "street", {})


async def test_the_cases_of_a_batch_are_inserted_together(town: Town) -> None:
    """Each person hears the number of their own one; a complaint among them is filed as ever."""
    owners = {town.meet(address): address for address in ("a", "b", "c")}
    forms = [Submit("business_permit", world.answers(town.photo(a)), None) for a in owners.values()]
    complaint = Submit("complaint", {"what": "minta uang", "officer": "unknown"}, None)
    effects = dict(zip(owners, [(forms[0],), (forms[1], complaint), (forms[2],)], strict=True))

    def written(tx: Session) -> None:
        writer = Writer(tx, "https://izin.example", now())
        writer.submit_together((who, who, told) for who, told in effects.items())
        assert len(writer.cases) == len(forms)
        for speaker in people.lock(tx, list(owners)):
            writer.write(speaker, speaker.id, effects[speaker.id])
        with pipeline(tx) as execute:
            writer.close(execute)

    town.write(written)
    rows = town.read(lambda tx: tx.scalars(select(Case).order_by(Case.id)).all())
    assert sorted(row.service for row in rows) == ["business_permit"] * 3 + ["complaint"]
    await town.quiet()
    for row in rows:
        assert row.number in town.heard(owners[row.person_id])
        others = [one.number for one in rows if one.person_id != row.person_id]
        assert not any(number in town.heard(owners[row.person_id]) for number in others)
