"""Watching the queue: what lies in it, and who works it off."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from rq import worker_registration

from workers.queue import queue


@dataclass(frozen=True, slots=True)
class Queue:
    """Wake-ups by where they stand, and workers who were seen lately."""

    waiting: int
    started: int
    failed: int  # RQ's own failures; a task that fails is counted on its row
    workers: int


def look(redis: Redis) -> Queue:
    """Count without changing anything.

    Raises:
        redis.exceptions.RedisError: Redis is away.
    """
    ours = queue(redis)
    registered = worker_registration.get_keys(queue=ours)
    return Queue(
        ours.count,
        ours.started_job_registry.get_job_count(cleanup=False),
        ours.failed_job_registry.get_job_count(cleanup=False),
        int(redis.exists(*registered)) if registered else 0,  # the dead ones' keys have run out
    )
