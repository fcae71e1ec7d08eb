"""Chats that begin at a poster: its service opens, and the chat is counted, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import posters
from casework.act import by_office
from conversations.events import Event, Said, Started
from models import person as people
from models import poster
from models.conversation import Conversation
from models.infrastructure.database import pipeline
from models.infrastructure.encryption import readable
from tests.bot.town import OFFICER, OTHER, OWNER, Town, words

AREA, CODE = "31.74.05", "317405"
TELEGRAM, WHATSAPP = Started(f"p-{CODE}"), Said(f"Halo, saya lihat poster {CODE}")
ENDLESS = date(2000, 1, 1)  # before every count


def counted(town: Town) -> Counter[str]:
    """The chats that began at posters, by area."""
    found: Counter[str] = Counter()
    for row in town.read(lambda tx: poster.counts(tx, ENDLESS)):
        found[row.area_code] += row.chats
    return found


@pytest.mark.parametrize("event", [TELEGRAM, WHATSAPP], ids=["telegram", "whatsapp"])
async def test_a_poster_opens_its_service_on_both_channels(town: Town, event: Event) -> None:
    said = await town.say(event)
    assert said.startswith(words("welcome.hello"))
    assert words("assistance.title") in said and words("referral.title") in said
    assert counted(town) == {AREA: 1}
    for answer in ("datangi saya", "setuju"):
        await town.say(answer)
    assert words("assistance.place") in await town.say("nasi uduk")
    assert counted(town) == {AREA: 1}


async def test_a_delivery_that_comes_twice_counts_once(town: Town) -> None:
    once = town.desk.heard(TELEGRAM, OWNER)
    await town.desk.turns.take([once])
    await town.desk.turns.take([once])
    assert counted(town) == {AREA: 1}


async def test_each_chat_counts_that_begins_there_also_of_one_batch(town: Town) -> None:
    await town.at_once((TELEGRAM, OWNER), (WHATSAPP, OTHER), (Started("p-3174071010"), "a third"))
    assert counted(town) == {AREA: 2, "31.74.07.1010": 1}
    await town.say(WHATSAPP)
    assert counted(town)[AREA] == 3


@pytest.mark.parametrize("written", ["319999", "31", "", "x", "99.99", "3174050000"])
async def test_an_unknown_code_is_an_ordinary_welcome(town: Town, written: str) -> None:
    ordinary = await town.say(Started(), OTHER)
    assert await town.say(Started(f"p-{written}")) == ordinary
    assert counted(town) == {}
    assert words("welcome.menu") in await town.say(Said(f"Halo, saya lihat poster {written}"))
    assert counted(town) == {}


async def test_staff_who_try_a_poster_are_not_counted(town: Town) -> None:
    await town.staff(OFFICER, "101")
    assert words("assistance.place") not in await town.say(TELEGRAM, OFFICER)
    assert counted(town) == {}


async def test_the_conversation_does_not_hold_where_it_began(town: Town) -> None:
    await town.say(WHATSAPP)
    await town.say("setuju")
    held = town.read(lambda tx: [readable(row.session) for row in tx.scalars(select(Conversation))])
    assert held and CODE not in str(held) and AREA not in str(held)


async def test_a_chat_counts_on_the_day_in_jakarta_on_which_it_begins(town: Town) -> None:
    person_id = town.meet()
    midnight = datetime(2026, 11, 28, 17, tzinfo=UTC)  # in Jakarta

    def begin(tx: Session) -> None:
        (who,) = people.lock(tx, [person_id])
        for at in (midnight - timedelta(minutes=1), midnight):
            act = replace(by_office(tx, "person", "turn:1:0"), person=who, at=at)
            posters.count(act, AREA)

    town.write(begin)
    found = town.read(lambda tx: [(row.on, row.chats) for row in poster.counts(tx, ENDLESS)])
    assert found == [(date(2026, 11, 28), 1), (date(2026, 11, 29), 1)]
    assert len(town.read(lambda tx: poster.counts(tx, date(2026, 11, 29)))) == 1


async def test_counts_of_several_batches_add_up(town: Town) -> None:
    on = date(2026, 11, 28)

    def count(tx: Session) -> None:
        for chats in ({(AREA, on): 2, ("31.74", on): 1}, {("31.74", on): 3}, {}):
            with pipeline(tx) as execute:
                poster.count(execute, chats)

    town.write(count)
    rows = town.read(lambda tx: poster.counts(tx, on))
    assert [(row.area_code, row.chats) for row in rows] == [("31.74", 4), (AREA, 2)]
