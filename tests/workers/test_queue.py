"""The queue runs one function only; workers stop warmly and say that they live."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from rq import Callback, Queue
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.webhook import Webhook
from sqlalchemy import select
from sqlalchemy.orm import Session

from models import case as cases
from models import heartbeat, task
from models.case import Case
from models.infrastructure.settings import Secret
from models.infrastructure.storage import Storage
from models.lifecycle import CaseState
from models.task import Task
from tests import world as make
from tests.workers.processes import Wire, dispatcher, until, worker
from tests.world import staff
from workers.queue import NAME, RUN, OurWorker, connect, nudge, queue
from workers.settings import Settings


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    """A client, beside the worker's own."""
    with Redis.from_url(redis_url) as client:
        yield client


def burst(redis_url: str) -> None:
    """Run all that waits in the queue, in this process."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with connect(redis_url) as own:
            OurWorker(own).work(burst=True, logging_level="CRITICAL")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(
    "name", ["os.mkdir", "workers.jobs.use", "workers.jobs.os.mkdir", "builtins.exec"]
)
def test_no_other_function_is_run(redis: Redis, redis_url: str, tmp_path: Path, name: str) -> None:
    trace = tmp_path / "trace"
    foreign = Queue(NAME, connection=redis, serializer="json")
    foreign.enqueue(name, str(trace))
    burst(redis_url)
    assert not trace.exists()
    (failed,) = FailedJobRegistry(queue=foreign).get_job_ids()
    result = Job.fetch(failed, connection=redis, serializer="json").latest_result()
    assert result is not None
    assert "NotAllowed" in str(result.exc_string)


def test_no_callback_and_no_webhook_is_called(
    redis: Redis, redis_url: str, tmp_path: Path, tx: Session
) -> None:
    trace = tmp_path / "trace"
    foreign = Queue(NAME, connection=redis, serializer="json")
    for function, argument in ((RUN, 12345), ("os.mkdir", str(trace))):
        foreign.enqueue(
            function,
            argument,
            on_success=Callback("workers.context.nothing_like_it"),
            on_failure=Callback("workers.context.nothing_like_it"),
            webhooks=[
                Webhook("http://127.0.0.1:9/", job_status=status)
                for status in ("finished", "failed")
            ],
        )
    burst(redis_url)
    assert FailedJobRegistry(queue=foreign).count == 1  # the callback's failing would make it two


def test_a_wake_up_holds_a_tasks_id_and_nothing_else(redis: Redis) -> None:
    nudge(queue(redis), 81)
    (job,) = queue(redis).jobs
    assert (job.func_name, job.args, job.kwargs, job.description) == (RUN, [81], {}, NAME)
    assert 0 < redis.ttl(job.key) <= 60  # it dies with the lease


def test_nothing_of_a_finished_job_stays_in_redis(
    redis: Redis, redis_url: str, tx: Session
) -> None:
    nudge(queue(redis), 81)
    burst(redis_url)
    assert redis.keys("rq:job:*") == []


@pytest.fixture
def waiting(tx: Session, storage: Storage, tmp_path: Path) -> tuple[Case, Path]:
    """A case whose photo is a pipe: whoever reads it waits for somebody who writes it."""
    staff(tx, "101")
    owner = make.person(tx)
    photo = make.stored_photo(tx, storage, owner)
    row = make.case(tx, owner, make.answers(photo.id))
    cases.plan_verification(tx, row)
    pipe = tmp_path / "files" / str(photo.path)
    pipe.rename(tmp_path / "photo")
    os.mkfifo(pipe)
    tx.commit()
    return row, pipe


@pytest.mark.processes
def test_a_worker_finishes_its_job_when_it_is_told_to_stop(
    settings: Settings, tx: Session, waiting: tuple[Case, Path], tmp_path: Path
) -> None:
    case, pipe = waiting
    with worker(settings) as process, dispatcher(settings):
        with pipe.open("wb") as end:  # opens when the worker reads
            process.terminate()
            end.write((tmp_path / "photo").read_bytes())
        assert process.wait(20) == 0
    tx.refresh(case)
    assert case.state == CaseState.ACCEPTED


@pytest.mark.processes
def test_the_work_of_a_killed_worker_is_done_by_another(
    settings: Settings, tx: Session, waiting: tuple[Case, Path], tmp_path: Path
) -> None:
    case, pipe = waiting
    with dispatcher(settings, lease=timedelta(seconds=0.5)):
        with worker(settings) as first, pipe.open("wb"):
            first.kill()
            first.wait()
        pipe.unlink()
        (tmp_path / "photo").rename(pipe)

        def verified() -> bool:
            tx.expire_all()
            return case.state == CaseState.ACCEPTED

        with worker(settings):
            until(verified)
    assert heartbeat.alive(tx, "worker")
    assert heartbeat.alive(tx, "dispatcher")


@pytest.mark.processes
def test_a_worker_outlives_redis(settings: Settings, tx: Session) -> None:
    wire = Wire(settings.redis_url.reveal())
    wire.lay()

    def done(run_key: str) -> bool:
        tx.expire_all()
        rows = tx.scalars(select(Task).where(Task.run_key == run_key)).all()
        return bool(rows) and rows[0].done_at is not None

    with dispatcher(settings), worker(replace(settings, redis_url=Secret(wire.url))) as process:
        for run_key in ("tidy:before", "tidy:after"):
            task.plan(tx, "tidy", 0, run_key)
            tx.commit()
            until(partial(done, run_key))
            wire.cut()
            wire.lay()
        assert process.poll() is None
    wire.cut()


def test_a_task_that_is_done_costs_a_late_wake_up_nothing(
    redis: Redis, redis_url: str, tx: Session
) -> None:
    task.plan(tx, "tidy", 0, "tidy:1")
    tx.commit()
    for _ in range(3):
        nudge(queue(redis), 1)
    burst(redis_url)
    assert FailedJobRegistry(queue=queue(redis)).count == 0
