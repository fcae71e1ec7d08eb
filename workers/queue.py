"""RQ, with all that is dangerous or forgetful about it shut: a job is a wake-up with a task's id.

Losing Redis loses nothing but time: the rows are offered again when their leases run out.
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

LEASE_SECONDS = 60  # until a nudge that nobody heeded is sent again
JOB_SECONDS = 45  # a job may take; less than the lease, so that a job is not offered twice
FAILED_SECONDS = 60  # RQ keeps of a failed job what it must; the row knows the rest

WORKER_TTL = 30  # seconds; an idle worker wakes twice a minute (RQ: every 405 s)
MAINTENANCE = 30  # seconds
MONITORING = 5  # seconds
BEAT = 10.0  # seconds between signs of life
REDIS_TRIES = 12  # together some 40 s of patience; afterwards RQ's own loop waits on
REDIS_PAUSE, REDIS_LONGEST_PAUSE = 0.2, 5.0  # seconds

_log = structlog.get_logger(__name__)


class NotAllowed(PermissionError):
    """A job of the queue names another function than ours: somebody else writes to our Redis."""


class OurJob(Job):
    """A job that can only be `workers.jobs.run`.

    JSON does not make Redis harmless: a job names the function to import, callbacks to import, and
    addresses to post to. The first is compared with a list, the others are ignored.
    """

    success_callback = failure_callback = stopped_callback = None

    @property
    def func(self) -> Callable[..., Any]:
        if self.func_name not in ALLOWED or self.instance:
            raise NotAllowed(f"a job named {self.func_name!r}; only {RUN} may be")
        return cast("Callable[..., Any]", super().func)

    def send_webhooks(self, *_: object, **__: object) -> None:
        """Post nothing to anybody."""


class OurWorker(SimpleWorker):
    """A worker that runs jobs in its own process, one at a time, and knows why it stopped."""

    job_class = OurJob
    max_connection_wait_time = REDIS_LONGEST_PAUSE
    log_result_lifespan = False

    def __init__(self, redis: Redis) -> None:
        super().__init__(
            [queue(redis)],  # one: RQ loses jobs when a worker of several queues dies
            connection=redis,
            serializer="json",
            worker_ttl=WORKER_TTL,
            maintenance_interval=MAINTENANCE,
            job_monitoring_interval=MONITORING,
            log_job_description=False,
        )
        self.asked_to_stop = False

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Finish the job at hand and stop; a second signal does not wait for it."""
        self.asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]


def queue(redis: Redis) -> Queue:
    """The one queue."""
    return Queue(NAME, connection=redis, serializer="json", job_class=OurJob)


def nudge(into: Queue, task_id: int) -> None:
    """Wake a worker for a task; the wake-up dies with the lease.

    Raises:
        redis.exceptions.RedisError: Redis is away.
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
    """A client that tries again for a while; RQ's worker wants one of its own."""
    retry = Retry(ExponentialBackoff(cap=REDIS_LONGEST_PAUSE, base=REDIS_PAUSE), tries)
    return Redis.from_url(url, retry=retry, socket_connect_timeout=5, socket_timeout=5)


def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; outlives Redis and PostgreSQL going away.

    To be called in the main thread, which RQ's time limit needs.

    Raises:
        models.keys.WrongKeys: the keys do not read what is in the database.
    """
    from workers import jobs  # with libraries so heavy that only a worker should hold them

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
        )
    )
    with _signs_of_life(engine):
        _log.info("worker_started")
        pauses = Pauses("worker")
        while True:
            pauses.begin()
            try:
                if not _worked_without_being_stopped(settings.redis_url.reveal()):
                    break
            except Exception as error:  # a fault of ours, or of RQ: no job is lost by it
                if not _paused(watched.restarted(engine, pauses, error)):
                    break
            _log.warning("worker_starts_again")
    engine.dispose()
    _log.info("worker_stopped")


def _paused(seconds: float) -> bool:
    """Wait; gives False when asked to stop meanwhile, by the signal handlers that RQ has set."""
    try:
        time.sleep(seconds)
    except StopRequested:
        return False
    return True


def _worked_without_being_stopped(redis_url: str) -> bool:
    """Work until asked to stop (False) or until RQ gives up for want of Redis (True)."""
    worker = None
    try:
        with connect(redis_url) as redis:
            worker = OurWorker(redis)
            worker.work(logging_level="WARNING")
    except RedisError as error:
        _log.warning("redis_away", error=type(error).__name__)
    except StopRequested:  # between two turns of RQ's loop
        return False
    return worker is None or not worker.asked_to_stop


@contextmanager
def _signs_of_life(engine: Engine) -> Iterator[None]:
    """Beat while the worker works; a thread, since a worker may wait for Redis or be busy."""
    stop = threading.Event()

    def beat() -> None:
        while True:
            try:
                with Session(engine) as tx, tx.begin():
                    heartbeat.beat(tx, "worker")
            except Exception as error:  # it must not end before the worker does
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
