"""Statements on one trip: each sees what those before it did, and all fail with the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from models.infrastructure.database import trip
from models.person import Person
from tests.clock import now

DIVIDE = "SELECT 1 / CAST(%(by)s AS int)"


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_each_statement_sees_what_those_before_it_did(tx: Session) -> None:
    with trip(tx) as run:
        before = run("SELECT count(*) FROM people", {})
        run(
            "INSERT INTO people (locale, created_at) VALUES ('id', %(at)s)",
            {"at": now()},
        )
        after = run("SELECT count(*) FROM people", {})
    assert (before.rows, after.rows) == ([(0,)], [(1,)])


def test_objects_of_the_session_are_written_first(tx: Session) -> None:
    tx.add(Person())
    with trip(tx) as run:
        found = run("SELECT id, locale, name FROM people", {})
    assert found.rows == [(1, "id", None)]


def test_a_trip_that_commits_leaves_nothing_to_undo(tx: Session, engine: Engine) -> None:
    tx.add(Person())
    with trip(tx, commit=True) as run:
        run("UPDATE people SET locale = 'en'", {})
    tx.rollback()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT locale FROM people")).scalars().all() == ["en"]


def test_the_first_failure_undoes_all_and_the_connection_is_sound(
    tx: Session, engine: Engine
) -> None:
    for _ in range(3):  # statements prepared on a trip that failed are prepared again
        tx.add(Person())
        with pytest.raises(DataError, match="division by zero"), trip(tx, commit=True) as run:
            run(DIVIDE, {"by": "1"})
            run(DIVIDE, {"by": "0"})
            run("SELECT never FROM people", {})
        tx.rollback()
    with trip(tx) as run:
        divided = run(DIVIDE, {"by": "1"})
        people = run("SELECT count(*) FROM people", {})
    assert (divided.rows, people.rows) == ([(1,)], [(0,)])


def test_errors_are_those_of_sqlalchemy_and_hold_no_values(tx: Session) -> None:
    with pytest.raises(IntegrityError) as caught, trip(tx) as run:
        run(
            "INSERT INTO addresses (person_id, channel, address) VALUES (1, 'c', %(a)s)", {"a": "s"}
        )
    assert "violates foreign key" in str(caught.value)


def test_an_error_in_the_block_sends_nothing(tx: Session) -> None:
    with pytest.raises(ZeroDivisionError), trip(tx) as run:
        run(DIVIDE, {"by": "1"})
        raise ZeroDivisionError
    with trip(tx) as run:
        again = run(DIVIDE, {"by": "1"})
    assert again.rows == [(1,)]


def test_a_broken_connection_leaves_the_pool(engine: Engine) -> None:
    with Session(engine) as tx:
        backend = tx.scalar(text("SELECT pg_backend_pid()"))
        with engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        with pytest.raises(OperationalError), trip(tx) as run:
            run("SELECT 1", {})
    with Session(engine) as tx, trip(tx) as run:
        sound = run("SELECT 1", {})
    assert sound.rows == [(1,)]


def test_many_rows_and_long_texts_come_whole(tx: Session) -> None:
    long = "x" * 300_000
    with trip(tx) as run:
        many = run("SELECT n, %(long)s FROM generate_series(1, 50) AS n", {"long": long})
        after = run("SELECT 'end'", {})
    assert [number for number, _ in many.rows] == list(range(1, 51))
    assert all(words == long for _, words in many.rows) and after.rows == [("end",)]
