"""What is heard is written down once, taken in order, and set aside when it can't be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import base, encryption, inbox, person, turn
from models.database import trip
from models.encryption import KeyRing
from models.inbox import NEWS, Arrival, Delivery, InboundMessage
from tests.clock import now


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


@pytest.fixture
def people(tx: Session) -> list[int]:
    return list(person.meet(tx, "chat", [("1", "id"), ("2", "id")]).values())


def hear(tx: Session, person_id: int, provider_id: str, words: str = "halo") -> list[int]:
    return inbox.record(tx, [Arrival("chat", provider_id, person_id, {"text": words})])


def test_a_delivery_is_written_down_once_for_each_channel(tx: Session, people: list[int]) -> None:
    assert len(hear(tx, people[0], "a")) == 1
    assert hear(tx, people[0], "a", "again") == []
    other = inbox.record(tx, [Arrival("other", "a", people[0], {})])
    assert len(other) == 1
    assert inbox.record(tx, []) == []


def test_twins_in_one_delivery_are_one(tx: Session, people: list[int]) -> None:
    twin = Arrival("chat", "a", people[0], {})
    assert len(inbox.record(tx, [twin, twin])) == 1


def test_what_was_heard_lies_encrypted(tx: Session, people: list[int]) -> None:
    hear(tx, people[0], "a", "Jalan Rahasia")
    stored = tx.execute(text("SELECT event FROM inbox")).scalar_one()
    assert b"Rahasia" not in bytes(stored)
    assert tx.query(InboundMessage).one().event == {"text": "Jalan Rahasia"}


def test_news_is_told_once_for_each_fact_and_person(tx: Session, people: list[int]) -> None:
    for _ in range(2):
        for person_id in people:
            inbox.tell(tx, person_id, "verified:1", {"event": "Happened"})
    inbox.tell(tx, people[0], "verified:2", {"event": "Happened"})
    rows = tx.query(InboundMessage).order_by(InboundMessage.id).all()
    assert [(row.channel, row.person_id) for row in rows] == [
        (NEWS, people[0]),
        (NEWS, people[1]),
        (NEWS, people[0]),
    ]


def test_who_waits_longest_is_served_first_and_named_once(tx: Session, people: list[int]) -> None:
    one, other = people
    for number, person_id in enumerate([other, one, other, other]):
        hear(tx, person_id, str(number))
    assert inbox.waiting(tx, limit=10) == [other, one]


def test_a_turn_opens_with_what_was_heard_in_order(tx: Session, people: list[int]) -> None:
    one, other = people
    for number, person_id in enumerate([one, other, one]):
        hear(tx, person_id, str(number), f"word {number}")
    opened = turn.reopen(tx, people)
    assert [row.event["text"] for row in opened[one].untaken] == ["word 0", "word 2"]
    assert opened[one].session is None and not opened[one].staff
    ids = [row.id for row in opened[one].untaken]
    with trip(tx) as run:
        turn.keep(run, [turn.Saved(one, {"a": 1}, True, True)], ids, [])
    again = turn.reopen(tx, people)
    assert again[one].untaken == [] and again[one].session == {"a": 1}
    assert len(again[other].untaken) == 1


def test_a_turn_begins_with_the_records_time(tx: Session, people: list[int]) -> None:
    right = now()
    delivery = Delivery("chat", "1", "first", {"text": "Halo"})
    with time_machine.travel(right + timedelta(hours=1)):
        begun = turn.begin(tx, [delivery])
        assert begun.at == base.now(tx) == tx.scalar(text("SELECT now()"))
    assert abs(begun.at - right) < timedelta(seconds=30)
    nobody = turn.begin(tx, [], [max(people) + 1])
    assert (nobody.people, nobody.at) == ({}, begun.at)


def test_the_third_failure_sets_aside_the_oldest_and_nothing_else(
    tx: Session, people: list[int]
) -> None:
    (bad,) = hear(tx, people[0], "bad")
    (good,) = hear(tx, people[0], "good")
    told = [inbox.count_failure(tx, people[0], at_most=3) for _ in range(3)]
    assert told == [None, None, bad]
    tx.flush()
    assert [row.id for row in turn.reopen(tx, people)[people[0]].untaken] == [good]
    assert inbox.count_failure(tx, people[1], at_most=3) is None


@pytest.mark.parametrize("due_at", ["NULL", "now()", "now() + interval '9 hours'"])
@pytest.mark.parametrize("taken", [0, 5_000])
def test_who_waits_is_found_without_reading_all_that_waits(
    tx: Session, due_at: str, taken: int
) -> None:
    for setting in ("seqscan", "hashjoin", "mergejoin"):  # as the bot's connections plan
        tx.execute(text(f"SET LOCAL enable_{setting} = off"))
    people = text(
        "INSERT INTO people (locale, created_at) SELECT 'id', now() FROM generate_series(1, :rows)"
    )
    tx.execute(people, {"rows": 5_000 + taken})
    rows = text(
        "INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures, due_at,"
        " taken_at) SELECT 'news', id, id, '', now(), 0, :due_at,"
        " CASE WHEN id <= :taken THEN now() END FROM people".replace(":due_at", due_at)
    )
    tx.execute(rows, {"taken": taken})
    explain = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {inbox._WAITING}")
    (told,) = tx.execute(explain, {"limit": 10}).scalar_one()
    assert told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"] < 200
    found = inbox.waiting(tx, limit=10)
    assert len(found) == (0 if "hours" in due_at else 10)
    assert found == sorted(found), "longest first"
