"""Turns are taken together, each once, in order, and a poisoned one hurts nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from bot.channels.base import InboundMessage, Media
from bot.errors import Busy, Malformed
from bot.turns import BACKLOG
from conversations import events
from conversations.engine import builder
from conversations.engine import turn as talk
from conversations.events import Event, Located, Said, Started, Uploaded
from conversations.facts import Facts
from conversations.session import ChatSession
from models import officer
from models.conversation import Conversation
from models.inbox import InboxMessage
from models.infrastructure.wire import Pipeline
from models.person import Person
from tests.bot.conftest import Desk

Count = Callable[[str], int]


async def test_a_first_word_is_answered_with_the_menu(desk: Desk) -> None:
    (welcome,) = await desk.say("Halo")
    assert "Gratis" in welcome or "gratis" in welcome


async def test_a_delivery_that_comes_three_times_is_taken_once(desk: Desk, count: Count) -> None:
    hello = desk.heard("Halo", id="same")
    await asyncio.gather(*(desk.turns.take([hello]) for _ in range(3)))
    await desk.send_all()
    assert count("inbox") == 1
    assert len(desk.chat.texts("1")) == 1


async def test_a_delivery_waits_only_a_while_to_be_taken(
    desk: Desk, count: Count, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused while PostgreSQL holds it up, and known when it comes again."""
    monkeypatch.setattr("bot.turns.TAKING", 0.2)
    await desk.say("Halo")
    hello = desk.heard("1")
    with engine.connect() as other:
        other.execute(text("SELECT 1 FROM people FOR UPDATE"))
        with pytest.raises(Busy, match="not taken within"):
            await desk.turns.take([hello])
    monkeypatch.undo()
    await desk.turns.take([hello])
    assert count("inbox") == 2


async def test_many_people_are_answered_in_one_go(desk: Desk, count: Count) -> None:
    people = [str(n) for n in range(50)]
    await asyncio.gather(*(desk.turns.take([desk.heard(Started(), who)]) for who in people))
    await desk.send_all()
    assert all(len(desk.chat.texts(who)) == 1 for who in people)
    assert count("people") == count("conversations") == 50
    with_transactions = count("(SELECT DISTINCT xmin::text FROM inbox) AS transactions")
    assert with_transactions < 25, "deliveries that wait together share transactions"


