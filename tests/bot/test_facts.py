"""Facts: each sees what is theirs to see, and nobody else's."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot import facts
from conversations.facts import Facts
from models import person as people
from models import turn
from models.attachment import Attachment, AttachmentState
from models.case import Case
from models.conversation import Conversation
from models.lifecycle import CaseState, VisitState
from models.officer import Officer
from models.visit import CODE_TRIES, Visit
from tests import world
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, words
from tests.clock import now
from tests.conversations.city import DIRECTORY
from tests.workers.verification.samples import encoded, scene

SOUTH, CENTRE = "31.74.07.1010", "31.71.06.1001"  # Cipete Utara; Menteng
REVIEW = CaseState.IN_REVIEW


def known(town: Town, address: str) -> Facts:
    """What a turn of this person would know now."""
    person_id = town.meet(address)

    def load(tx: Session) -> Facts:
        locked = people.lock(tx, [person_id])
        opened = turn.reopen(tx, [person_id])
        return facts.load(tx, locked, opened, town.desk.turns.city, now())[person_id]

    return town.read(load)


def in_centre(town: Town, address: str) -> int:
    place = {"kelurahan": CENTRE, "pin": None}
    return town.apply(address, place=place, number="26-000002", state=REVIEW)


async def test_an_owner_sees_their_own_and_nothing_of_others(town: Town) -> None:
    town.want(town.apply(OWNER))
    town.want(town.apply(OTHER, number="26-000002"))
    mine = known(town, OWNER)
    assert [a.number for a in mine.mine.cases] == ["26-000001"]
    assert [v.case_number for v in mine.mine.visits] == ["26-000001"]
    assert mine.me.desk == "owner" and not (mine.desk.cases or mine.desk.officers)
    stranger = known(town, "stranger")
    assert not (stranger.mine.cases or stranger.mine.visits or stranger.mine.windows)


async def test_an_owner_sees_windows_only_while_there_is_one_to_choose(town: Town) -> None:
    await town.staff(OFFICER, "101")
    case_id = town.apply()
    assert known(town, OWNER).mine.windows
    visit_id = town.want(case_id)
    assert known(town, OWNER).mine.windows, "the time may still be changed"
    town.change(Visit, visit_id, state=VisitState.ON_THE_WAY)
    assert not known(town, OWNER).mine.windows


async def test_an_officer_sees_their_own_and_offered_visits_only(town: Town) -> None:
    mine = await town.staff(OFFICER, "101")
    others = await town.staff(OTHER, "102")
    for number, (state, officer_id) in enumerate(
        [
            (VisitState.ACCEPTED, mine),
            (VisitState.ACCEPTED, others),
            (VisitState.WANTED, None),
            (VisitState.UNASSIGNED, None),
            (VisitState.CANCELLED, mine),
            (VisitState.DONE, mine),
        ]
    ):
        visit_id = town.want(town.apply(f"owner-{number}", number=f"26-{number}"))
        town.change(Visit, visit_id, state=state, officer_id=officer_id)
    seen = known(town, OFFICER)
    assert [(v.case_number, v.offered_to_me) for v in seen.rounds.visits] == [("26-0", False)]
    town.change(Officer, others, active=False)
    await town.work()
    seen = known(town, OFFICER)
    assert {v.case_number: v.offered_to_me for v in seen.rounds.visits} == {
        "26-0": False,
        "26-2": True,
    }
    assert not (seen.mine.cases or seen.desk.cases or seen.desk.officers)


async def test_a_supervisor_sees_only_their_areas(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    await town.staff("o1", "101", areas=("31.74.07",))
    await town.staff("o2", "102", areas=("31.71.06",))
    await town.staff("o3", "103", areas=("31",))
    town.apply(OWNER, state=REVIEW)
    in_centre(town, "owner-2")
    stuck = town.want(town.apply("owner-3", number="26-000003"))
    town.change(Visit, stuck, state=VisitState.UNASSIGNED)
    south, centre = known(town, BOSS), known(town, OTHER)
    assert [a.number for a in south.desk.cases] == ["26-000001"]
    assert [a.number for a in centre.desk.cases] == ["26-000002"]
    assert [v.case_number for v in south.desk.visits] == ["26-000003"] and not centre.desk.visits
    assert [o.badge for o in south.desk.officers] == ["101", "103"]
    assert [o.badge for o in centre.desk.officers] == ["102", "103"]
    assert south.mine.cases == ()


async def test_what_nobody_supervises_is_seen_by_every_supervisor(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    in_centre(town, "owner-2")
    assert [a.number for a in known(town, BOSS).desk.cases] == ["26-000002"]
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    assert known(town, BOSS).desk.cases == ()


async def test_two_hundred_cases_elsewhere_hide_none_of_here(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor", areas=("31.74",))
    await town.staff(OTHER, "S2", role="supervisor", areas=("31.71",))
    owner_id = town.meet(OWNER)

    def flood(tx: Session) -> None:
        given = world.answers(1, place={"kelurahan": CENTRE, "pin": None})
        for number in range(facts.QUEUE + 1):
            world.case(tx, owner_id, given, number=f"25-{number}", state=REVIEW)

    town.write(flood)
    town.apply(OWNER, state=REVIEW)
    assert [a.number for a in known(town, BOSS).desk.cases] == ["26-000001"]


@pytest.mark.parametrize("column", ["unreachable_at", "opted_out_at"])
async def test_an_officer_who_cannot_be_written_to_is_shown_as_such(
    town: Town, column: str
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "101")
    town.invite("102")
    assert [o.reachable for o in known(town, BOSS).desk.officers] == [True, False]
    officer_id = town.meet(OFFICER)
    town.write(lambda tx: world.silence(tx, officer_id, column))
    assert [o.reachable for o in known(town, BOSS).desk.officers] == [False, False]


async def test_who_is_no_officer_any_more_is_an_owner_again(town: Town) -> None:
    officer_id = await town.staff(OFFICER, "101")
    assert known(town, OFFICER).me.desk == "officer"
    town.change(Officer, officer_id, active=False)
    assert (known(town, OFFICER).me.desk, known(town, OFFICER).rounds.visits) == ("owner", ())


async def test_the_code_reaches_nobody_but_the_owner(town: Town) -> None:
    """All that was ever said to the officer, in both languages, and what their session holds."""
    await town.staff(BOSS, "S1", role="supervisor")
    await town.staff(OFFICER, "101")
    visit_id = town.want(town.apply())
    await town.work()
    await town.tap("accept", OFFICER)
    town.change(Visit, visit_id, on=today().on, code="907361")
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER)
    await town.tap("go", OFFICER)
    await town.arrive(OFFICER)
    for said in ("111111", "halo", "bantuan", "english", "menu"):
        await town.say(said, OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER)
    assert known(town, OFFICER).rounds.visits[0].code_tries_left == CODE_TRIES - 1
    for address in (OFFICER, BOSS):
        heard = town.heard(address)
        queued = json.dumps([row.message for row in town.messages(address)])
        kept = json.dumps(session(town, address))
        for code in ("907361", "907 361"):
            assert code not in heard and code not in queued and code not in kept
    assert "907 361" in town.heard(OWNER)


def session(town: Town, address: str) -> object:
    person_id = town.meet(address)
    return town.read(lambda tx: tx.get_one(Conversation, person_id).session)


async def test_the_owners_photo_is_shown_to_the_officer_who_is_asked(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(BOSS, "1", role="supervisor")
    await town.staff(OTHER, "102", areas=(CENTRE,))
    town.desk.media.storage.write("attachments/x.jpg", encoded(scene(640, 480)))
    town.want(town.apply(OWNER))
    await town.work()
    (_, offered) = town.desk.chat.sent[OFFICER][-1]
    assert offered.picture == "attachments/x.jpg" and offered.choices
    for address in (OWNER, OTHER):
        seen = known(town, address)
        assert not any(visit.photo for visit in (*seen.mine.visits, *seen.rounds.visits))
        assert not any(message.picture for _, message in town.desk.chat.sent.get(address, ()))


async def test_a_photo_that_is_not_stored_is_not_shown(town: Town) -> None:
    await town.staff(BOSS, "1", role="supervisor")
    town.apply(state=REVIEW)
    assert [case.photo for case in known(town, BOSS).desk.cases] == ["attachments/x.jpg"]
    photo = town.read(lambda tx: tx.scalars(select(Attachment.id)).one())
    for columns in ({"state": AttachmentState.REFUSED}, {"path": None}):
        town.change(Attachment, photo, **columns)
        assert [case.photo for case in known(town, BOSS).desk.cases] == [None]


async def test_only_what_a_supervisor_returned_is_open_and_only_for_these_answers(
    town: Town,
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(state=REVIEW)
    await town.say("menu", BOSS)
    await town.tap("review-1", BOSS)
    await town.tap("return", BOSS)
    await town.tap("street", BOSS)
    await town.say("Alamatnya kurang jelas", BOSS)
    await town.tap("yes", BOSS)
    assert known(town, OWNER).mine.cases[0].open_fixes == ("street",)
    await town.say("Jalan Mawar nomor 7, sebelah musala")
    (case,) = known(town, OWNER).mine.cases
    assert (case.state, case.open_fixes) == ("submitted", ())
    answers = town.read(lambda tx: tx.scalars(select(Case)).one().answers)
    assert answers["street"].startswith("Jalan Mawar")


async def test_names_that_are_missing_break_nothing(town: Town) -> None:
    """A visit whose trade was left to the officer, and whose place has no pin."""
    await town.staff(OFFICER, "101")
    place = {"kelurahan": SOUTH, "pin": None}
    town.want(town.apply(place=place, trade={"left": True}, business_name=None, rt_rw=None))
    await town.work()
    (visit,) = known(town, OFFICER).rounds.visits
    assert (visit.pin, visit.about, visit.address) == (None, "-", "Jl. Damai 3")
    assert words("visit.no_pin") in town.heard(OFFICER)


async def test_facts_about_offices_are_told_to_whoever_asks(town: Town) -> None:
    turns = town.desk.turns
    turns.city = replace(turns.city, directory=DIRECTORY)
    told = "\n".join(await town.desk.say("alamat kantornya dimana", "stranger"))
    assert "Alamat kantor: Gedung Contoh lantai 3" in told
    assert "Telepon kantor: (021) 5550100" in told


async def test_the_name_on_a_card_is_known_to_its_owner_before_any_request(town: Town) -> None:
    town.identify(town.meet(OWNER), "DEWI LESTARI")
    assert known(town, OWNER).me.on_card == "DEWI LESTARI"
    assert known(town, OTHER).me.on_card is None


async def test_a_name_that_cannot_be_read_is_as_none(town: Town) -> None:
    town.identify(town.meet(OWNER))
    town.write(lambda tx: tx.execute(text("UPDATE identities SET name = 'x'")))
    assert known(town, OWNER).me.on_card is None


async def test_several_answers_that_are_returned_are_mended_in_turn(town: Town) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    town.apply(state=REVIEW)
    await town.say("menu", BOSS)
    await town.tap("review-1", BOSS)
    await town.tap("return", BOSS)
    await town.say("alamat sama modal", BOSS)
    await town.say("Nomor rumah dan modalnya belum jelas", BOSS)
    await town.tap("yes", BOSS)
    assert set(known(town, OWNER).mine.cases[0].open_fixes) == {"street", "capital"}
    await town.say("Jalan Mawar nomor 7, sebelah musala")
    assert known(town, OWNER).mine.cases[0].state == "needs_fix"
    await town.say("7 juta")
    (case,) = known(town, OWNER).mine.cases
    assert (case.state, case.open_fixes) == ("submitted", ())
    answers = town.read(lambda tx: tx.scalars(select(Case)).one().answers)
    assert answers["street"].startswith("Jalan Mawar") and answers["capital"] == 7_000_000
