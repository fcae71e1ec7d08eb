"""The database's clock: one for all processes, asked once in a transaction."""

from __future__ import annotations

from datetime import UTC, timedelta

import time_machine
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from models.base import now
from tests.clock import now as here


def test_the_time_is_the_records_whatever_this_machine_thinks(engine: Engine) -> None:
    right = here()
    with time_machine.travel(right + timedelta(hours=1)), Session(engine) as tx:
        assert abs(now(tx) - right) < timedelta(seconds=30)
        assert now(tx) == tx.scalar(text("SELECT now()"))
        assert now(tx).tzinfo is UTC


def test_it_is_asked_once_in_a_transaction_and_anew_in_the_next(engine: Engine) -> None:
    asked: list[str] = []
    event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append(given[2]), named=False
    )
    with Session(engine) as tx:
        first = now(tx)
        assert now(tx) == first
        assert len(asked) == 1
        tx.commit()
        assert now(tx) > first
        assert len(asked) == 2
