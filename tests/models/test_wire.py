"""Statements on one trip: each sees what those before it did, and all fail with the first."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from models.infrastructure.database import pipeline
from models.person import Person
from tests.clock import now

DIVIDE = "SELECT 1 / CAST(%(by)s AS int)"


@pytest.fixture
def tx(engine: Engine) -> Iterator[Session]:
    with Session(engine) as session:
        yield session


def test_each_statement_sees_what_those_before_it_did(tx: Session) -> None:
    with pipeline(tx) as execute:
        before = execute("SELECT count(*) FROM people", {})
        execute(
            "INSERT INTO people (locale, created_at) VALUES ('id', %(at)s)",
            {"at": now()},
        )
        after = execute("SELECT count(*) FROM people", {})
    assert (before.rows, after.rows) == ([(0,)], [(1,)])


def test_objects_of_the_session_are_written_first(tx: Session) -> None:
    tx.add(Person())
    with pipeline(tx) as execute:
        found = execute("SELECT id, locale, name FROM people", {})
    assert found.rows == [(1, "id", None)]


def test_a_trip_that_commits_leaves_nothing_to_undo(tx: Session, engine: Engine) -> None:
    tx.add(Person())
    with pipeline(tx, commit=True) as execute:
        execute("UPDATE people SET locale = 'en'", {})
    tx.rollback()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT locale FROM people")).scalars().all() == ["en"]


def test_the_first_failure_undoes_all_and_the_connection_is_sound(
    tx: Session, engine: Engine
) -> None:
    for _ in range(3):  # statements prepared in a pipeline that failed are prepared again
        tx.add(Person())
        with (
            pytest.raises(DataError, match="division by zero"),
            pipeline(tx, commit=True) as execute,
        ):
            execute(DIVIDE, {"by": "1"})
            execute(DIVIDE, {"by": "0"})
            execute("SELECT never FROM people", {})
        tx.rollback()
    with pipeline(tx) as execute:
        divided = execute(DIVIDE, {"by": "1"})
        people = execute("SELECT count(*) FROM people", {})
    assert (divided.rows, people.rows) == ([(1,)], [(0,)])


def test_errors_are_those_of_sqlalchemy_and_hold_no_values(tx: Session) -> None:
    with pytest.raises(IntegrityError) as caught, pipeline(tx) as execute:
        execute(
            "INSERT INTO addresses (person_id, channel, address) VALUES (1, 'c', %(a)s)", {"a": "s"}
        )
    assert "violates foreign key" in str(caught.value)


def test_an_error_in_the_block_sends_nothing(tx: Session) -> None:
    with pytest.raises(ZeroDivisionError), pipeline(tx) as execute:
        execute(DIVIDE, {"by": "1"})
        raise ZeroDivisionError
    with pipeline(tx) as execute:
        again = execute(DIVIDE, {"by": "1"})
    assert again.rows == [(1,)]


def test_a_broken_connection_leaves_the_pool(engine: Engine) -> None:
    with Session(engine) as tx:
        backend = tx.scalar(text("SELECT pg_backend_pid()"))
        with engine.connect() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": backend})
        with pytest.raises(OperationalError), pipeline(tx) as execute:
            execute("SELECT 1", {})
    with Session(engine) as tx, pipeline(tx) as execute:
        sound = execute("SELECT 1", {})
    assert sound.rows == [(1,)]


def test_many_rows_and_long_texts_come_whole(tx: Session) -> None:
    long = "x" * 300_000
    with pipeline(tx) as execute:
        many = execute("SELECT n, %(long)s FROM generate_series(1, 50) AS n", {"long": long})
        after = execute("SELECT 'end'", {})
    assert [number for number, _ in many.rows] == list(range(1, 51))
    assert all(words == long for _, words in many.rows) and after.rows == [("end",)]
