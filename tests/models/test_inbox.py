"""What is heard is written down once, taken in order, and set aside when it can't be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import base, inbox, person, turn
from models.inbox import NEWS, Arrival, Delivery, InboxMessage
from models.infrastructure import encryption
from models.infrastructure.database import PLANNING, pipeline
from models.infrastructure.key_ring import KeyRing
from tests.clock import now
from tests.days import let_pass


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


@pytest.fixture
def people(tx: Session) -> list[int]:
    return list(person.meet(tx, "chat", [("1", "id"), ("2", "id")]).values())


def hear(tx: Session, person_id: int, provider_id: str, words: str = "halo") -> list[int]:
    return inbox.add(tx, [Arrival("chat", provider_id, person_id, {"text": words})])


def test_a_delivery_is_written_down_once_for_each_channel(tx: Session, people: list[int]) -> None:
    assert len(hear(tx, people[0], "a")) == 1
    assert hear(tx, people[0], "a", "again") == []
    other = inbox.add(tx, [Arrival("other", "a", people[0], {})])
    assert len(other) == 1
    assert inbox.add(tx, []) == []


def test_twins_in_one_delivery_are_one(tx: Session, people: list[int]) -> None:
    twin = Arrival("chat", "a", people[0], {})
    assert len(inbox.add(tx, [twin, twin])) == 1


def test_what_was_heard_lies_encrypted(tx: Session, people: list[int]) -> None:
    hear(tx, people[0], "a", "Jalan Rahasia")
    stored = tx.execute(text("SELECT event FROM inbox")).scalar_one()
    assert b"Rahasia" not in bytes(stored)
    assert tx.query(InboxMessage).one().event == {"text": "Jalan Rahasia"}


def test_news_is_told_once_for_each_fact_and_person(tx: Session, people: list[int]) -> None:
    for _ in range(2):
        for person_id in people:
            inbox.tell(tx, person_id, "verified:1", {"event": "Happened"})
    inbox.tell(tx, people[0], "verified:2", {"event": "Happened"})
    rows = tx.query(InboxMessage).order_by(InboxMessage.id).all()
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
    with pipeline(tx) as execute:
        turn.keep(execute, [turn.Saved(one, {"a": 1}, True, True)], ids, [])
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


# A provider's ids that come again


def deliver(tx: Session, *deliveries: Delivery) -> int:
    """Hear deliveries; gives how many were new."""
    before = tx.execute(text("SELECT count(*) FROM inbox")).scalar_one()
    with pipeline(tx) as execute:
        inbox.hear(execute, deliveries)
    return int(tx.execute(text("SELECT count(*) FROM inbox")).scalar_one() - before)


@pytest.mark.parametrize("days", [0, 0.5, 1, 2, 2.9])
def test_a_delivery_that_comes_again_within_days_is_the_same(tx: Session, days: float) -> None:
    delivery = Delivery("telegram", "1", "700", {"text": "halo"})
    assert deliver(tx, delivery) == 1
    let_pass(tx.connection(), timedelta(days=days))
    assert deliver(tx, delivery) == 0


@pytest.mark.parametrize("address", ["1", "2"], ids=["same chat", "another chat"])
@pytest.mark.parametrize("days", [3.1, 7, 40, 400])
def test_an_id_that_is_given_again_after_days_is_another_delivery(
    tx: Session, days: float, address: str
) -> None:
    assert deliver(tx, Delivery("telegram", "1", "700", {"text": "halo"})) == 1
    let_pass(tx.connection(), timedelta(days=days))
    again = Delivery("telegram", address, "700", {"text": "lain"})
    assert deliver(tx, again) == 1
    assert deliver(tx, again) == 0, "and it too is taken once"
    let_pass(tx.connection(), timedelta(days=days))
    assert deliver(tx, again, Delivery("telegram", "3", "701", {})) == 2, "for ever"
    stored = [row.event for row in tx.query(InboxMessage).order_by(InboxMessage.id)]
    assert stored == [{"text": "halo"}, {"text": "lain"}, {"text": "lain"}, {}]


def test_an_old_process_meets_the_ids_of_a_new_one_and_the_other_way_round(tx: Session) -> None:
    """What both write is the provider's own id, under one constraint."""
    (person_id,) = person.meet(tx, "telegram", [("1", "id")]).values()
    old = text(
        "INSERT INTO inbox (channel, provider_id, person_id, event, heard_at, failures)"
        " VALUES ('telegram', :id, :person, '', now(), 0) ON CONFLICT DO NOTHING"
    )
    assert deliver(tx, Delivery("telegram", "1", "700", {})) == 1
    tx.execute(old, {"id": "700", "person": person_id})
    tx.execute(old, {"id": "701", "person": person_id})
    assert deliver(tx, Delivery("telegram", "1", "701", {})) == 0
    assert tx.query(InboxMessage).count() == 2


@pytest.mark.parametrize("due_at", ["NULL", "now()", "now() + interval '9 hours'"])
@pytest.mark.parametrize("taken", [0, 5_000])
def test_who_waits_is_found_without_reading_all_that_waits(
    tx: Session, due_at: str, taken: int
) -> None:
    tx.execute(text(PLANNING))
    tx.execute(text("TRUNCATE people CASCADE"))  # and with them what other tests rolled back
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
    (told,) = tx.execute(explain, {"limit": 10, "but_for": []}).scalar_one()
    pages = told["Plan"]["Shared Hit Blocks"] + told["Plan"]["Shared Read Blocks"]
    assert pages < 1_000, "a look at each of the 5,000 would be 10,000 and more"
    found = inbox.waiting(tx, limit=10)
    assert len(found) == (0 if "hours" in due_at else 10)
    assert found == sorted(found), "longest first"
