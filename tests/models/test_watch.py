"""What waits in the database is told as it is: how many rows, and how old the oldest is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from models import heartbeat, watch
from models.attachment import Attachment, AttachmentState
from models.inbox import InboxMessage
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.lifecycle import CaseState
from models.outbox import Lane, OutboundMessage
from models.person import Person
from models.task import Task
from models.ticket import Ticket
from models.visit import Offer
from tests import world
from tests.clock import now

NEAR = 20.0  # seconds by which an age may differ: the machine is shared


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    encryption.use(KeyRing({"k1": bytes(32)}, bytes(32)))
    with Session(engine) as tx, tx.begin():
        tx.add_all([Person(id=number) for number in (1, 2, 3)])
        tx.flush()
        yield tx


def ago(**passed: float) -> datetime:
    return now() - timedelta(**passed)


def near(seconds: float, passed: timedelta) -> bool:
    return abs(seconds - passed.total_seconds()) < NEAR


def heard(number: int, **columns: Any) -> InboxMessage:
    given: dict[str, Any] = {"person_id": 1, "event": {}, **columns}
    return InboxMessage(channel="telegram", provider_id=str(number), **given)


def queued(number: int, person_id: int = 1, **columns: Any) -> OutboundMessage:
    return OutboundMessage(person_id=person_id, dedupe_key=str(number), message={}, **columns)


def test_an_empty_record_has_nothing_waiting(tx: Session) -> None:
    nothing = watch.Queue("", 0, 0.0)
    assert watch.inbox(tx) == watch.files(tx) == watch.offers(tx) == nothing
    assert watch.turns_set_aside(tx) == nothing
    assert watch.outbox(tx) == []
    assert watch.tasks(tx) == watch.tasks_failed(tx) == []
    assert watch.drafts(tx) == 0
    assert watch.tickets(tx) == watch.Tickets(0, 0, 0, 0.0)
    assert watch.heartbeats(tx) == {}


def test_what_was_taken_or_set_aside_does_not_wait(tx: Session) -> None:
    tx.add_all(
        [
            heard(1, heard_at=ago(hours=3), taken_at=now()),
            heard(2, heard_at=ago(hours=2), set_aside_at=ago(minutes=7)),
            heard(3, heard_at=ago(minutes=4)),
            heard(4, heard_at=ago(minutes=1), person_id=2),
        ]
    )
    tx.flush()
    waiting = watch.inbox(tx)
    assert waiting.rows == 2 and near(waiting.seconds, timedelta(minutes=4))
    aside = watch.turns_set_aside(tx)
    assert aside.rows == 1 and near(aside.seconds, timedelta(minutes=7))
    [turn] = watch.set_aside_lately(tx, timedelta(hours=1))
    assert turn.person_id == 1
    assert watch.set_aside_lately(tx, timedelta(minutes=5)) == []


def test_only_the_first_message_of_a_person_can_be_late(tx: Session) -> None:
    tx.add_all(
        [
            queued(1, 1, created_at=ago(minutes=9), due_at=ago(minutes=9)),
            queued(2, 1, created_at=ago(minutes=8), due_at=ago(minutes=8)),
            # the provider is left alone for person 2, and what comes behind waits with it
            queued(3, 2, created_at=ago(hours=2), due_at=now() + timedelta(minutes=5), attempts=4),
            queued(4, 2, created_at=ago(hours=1), due_at=ago(hours=1)),
            queued(
                5, 3, lane=Lane.NOTICE, created_at=ago(days=1), due_at=now() + timedelta(days=1)
            ),
            queued(6, 3, lane=Lane.NOTICE, created_at=ago(days=2), sent_at=now()),
            queued(7, 3, lane=Lane.NOTICE, created_at=ago(days=2), failed_at=now()),
            queued(8, 3, greeting=True, created_at=ago(minutes=2), due_at=ago(minutes=2)),
        ]
    )
    tx.flush()
    lanes = {queue.lane: queue for queue in watch.outbox(tx)}
    reply, notice, greeting = lanes["reply"], lanes["notice"], lanes["greeting"]
    assert (greeting.open, greeting.due) == (1, 1)
    assert near(greeting.lag, timedelta(minutes=2))
    assert (reply.open, reply.due) == (4, 1)
    assert near(reply.lag, timedelta(minutes=9))
    assert near(reply.oldest, timedelta(hours=2))
    assert (notice.open, notice.due, notice.lag, notice.oldest) == (1, 0, 0.0, 0.0)


def test_tasks_are_told_by_kind_and_the_ones_of_later_do_not_count(tx: Session) -> None:
    def task(number: int, kind: str, **columns: Any) -> Task:
        return Task(kind=kind, subject_id=1, run_key=str(number), **columns)

    tx.add_all(
        [
            task(1, "verify", due_at=ago(minutes=3)),
            task(2, "verify", due_at=ago(minutes=2), leased_until=now()),
            task(3, "permit", due_at=ago(seconds=30)),
            task(4, "expire_offer", due_at=now() + timedelta(hours=1)),
            task(5, "verify", due_at=ago(hours=1), done_at=now()),
            task(6, "offer", due_at=ago(hours=1), failed_at=ago(minutes=50), last_error="X at y:1"),
        ]
    )
    tx.flush()
    due = {queue.part: queue for queue in watch.tasks(tx)}
    assert {kind: queue.rows for kind, queue in due.items()} == {"verify": 2, "permit": 1}
    assert near(due["verify"].seconds, timedelta(minutes=3))
    [failed] = watch.tasks_failed(tx)
    assert (failed.part, failed.rows) == ("offer", 1)
    assert near(failed.seconds, timedelta(minutes=50))
    [lately] = watch.failed_lately(tx, timedelta(hours=1))
    assert (lately.kind, lately.error) == ("offer", "X at y:1")
    assert watch.failed_lately(tx, timedelta(minutes=30)) == []


def test_files_that_lie_with_the_provider_are_counted(tx: Session) -> None:
    for state in AttachmentState:
        tx.add(
            Attachment(
                person_id=1, channel="telegram", kind="photo", state=state, due_at=ago(minutes=6)
            )
        )
    tx.flush()
    files = watch.files(tx)
    assert files.rows == 1 and near(files.seconds, timedelta(minutes=6))


def test_an_offer_waits_until_it_is_answered(tx: Session) -> None:
    officer = world.staff(tx, "0417", joined=False)
    visit = world.visit(tx, world.case(tx, 1, world.answers(1)))
    offer = Offer(
        visit_id=visit.id, officer_id=officer.id, offered_at=ago(hours=5), expires_at=now()
    )
    tx.add(offer)
    tx.flush()
    offers = watch.offers(tx)
    assert offers.rows == 1 and near(offers.seconds, timedelta(hours=5))
    offer.answer = "declined"
    tx.flush()
    assert watch.offers(tx).rows == 0


def test_drafts_are_counted_and_many_are_estimated(
    tx: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    tx.execute(
        text(
            "INSERT INTO conversations (person_id, session, has_draft, spoke_at, reminded)"
            " VALUES (1, '', true, now(), 0), (2, '', false, now(), 0), (3, '', true, now(), 0)"
        )
    )
    assert watch.drafts(tx) == 2
    monkeypatch.setattr(watch, "EXACT", 2)
    assert watch.drafts(tx) >= 2


def test_heartbeats_grow_old(tx: Session) -> None:
    heartbeat.beat(tx, "worker")
    heartbeat.beat(tx, "dispatcher")
    tx.execute(text("UPDATE heartbeats SET beat_at = now() - interval '1h' WHERE name = 'worker'"))
    ages = watch.heartbeats(tx)
    assert near(ages["worker"], timedelta(hours=1))
    assert ages["dispatcher"] < NEAR
    assert not heartbeat.alive(tx, "worker")
    assert heartbeat.alive(tx, "dispatcher")


def test_a_heartbeat_from_a_time_to_come_is_no_sign_of_life(tx: Session) -> None:
    heartbeat.beat(tx, "worker")
    tx.execute(text("UPDATE heartbeats SET beat_at = now() + interval '1h'"))
    assert not heartbeat.alive(tx, "worker")


def test_the_server_tells_its_connections_and_a_forgotten_transaction(engine: Engine) -> None:
    with engine.connect() as forgotten, Session(engine) as tx:
        forgotten.execute(text("SELECT 1"))
        server = watch.server(tx)
    assert 2 <= server.connections <= server.most_connections
    assert 0 < server.transaction < NEAR


def test_cases_are_overdue_by_whose_turn_it_is(tx: Session) -> None:
    ago = [(CaseState.IN_REVIEW, 4), (CaseState.IN_REVIEW, 1), (CaseState.NEEDS_FIX, 40)]
    for number, (state, days) in enumerate(ago):
        moved = now() - timedelta(days=days)
        answers = world.answers(number)
        world.case(tx, 1, answers, number=f"26-{number}", state=state, moved_at=moved)
    assert watch.overdue(tx) == {"applicant": 1, "supervisor": 1, "office": 0, "outside": 0}


def test_only_erasures_that_are_not_done_in_time_are_overdue(tx: Session) -> None:
    assert watch.erasures_overdue(tx) == 0
    asked = [ago(minutes=50), ago(minutes=61), None]
    for number, at in enumerate(asked, 1):
        tx.get_one(Person, number).erase_asked_at = at
    tx.flush()
    assert watch.erasures_overdue(tx) == 1


def test_tickets_are_overdue_by_the_deadline_that_passed(tx: Session) -> None:
    soon, late = now() + timedelta(hours=1), ago(hours=1)
    rows: list[dict[str, Any]] = [
        {"answer_by": soon, "close_by": soon},
        {"answer_by": late, "close_by": soon},
        {"answer_by": late, "close_by": soon, "answered_at": ago(hours=2)},
        {"answer_by": late, "close_by": late, "answered_at": ago(hours=2)},
        {"answer_by": late, "close_by": late},
        {"answer_by": late, "close_by": late, "closed_at": ago(minutes=1)},
    ]
    for number, given in enumerate(rows):
        case = world.case(tx, 1, {"place": {}}, number=f"26-{number}", service="complaint")
        case.submitted_at = ago(days=number)
        tx.add(Ticket(case_id=case.id, about="complaint", told_at=now(), **given))
    tx.flush()
    found = watch.tickets(tx)
    assert (found.rows, found.unanswered, found.unclosed) == (5, 2, 1)
    assert near(found.seconds, timedelta(days=4))
