"""How often something may be asked: counted in Redis for all processes, or here without it."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import timedelta
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError

PATIENCE = 0.5  # seconds for Redis to answer before we count ourselves
MOST_KEYS = 10_000  # kept in memory while Redis is away; then all start anew


class Limit:
    """At most `at_most` times `within` a period, for each key; the key itself is never stored.

    It begins with the first time, and Redis' clock ends it.
    """

    def __init__(self, redis: Redis, name: str, *, at_most: int, within: timedelta) -> None:
        self._redis = redis
        self._name = name
        self._at_most = at_most
        self._seconds = int(within.total_seconds())
        self._here: dict[str, int] = {}

    async def allows(self, key: str) -> bool:
        """Count one more for `key`; False when that is one too many."""
        digest = hashlib.sha256(key.encode()).hexdigest()[:32]
        counter = f"izin:limit:{self._name}:{digest}"
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._count(counter) <= self._at_most
        except (RedisError, OSError, TimeoutError):
            return self._count_here(counter) <= self._at_most

    async def _count(self, counter: str) -> int:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(counter, 0, ex=self._seconds, nx=True)
            pipeline.incr(counter)
            _, count = await pipeline.execute()
        return int(count)

    def _count_here(self, counter: str) -> int:
        if len(self._here) >= MOST_KEYS:
            self._here.clear()
        counter = f"{counter}:{int(monotonic()) // self._seconds}"
        self._here[counter] = self._here.get(counter, 0) + 1
        return self._here[counter]
