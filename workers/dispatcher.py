"""The dispatcher: enqueues a wake-up for each due task row, again until the task is done."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import psycopg
import structlog
from redis.exceptions import RedisError
from rq import Queue
from sqlalchemy import Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from models import heartbeat, task
from models.base import now
from models.infrastructure import database, encryption
from models.infrastructure.loops import Pauses
from workers import schedule, watched
from workers.queue import LEASE_SECONDS, connect, nudge, queue
from workers.settings import Settings

LEASE = timedelta(seconds=LEASE_SECONDS)
TICK = 1.0  # seconds: the most that a delayed task, or one whose NOTIFY was lost, starts late
BEAT = 10.0  # seconds between heartbeats
MOST_OUT = 500  # wake-ups in the queue at once: more would outlive their leases and be sent twice
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds between tries while a server is down
REDIS_TRIES = 2

_log = structlog.get_logger(__name__)


def dispatch(
    settings: Settings,
    stop: threading.Event,
    *,
    lease: timedelta = LEASE,
    most_out: int = MOST_OUT,
) -> None:
    """Dispatch until `stop` is set; survives outages of Redis and PostgreSQL, and our own bugs.

    Any number of dispatchers may run at once, on any number of machines: row locks keep them apart.

    Raises:
        models.keys.WrongKeys: the keys cannot decrypt the database.
    """
    encryption.use(settings.key_ring)
    engine = database.connect(settings.database_url.reveal(), pool_size=2)
    watched.enter_keys(engine, stop.wait)
    address = make_url(database.driver_url(settings.database_url.reveal())).set(
        drivername="postgresql"
    )
    outage, pauses = _Outage("database"), Pauses("dispatcher")
    with connect(settings.redis_url.reveal(), tries=REDIS_TRIES) as redis:
        relay = _Relay(engine, queue(redis), lease, most_out)
        while not stop.is_set():
            pauses.begin()
            try:
                with psycopg.connect(
                    address.render_as_string(hide_password=False),
                    autocommit=True,
                    connect_timeout=5,
                ) as listener:
                    listener.execute(f"LISTEN {database.TASKS}")
                    while not stop.is_set():
                        relay.turn()
                        outage.over()
                        _wait(listener)
            except (psycopg.Error, SQLAlchemyError) as error:
                stop.wait(outage.pause_after(error))
            except Exception as error:  # our own bug: the next round may succeed
                stop.wait(watched.restarted(engine, pauses, error))
    engine.dispose()


def _wait(listener: psycopg.Connection[tuple[object, ...]]) -> None:
    """Wait for a NOTIFY, at most one tick; notifications that arrive together count as one."""
    for _ in listener.notifies(timeout=TICK, stop_after=1):
        pass


@dataclass(slots=True)
class _Outage:
    """Outage of a server: logs its start and end once, and backs off exponentially."""

    server: str
    pause: float = 0.0

    def pause_after(self, error: Exception) -> float:
        if not self.pause:
            _log.warning("server_away", server=self.server, error=type(error).__name__)
        self.pause = min(2 * self.pause or FIRST_PAUSE, LONGEST_PAUSE)
        return self.pause

    def over(self) -> None:
        if self.pause:
            _log.info("server_back", server=self.server)
        self.pause = 0.0


@dataclass(slots=True)
class _Relay:
    """The dispatcher's state between its rounds."""

    engine: Engine
    into: Queue
    lease: timedelta
    most_out: int
    redis: _Outage = field(default_factory=lambda: _Outage("redis"))
    redis_again_at: float = 0.0  # monotonic
    beat_at: float = 0.0  # monotonic
    turned_at: datetime | None = None  # by the database's clock

    def turn(self) -> None:
        """Plan periodic tasks, then enqueue wake-ups for due tasks."""
        moment = time.monotonic()
        with Session(self.engine) as tx, tx.begin():
            at = now(tx)
            if self.turned_at is None or at < self.turned_at:  # first round, or clock put back
                task.mend(tx)
            self.turned_at = at
            schedule.tick(tx, at)
            if moment >= self.beat_at:
                heartbeat.beat(tx, "dispatcher")
                self.beat_at = moment + BEAT
        if moment >= self.redis_again_at:
            try:
                self._enqueue_due()
            except RedisError as error:
                self.redis_again_at = time.monotonic() + self.redis.pause_after(error)
            else:
                self.redis.over()

    def _enqueue_due(self) -> None:
        """Enqueue wake-ups while the queue has room for them.

        If Redis fails, the leases are released at once; if the process dies, they expire.
        """
        room = self.most_out - self.into.count
        if room <= 0:
            return
        with Session(self.engine) as tx, tx.begin():
            claimed = [task_id for task_id, _ in task.claim(tx, lease=self.lease, limit=room)]
        sent = 0
        try:
            for task_id in claimed:
                nudge(self.into, task_id)
                sent += 1
        finally:
            if sent < len(claimed):
                with Session(self.engine) as tx, tx.begin():
                    task.release(tx, claimed[sent:])
