"""People: met once, whoever meets them and however often, and locked in one order."""

from __future__ import annotations

import threading

import psycopg
import pytest
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from models import person, turn
from models.infrastructure.database import PLANNING
from models.person import Address, Person, asked


def test_a_stranger_is_met_once_and_known_from_then_on(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        first = person.meet(tx, "chat", [("1", "id"), ("2", "en")])
    with Session(engine) as tx, tx.begin():
        again = person.meet(tx, "chat", [("2", "id"), ("3", "id"), ("1", "id")])
        assert again["1"] == first["1"] and again["2"] == first["2"]
        assert tx.get_one(Person, first["2"]).locale == "en", "their own choice stays"
        assert tx.scalar(select(func.count()).select_from(Person)) == 3


def test_the_same_address_on_two_channels_is_two_people(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        one = person.meet(tx, "chat", [("1", "id")])["1"]
        other = person.meet(tx, "browser", [("1", "id")])["1"]
    assert one != other


def test_processes_that_meet_the_same_people_at_once_agree(engine: Engine) -> None:
    addresses = [(str(number), "id") for number in range(20)]
    found: list[dict[str, int]] = []
    start = threading.Barrier(4)

    def meet(order: int) -> None:
        with Session(engine) as tx, tx.begin():
            start.wait(10)
            found.append(person.meet(tx, "chat", addresses[order:] + addresses[:order]))

    threads = [threading.Thread(target=meet, args=(order,)) for order in (0, 5, 10, 15)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(found) == 4 and all(one == found[0] for one in found)
    with Session(engine) as tx:
        assert tx.scalar(select(func.count()).select_from(Person)) == 20
        assert tx.scalar(select(func.count()).select_from(Address)) == 20


def test_people_are_locked_in_one_order_and_each_once(engine: Engine) -> None:
    with Session(engine) as tx, tx.begin():
        ids = person.meet(tx, "chat", [(str(n), "id") for n in range(5)]).values()
    with Session(engine) as tx:
        asked = [*reversed(sorted(ids)), *ids]
        assert [row.id for row in person.lock(tx, asked)] == sorted(ids)


def test_a_locked_person_can_still_be_written_to(engine: Engine) -> None:
    """Rows that refer to them wait for nobody: else an officer's turn would wait for an owner's."""
    with Session(engine) as tx, tx.begin():
        (person_id,) = person.meet(tx, "chat", [("1", "id")]).values()
    with Session(engine) as holding, Session(engine) as other:
        person.lock(holding, [person_id])
        other.connection().exec_driver_sql("SET LOCAL lock_timeout = '2s'")
        other.add(Address(person_id=person_id, channel="second", address="1"))
        other.commit()


@pytest.mark.parametrize("statement", [person.LOCK, turn._OPEN], ids=["lock", "open"])
def test_a_turn_planned_while_few_are_known_reads_nobody_else(
    engine: Engine, statement: str
) -> None:
    with Session(engine) as tx:
        somebody = person.meet(tx, "chat", [("1", "id")])["1"]
        tx.execute(text(PLANNING))
        wire = tx.connection().connection.driver_connection
        assert wire is not None
        values = {**asked([somebody]), "version": "1"}
        cursor = psycopg.ClientCursor(wire)
        cursor.execute(f"PREPARE planned AS {statement}", values)
        cursor.execute("EXPLAIN EXECUTE planned")
        many = "INSERT INTO people (locale, created_at) SELECT 'id', now()"
        cursor.execute(f"{many} FROM generate_series(1, 20000)")
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE planned")
        ((told,),) = cursor.fetchall()
        cursor.execute("DEALLOCATE planned")
    plan = told[0]["Plan"]
    assert plan["Actual Rows"] == 1
    pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    assert pages < 50, "a look at each person would be 150 and more"
