"""Whoever left a form in the middle is reminded, never at night, and forgotten in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Engine, text, update
from sqlalchemy.orm import Session

from conversations import events
from conversations.events import Happened
from models import person
from models.conversation import Conversation
from models.inbox import InboxMessage
from models.infrastructure import quiet
from models.person import Person
from models.task import Task
from tests.clock import ALWAYS_NIGHT, now
from workers import drafts

RUN = Task(kind="remind", subject_id=0, run_key="remind:now")


def silent_for(
    tx: Session, silence: timedelta, *, has_draft: bool = True, address: str = "1"
) -> int:
    """Somebody who has not spoken for so long."""
    (who,) = person.meet(tx, "chat", [(address, "id")]).values()
    kept = Conversation(person_id=who, session={}, has_draft=has_draft, spoke_at=now() - silence)
    tx.add(kept)
    tx.flush()
    return who


def reminders(tx: Session) -> int:
    heard = [events.from_json(row.event) for row in tx.query(InboxMessage)]
    return sum(isinstance(event, Happened) and event.what == "reminder" for event in heard)


@pytest.mark.parametrize(
    ("silence", "rounds", "told"),
    [
        (timedelta(minutes=50), 3, 0),
        (timedelta(minutes=70), 3, 1),
        (timedelta(hours=25), 3, 2),
        (timedelta(days=4), 9, 3),
    ],
)
def test_silence_is_answered_by_at_most_three_reminders(
    engine: Engine, silence: timedelta, rounds: int, told: int
) -> None:
    with Session(engine) as tx, tx.begin():
        silent_for(tx, silence)
        for _ in range(rounds):
            drafts.remind(tx, RUN)
        assert reminders(tx) == told


def test_nobody_is_reminded_without_a_draft_or_against_their_will(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        who = silent_for(tx, timedelta(hours=2), has_draft=False)
        drafts.remind(tx, RUN)
        tx.execute(update(Conversation).values(has_draft=True))
        tx.execute(update(Person).where(Person.id == who).values(opted_out_at=now()))
        drafts.remind(tx, RUN)
        assert reminders(tx) == 0


def test_nobody_is_reminded_at_night(engine: Engine) -> None:
    with Session(engine, info=ALWAYS_NIGHT.info) as tx, tx.begin():
        silent_for(tx, timedelta(hours=2))
        drafts.remind(tx, RUN)
        assert reminders(tx) == 0


def test_where_quiet_hours_are_off_reminders_go_at_any_hour(engine: Engine) -> None:
    for hours in (replace(ALWAYS_NIGHT, kept=False), quiet.OFF):
        with Session(engine, info=hours.info) as tx, tx.begin():
            silent_for(tx, timedelta(hours=2), address=repr(hours))
            drafts.remind(tx, RUN)
    with Session(engine) as tx:
        assert reminders(tx) == 2


def test_a_draft_that_rested_for_a_month_is_erased(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        silent_for(tx, drafts.KEPT - timedelta(hours=1))
        drafts.erase(tx, RUN)
        assert tx.scalar(text("SELECT count(*) FROM conversations")) == 1
        tx.execute(update(Conversation).values(spoke_at=now() - drafts.KEPT - timedelta(minutes=1)))
        drafts.erase(tx, RUN)
        assert tx.scalar(text("SELECT count(*) FROM conversations")) == 0


def test_many_are_reminded_and_erased_some_at_a_time(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafts, "AT_ONCE", 2)
    with Session(engine) as tx, tx.begin():
        for address in "123":
            silent_for(tx, timedelta(hours=2), address=address)
        assert drafts.remind(tx, RUN) is not None  # due again: there is more
        assert reminders(tx) == 2
        assert drafts.remind(tx, RUN) is None
        assert reminders(tx) == 3
        tx.execute(update(Conversation).values(spoke_at=now() - drafts.KEPT - timedelta(minutes=1)))
        assert drafts.erase(tx, RUN) is not None
        assert tx.scalar(text("SELECT count(*) FROM conversations")) == 1
        assert drafts.erase(tx, RUN) is None
        assert tx.scalar(text("SELECT count(*) FROM conversations")) == 0


def test_who_speaks_at_this_moment_is_neither_reminded_nor_forgotten(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        silent_for(tx, drafts.KEPT)
    with Session(engine) as speaking, speaking.begin():
        speaking.execute(update(Conversation).values(spoke_at=now()))
        with Session(engine) as tx, tx.begin():
            tx.execute(text("SET LOCAL lock_timeout = '2s'"))
            drafts.remind(tx, RUN)
            drafts.erase(tx, RUN)
            assert reminders(tx) == 0
    with Session(engine) as tx:
        assert tx.scalar(text("SELECT count(*) FROM conversations")) == 1
