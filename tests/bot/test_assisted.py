"""Assisted forms: an officer fills in a permit's form with somebody, who confirms it."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from casework import assisting
from casework.act import by_office
from conversations.assisting import (
    ConfirmOnPaper,
    DropForm,
    HandOverForm,
    OfferCode,
    ProposeForm,
    RefuseForm,
)
from conversations.effects import Effect
from conversations.events import Located, Started
from models import assisted
from models.assisted import Assisted, AssistedState, Way
from models.case import Case
from models.consent import Consent
from models.document import Document
from models.identity import Identity
from models.lifecycle import CaseState, NotAllowed, VisitState
from models.officer import Officer
from models.participant import Participant
from models.person import Person
from models.visit import Visit
from tests import world
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, today, words, write_effect

PLACE = {"kelurahan": "31.74.05.1001", "pin": None}
LINES = ("Siti Aminah", "belum ada", "Jalan Damai 12, RT 005/003")


async def at_the_cart(town: Town) -> int:
    """A help visit whose officer has typed the owner's code; gives the visit's id."""
    await town.staff(OFFICER, "101")
    owner_id = town.meet()
    given = {"trade": {"code": None, "version": None, "words": "jual nasi uduk"}, "place": PLACE}
    case_id = town.write(
        lambda tx: (
            world.case(tx, owner_id, given, service="assistance", state=CaseState.ACCEPTED).id
        )
    )
    visit_id = town.want(case_id)
    await town.work()
    await town.tap("accept", OFFICER)
    town.change(Visit, visit_id, on=today().on)
    await town.tap("go", OFFICER)
    await town.arrive(OFFICER)
    await town.say(town.visit(visit_id).code or "", OFFICER)
    return visit_id


async def begun(town: Town, whom: str = "host") -> int:
    """A form that the officer has begun at the cart; gives the visit's id."""
    visit_id = await at_the_cart(town)
    await town.tap("now", OFFICER)
    await town.tap(whom, OFFICER)
    await town.quiet()
    return visit_id


async def fill_in(town: Town, trade: str = "") -> None:
    """The officer reads out, and writes down the answers; the trade, unless it is known."""
    await town.tap("yes", OFFICER, step="read_out")
    await town.say(LINES[0], OFFICER)
    if trade:
        await town.say(trade, OFFICER)
    await town.tap(town.desk.chat.sent[OFFICER][-1][1].choices[0].value, OFFICER)  # the trade
    for line in LINES[1:]:
        await town.say(line, OFFICER)
    await town.tap("home", OFFICER)
    await town.say("5jt, 6 juta, 1", OFFICER)
    await town.tap("none", OFFICER)
    await town.tap("door", OFFICER)
    await town.tap("send", OFFICER)
    await town.quiet()


async def filled_in(town: Town, whom: str = "host") -> int:
    """A form that waits to be confirmed; gives the visit's id."""
    visit_id = await begun(town, whom)
    await fill_in(town)
    assert form(town).state == AssistedState.WAITING
    return visit_id


async def with_code(town: Town) -> str:
    """The code that the officer shows."""
    said = await town.tap("code", OFFICER)
    found = re.findall(r"\b([A-Z2-9]{3}) ([A-Z2-9]{3})\b", said)
    return "".join(found[-1])


def form(town: Town) -> Assisted:
    return town.read(lambda tx: tx.scalars(select(Assisted).order_by(Assisted.id.desc())).all()[0])


def permits(town: Town) -> int:
    return town.read(lambda tx: tx.scalar(select(func.count(Document.id)))) or 0


def cases(town: Town) -> int:
    of = select(func.count(Case.id)).where(Case.service == "business_permit")
    return town.read(lambda tx: tx.scalar(of)) or 0


async def verified(town: Town) -> None:
    await town.quiet()
    await town.work()
    await town.quiet()


# -- the owner's own phone -------------------------------------------------------------------------


