"""What is owed: each fact once, the first of each person first, and leased to one sender."""

from __future__ import annotations

from collections.abc import Container, Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from sqlalchemy import Engine, select, text, update
from sqlalchemy.orm import Session

from models import base, outbox, person, sending
from models.infrastructure import encryption
from models.infrastructure.database import PLANNING, pipeline
from models.infrastructure.key_ring import KeyRing
from models.outbox import Lane, NewMessage, OutboundMessage, SendOutcome, enqueue, enqueue_and_lease
from models.person import Address
from models.sending import Claimed
from tests.clock import now
from tests.days import let_pass

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
    return [(c.person_id, c.message) for c in claimed_rows(tx, limit)]


def claimed_rows(tx: Session, limit: int = 10) -> list[Claimed]:
    with pipeline(tx) as execute:
        found = sending.claim(execute, lease=LEASE, limit=limit)
    return sending.claimed(found)


def where(claimed: Claimed) -> list[str]:
    return [f"{place.channel} {place.address}" for place in claimed.reach]


def long_ago() -> datetime:
    return now() - timedelta(days=2)


def settle(tx: Session, sent: dict[int, str]) -> bool:
    with pipeline(tx) as execute:
        left = sending.settle(execute, sent)
    return bool(left.rows[0][0])


def test_the_same_fact_is_owed_once(tx: Session, people: list[int]) -> None:
    enqueue(tx, [NewMessage(people[0], "permit:1:owner", "first")])
    enqueue(
        tx, [NewMessage(people[0], "permit:1:owner", "second"), NewMessage(people[0], "x", "third")]
    )
    enqueue(tx, [])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [row.message for row in rows] == ["first", "third"]


def test_only_the_first_of_each_person_is_leased(tx: Session, people: list[int]) -> None:
    one, other = people
    enqueue(tx, [NewMessage(one, "a", "1"), NewMessage(other, "b", "2"), NewMessage(one, "c", "3")])
    claimed = claimed_rows(tx)
    assert [(c.person_id, c.message) for c in claimed] == [(one, "1"), (other, "2")]
    assert claim(tx) == [], "leased already, and what comes after it waits"
    assert settle(tx, {claimed[0].id: "77"}), "there is more for one of them"
    assert claim(tx) == [(one, "3")]
    sent = tx.get_one(OutboundMessage, claimed[0].id, populate_existing=True)
    assert (sent.provider_id, sent.outcome, sent.leased_until) == ("77", "sent", None)
    assert sent.sent_at is not None


