"""How often something may be asked, whatever the clocks of those who count."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import time_machine
from redis.asyncio import Redis

from tests.clock import now
from web.limits import Limit


async def asked(limit: Limit, times: int, key: str = "somebody") -> list[bool]:
    return [await limit.allows(key) for _ in range(times)]


async def test_processes_whose_clocks_differ_count_together(redis: Redis) -> None:
    here, there = (Limit(redis, "test", at_most=3, within=timedelta(minutes=10)) for _ in range(2))
    assert await asked(here, 2) == [True, True]
    with time_machine.travel(now() + timedelta(hours=1)):
        assert await asked(there, 2) == [True, False]
    assert await asked(here, 1, "somebody else") == [True]


async def test_a_period_begins_with_the_first_time_and_ends_by_itself(redis: Redis) -> None:
    limit = Limit(redis, "test", at_most=1, within=timedelta(minutes=10))
    assert await asked(limit, 1) == [True]
    (counter,) = await redis.keys("*")
    await redis.expire(counter, 60)
    assert await asked(limit, 1) == [False]
    assert 0 < await redis.ttl(counter) <= 60, "to ask does not make it longer"
    await redis.pexpire(counter, 1)
    await asyncio.sleep(0.05)
    assert await asked(limit, 2) == [True, False]
