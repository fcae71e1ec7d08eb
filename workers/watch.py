"""Figures of the queue: its jobs by state, and its workers."""

from __future__ import annotations

from dataclasses import dataclass

from redis import Redis
from rq import worker_registration

from workers.queue import queue


@dataclass(frozen=True, slots=True)
class Queue:
    """Wake-ups by state, and the number of workers alive."""

    waiting: int
    started: int
    failed: int  # failures of RQ itself; a failure of a task is counted on its row
    workers: int


def look(redis: Redis) -> Queue:
    """Count jobs and workers; read-only.

    Raises:
        redis.exceptions.RedisError: Redis is unavailable.
    """
    ours = queue(redis)
    registered = worker_registration.get_keys(queue=ours)
    return Queue(
        ours.count,
        ours.started_job_registry.get_job_count(cleanup=False),
        ours.failed_job_registry.get_job_count(cleanup=False),
        int(redis.exists(*registered)) if registered else 0,  # keys of dead workers have expired
    )