async def test_the_owner_confirms_with_one_tap_and_gets_the_permit_at_the_same_visit(
    town: Town,
) -> None:
    visit_id = await filled_in(town)
    await town.tap("chat", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.TAKEN
    assert "Petugas 101 (nomor 101)" in town.heard(OWNER) and cases(town) == 0
    await town.tap("send", OWNER)
    await verified(town)
    sent = form(town)
    assert (sent.state, sent.way, sent.answers) == (AssistedState.SENT, Way.OWN_PHONE, None)
    visit = town.visit(visit_id)
    assert (visit.purpose, visit.case_id, visit.state) == ("hand_over", 2, VisitState.ARRIVED)
    assert town.case(1).state == CaseState.DONE
    assert town.case(2).state == CaseState.UNDER_WAY
    town.identify(town.person())
    for tap in ("seen", "as_described", "none", "yes"):
        await town.tap(tap, OFFICER)
    assert (permits(town), town.case(2).state) == (1, CaseState.DONE)


async def test_every_answer_says_who_gave_it(town: Town) -> None:
    await filled_in(town)
    await town.tap("chat", OFFICER)
    await town.quiet()
    await town.say("modalnya salah, harusnya 7 juta", OWNER)
    await town.tap("send", OWNER)
    await town.quiet()
    by = town.case(2).answered_by or {}
    assert by["capital"] == "person" and by["street"] == "officer:1"
    assert town.case(2).answers["capital"] == 7_000_000
    helper = town.read(lambda tx: tx.scalars(select(Participant)).one())
    assert (helper.case_id, helper.person_id) == (2, town.person(OFFICER))


async def test_the_consent_that_was_read_out_is_the_owners(town: Town) -> None:
    await begun(town)
    await town.tap("yes", OFFICER, step="read_out")
    given = town.read(lambda tx: tx.execute(select(Consent.person_id, Consent.purpose)).all())
    assert set(given) >= {(town.person(), "applying"), (town.person(), "assisted")}


async def test_without_consent_nothing_is_kept(town: Town) -> None:
    await begun(town)
    await town.tap("no", OFFICER, step="read_out")
    assert form(town).state == AssistedState.OVER and cases(town) == 0


async def test_an_owner_who_refuses_sends_nothing_and_the_officer_hears_it(town: Town) -> None:
    await filled_in(town)
    await town.tap("chat", OFFICER)
    await town.quiet()
    await town.tap("refuse", OWNER)
    await town.tap("drop", OWNER)
    await town.quiet()
    assert (form(town).state, cases(town)) == (AssistedState.OVER, 0)
    assert "tidak mau mengirim" in town.heard(OFFICER)


async def test_the_officer_can_change_it_until_it_is_handed_over(town: Town) -> None:
    await filled_in(town)
    await town.tap("edit", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.WRITING
    await town.say("modalnya salah, harusnya 9 juta", OFFICER)
    await town.tap("send", OFFICER)
    await town.quiet()
    assert (form(town).answers or {})["capital"] == 9_000_000
    await town.tap("chat", OFFICER)
    await town.quiet()
    with pytest.raises(NotAllowed):
        town.write(
            lambda tx: write_effect(tx, town.person(OFFICER), ProposeForm(form(town).id, {}))
        )


async def test_it_is_handed_over_at_any_moment(town: Town) -> None:
    await begun(town)
    await town.tap("yes", OFFICER, step="read_out")
    await town.say("Siti Aminah", OFFICER)
    await town.tap("hand_over", OFFICER)
    await town.quiet()
    offered = {choice.value for choice in town.desk.chat.sent[OFFICER][-1][1].choices}
    assert offered == {"chat", "code", "edit", "drop"}, "nothing is signed that is not complete"
    await town.tap("chat", OFFICER)
    await town.quiet()
    asked = town.desk.chat.sent[OWNER][-1][1].question
    assert asked is not None and asked.step == "trade", "the owner goes on where it was left"


async def test_an_owner_who_wants_no_messages_is_not_written_to(town: Town) -> None:
    await filled_in(town)
    await town.say("stop", OWNER)
    await town.tap("chat", OFFICER)
    await town.quiet()
    assert words("assisted.not_in_chat") in town.heard(OFFICER)
    assert form(town).state == AssistedState.WAITING


# -- the code --------------------------------------------------------------------------------------


async def test_the_owner_takes_it_over_with_the_code(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    await town.say(f"KODE {code[:3]} {code[3:]}", OWNER)
    await town.quiet()
    taken = form(town)
    assert (taken.state, taken.person_id, taken.code_hash) == (
        AssistedState.TAKEN,
        town.person(),
        None,
    )
    assert "sudah di HP pemilik" in town.heard(OFFICER)
    await town.say(code, OWNER)
    assert words("assisted.code_wrong") in town.heard(OWNER), "a code counts once"


async def test_somebody_met_on_the_road_takes_it_over_on_their_own_phone(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.say("menu", OFFICER)
    await town.tap("new", OFFICER)
    await town.say("Cipete Utara", OFFICER)
    await town.quiet()
    await fill_in(town, "nasi uduk")
    stranger = form(town).person_id
    code = await with_code(town)
    await town.say(Started(f"k-{code}"), OWNER)
    await town.quiet()
    assert form(town).person_id == town.person() != stranger
    gone = town.read(lambda tx: tx.get_one(Person, stranger))
    assert gone.merged_into == town.person()
    await town.tap("send", OWNER)
    await verified(town)
    visit = town.read(lambda tx: tx.scalars(select(Visit)).one())
    assert (visit.state, visit.host_id) == (VisitState.ARRIVED, town.person())
    assert visit.officer_id == 1 and town.case(1).state == CaseState.UNDER_WAY


async def test_the_officers_own_phone_is_not_the_owners(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    assert words("assisted.code_own") in await town.say(f"kode {code}", OFFICER)
    assert form(town).state == AssistedState.WAITING


async def test_a_code_is_for_the_chat_that_asked_for_the_visit(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    town.meet(OTHER)
    assert words("assisted.code_of_another") in await town.say(f"kode {code}", OTHER)
    assert form(town).state == AssistedState.WAITING


async def test_a_form_with_another_identity_is_not_merged_into_its_phone(town: Town) -> None:
    """A family shares a phone: what is another one's stays theirs."""
    await filled_in(town, "other")
    stranger = form(town).person_id
    town.identify(stranger, "Budi Santoso")
    town.identify(town.person())
    town.write(
        lambda tx: tx.execute(
            update(Identity).where(Identity.person_id == stranger).values(nik_index=b"another")
        )
    )
    code = await with_code(town)
    assert words("assisted.code_of_another") in await town.say(f"kode {code}", OWNER)
    assert (form(town).state, form(town).person_id) == (AssistedState.WAITING, stranger)


async def test_a_new_code_ends_the_earlier_one(town: Town) -> None:
    await filled_in(town)
    first = await with_code(town)
    second = await with_code(town)
    assert first != second
    assert words("assisted.code_wrong") in await town.say(f"kode {first}", OWNER)
    await town.say(f"kode {second}", OWNER)
    assert form(town).state == AssistedState.TAKEN


async def test_an_expired_code_is_worth_nothing(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    ago = func.now() - timedelta(minutes=1)
    town.write(lambda tx: tx.execute(update(Assisted).values(code_expires_at=ago)))
    assert words("assisted.code_wrong") in await town.say(f"kode {code}", OWNER)


async def test_codes_are_not_guessed(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    wrong = ["BCD234", "FGH567", "JKL892", "MNP345", "QRS678"]
    for one in wrong:
        await town.say(f"kode {one}", OWNER)
    assert words("notices.link_too_many") in await town.say(f"kode {code}", OWNER)
    assert form(town).state == AssistedState.WAITING


async def test_two_phones_with_one_code_do_not_both_get_it(town: Town) -> None:
    await filled_in(town, "other")
    code = await with_code(town)
    town.meet(OTHER)
    await town.at_once((f"kode {code}", OWNER), (f"kode {code}", OTHER))
    await town.quiet()
    taken = form(town)
    assert taken.state == AssistedState.TAKEN
    assert taken.person_id in {town.person(), town.person(OTHER)}
    heard = [words("assisted.code_wrong") in town.heard(one) for one in (OWNER, OTHER)]
    assert sorted(heard) == [False, True]


# -- paper, and somebody without a phone -----------------------------------------------------------


async def test_the_signed_sheet_confirms_and_the_officer_gets_the_document(town: Town) -> None:
    visit_id = await filled_in(town, "other")
    assert town.person() != form(town).person_id
    await town.tap("paper", OFFICER)
    await town.photo_from(OFFICER)
    await verified(town)
    sent = form(town)
    assert (sent.state, sent.way) == (AssistedState.SENT, Way.PAPER)
    assert town.visit(visit_id).case_id == sent.case_id
    town.identify(sent.person_id)
    for tap in ("seen", "as_described", "none", "yes"):
        await town.tap(tap, OFFICER)
    await verified(town)
    assert permits(town) == 1
    document = town.read(lambda tx: tx.scalars(select(Document)).one())
    assert document.person_id == sent.person_id
    assert document.number in town.heard(OFFICER)


async def test_another_persons_photo_confirms_nothing(town: Town) -> None:
    await filled_in(town)
    sheet = town.photo(OWNER)
    with pytest.raises(NotAllowed):
        town.write(
            lambda tx: write_effect(tx, town.person(OFFICER), ConfirmOnPaper(form(town).id, sheet))
        )
    assert cases(town) == 0


async def test_a_signature_counts_once(town: Town) -> None:
    await filled_in(town)
    sheet = town.photo(OWNER)

    def sign(tx: Session) -> bool:
        row = assisted.lock(tx, form(town).id)
        return assisting.confirm_by_signature(by_office(tx, "office", "test"), row, sheet)

    assert [town.write(sign), town.write(sign)] == [True, False]
    assert (form(town).way, cases(town)) == (Way.SIGNATURE, 1)


def _write(person_id: int, effect: Effect, tx: Session) -> None:
    write_effect(tx, person_id, effect)


# -- two officers, forgery, and races --------------------------------------------------------------


async def test_a_second_officer_hears_who_fills_it_in(town: Town) -> None:
    visit_id = await begun(town)
    await town.staff(OTHER, "102")
    town.change(Visit, visit_id, officer_id=2)
    with pytest.raises(AssertionError):
        await town.tap("yes", OTHER, step="read_out")
    await town.say("menu", OTHER)
    await town.tap(f"visit-{visit_id}", OTHER)
    await town.tap("now", OTHER)
    await town.tap("host", OTHER)
    await town.quiet()
    assert "Petugas 101 (nomor 101) sedang mengisi" in town.heard(OTHER)
    assert town.read(lambda tx: tx.scalar(select(func.count(Assisted.id)))) == 1


@pytest.mark.parametrize("who", [OWNER, OTHER, BOSS])
async def test_nobody_else_has_a_say(town: Town, who: str) -> None:
    await filled_in(town)
    form_id = form(town).id
    town.meet(who)
    effects: list[Effect] = [
        HandOverForm(form_id),
        OfferCode(form_id),
        DropForm(form_id),
        RefuseForm(form_id),
    ]
    for effect in effects:
        with pytest.raises(NotAllowed):
            town.write(partial(_write, town.person(who), effect))
    assert form(town).state == AssistedState.WAITING


async def test_a_dismissed_officer_has_no_say_and_the_owner_still_takes_it_over(
    town: Town,
) -> None:
    await filled_in(town)
    code = await with_code(town)
    town.change(Officer, 1, active=False)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.person(OFFICER), HandOverForm(form(town).id)))
    await town.say(f"kode {code}", OWNER)
    await town.tap("send", OWNER)
    await verified(town)
    assert form(town).state == AssistedState.SENT
    assert town.case(2).state == CaseState.ACCEPTED, "the owner chooses a time for another officer"


async def test_dropped_while_it_is_taken_over_it_has_one_owner(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    drop = town.button("drop", OFFICER)
    await town.at_once((drop, OFFICER), (f"kode {code}", OWNER))
    await town.quiet()
    assert form(town).state in {AssistedState.OVER, AssistedState.TAKEN}
    taken = form(town).state == AssistedState.TAKEN
    assert taken != (words("assisted.dropped") in town.heard(OFFICER))


async def test_sent_twice_it_is_one_case(town: Town) -> None:
    await filled_in(town)
    await town.tap("chat", OFFICER)
    await town.quiet()
    send = town.button("send", OWNER)
    await asyncio.gather(*(town.desk.say(send, OWNER) for _ in range(2)))
    await town.quiet()
    assert cases(town) == 1


async def test_a_case_that_must_be_looked_at_is_no_visit_of_now(town: Town) -> None:
    visit_id = await filled_in(town)
    town.change(Assisted, form(town).id, answers={**(form(town).answers or {}), "papers": "iumk"})
    await town.tap("chat", OFFICER)
    await town.quiet()
    await town.tap("send", OWNER)
    town.write(lambda tx: setattr(tx.get_one(Case, 2), "answers", {"place": PLACE}))
    await verified(town)
    assert town.case(2).state in {CaseState.IN_REVIEW, CaseState.NEEDS_FIX}
    assert "perlu dilihat dulu" in town.heard(OFFICER)
    assert town.visit(visit_id).case_id == 1
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER)
    await town.tap("yes", OFFICER, step="filling")
    assert town.visit(visit_id).outcome == "filled_in" and town.case(1).state == CaseState.DONE


async def test_a_pin_in_the_sea_begins_nothing(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.say("menu", OFFICER)
    await town.tap("new", OFFICER)
    assert words("refusals.outside_jakarta") in await town.say(Located(-5.5, 106.0), OFFICER)
    assert town.read(lambda tx: tx.scalar(select(func.count(Assisted.id)))) == 0


async def test_an_address_typed_early_stays_in_the_owners_form(town: Town) -> None:
    """Several facts in one message are the owner's, and not the officer's own."""
    await begun(town)
    await town.tap("yes", OFFICER, step="read_out")
    await town.say("gang damai no 12 rt 5 rw 3", OFFICER)
    await town.say("ya", OFFICER)
    await town.say("serahin ke hp ibunya aja", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.WAITING
    assert (form(town).answers or {})["street"].lower().startswith("gang damai")
