"""Referrals: somebody tells of a place, an officer goes there once, and nobody learns who told."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from casework import identities
from casework.act import by_office
from conversations.events import Located, Started
from conversations.referrals import TellMore
from models import helper, identity
from models.assisted import Assisted, AssistedState
from models.case import Case
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.participant import Participant
from models.task import Task
from models.unreached import Unreached
from models.visit import Visit
from tests import held
from tests.bot.test_assisted import fill_in, with_code
from tests.bot.town import BOSS, NIK, OFFICER, OTHER, OWNER, Town, today, words, write_effect
from tests.clock import now

PIN = Located(-6.2706, 106.8023)
HOST = "host"  # an address
NEIGHBOURS = ("n1", "n2", "n3", "n4", "n5")


async def tell(
    town: Town,
    who: str = OWNER,
    *,
    trade: str = "jual nasi uduk pakai gerobak",
    place: Located | str = PIN,
    landmark: str = "depan musala Al-Ikhlas RT 5 RW 3",
    opens: str = "pagi",
    knows: str = "belum tahu",
) -> str:
    """Tell of a place, and return all that was answered to the last message."""
    said = ["halo", "bantu usaha lain", "ya lanjut", trade, place]
    if isinstance(place, Located):
        said.append("1")
    said += [landmark, opens, knows]
    if knows == "tahu dan mau":
        said.append("lewati")
    for one in said:
        await town.say(one, who)
    return await town.say("ya kirim", who)


async def compared(town: Town) -> None:
    """Let the workers compare and book."""
    await town.work()
    await town.quiet()


def referrals(town: Town) -> list[Case]:
    of = select(Case).where(Case.service == "referral").order_by(Case.id)
    return list(town.read(lambda tx: tx.scalars(of).all()))


def visits(town: Town) -> list[Visit]:
    return list(town.read(lambda tx: tx.scalars(select(Visit).order_by(Visit.id)).all()))


async def arrived(town: Town, *, badge: str = "101") -> Visit:
    """An officer at the place that was told of."""
    await town.work()
    await town.tap("accept", OFFICER)
    visit = visits(town)[-1]
    town.change(Visit, visit.id, on=today().on)
    await town.tap("go", OFFICER)
    await town.say(PIN, OFFICER)
    return visits(town)[-1]


# -- told ------------------------------------------------------------------------------------------


async def test_whoever_tells_is_thanked_and_an_officer_is_asked(town: Town) -> None:
    await town.staff(OFFICER, "101")
    assert words("referral.submitted") in await tell(town)
    await compared(town)
    (case,) = referrals(town)
    assert case.state == CaseState.UNDER_WAY
    assert case.person_id != town.person(OWNER)
    (visit,) = visits(town)
    assert visit.part == "morning" and visit.host_id is None
    offered = town.heard(OFFICER)
    assert "jual nasi uduk" in offered and "musala Al-Ikhlas" in offered
    assert "belum tahu" in offered


async def test_five_people_tell_of_one_place_and_it_is_visited_once(town: Town) -> None:
    await town.staff(OFFICER, "101")
    told = (
        "jual nasi uduk",
        "nasi uduk gerobak",
        "warung nasi uduk",
        "dagang nasi uduk",
        "nasi uduk",
    )
    for number, (who, trade) in enumerate(zip(NEIGHBOURS, told, strict=True)):
        pin = Located(PIN.lat + number * 0.0001, PIN.lon)
        assert words("referral.submitted") in await tell(town, who, trade=trade, place=pin)
    await compared(town)
    assert len(visits(town)) == 1
    states = sorted(one.state for one in referrals(town))
    assert states == [CaseState.CANCELLED] * 4 + [CaseState.UNDER_WAY]
    assert len({one.person_id for one in referrals(town)}) == 1
    await arrived(town)
    await town.tap("has_permit", OFFICER)
    await town.tap("none", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")
    for who in NEIGHBOURS:
        assert town.heard(who).count(words("notices.told_visited")) == 1


async def test_the_same_sentence_is_said_whatever_happened_there(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    await town.tap("not_wanted", OFFICER)
    await town.tap("unsaid", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")
    assert town.desk.chat.texts(OWNER)[-1] == words("notices.told_visited")


async def test_nobody_there_twice_ends_it_and_says_so(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    await town.tap("nobody", OFFICER)
    await compared(town)
    first, second = visits(town)
    assert second.part != first.part
    assert words("notices.told_visited") not in town.heard(OWNER)
    await arrived(town)
    await town.tap("not_found", OFFICER)
    await compared(town)
    assert len(visits(town)) == 2
    assert referrals(town)[0].state == CaseState.CANCELLED
    assert town.desk.chat.texts(OWNER)[-1] == words("lost_place.more")


async def test_another_time_that_the_host_chose_is_booked(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    await town.tap("later", OFFICER)
    *_, (_, asked) = town.desk.chat.sent[OFFICER]
    await town.tap(asked.choices[0].value, OFFICER)
    first, second = visits(town)
    assert first.state == VisitState.CANCELLED and second.state == VisitState.WANTED
    assert f"{second.on.isoformat()}.{second.part}" == asked.choices[0].value
    assert referrals(town)[0].failed_visits == 0
    assert town.heard(OWNER).count(words("notices.told_visited")) == 1


async def test_a_new_place_that_is_told_at_the_old_one_is_visited(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    for said in ("moved", "known"):
        await town.tap(said, OFFICER)
    await town.say("Cipete Utara", OFFICER)
    await town.tap("yes", OFFICER, step="leaving")
    await compared(town)
    assert town.desk.chat.texts(OWNER)[-1] == words("notices.told_moved")
    assert [one.area_code for one in visits(town)] == ["31.74.06.1005", "31.74.07.1010"]


async def test_the_form_is_filled_in_at_the_place(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    await town.tap("now", OFFICER)
    assert words("help.may_tell") in town.desk.chat.texts(OFFICER)[-1]
    await town.tap("yes", OFFICER, step="may_tell")
    assert "Bacakan ke pemilik" in town.desk.chat.texts(OFFICER)[-1]
    assert town.desk.chat.texts(OWNER)[-1] == words("notices.told_helped")
    form = town.read(lambda tx: tx.scalars(select(Assisted)).one())
    assert form.state == AssistedState.WRITING
    assert form.person_id == referrals(town)[0].person_id


async def test_a_host_who_takes_the_form_over_hears_how_the_visit_ends(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    await town.tap("now", OFFICER)
    await town.tap("no", OFFICER, step="may_tell")
    await fill_in(town)
    await town.say(f"kode {await with_code(town)}", HOST)
    await town.tap("send", HOST)
    await town.work()
    (visit,) = visits(town)
    assert (visit.host_id, visit.state) == (town.person(HOST), VisitState.ARRIVED)
    town.identify(town.person(HOST))
    for tap in ("seen", "as_described", "none", "yes"):
        await town.tap(tap, OFFICER)
    permit = town.documents()[0]
    assert words("business_permit.notices.handed_over", number=permit) in town.heard(HOST)
    assert [one.state for one in referrals(town)] == [CaseState.DONE]


async def test_nobody_is_asked_to_call_a_host_without_a_chat_whose_ktp_is_given(
    town: Town,
) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(BOSS, "9", role="supervisor")
    await tell(town)
    await arrived(town)
    await town.tap("now", OFFICER)
    await town.tap("yes", OFFICER, step="may_tell")
    host, officer = referrals(town)[0].person_id, town.person(OFFICER)

    def given(tx: Session) -> None:
        found = identity.open_link(tx, identity.link(tx, person_id=host, holder_id=officer))
        assert found is not None
        identities.give(
            by_office(tx, "identity", "identity:1"),
            found,
            name="Siti Aminah",
            nik=NIK,
            born_on=date(1990, 5, 17),
            address="Jalan Damai 3",
            attachment_id=None,
            slip=None,
        )

    town.write(given)
    await town.quiet()
    assert words("notices.identity_received") in town.heard(OFFICER)
    assert not town.read(lambda tx: tx.scalars(select(Unreached)).all())


async def test_the_host_goes_on_alone_with_what_is_known(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town)
    await arrived(town)
    said = await town.tap("self", OFFICER)
    code = said.split("KODE ")[-1][:7].replace(" ", "") if "KODE " in said else ""
    last = await town.tap("no", OFFICER, step="may_tell")
    assert words("help.filling.theirs") in last and words("help.filling.here") not in last
    form = town.read(lambda tx: tx.scalars(select(Assisted)).one())
    assert form.state == AssistedState.WAITING and form.answers
    assert code or "/k/" in said


# -- forwarded -------------------------------------------------------------------------------------


async def invited(town: Town, who: str = "n1") -> str:
    """Tell of a place whose owner agreed; return the code that may be forwarded."""
    await tell(town, who, knows="tahu dan mau")
    *_, (said, _) = town.desk.chat.sent[who]
    return said.rpartition("KODE ")[2].strip()


async def test_the_owner_goes_on_alone_with_a_forwarded_code(town: Town) -> None:
    await town.staff(OFFICER, "101")
    code = await invited(town)
    await compared(town)
    said = await town.say(f"KODE {code}", OWNER)
    await town.quiet()
    assert words("referral.invited") in town.heard(OWNER), said
    (case,), (visit,) = referrals(town), visits(town)
    assert case.state == CaseState.CANCELLED and visit.state == VisitState.CANCELLED
    await town.say("setuju", OWNER)
    asked = town.desk.chat.texts(OWNER)[-1]
    assert "Jualan atau usaha apa" not in asked and "Di mana petugas" not in asked
    assert words("assistance.submitted", number="26-000002") in town.heard(OWNER)
    assert "nomor" not in town.desk.chat.texts("n1")[-1], "whoever told hears nothing of it"


async def test_the_code_of_a_second_teller_calls_the_same_visit_off(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town, "n1")
    code = await invited(town, "n2")
    await compared(town)
    await town.say(f"KODE {code}", OWNER)
    assert [one.state for one in referrals(town)] == [CaseState.CANCELLED] * 2
    assert [one.state for one in visits(town)] == [VisitState.CANCELLED]


async def test_a_forwarded_code_works_once_and_not_for_who_told(town: Town) -> None:
    await town.staff(OFFICER, "101")
    code = await invited(town)
    assert words("referral.invitation_own") in await town.say(f"KODE {code}", "n1")
    await town.say(f"KODE {code}", OWNER)
    assert words("assisted.code_wrong") in await town.say(f"KODE {code}", OTHER)


# -- helpers ---------------------------------------------------------------------------------------


async def test_a_helper_tells_of_many_places_without_repeating_where(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.say("halo", "rt")
    _, token = town.write(lambda tx: helper.invite(tx, "31.74.06"))
    assert words("notices.helper_joined") in await town.say(Started(f"join-{token}"), "rt")
    assert words("notices.helper_joined") not in await town.say(Started(f"join-{token}"), OTHER)
    await tell(town, "rt")
    await town.quiet()
    assert words("referral.more") in town.desk.chat.texts("rt")[-1]
    for number in range(5):
        for said in ("ada lagi", f"jual bakso {number}", f"gang {number} belakang sekolah"):
            await town.say(said, "rt")
        for said in ("siang", "belum tahu", "ya kirim"):
            await town.say(said, "rt")
        await town.quiet()
    assert len(referrals(town)) == 6
    assert {one.area_code for one in referrals(town)} == {"31.74.06.1005"}
    assert words("referral.more.no.end") in await town.say("sudah semua", "rt")
    await compared(town)
    assert CaseState.IN_REVIEW not in {one.state for one in referrals(town)}


async def lost(town: Town, *who: str) -> Case:
    """These tell of one place, and two visits do not find it; give the first case."""
    await town.staff(OFFICER, "101")
    for one in who:
        await tell(town, one)
    for answer in ("not_found", "nobody"):
        await arrived(town)
        await town.tap(answer, OFFICER)
    await town.quiet()
    for one in who:
        assert town.desk.chat.texts(one)[-1] == words("lost_place.more")
    return referrals(town)[0]


async def add(town: Town, who: str, *said: str | Located) -> str:
    for one in said:
        await town.say(one, who)
    return await town.say("ya", who)


async def test_a_lost_place_is_looked_for_once_more_where_its_teller_says(town: Town) -> None:
    first = await lost(town, "n1", "n2")
    said = await add(town, "n1", "itu di belakang masjid, warna biru", "buka sore aja")
    assert words("lost_place.noted") in said
    assert words("lost_place.noted") in await add(town, "n2", "gang sebelah puskesmas")
    await arrived(town)
    again = referrals(town)[-1]
    assert len(referrals(town)) == 3, "one more, and no more for what others add"
    assert again.person_id == first.person_id
    assert visits(town)[-1].case_id == again.id and visits(town)[-1].part == "afternoon"
    assert "di belakang masjid, warna biru, depan musala Al-Ikhlas" in town.heard(OFFICER)
    await town.tap("not_found", OFFICER)
    await town.work()
    assert len(visits(town)) == 3
    assert town.heard("n1").count(words("notices.told_not_found")) == 1
    assert words("notices.told_not_found") not in town.heard("n2")


async def test_a_lost_place_that_wants_no_help_is_erased_with_all_that_was_told(
    town: Town,
) -> None:
    await lost(town, "n1")
    await add(town, "n1", PIN, "belakang masjid Nurul Huda", "gang Kelinci, pagar hijau")
    await arrived(town)
    for answer, step in (("not_wanted", ""), ("tax", ""), ("yes", "leaving")):
        await town.tap(answer, OFFICER, step=step)
    town.write(lambda tx: tx.execute(update(Task).values(due_at=now()).where(Task.kind == "erase")))
    await town.work()
    theirs = ("nurul huda", "kelinci", "musala", "nasi uduk", "106.802")
    every = held.in_tables(town.engine)
    found = [(where, word) for where, said in every for word in theirs if word in said.lower()]
    assert not found


async def test_what_is_added_after_two_weeks_or_by_others_is_refused(town: Town) -> None:
    first = await lost(town, "n1")
    await town.say("halo", "n2")
    more = TellMore(first.id, ("belakang masjid",), None, None)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.person("n2"), more))
    told = update(Participant).values(told_at=now() - timedelta(days=16))
    town.write(lambda tx: tx.execute(told))
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.person("n1"), more))
    assert len(referrals(town)) == 1


async def test_a_lost_place_that_was_told_of_anew_is_one_place(town: Town) -> None:
    """Its new case is merged into the open one, with the old one."""
    first = await lost(town, "n1")
    await tell(town, "n3")
    await compared(town)
    await add(town, "n1", "belakang pagar hijau")
    await compared(town)
    assert len({one.person_id for one in referrals(town)}) == 1
    assert first.id in {one.id for one in referrals(town)}
    assert len([one for one in visits(town) if one.state == VisitState.OFFERED]) == 1


async def test_a_place_that_was_not_found_may_be_told_of_anew(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await tell(town, "n1")
    await tell(town, "n2")  # of the same place
    for answer in ("not_found", "nobody"):
        await arrived(town)
        await town.tap(answer, OFFICER)
    await tell(town, "n3", landmark="depan musala Al-Ikhlas RT 5 RW 3, pagar hijau")
    await compared(town)
    assert [one.state for one in referrals(town)][-1] == CaseState.UNDER_WAY
    assert len(visits(town)) == 3