@pytest.fixture
def statements(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every statement that turns send to PostgreSQL, as it is sent."""
    sent: list[str] = []
    put = Pipeline.__call__

    def noted(pipeline: Pipeline, sql: str, given: Mapping[str, Any]) -> Any:
        sent.append(sql)
        return put(pipeline, sql, given)

    def executed(_: Any, __: Any, sql: str, *___: Any) -> None:
        sent.append(sql)

    monkeypatch.setattr(Pipeline, "__call__", noted)
    event.listen(Engine, "before_cursor_execute", executed)
    yield sent
    event.remove(Engine, "before_cursor_execute", executed)


async def test_a_batch_takes_as_many_statements_as_one_turn(
    desk: Desk, statements: list[str]
) -> None:
    """Newcomers, consent, words, a photo that comes where none was asked for: all the same."""
    for said in (Started(), "1", "ya", "Siti Aminah", Uploaded(0, "photo"), "nasi uduk"):
        taken = []
        for crowd in (["alone"], [f"p{number}" for number in range(40)]):
            statements.clear()
            await desk.turns.take([desk.heard(said, who) for who in crowd])
            taken.append(len(statements))
        await desk.send_all()
        assert taken[0] == taken[1] <= 7, said


async def test_one_persons_messages_keep_their_order(desk: Desk, engine: Engine) -> None:
    words = ["Halo", "1", "ya", "Siti Aminah", "nasi uduk"]
    await asyncio.gather(*(desk.turns.take([desk.heard(word)]) for word in words))
    with engine.connect() as connection:
        ids = connection.execute(text("SELECT provider_id FROM inbox ORDER BY id")).scalars()
        assert list(ids) == [f"1:{n}" for n in range(1, 6)]


async def test_an_identity_number_is_never_stored(desk: Desk, engine: Engine) -> None:
    await desk.say("Halo")
    *_, reply = await desk.say("NIK saya 3174 0757 0590 0012")
    assert "3174" not in reply

    with engine.connect() as connection:
        stored = connection.execute(text("SELECT count(*) FROM inbox")).scalar_one()
        assert stored == 2

    with Session(engine) as tx:
        heard = [events.from_json(row.event) for row in tx.query(InboxMessage)]
        assert "3174" not in repr(heard)


@pytest.mark.parametrize(
    "brought",
    [
        Started("3174075705900012"),
        Started("nik-3174-0757-0590-0012"),
        Said("3174 - 0757 - 0590 - 0012"),
        Said("Toko 3I74O757O59OOO12"),
        Uploaded(0, "photo", "KTP 3174/0757/0590/0012"),
    ],
)
async def test_an_identity_number_is_never_stored_whatever_brings_it(
    desk: Desk, engine: Engine, brought: Event
) -> None:
    await desk.say("Halo")
    said = await desk.say(brought)
    assert not any("0012" in words or "OO12" in words for words in said)
    with Session(engine) as tx:
        heard = [events.from_json(row.event) for row in tx.query(InboxMessage)]
    assert len(heard) == 2
    assert "0012" not in repr(heard) and "OO12" not in repr(heard)


async def test_a_poisoned_turn_does_not_hurt_its_neighbours(
    desk: Desk, engine: Engine, count: Count, monkeypatch: pytest.MonkeyPatch
) -> None:

    sound = talk.advance

    def poisoned(
        flows: builder.Flows, session: ChatSession | None, event: Event, facts: Facts
    ) -> talk.Turn:
        if isinstance(event, Located):
            raise ZeroDivisionError
        return sound(flows, session, event, facts)

    monkeypatch.setattr(talk, "advance", poisoned)
    await desk.say("Halo", "9")
    with Session(engine) as tx, tx.begin():
        officer.invite(tx, role="supervisor", name="Dewi", badge="3", areas=["31"])
        tx.query(officer.Officer).one().person_id = tx.query(Person).one().id
    poison = desk.heard(Located(-6.2, 106.8), "66")
    await asyncio.gather(
        desk.turns.take([poison]), *(desk.turns.take([desk.heard("Halo", w)]) for w in "123")
    )
    await desk.send_all()
    assert all(len(desk.chat.texts(who)) == 1 for who in "123")
    assert count("inbox WHERE failures = 1 AND taken_at IS NULL") == 1
    await desk.turns.take_news()
    await desk.turns.take_news()
    await desk.send_all()
    assert count("inbox WHERE set_aside_at IS NOT NULL") == 1
    assert len(desk.chat.texts("66")) == 1, "the person is told, once"
    assert count("inbox WHERE provider_id LIKE 'turn_set_aside:%'") == 1, "and a supervisor"
    await desk.turns.take_news()
    assert await desk.turns.take_news() == 0


UNFIT: dict[str, Callable[[Desk], InboundMessage]] = {
    "an id that no index takes": lambda desk: desk.heard("Halo", "66", id=token_hex(6_000)),
    "an address that no index takes": lambda desk: desk.heard("Halo", token_hex(6_000)),
    "an id with NUL": lambda desk: desk.heard("Halo", "66", id="a\0b"),
    "an address with NUL": lambda desk: desk.heard("Halo", "66\0"),
    "half a letter": lambda desk: desk.heard("Halo", "66", id="a\ud800"),
    "a size of thirty digits": lambda desk: replace(
        desk.heard(Uploaded(0, "photo"), "66"), media=Media("file", "photo", 10**30)
    ),
    "a size that is none": lambda desk: replace(
        desk.heard(Uploaded(0, "photo"), "66"), media=Media("file", "photo", True)
    ),
}


@pytest.mark.parametrize("label", UNFIT)
async def test_a_value_that_cannot_be_kept_is_refused_for_good_and_hurts_nobody(
    desk: Desk, count: Count, label: str
) -> None:
    crowd = [str(number) for number in range(80)]
    wrong = UNFIT[label](desk)
    refused, *taken = await asyncio.gather(
        desk.turns.take([wrong]),
        *(desk.turns.take([desk.heard("Halo", who)]) for who in crowd),
        return_exceptions=True,
    )
    assert isinstance(refused, Malformed | UnicodeError), repr(refused)
    assert set(taken) == {None}, "neighbours are taken"
    assert count("inbox WHERE taken_at IS NOT NULL") == len(crowd)
    await desk.send_all()
    assert all(len(desk.chat.texts(who)) == 1 for who in crowd)


async def test_too_many_waiting_deliveries_are_refused(desk: Desk) -> None:

    with pytest.raises(Busy):
        await desk.turns.take([desk.heard("Halo")] * (BACKLOG + 1))


async def test_a_session_nobody_can_read_begins_anew(desk: Desk, engine: Engine) -> None:

    await desk.say("Halo")
    with Session(engine) as tx, tx.begin():
        tx.query(Conversation).one().session = {"of": "another age"}
    texts = await desk.say("menu")
    assert len(texts) == 2
