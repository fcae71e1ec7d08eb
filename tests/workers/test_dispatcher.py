"""Whatever happens to Redis, PostgreSQL or the dispatcher itself: what is due is offered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from redis import Redis
from rq import Queue
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session

from models import heartbeat, task
from models.infrastructure.settings import Secret
from models.task import Task
from tests.clock import now
from tests.days import let_pass
from tests.workers.processes import Wire, dispatcher, until
from workers.dispatcher import LEASE, MOST_OUT, _Relay
from workers.queue import queue
from workers.settings import Settings


@pytest.fixture
def out(redis_url: str) -> Iterator[Queue]:
    """The wake-ups that have been sent."""
    with Redis.from_url(redis_url) as redis:
        yield queue(redis)


def plan(engine: Engine, *, due_in: timedelta = timedelta(0), run_key: str = "open:1") -> int:
    with Session(engine) as tx, tx.begin():
        task.plan(tx, "open_windows", 1, run_key, due_at=now() + due_in)
        tx.flush()
        return tx.scalars(select(Task.id).where(Task.run_key == run_key)).one()


def sent(out: Queue) -> list[int]:
    """The ids of our tasks among the wake-ups, oldest first; periodic ones left out."""
    return [job.args[0] for job in out.jobs if job.args]


def test_a_task_that_is_due_is_offered_once_for_each_lease(
    settings: Settings, city: Engine, out: Queue
) -> None:
    ready = plan(city)
    later = plan(city, due_in=timedelta(hours=1), run_key="open:later")
    with dispatcher(settings):
        until(lambda: ready in sent(out))
        second = plan(city, run_key="open:2")
        until(lambda: second in sent(out))
    assert sent(out).count(ready) == 1
    assert later not in sent(out)
    with Session(city) as tx:
        leased = tx.get_one(Task, ready).leased_until
        assert leased is not None
        assert now() < leased <= now() + LEASE


def test_what_redis_has_forgotten_is_offered_again(
    settings: Settings, city: Engine, out: Queue
) -> None:
    ready = plan(city)
    with dispatcher(settings, lease=timedelta(milliseconds=300)):
        until(lambda: ready in sent(out))
        out.connection.flushall()
        until(lambda: ready in sent(out))


def test_without_redis_the_leases_are_given_back_and_it_goes_on_when_it_returns(
    settings: Settings, city: Engine, out: Queue
) -> None:
    wire = Wire(settings.redis_url.reveal())
    ready = plan(city)
    with dispatcher(replace(settings, redis_url=Secret(wire.url))):
        until(lambda: _beats(city))
        with Session(city) as tx:
            assert tx.get_one(Task, ready).leased_until is None
        wire.lay()
        until(lambda: ready in sent(out))
        wire.cut()
        second = plan(city, run_key="open:2")
        wire.lay()
        until(lambda: second in sent(out))
    wire.cut()


def test_leases_are_given_back_when_redis_takes_no_more(
    settings: Settings, city: Engine, out: Queue
) -> None:
    ready = plan(city)

    def leased() -> bool:
        with Session(city) as tx:
            return tx.get_one(Task, ready).leased_until is not None

    def refused() -> bool:
        return "errorstat_OOM" in out.connection.info("errorstats")

    out.connection.config_resetstat()
    out.connection.config_set("maxmemory", 1)
    try:
        with dispatcher(settings):
            until(lambda: refused() and not leased())
            out.connection.config_set("maxmemory", 0)
            until(lambda: ready in sent(out))
    finally:
        out.connection.config_set("maxmemory", 0)


def _put_clock_back(engine: Engine) -> None:
    """All times in the database lie an hour ahead, as they do after that."""
    with engine.begin() as connection:
        let_pass(connection, timedelta(hours=-1))


def test_a_dispatcher_that_starts_lets_no_task_wait_for_a_clock_that_was_put_back(
    settings: Settings, city: Engine, out: Queue
) -> None:
    ready = plan(city)
    _put_clock_back(city)
    with dispatcher(settings):
        until(lambda: ready in sent(out))


def test_a_dispatcher_notices_that_the_records_clock_is_put_back(city: Engine, out: Queue) -> None:
    relay = _Relay(city, out, LEASE, MOST_OUT)
    relay.turn()
    ready = plan(city)
    relay.turn()
    _put_clock_back(city)
    relay.turn()
    assert sent(out).count(ready) == 1, "nothing tells of it yet"
    assert relay.turned_at is not None
    relay.turned_at += timedelta(hours=1)
    relay.turn()
    assert sent(out).count(ready) == 2


def _beats(engine: Engine) -> bool:
    with Session(engine) as tx:
        return heartbeat.alive(tx, "dispatcher")


def test_it_outlives_a_restart_of_the_database(
    settings: Settings, city: Engine, out: Queue
) -> None:
    first = plan(city)
    with dispatcher(settings):
        until(lambda: first in sent(out))
        _break_all_connections(city)
        second = plan(city, run_key="open:2")
        until(lambda: second in sent(out))


def _break_all_connections(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


def test_no_more_is_sent_than_the_queue_has_room_for(
    settings: Settings, city: Engine, out: Queue
) -> None:
    for n in range(5):
        plan(city, run_key=f"open:{n}")
    with dispatcher(settings, most_out=3):
        until(lambda: out.count == 3)
        plan(city, run_key="open:5")  # which wakes it
        assert out.count == 3
        out.connection.flushall()
        until(lambda: out.count == 3)


def test_several_dispatchers_do_not_offer_the_same_twice(
    settings: Settings, city: Engine, out: Queue
) -> None:
    ids = [plan(city, run_key=f"open:{n}") for n in range(30)]
    with dispatcher(settings), dispatcher(settings), dispatcher(settings):
        until(lambda: set(ids) <= set(sent(out)))
    assert sorted(one for one in sent(out) if one in ids) == ids
