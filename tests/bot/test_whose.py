"""Several people share a phone: each has a case with their own name, and their own identity."""

from __future__ import annotations

from sqlalchemy import select

from casework import applicants, documents
from conversations.effects import Submit
from models.case import Case
from models.identity import Identity, IdentityLink
from models.lifecycle import CaseState
from models.person import Person
from tests import world
from tests.bot.test_erasing import ERASED, confirm, end
from tests.bot.test_visits import proved
from tests.bot.town import OFFICER, OWNER, Town, words, write_effect


async def ask(town: Town, *said: str) -> None:
    """Begin a second form on the phone, and answer its first questions."""
    for one in ("minta izin usaha", "setuju", *said):
        await town.say(one)


def send(town: Town, **answers: object) -> int:
    """Send a second form for somebody else; gives the case's id."""
    given = world.answers(town.photo(OWNER), **{"owner_name": "Sumiyati", **answers})
    sent = Submit("business_permit", {**given, "whose": "somebody"})
    town.write(lambda tx: write_effect(tx, town.person(), sent))
    return town.read(lambda tx: max(tx.scalars(select(Case.id))))


def applicant(town: Town, case_id: int) -> int:
    return town.read(lambda tx: applicants.of(tx, tx.get_one(Case, case_id)))


def holder(town: Town, case_id: int) -> str:
    return town.read(lambda tx: documents.holder(tx, tx.get_one(Case, case_id)))


async def test_a_second_form_asks_for_whom_and_keeps_the_phones_own_name(town: Town) -> None:
    town.apply()
    await ask(town)
    known = words("business_permit.whose.known")
    assert words("business_permit.whose", known=known) in town.heard()
    assert words("business_permit.whose.somebody.said") in await town.say("buat ibu saya")
    await town.say("isi sendiri")
    await town.say("Sumiyati")
    person = town.read(lambda tx: tx.get_one(Person, town.person()))
    assert person.name == "Siti Aminah"


async def test_each_case_rests_on_its_own_identity(town: Town) -> None:
    first = town.apply()
    second = send(town)
    phone, other = town.person(), applicant(town, second)
    assert town.case(second).person_id == phone != other
    assert applicant(town, first) == phone
    town.identify(phone)
    assert holder(town, first) == "Siti Aminah"
    assert holder(town, second) == "Sumiyati"
    town.identify(other, "SUMIYATI BINTI KARTA")
    assert holder(town, second) == "Sumiyati binti Karta"
    assert holder(town, first) == "Siti Aminah"


async def test_the_phone_is_told_of_both_by_name(town: Town) -> None:
    town.apply()
    send(town)
    said = await town.say("status")
    assert "Sumiyati" in said and "Siti Aminah" in said


async def test_at_the_door_the_applicants_own_page_is_sent(town: Town) -> None:
    visit_id = await proved(town)
    case_id = town.visit(visit_id).case_id
    case = town.case(case_id)
    town.change(Case, case_id, answers={**case.answers, "whose": "somebody"})
    town.write(lambda tx: applicants.add(tx, case_id))
    town.identify(town.person())  # the phone's own, which is not asked for here
    await town.tap("seen", OFFICER)
    await town.tap("as_described", OFFICER, step="place")
    await town.tap("none", OFFICER, step="photo")
    await town.tap("page", OFFICER, step="identity")
    links = town.read(lambda tx: set(tx.scalars(select(IdentityLink.person_id))))
    assert links == {town.person(), applicant(town, case_id)}


async def test_whoever_is_erased_takes_their_applicants_along(town: Town) -> None:
    town.apply(state=CaseState.REJECTED)
    other = applicant(town, send(town))
    town.identify(other, "SUMIYATI")
    await confirm(town)
    await end(town)
    assert town.heard().count(ERASED) == 1
    person = town.read(lambda tx: tx.get(Person, other))
    assert person is not None and person.erased_at is not None
    assert town.read(lambda tx: tx.scalars(select(Identity)).all()) == []
