"""RQ with its unsafe features turned off: a job is a wake-up that carries a task's id.

Losing Redis's data costs only time: a task is enqueued again when its lease expires.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, cast

import structlog
from redis import Redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.job import Job
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import heartbeat
from models.infrastructure import database, encryption
from models.infrastructure.loops import Pauses
from models.infrastructure.storage import Storage
from workers import watched
from workers.context import Context
from workers.settings import Settings

NAME = "izin"
RUN = "workers.jobs.run"
ALLOWED = frozenset({RUN})

LEASE_SECONDS = 60  # until a wake-up that no worker took is sent again
JOB_SECONDS = 45  # a job's time limit; less than the lease, so that a job is not enqueued twice
FAILED_SECONDS = 60  # RQ keeps a failed job; the task row holds the error

WORKER_TTL = 30  # seconds; an idle worker wakes twice a minute (RQ: every 405 s)
MAINTENANCE = 30  # seconds
MONITORING = 5  # seconds
BEAT = 10.0  # seconds between heartbeats
REDIS_TRIES = 12  # some 40 s together; afterwards RQ's own loop keeps waiting
REDIS_PAUSE, REDIS_LONGEST_PAUSE = 0.2, 5.0  # seconds

_log = structlog.get_logger(__name__)


class NotAllowed(PermissionError):
    """A job of the queue names a function that is not ours: another program writes to our Redis."""


class OurJob(Job):
    """A job that can only be `workers.jobs.run`.

    JSON alone does not make a job safe: it names a function and callbacks to import, and URLs to
    post to. The function is checked against an allowlist; callbacks and URLs are ignored.
    """

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in ALLOWED or self.instance:
            raise NotAllowed(f"a job named {self.func_name!r}; only {RUN} may be")
        return cast("Callable[..., Any]", super().func)

    def send_webhooks(self, *_: object, **__: object) -> None:
        """Do nothing: RQ's webhooks are turned off."""


class OurWorker(SimpleWorker):
    """A worker that runs jobs in its own process, one at a time, and notes a request to stop."""

    job_class = OurJob
    max_connection_wait_time = REDIS_LONGEST_PAUSE
    log_result_lifespan = False

    def __init__(self, redis: Redis) -> None:
        super().__init__(
            [queue(redis)],  # only one: RQ loses jobs when a worker of several queues dies
            connection=redis,
            serializer="json",
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE,
            job_monitoring_interval=MONITORING,
            log_job_description=False,
        )
        self.asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the current job and stop; a second signal stops at once."""
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def queue(redis: Redis) -> Queue:
    """Return the only queue."""
    return Queue(NAME, connection=redis, serializer="json", job_class=OurJob)


def nudge(into: Queue, task_id: int) -> None:
    """Enqueue a wake-up for a task; it expires together with the lease.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    into.enqueue_call(
        RUN,
        args=(task_id,),
        timeout=JOB_SECONDS,
        ttl=LEASE_SECONDS,
        result_ttl=0,
        failure_ttl=FAILED_SECONDS,
        description=NAME,
    )


def connect(url: str, *, tries: int = REDIS_TRIES) -> Redis:
    """Return a client that retries with backoff; RQ's worker needs a client of its own."""
    retry = Retry(ExponentialBackoff(cap=REDIS_LONGEST_PAUSE, base=REDIS_PAUSE), tries)
    return Redis.from_url(url, retry=retry, socket_connect_timeout=5, socket_timeout=5)


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; survives outages of Redis and PostgreSQL.

    Call it in the main thread: RQ's time limit is a signal.

    Raises:
        models.keys.WrongKeys: the keys cannot decrypt the database.
    """
    from workers import jobs  # imports heavy libraries that only a worker needs

    encryption.use(settings.key_ring)
    engine = database.connect(settings.database_url.reveal())
    watched.enter_keys(engine, threading.Event().wait)
    jobs.use(
        Context(
            engine,
            Storage(settings.storage_url),
            settings.public_url,
            settings.permit_office,
            settings.permit_signer,
            settings.kept,
            settings.quiet,
            settings.guards,
        )
    )
    with _heartbeats(engine):
        _log.info("worker_started")
        pauses = Pauses("worker")
        while True:
            pauses.begin()
            try:
                if not _work_until_failure(settings.redis_url.reveal()):
                    break
            except Exception as error:  # a bug, ours or RQ's: no job is lost by it
                if not _slept(watched.restarted(engine, pauses, error)):
                    break
            _log.warning("worker_starts_again")
    engine.dispose()
    _log.info("worker_stopped")


def _slept(seconds: float) -> bool:
    """Sleep; return False when RQ's signal handlers ask to stop meanwhile."""
    try:
        time.sleep(seconds)
    except StopRequested:
        return False
    return True


def _work_until_failure(redis_url: str) -> bool:
    """Work; return False when asked to stop, True when RQ gives up because Redis is down."""
    worker = None
    try:
        with connect(redis_url) as redis:
            worker = OurWorker(redis)
            worker.work(logging_level="WARNING")
    except RedisError as error:
        _log.warning("redis_away", error=type(error).__name__)
    except StopRequested:  # between two rounds of RQ's loop
        return False
    return worker is None or not worker.asked_to_stop


@contextmanager
def _heartbeats(engine: Engine) -> Iterator[None]:
    """Write heartbeats from a thread, since the worker may be busy or wait for Redis."""
    stop = threading.Event()

    def beat() -> None:
        while True:
            try:
                with Session(engine) as tx, tx.begin():
                    heartbeat.beat(tx, "worker")
            except Exception as error:  # the thread must not end before the worker
                _log.warning("database_away", error=type(error).__name__)
            if stop.wait(BEAT):
                return

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