def test_replies_go_before_notices_when_there_is_little_room(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    enqueue(tx, [NewMessage(one, "a", "notice", lane=Lane.NOTICE), NewMessage(other, "b", "reply")])
    assert claim(tx, limit=1) == [(other, "reply")]
    assert claim(tx, limit=1) == [(one, "notice")]


def test_what_is_due_later_holds_back_what_comes_after_it(tx: Session, people: list[int]) -> None:
    enqueue(tx, [NewMessage(people[0], "a", "later", after=timedelta(minutes=1))])
    enqueue(tx, [NewMessage(people[0], "b", "now")])
    enqueue(tx, [NewMessage(people[1], "c", "other")])
    assert claim(tx) == [(people[1], "other")]


def test_a_claim_says_where_and_in_which_language(tx: Session, people: list[int]) -> None:
    tx.add(Address(person_id=people[1], channel="second", address="9", heard_at=now()))
    tx.flush()
    enqueue(tx, [NewMessage(one, f"x{one}", "hello") for one in people])
    claimed = {c.person_id: c for c in claimed_rows(tx)}
    first, second = claimed[people[0]], claimed[people[1]]
    assert (where(first), first.locale) == (["chat 1"], "id")
    assert (where(second), second.locale) == (["second 9", "chat 2"], "en")
    assert (first.attempts, first.opted_out) == (1, False)


def test_a_person_without_an_address_is_claimed_without_a_channel(
    tx: Session, people: list[int]
) -> None:
    tx.query(Address).delete()
    enqueue(tx, [NewMessage(people[0], "a", "1")])
    (claimed,) = claimed_rows(tx)
    assert (claimed.channel, claimed.reach) == (None, ())


def test_an_answer_goes_where_it_answers_and_news_where_they_were_heard_last(
    tx: Session, people: list[int]
) -> None:
    older = Address(person_id=people[0], channel="second", address="9", heard_at=long_ago())
    tx.add(older)
    tx.flush()
    enqueue(tx, [NewMessage(people[0], "a", "news")])
    (news,) = claimed_rows(tx)
    assert where(news) == ["chat 1", "second 9"]
    outbox.give_up(tx, news.id, SendOutcome.SENT)
    enqueue(tx, [NewMessage(people[0], "b", "answer", address_id=older.id)])
    (answer,) = claimed_rows(tx)
    assert where(answer) == ["second 9", "chat 1"]


def test_an_address_out_of_reach_is_passed_over_where_there_is_another(
    tx: Session, people: list[int]
) -> None:
    tx.add(Address(person_id=people[0], channel="second", address="9", heard_at=long_ago()))
    (first,) = tx.scalars(select(Address).filter_by(person_id=people[0], channel="chat"))
    tx.flush()
    person.mark_unreachable(tx, [first.id])
    enqueue(tx, [NewMessage(people[0], "a", "1", address_id=first.id)])
    (message,) = claimed_rows(tx)
    assert where(message) == ["second 9"]
    person.mark_unreachable(tx, [message.reach[0].id])
    tx.execute(update(OutboundMessage).values(leased_until=None))
    (message,) = claimed_rows(tx)
    assert where(message) == ["chat 1", "second 9"], "with no other, the channel is asked again"


def test_a_notice_leaves_a_provisional_message_and_a_reply_replaces_it(
    tx: Session, people: list[int]
) -> None:
    quiet = timedelta(seconds=2)
    one, other = people
    for who in people:
        enqueue(tx, [NewMessage(who, f"p{who}", "provisional", after=quiet, provisional=True)])
    enqueue(tx, [NewMessage(one, "n", "notice", lane=Lane.NOTICE), NewMessage(other, "r", "reply")])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [(row.person_id, row.message) for row in rows] == [
        (one, "provisional"),
        (one, "notice"),
        (other, "reply"),
    ]


def test_a_provisional_message_on_its_way_is_not_taken_back(tx: Session, people: list[int]) -> None:
    enqueue(tx, [NewMessage(people[0], "p", "provisional", provisional=True)])
    assert claim(tx) == [(people[0], "provisional")]
    enqueue(tx, [NewMessage(people[0], "r", "reply")])
    assert tx.query(OutboundMessage).count() == 2


def test_what_is_owed_lies_encrypted(tx: Session, people: list[int]) -> None:
    enqueue(tx, [NewMessage(people[0], "a", {"name": "Siti Aminah"})])
    stored = tx.execute(text("SELECT message FROM outbox")).scalar_one()
    assert b"Siti" not in bytes(stored)


def lease(tx: Session, *messages: NewMessage, people: Container[int]) -> list[str]:
    """Owe messages and lease them at once; gives the keys of what is leased."""
    with pipeline(tx) as execute:
        leased = enqueue_and_lease(execute, messages, lease=LEASE, leasing=people)
    return [key for _, key in leased.rows]


def test_who_owes_may_lease_the_first_message_of_each_person(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    queued = [NewMessage(one, "a", "1"), NewMessage(one, "b", "2"), NewMessage(other, "c", "3")]
    assert lease(tx, *queued, people={one}) == ["a"]
    assert claim(tx) == [(other, "3")], "the second waits until the first is sent"
    attempts = [row.attempts for row in tx.query(OutboundMessage).order_by(OutboundMessage.id)]
    assert attempts == [1, 0, 1]


def test_nothing_is_leased_before_an_older_message(tx: Session, people: list[int]) -> None:
    one, _ = people
    enqueue(tx, [NewMessage(one, "notice", "1", lane=Lane.NOTICE)])
    assert lease(tx, NewMessage(one, "reply", "2"), people=people) == []
    assert claim(tx) == [(one, "1")]


def test_a_reply_that_replaces_a_provisional_message_is_leased(
    tx: Session, people: list[int]
) -> None:
    one, _ = people
    quiet = timedelta(seconds=2)
    provisional = NewMessage(one, "p", "count", after=quiet, provisional=True)
    assert lease(tx, provisional, people=people) == [], "it is due later"
    assert lease(tx, NewMessage(one, "reply", "2"), people=people) == ["reply"]
    assert [row.message for row in tx.query(OutboundMessage)] == ["2"]


def test_what_was_owed_before_is_neither_owed_nor_leased_again(
    tx: Session, people: list[int]
) -> None:
    assert lease(tx, NewMessage(people[0], "a", "1"), people=people) == ["a"]
    assert lease(tx, NewMessage(people[0], "a", "1"), people=people) == []


def test_a_lease_is_renewed_while_its_message_is_being_sent(tx: Session, people: list[int]) -> None:
    lease(tx, NewMessage(people[0], "a", "1"), people=people)
    (row,) = tx.query(OutboundMessage)
    row.leased_until = now()
    with pipeline(tx) as execute:
        sending.renew(execute, [row.id], lease=LEASE)
    assert claim(tx) == []
    tx.refresh(row)
    row.leased_until = now()
    assert claim(tx) == [(people[0], "1")], "one that ran out is for whoever comes"


def put_clock_back(tx: Session, by: timedelta) -> None:
    """All times in the database lie ahead, as they do after that."""
    let_pass(tx.connection(), -by)


def test_what_is_owed_does_not_wait_for_a_clock_that_was_put_back(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    lease(tx, NewMessage(one, "in hand", "1"), people=people)
    enqueue(tx, [NewMessage(other, "later", "2", after=timedelta(seconds=2))])
    assert claim(tx) == []
    put_clock_back(tx, timedelta(hours=1))
    assert claim(tx) == [(one, "1"), (other, "2")]
    assert claim(tx) == [], "leased anew"


def test_transactions_that_run_at_once_do_not_look_like_a_clock_that_was_put_back(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    lease(tx, NewMessage(one, "in hand", "1"), people=people)
    enqueue(tx, [NewMessage(other, "later", "2", after=timedelta(seconds=2))])
    put_clock_back(tx, LEASE / 2)
    assert claim(tx) == []


def test_a_lease_begins_with_its_statement_however_long_the_transaction_waited(
    tx: Session, people: list[int]
) -> None:
    began = base.now(tx)
    tx.execute(text("SELECT pg_sleep(0.2)"))
    lease(tx, NewMessage(people[0], "a", "1"), people=people)
    (row,) = tx.query(OutboundMessage)
    assert row.created_at == began
    assert row.leased_until is not None
    assert row.leased_until >= began + LEASE + timedelta(seconds=0.2)


# How much a claim reads


#: Kinds of open rows that may lie there in any number, each of another person.
BACKLOGS = {
    "notices that are due": {},
    "notices that wait for the morning": {"due_at": "now() + interval '9 hours'"},
    "notices that were turned away": {"due_at": "now() + interval '1 second'", "outcome": "'rate'"},
    "notices that were tried": {"due_at": "now() + interval '5 minutes'", "outcome": "'unknown'"},
    "notices that are told again": {"outcome": "'try_later'", "attempts": "3"},
    "greetings that are due": {"lane": "'reply'", "greeting": "true"},
    "greetings that were turned away": {
        "lane": "'reply'",
        "greeting": "true",
        "due_at": "now() + interval '1 second'",
    },
    "replies that are due": {"lane": "'reply'"},
    "replies that were turned away": {"lane": "'reply'", "due_at": "now() + interval '1 second'"},
    "replies whose provider is away": {
        "lane": "'reply'",
        "due_at": "now() + interval '10 minutes'",
        "outcome": "'try_later'",
    },
}
ROWS = 5_000


def fill(tx: Session, changed: dict[str, str], *, closed: int = 0, rows: int = ROWS) -> None:
    """Rows of as many people, and before them some that are sent."""
    values = {
        "lane": "'notice'",
        "provisional": "false",
        "due_at": "now()",
        "created_at": "now()",
        "attempts": "0",
    } | changed
    tx.execute(text("TRUNCATE people CASCADE"))  # and with them what other tests rolled back
    tx.execute(
        text(
            "INSERT INTO people (locale, created_at)"
            " SELECT 'id', now() FROM generate_series(1, :rows)"
        ),
        {"rows": rows + closed},
    )
    columns, given = ", ".join(values), ", ".join(values.values())
    tx.execute(
        text(
            f"INSERT INTO outbox (person_id, dedupe_key, message, sent_at, {columns})"  # noqa: S608
            f" SELECT id, id, '', CASE WHEN id <= :closed THEN now() END, {given} FROM people"
        ),
        {"closed": closed},
    )


def pages_of_a_claim(tx: Session) -> int:
    """How many pages PostgreSQL touches, if it plans as it does for the bot."""
    tx.execute(text(PLANNING))
    tx.execute(text(sending.IN_ORDER))
    wire = tx.connection().connection.driver_connection
    assert wire is not None
    values = {"lease": 60.0, "limit": 10, "others": 10}
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sending._CLAIM}"
    ((told,),) = psycopg.ClientCursor(wire).execute(explain, values).fetchall()
    return int(told[0]["Plan"]["Shared Hit Blocks"] + told[0]["Plan"]["Shared Read Blocks"])


@pytest.mark.parametrize("kind", BACKLOGS)
@pytest.mark.parametrize("closed", [0, 5_000])
def test_a_claim_does_not_read_all_that_waits(tx: Session, kind: str, closed: int) -> None:
    fill(tx, BACKLOGS[kind], closed=closed)
    assert pages_of_a_claim(tx) < 600


@pytest.mark.parametrize("kind", BACKLOGS)
@pytest.mark.parametrize("usual", ["'reply'", "'notice'"])
@pytest.mark.parametrize("greeting", ["false", "id % 7 = 0"])
def test_a_claim_does_not_either_when_the_statistics_are_of_another_day(
    tx: Session, kind: str, usual: str, greeting: str
) -> None:
    """Planned for what usually waits, when there is a flood of something else."""
    fill(tx, {"lane": usual}, rows=60)
    tx.execute(text(f"UPDATE outbox SET greeting = {greeting}"))  # noqa: S608
    tx.execute(text("ANALYZE outbox"))
    fill(tx, BACKLOGS[kind])
    assert pages_of_a_claim(tx) < 600


@pytest.mark.parametrize("kind", BACKLOGS)
@pytest.mark.parametrize("past", ["now()", "now() - interval '1 day' * random()"])
@pytest.mark.parametrize("rows", [1, 5, 400])
def test_a_claim_does_not_either_when_the_statistics_know_no_open_row(
    tx: Session, kind: str, past: str, rows: int
) -> None:
    """Where one row is expected, to sort it looks as cheap as to read the index in order."""
    fill(tx, {"lane": "'reply'"}, rows=rows)
    sets = f"sent_at = {past}, leased_until = {past}, due_at = {past}"
    sets += ", lane = CASE WHEN id % 3 = 0 THEN 'reply' ELSE 'notice' END, greeting = id % 7 = 0"
    tx.execute(text(f"UPDATE outbox SET {sets}"))  # noqa: S608
    tx.execute(text("ANALYZE outbox"))
    fill(tx, BACKLOGS[kind])
    assert pages_of_a_claim(tx) < 600


def test_greetings_go_after_replies_and_before_notices(tx: Session, people: list[int]) -> None:
    one, other = people
    (third,) = person.meet(tx, "chat", [("3", "id")]).values()
    enqueue(
        tx,
        [
            NewMessage(one, "n", "notice", lane=Lane.NOTICE),
            NewMessage(other, "g", "hello", greeting=True),
        ],
    )
    enqueue(tx, [NewMessage(third, "r", "reply")])
    order = [claim(tx, limit=1) for _ in range(4)]
    assert order == [[(third, "reply")], [(other, "hello")], [(one, "notice")], []]


def test_a_claim_takes_no_more_greetings_and_notices_than_it_is_told(
    tx: Session, people: list[int]
) -> None:
    one, other = people
    enqueue(tx, [NewMessage(one, "g", "hello", greeting=True)])
    enqueue(tx, [NewMessage(other, "r", "reply")])
    with pipeline(tx) as execute:
        found = sending.claim(execute, lease=LEASE, limit=10, others=0)
    assert [(c.message, c.greeting) for c in sending.claimed(found)] == [("reply", False)]
    assert [(c.message, c.greeting) for c in claimed_rows(tx)] == [("hello", True)]


def test_a_reply_that_gathers_replaces_the_fleeting_ones(tx: Session, people: list[int]) -> None:
    one, other = people
    enqueue(tx, [NewMessage(one, "first", "1", fleeting=True), NewMessage(one, "noted", "2")])
    assert claim(tx) == [(one, "1")], "what is on its way is not taken back"
    enqueue(
        tx,
        [
            NewMessage(one, "lost", "3", fleeting=True),
            NewMessage(other, "theirs", "4", fleeting=True),
        ],
    )
    enqueue(tx, [NewMessage(one, "all", "5", fleeting=True, provisional=True, gathers=True)])
    enqueue(tx, [NewMessage(one, "noted too", "6")])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [row.message for row in rows] == ["1", "2", "4", "5", "6"]
    enqueue(tx, [NewMessage(one, "all of it", "7", fleeting=True, provisional=True, gathers=True)])
    rows = tx.query(OutboundMessage).order_by(OutboundMessage.id).all()
    assert [row.message for row in rows] == ["1", "2", "4", "6", "7"]


def test_a_reply_that_gathers_waits_as_long_as_what_it_replaces(
    tx: Session, people: list[int]
) -> None:
    one, _ = people
    enqueue(tx, [NewMessage(one, "first", "1", fleeting=True)])
    (due,) = claimed_rows(tx)
    with pipeline(tx) as execute:
        sending.turn_away(execute, {due.id: timedelta(seconds=20)}, SendOutcome.NO_PLACE)
    gathers = NewMessage(one, "all", "2", fleeting=True, provisional=True, gathers=True)
    assert lease(tx, gathers, people=people) == [], "the chat is over its rate"
    (row,) = tx.query(OutboundMessage)
    assert row.due_at > base.now(tx) + timedelta(seconds=15)


@pytest.mark.parametrize(
    "outcome", [SendOutcome(name) for name in ("try_later", "away", "refused", "unknown", "waits")]
)
def test_a_reply_that_gathers_does_not_wait_for_another_try_of_what_it_replaces(
    tx: Session, people: list[int], outcome: SendOutcome
) -> None:
    """A person who writes on is answered, though an answer of before was put off for long."""
    one, _ = people
    enqueue(tx, [NewMessage(one, "first", "1", fleeting=True)])
    (due,) = claimed_rows(tx)
    outbox.postpone(tx, due.id, timedelta(minutes=10), outcome)
    gathers = NewMessage(one, "all", "2", fleeting=True, provisional=True, gathers=True)
    assert lease(tx, gathers, people=people) == ["all"]
    (row,) = tx.query(OutboundMessage)
    assert row.due_at <= base.now(tx)
