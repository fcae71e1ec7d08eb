"""What goes over the wire to PostgreSQL is understood, however a client asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import psycopg
import pytest
from sqlalchemy import make_url

from tests.faults.servers import HERE
from tests.faults.statements import Statements, commit_of, committed, statement
from tests.wire import Passage, Wire

MARK = r"\bAS marked\b"
Connection: TypeAlias = psycopg.Connection[Any]
Connect: TypeAlias = Callable[[], Connection]
Way: TypeAlias = Callable[[Connection, int], None]


@pytest.fixture
def wire(database_url: str) -> Iterator[Wire]:
    there = make_url(database_url)
    with Wire(there.host or HERE, there.port or 5432, Statements) as wire:
        yield wire


@pytest.fixture
def connect(wire: Wire, database_url: str) -> Iterator[Connect]:
    url = make_url(database_url).set(drivername="postgresql", host=HERE, port=wire.port)
    made: list[Connection] = []

    def new() -> Connection:
        made.append(psycopg.connect(url.render_as_string(hide_password=False)))
        return made[-1]

    yield new
    for one in made:
        one.close()


def alone(client: Connection, number: int) -> None:
    """Each statement goes on its own, between BEGIN and COMMIT."""
    client.execute("SELECT 1")
    client.execute("SELECT %s::int AS marked", [number])
    client.commit()


def together(client: Connection, number: int) -> None:
    """All go in one pipeline, with the COMMIT."""
    with client.pipeline():
        client.execute("SELECT 1")
        client.execute("SELECT %s::int AS marked", [number])
        client.commit()


def at_once(client: Connection, number: int) -> None:
    """Without BEGIN and COMMIT: each statement is a transaction."""
    client.autocommit = True
    client.execute("SELECT %s::int AS marked", [number])


WAYS = [alone, together, at_once]
TIMES = [0, 7]  # how often it was done before: from the sixth time on it is prepared by name


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "point", [statement(MARK), commit_of(MARK), committed(MARK)], ids=["asked", "ends", "ended"]
)
def test_a_client_stands_still_at_the_point_that_is_held_and_others_do_not(
    wire: Wire, connect: Connect, way: Way, point: Callable[[Passage], bool], times: int
) -> None:
    client, other = connect(), connect()
    for number in range(times):
        way(client, number)
    with ThreadPoolExecutor() as threads, wire.hold(point) as hold:
        running = threads.submit(way, client, times)
        hold.wait()
        other.execute("SELECT 2")
        other.commit()
        assert len(hold.caught) == 1
        assert not running.done()
        hold.release()
        running.result(10)


@pytest.mark.parametrize("way", WAYS)
def test_what_was_held_and_dropped_never_arrives(wire: Wire, connect: Connect, way: Way) -> None:
    client = connect()
    with ThreadPoolExecutor() as threads, wire.hold(statement(MARK)) as hold:
        running = threads.submit(way, client, 0)
        hold.wait()
        hold.drop()
        with pytest.raises(psycopg.OperationalError):
            running.result(10)


def test_a_transaction_that_was_rolled_back_is_not_taken_for_committed(
    wire: Wire, connect: Connect
) -> None:
    client = connect()
    with wire.hold(commit_of(MARK)) as asked, wire.hold(committed(MARK)) as answered:
        client.execute("SELECT %s::int AS marked", [1])
        client.rollback()
        client.execute("SELECT 1")
        client.commit()
        assert not asked.caught and not answered.caught
