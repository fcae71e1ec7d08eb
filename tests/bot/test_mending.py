"""What differs at the door, on real conversations: the officer's, the owner's, and both at once."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from conversations.mending import BeginMend, ConfirmMend, RefuseMend
from models.assisted import Assisted, AssistedState
from models.lifecycle import CaseState, NotAllowed, VisitState
from tests.bot.test_visits import proved
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words, write_effect

STREET = "Jalan Melati nomor 5"


async def asked(town: Town) -> int:
    """The officer has corrected the street, and the owner is asked about it."""
    visit_id = await proved(town)
    town.identify(town.person())
    await town.quiet()
    await town.tap("seen", OFFICER)
    await town.tap("different", OFFICER, step="place")
    await town.tap("street", OFFICER, step="differs")
    said = await town.say(STREET, OFFICER)
    assert STREET in said
    await town.tap("send", OFFICER, step="differs")
    assert STREET in town.heard(OWNER)
    assert town.case(1).answers["street"] != STREET
    return visit_id


def form(town: Town) -> Assisted:
    return town.read(lambda tx: tx.scalars(select(Assisted)).one())


async def printed(town: Town, *, photo: bool = True) -> int:
    """Hand the permit over, as far as it goes; return how many there are."""
    await town.work()
    if photo:
        await town.tap("none", OFFICER, step="photo")
    await town.tap("yes", OFFICER, step="hand_over")
    await town.work()
    return len(town.documents())


async def test_the_owner_agrees_and_the_permit_is_handed_over(town: Town) -> None:
    await asked(town)
    assert words("mended.confirmed") in await town.tap("yes", OWNER, step="changes")
    assert town.case(1).answers["street"] == STREET
    assert await printed(town) == 1
    assert town.case(1).state == CaseState.DONE


async def test_what_is_right_in_the_officers_words_is_kept(town: Town) -> None:
    await proved(town)
    town.identify(town.person())
    await town.quiet()
    await town.tap("seen", OFFICER)
    street = town.case(1).answers["street"]
    await town.say("alamatnya salah, no 13, nama usahanya beda, warung bu siti", OFFICER)
    await town.quiet()
    assert "warung bu siti" in town.heard(OFFICER)
    await town.tap("send", OFFICER, step="differs")
    await town.tap("yes", OWNER, step="changes")
    answers = town.case(1).answers
    assert answers["business_name"] == "warung bu siti"
    assert "nomor 13" in answers["street"] and answers["street"] != "no 13" != street


async def test_a_yes_that_is_tapped_twice_counts_once(town: Town) -> None:
    await asked(town)
    button = town.button("yes", OWNER, step="changes")
    await town.at_once((button, OWNER), (button, OWNER))
    assert town.case(1).answers_version == 2
    assert words("mended.closed") in await town.say(button, OWNER)
    assert await printed(town) == 1


async def test_who_comes_first_wins(town: Town) -> None:
    """The officer changes it again while the owner agrees: one of both, and nothing by halves."""
    await asked(town)
    yes, edit = town.button("yes", OWNER, step="changes"), town.button("edit", OFFICER, step="way")
    await town.at_once((yes, OWNER), (edit, OFFICER))
    row, case = form(town), town.case(1)
    agreed = row.state == AssistedState.CHECKING
    assert agreed or row.state == AssistedState.WRITING
    assert (case.answers_version == 2) is agreed


async def test_the_owner_says_no_and_the_officer_corrects_it_again(town: Town) -> None:
    await asked(town)
    await town.tap("no", OWNER, step="changes")
    assert words("mending.refused", name="Siti Aminah") in town.heard(OFFICER)
    await town.tap("street", OFFICER, step="differs")
    await town.say("Gang Kenanga nomor 2", OFFICER)
    await town.tap("send", OFFICER, step="differs")
    await town.tap("yes", OWNER, step="changes")
    assert town.case(1).answers["street"] == "Gang Kenanga nomor 2"
    assert await printed(town) == 1


async def test_the_officer_gives_up_and_an_old_yes_changes_nothing(town: Town) -> None:
    await asked(town)
    button = town.button("yes", OWNER, step="changes")
    await town.tap("drop", OFFICER, step="way")
    assert words("mending.dropped") in town.heard(OFFICER)
    assert words("mended.closed") in await town.say(button, OWNER)
    assert town.case(1).answers_version == 1
    await town.tap("as_described", OFFICER, step="place")
    assert await printed(town) == 1


async def test_a_yes_after_the_visit_failed_changes_nothing(town: Town) -> None:
    visit_id = await asked(town)
    button = town.button("yes", OWNER, step="changes")
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER, step="menu")
    await town.tap("failed", OFFICER, step="place")
    await town.tap("weather", OFFICER, step="failure")
    assert town.visit(visit_id).state == VisitState.FAILED
    assert words("mended.closed") in await town.say(button, OWNER)
    assert town.case(1).answers_version == 1


async def test_nothing_is_handed_over_while_the_owner_is_asked(town: Town) -> None:
    visit_id = await asked(town)
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER, step="menu")
    await town.tap("as_described", OFFICER, step="place")
    said = await town.tap("none", OFFICER, step="photo")
    assert words("hand_over.mending.waiting") in said
    await town.tap("form", OFFICER, step="mending")
    assert "Menunggu jawaban Siti Aminah" in town.heard(OFFICER)
    await town.tap("yes", OWNER, step="changes")
    assert await printed(town, photo=False) == 1


async def test_an_owner_who_stops_all_news_signs_instead(town: Town) -> None:
    visit_id = await asked(town)
    await town.say("stop", OWNER)
    await town.say("menu", OFFICER)
    await town.tap(f"visit-{visit_id}", OFFICER, step="menu")
    await town.tap("different", OFFICER, step="place")
    assert "Siti Aminah tidak bisa menjawab di chat" in town.heard(OFFICER)
    await town.tap("paper", OFFICER, step="way")
    await town.photo_from(OFFICER)
    assert town.case(1).answers["street"] == STREET
    assert await printed(town) == 1


@pytest.mark.parametrize("effect", [ConfirmMend(1), RefuseMend(1)], ids=["confirm", "refuse"])
@pytest.mark.parametrize("who", [OTHER, OFFICER, BOSS])
async def test_nobody_answers_for_the_owner(
    town: Town, who: str, effect: ConfirmMend | RefuseMend
) -> None:
    await asked(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(who), effect))
    assert town.case(1).answers_version == 1


@pytest.mark.parametrize("who", [OTHER, OWNER, BOSS])
async def test_nobody_mends_but_the_visits_officer(town: Town, who: str) -> None:
    visit_id = await proved(town)
    with pytest.raises(NotAllowed):
        town.write(lambda tx: write_effect(tx, town.meet(who), BeginMend(visit_id)))
