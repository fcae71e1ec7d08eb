"""A form on an owner's phone: the officer sees it, and takes it back if they may."""

from __future__ import annotations

from conversations.assisting import TakeBackForm
from models.assisted import AssistedState
from tests.bot.test_assisted import cases, filled_in, form, verified, with_code
from tests.bot.town import OFFICER, OWNER, Town, words, write_effect


async def handed(town: Town) -> None:
    """A complete form on the owner's phone; the officer is back at the list."""
    await town.say("halo", OWNER)
    await filled_in(town)
    await town.tap("chat", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.TAKEN


async def test_it_stays_on_the_list_and_goes_another_way(town: Town) -> None:
    await handed(town)
    send = town.button("send", OWNER)
    said = await town.say("udah dikirim belum", OFFICER)
    assert words("assisted.handed.untouched") in said
    await town.tap("other_way", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.WAITING
    await town.say(send, OWNER)
    await verified(town)
    assert cases(town) == 0, "the owner's button is for a form that is not theirs any more"
    offered = {choice.value for choice in town.desk.chat.sent[OFFICER][-1][1].choices}
    assert {"signature", "paper"} <= offered


async def test_a_way_that_is_named_takes_it_back(town: Town) -> None:
    await handed(town)
    await town.say("kertas aja", OFFICER)
    await town.quiet()
    assert form(town).state == AssistedState.WAITING


async def test_an_owner_who_has_answered_keeps_it(town: Town) -> None:
    await handed(town)
    await town.say("modalnya salah, harusnya 9 juta", OWNER)
    said = await town.say("isian siti gimana", OFFICER)
    assert words("assisted.handed.begun") in said
    town.write(lambda tx: write_effect(tx, town.person(OFFICER), TakeBackForm(form(town).id)))
    assert form(town).state == AssistedState.TAKEN
    await town.tap("send", OWNER)
    await verified(town)
    assert cases(town) == 1


async def test_an_owner_who_took_it_over_keeps_it(town: Town) -> None:
    await filled_in(town)
    code = await with_code(town)
    await town.say(f"kode {code}", OWNER)
    await town.quiet()
    town.write(lambda tx: write_effect(tx, town.person(OFFICER), TakeBackForm(form(town).id)))
    assert form(town).state == AssistedState.TAKEN
