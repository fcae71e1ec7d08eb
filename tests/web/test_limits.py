"""How often something may be asked, whatever the clocks of those who count."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import time_machine
from redis.asyncio import Redis

from bot.buckets import Buckets
from models.infrastructure.quotas import Quota
from tests.clock import now
from web.limits import Limit

THRICE = Quota(3, timedelta(hours=1))


async def asked(limit: Limit, times: int, key: str = "somebody") -> list[bool]:
    return [await limit.allows(key) for _ in range(times)]


async def test_processes_whose_clocks_differ_count_together(redis: Redis) -> None:
    here, there = (Limit(Buckets(redis), "test", THRICE) for _ in range(2))
    assert await asked(here, 2) == [True, True]
    with time_machine.travel(now() + timedelta(hours=2)):
        assert await asked(there, 2) == [True, False]
    assert await asked(here, 1, "somebody else") == [True]
    assert await asked(Limit(Buckets(redis), "another", THRICE), 1) == [True]


async def test_tries_come_back_one_by_one_and_a_refused_one_costs_nothing(redis: Redis) -> None:
    quota = Quota(4, timedelta(seconds=2))
    limit = Limit(Buckets(redis), "test", quota)
    begun, allowed = time.monotonic(), 0
    while time.monotonic() < begun + 1.2:
        allowed += await limit.allows("somebody")
        await asyncio.sleep(0.01)
    most = quota.at_most + (time.monotonic() - begun) / quota.interval
    assert quota.at_most + 1 <= allowed <= most


async def test_nothing_stays_in_redis_for_ever_and_nobody_is_named_there(redis: Redis) -> None:
    await asked(Limit(Buckets(redis), "test", THRICE), 4, "203.0.113.7")
    (key,) = await redis.keys("*")
    assert b"203.0" not in key
    assert 3500 < await redis.ttl(key) <= 3600


async def test_one_round_trip_is_enough(redis: Redis) -> None:
    limit = Limit(Buckets(redis), "test", THRICE)
    await limit.allows("somebody")  # the script is loaded
    before = (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"]
    await asked(limit, 5)
    assert (await redis.info("commandstats"))["cmdstat_evalsha"]["calls"] == before + 5


async def test_without_redis_a_process_counts_by_itself(no_redis: Redis) -> None:
    limit = Limit(Buckets(no_redis), "test", THRICE)
    assert await asked(limit, 4) == [True, True, True, False]
    assert await asked(limit, 1, "somebody else") == [True]
