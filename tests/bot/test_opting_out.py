"""Whoever opts out, in whatever role, hears answers alone, until they want news again."""

from __future__ import annotations

import pytest

from casework.news import tell
from conversations.events import News
from conversations.messages import Say
from models.outbox import Lane, OutboundMessage
from models.person import Person
from tests.bot.town import BOSS, OFFICER, OTHER, OWNER, Town, words

STOPS = ("STOP", "berhenti", "jangan kirim pesan lagi")
STARTS = ("MULAI", "start", "langganan lagi")
NEWS = words("business_permit.notices.document_soon")
NOTICE = words("common.again")


async def opt_out(town: Town, address: str, stop: str = "stop") -> str:
    """Return what is answered; staff are asked first, because their tasks come as messages."""
    said = await town.say(stop, address)
    if address == OWNER:
        return said
    assert words("common.desk.stop") in said
    assert not opted_out(town, address)
    return await town.say(stop, address)


async def town_of(town: Town) -> None:
    await town.staff(OFFICER, "101")
    await town.staff(BOSS, "S1", role="supervisor")
    await town.say("halo", OWNER)


def opted_out(town: Town, address: str) -> bool:
    person_id = town.meet(address)
    return town.read(lambda tx: tx.get_one(Person, person_id).opted_out_at) is not None


@pytest.mark.parametrize("address", [OWNER, OFFICER, BOSS])
@pytest.mark.parametrize(("stop", "start"), list(zip(STOPS, STARTS, strict=True)))
async def test_stop_and_start_work_for_every_role(
    town: Town, address: str, stop: str, start: str
) -> None:
    await town_of(town)
    assert words("common.opted_out") in await opt_out(town, address, stop)
    assert opted_out(town, address)
    assert await town.say("menu", address), "their own message is answered"
    assert words("common.opted_in") in await town.say(start, address)
    assert not opted_out(town, address)


@pytest.mark.parametrize("address", [OWNER, OFFICER, BOSS])
async def test_neither_news_nor_notices_reach_who_opted_out(town: Town, address: str) -> None:
    await town_of(town)
    await opt_out(town, address)
    before = len(town.desk.chat.texts(address))
    person_id = town.meet(address)
    say = Say("business_permit.notices.document_soon")
    town.write(lambda tx: tell(tx, person_id, News.IN_REVIEW, 1, say, fact="news:1"))
    notice = town.enqueue(address, lane=Lane.NOTICE)
    await town.quiet()
    assert len(town.desk.chat.texts(address)) == before
    assert town.read(lambda tx: tx.get_one(OutboundMessage, notice).outcome) == "opted_out"
    await town.say("mulai", address)
    town.write(lambda tx: tell(tx, person_id, News.IN_REVIEW, 1, say, fact="news:2"))
    town.enqueue(address, lane=Lane.NOTICE)
    await town.quiet()
    later = "\n".join(town.desk.chat.texts(address)[before:])
    assert later.count(NEWS) == 1 and later.count(NOTICE) == 1


async def test_stop_in_the_middle_of_a_visit_is_obeyed_and_the_visit_goes_on(town: Town) -> None:
    await town_of(town)
    town.want(town.apply(OTHER))
    await town.work()
    await town.tap("accept", OFFICER)
    assert words("common.opted_out") in await opt_out(town, OFFICER)
    assert await town.tap("go", OFFICER, step="depart"), "their own taps are answered"


async def test_who_opted_out_is_not_called_instead(town: Town) -> None:
    await town_of(town)
    town.apply(OWNER)
    await town.say("stop", OWNER)
    before = len(town.desk.chat.texts(BOSS))
    town.enqueue(OWNER, lane=Lane.NOTICE)
    await town.quiet()
    assert len(town.desk.chat.texts(BOSS)) == before
