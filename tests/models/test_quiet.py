"""At night what can wait is due in the morning, and holds up nothing that is said meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy import Engine, func, text, update
from sqlalchemy.orm import Session

from models import base, inbox, outbox, person, sending, watch
from models.inbox import InboxMessage
from models.infrastructure import encryption, quiet
from models.infrastructure.database import pipeline
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import QuietHours
from models.infrastructure.wib import WIB
from models.outbox import Lane, NewMessage, OutboundMessage, enqueue
from tests.clock import ALWAYS_NIGHT, now

NIGHTLY = QuietHours()


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(32)}, bytes(32)))
    with Session(engine) as session:
        yield session


@pytest.fixture
def who(tx: Session) -> int:
    return person.meet(tx, "chat", [("1", "id")])["1"]


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


@pytest.mark.parametrize(
    ("moment", "due"),
    [
        (at(24, 19, 59), at(24, 19, 59)),
        (at(24, 20), at(25, 7)),
        (at(24, 23, 59), at(25, 7)),
        (at(25, 0), at(25, 7)),
        (at(25, 6, 59), at(25, 7)),
        (at(25, 7), at(25, 7)),
        (at(30, 22), datetime(2026, 12, 1, 7, tzinfo=WIB)),
    ],
)
def test_the_morning_is_the_same_in_python_and_in_sql(
    tx: Session, moment: datetime, due: datetime
) -> None:
    assert NIGHTLY.morning(moment) == due
    sql = text(re.sub(r"%\((\w+)\)s", r":\1", f"SELECT {quiet.later('CAST(:at AS timestamptz)')}"))
    for zone in ("UTC", "Asia/Jakarta", "America/New_York"):
        tx.execute(text(f"SET LOCAL TIME ZONE '{zone}'"))
        assert (
            tx.execute(sql, {"at": moment.astimezone(UTC), **NIGHTLY.parameters}).scalar_one()
            == due
        )


def test_an_offer_waits_only_if_the_morning_leaves_time_to_answer() -> None:
    evening = at(24, 21)
    assert NIGHTLY.can_wait(at(25, 11), evening)
    assert not NIGHTLY.can_wait(at(25, 7), evening)
    assert NIGHTLY.can_wait(at(24, 13), at(24, 12)), "by day everything is told at once"


@pytest.fixture
def night(tx: Session, who: int) -> datetime:
    """The morning that follows, since in this transaction it is always night."""
    tx.info.update(ALWAYS_NIGHT.info)
    morning = ALWAYS_NIGHT.morning(base.now(tx))
    assert morning > now()
    return morning


def claim(tx: Session) -> list[str]:
    with pipeline(tx) as execute:
        found = sending.claim(execute, lease=timedelta(seconds=60), limit=10)
    return [one.message for one in sending.claimed(found)]


def test_a_notice_waits_and_what_is_said_meanwhile_does_not(
    tx: Session, who: int, night: datetime
) -> None:
    enqueue(tx, [NewMessage(who, "a", "notice", lane=Lane.NOTICE)])
    enqueue(
        tx,
        [
            NewMessage(who, "b", "urgent", lane=Lane.NOTICE, urgent=True),
            NewMessage(who, "c", "answer"),
        ],
    )
    rows = {row.message: row.due_at for row in tx.query(OutboundMessage)}
    assert rows["notice"] == night and rows["urgent"] == rows["answer"] < now()
    assert claim(tx) == ["urgent"]
    (due,) = (one.due for one in watch.outbox(tx) if one.lane == Lane.NOTICE)
    assert due == 1, "what sleeps is not late"
    (urgent,) = tx.query(OutboundMessage).filter_by(dedupe_key="b")
    with pipeline(tx) as execute:
        left = sending.settle(execute, {urgent.id: "1"})
    assert left.rows == [(True,)] and claim(tx) == ["answer"]
    tx.execute(update(OutboundMessage).filter_by(dedupe_key="c").values(sent_at=func.now()))
    assert claim(tx) == []
    tx.execute(update(OutboundMessage).filter_by(dedupe_key="a").values(due_at=func.now()))
    assert claim(tx) == ["notice"], "in the morning"


def test_an_answer_is_leased_while_a_notice_sleeps(tx: Session, who: int, night: datetime) -> None:
    enqueue(tx, [NewMessage(who, "a", "notice", lane=Lane.NOTICE)])
    with pipeline(tx) as execute:
        answer = [NewMessage(who, "b", "answer")]
        leased = outbox.enqueue_and_lease(
            execute, answer, lease=timedelta(seconds=60), leasing={who}, hours=quiet.of(tx)
        )
    assert [key for _, key in leased.rows] == ["b"]


def test_a_notice_of_the_night_is_not_leased(tx: Session, who: int, night: datetime) -> None:
    notice = [NewMessage(who, "a", "notice", lane=Lane.NOTICE)]
    with pipeline(tx) as execute:
        leased = outbox.enqueue_and_lease(
            execute, notice, lease=timedelta(seconds=60), leasing={who}, hours=quiet.of(tx)
        )
    assert leased.rows == []


def test_news_waits_if_it_can(tx: Session, who: int, night: datetime) -> None:
    inbox.tell(tx, who, "late", {}, can_wait=True)
    assert inbox.waiting(tx, limit=9) == [] and watch.inbox(tx).rows == 0
    inbox.tell(tx, who, "at once", {})
    assert inbox.waiting(tx, limit=9) == [who] and watch.inbox(tx).rows == 1
    assert {row.due_at for row in tx.query(InboxMessage)} == {night, None}


def test_where_quiet_hours_are_not_kept_nothing_waits(tx: Session, who: int) -> None:
    assert quiet.of(tx) == quiet.OFF
    enqueue(tx, [NewMessage(who, "a", "notice", lane=Lane.NOTICE)])
    inbox.tell(tx, who, "late", {}, can_wait=True)
    assert claim(tx) == ["notice"] and inbox.waiting(tx, limit=9) == [who]
    assert QuietHours(time(20), time(7)) == NIGHTLY
