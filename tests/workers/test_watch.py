"""The queue is counted as it is, and counting changes nothing."""

from __future__ import annotations

from redis import Redis

from workers import watch
from workers.queue import OurWorker, nudge, queue


def test_wake_ups_and_workers_are_counted(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        assert watch.look(redis) == watch.Queue(0, 0, 0, 0)
        for task_id in (1, 2, 3):
            nudge(queue(redis), task_id)
        worker = OurWorker(redis)
        worker.register_birth()  # type: ignore[no-untyped-call]
        assert watch.look(redis) == watch.Queue(3, 0, 0, 1)
        assert watch.look(redis) == watch.Queue(3, 0, 0, 1)


def test_a_worker_that_died_is_no_longer_counted(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        worker = OurWorker(redis)
        worker.register_birth()  # type: ignore[no-untyped-call]
        redis.delete(worker.key)  # as Redis does when nobody renews it
        assert watch.look(redis).workers == 0
