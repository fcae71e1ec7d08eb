"""What is owed: each fact once, the first of each person first, and leased to one sender."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import encryption, outbox, person
from models.encryption import KeyRing
from models.outbox import Lane, OutboundMessage, Owed, owe
from models.person import Address, Person

LEASE = timedelta(seconds=60)


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(range(32))}, bytes(32)))
    with Session(engine) as session:
        yield session


@pytest.fixture
def people(tx: Session) -> list[int]:
    return list(person.meet(tx, "chat", [("1", "id"), ("2", "en")]).values())


def claim(tx: Session, limit: int = 10) -> list[tuple[int, str]]:
    return [(c.person_id, c.message) for c in outbox.claim(tx, lease=LEASE, limit=limit)]


def test_the_same_fact_is_owed_once(tx: Session, people: list[int]) -> None:
    owe(tx, [Owed(people[0], "permit:1:owner", "first")])
    owe(tx, [Owed(people[0], "permit:1:owner", "second"), Owed(people[0], "x", "third")])
    owe(tx, [])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [row.message for row in rows] == ["first", "third"]


def test_only_the_first_of_each_person_is_leased(tx: Session, people: list[int]) -> None:
    one, other = people
    owe(tx, [Owed(one, "a", "1"), Owed(other, "b", "2"), Owed(one, "c", "3")])
    claimed = outbox.claim(tx, lease=LEASE, limit=10)
    assert [(c.person_id, c.message) for c in claimed] == [(one, "1"), (other, "2")]
    assert claim(tx) == [], "leased already, and what comes after it waits"
    outbox.settle(tx, {claimed[0].id: "77"})
    assert claim(tx) == [(one, "3")]
    sent = tx.get_one(OutboundMessage, claimed[0].id, populate_existing=True)
    assert (sent.provider_id, sent.outcome, sent.leased_until) == ("77", "sent", None)
    assert sent.sent_at is not None


def test_replies_go_before_notices_when_there_is_little_room(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    owe(tx, [Owed(one, "a", "notice", lane=Lane.NOTICE), Owed(other, "b", "reply")])
    assert claim(tx, limit=1) == [(other, "reply")]
    assert claim(tx, limit=1) == [(one, "notice")]


def test_what_is_due_later_holds_back_what_comes_after_it(tx: Session, people: list[int]) -> None:
    owe(tx, [Owed(people[0], "a", "later", after=timedelta(minutes=1))])
    owe(tx, [Owed(people[0], "b", "now")])
    owe(tx, [Owed(people[1], "c", "other")])
    assert claim(tx) == [(people[1], "other")]


def test_a_claim_says_where_and_in_which_language(tx: Session, people: list[int]) -> None:
    tx.add(Address(person_id=people[1], channel="second", address="9"))
    tx.get_one(Person, people[1]).last_channel = "second"
    tx.flush()
    owe(tx, [Owed(one, f"x{one}", "hello") for one in people])
    claimed = {c.person_id: c for c in outbox.claim(tx, lease=LEASE, limit=10)}
    first, second = claimed[people[0]], claimed[people[1]]
    assert (first.channel, first.address, first.locale) == ("chat", "1", "id")
    assert (second.channel, second.address, second.locale) == ("second", "9", "en")
    assert (first.attempts, first.opted_out) == (1, False)


def test_a_person_without_an_address_is_claimed_without_a_channel(
    tx: Session, people: list[int]
) -> None:
    tx.query(Address).delete()
    owe(tx, [Owed(people[0], "a", "1")])
    (claimed,) = outbox.claim(tx, lease=LEASE, limit=10)
    assert (claimed.channel, claimed.address) == (None, None)


def test_a_notice_leaves_a_provisional_message_and_a_reply_replaces_it(
    tx: Session, people: list[int]
) -> None:
    quiet = timedelta(seconds=2)
    one, other = people
    for who in people:
        owe(tx, [Owed(who, f"p{who}", "provisional", after=quiet, provisional=True)])
    owe(tx, [Owed(one, "n", "notice", lane=Lane.NOTICE), Owed(other, "r", "reply")])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [(row.person_id, row.message) for row in rows] == [
        (one, "provisional"),
        (one, "notice"),
        (other, "reply"),
    ]


def test_a_provisional_message_on_its_way_is_not_taken_back(tx: Session, people: list[int]) -> None:
    owe(tx, [Owed(people[0], "p", "provisional", provisional=True)])
    assert claim(tx) == [(people[0], "provisional")]
    owe(tx, [Owed(people[0], "r", "reply")])
    assert tx.query(OutboundMessage).count() == 2


def test_what_is_owed_lies_encrypted(tx: Session, people: list[int]) -> None:
    owe(tx, [Owed(people[0], "a", {"name": "Siti Aminah"})])
    stored = tx.execute(text("SELECT message FROM outbox")).scalar_one()
    assert b"Siti" not in bytes(stored)
