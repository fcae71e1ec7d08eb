"""Rate limits of visitors: shared by all processes in Redis, per process while Redis is down."""

from __future__ import annotations

import math
import time

from starlette.requests import Request

from bot.buckets import Buckets, LocalBuckets, key_of
from models.infrastructure.quotas import Quota


class Limit:
    """A quota for each key; keys are stored as hashes.

    A burst of `at_most` tries; then one more per `within / at_most`. Refused tries do not count.
    """

    def __init__(self, buckets: Buckets, name: str, quota: Quota) -> None:
        self._buckets = buckets
        self._name = name
        self._quota = quota
        self._here = LocalBuckets(1 / quota.interval, quota.at_most)

    async def allows(self, key: str) -> bool:
        """Count one try for `key`; False when it exceeds the quota."""
        bucket = key_of(self._name, key)
        reserved = await self._buckets.reserve(
            bucket, 1, interval=self._quota.interval, burst=self._quota.at_most, within=0.0
        )
        if reserved is not None:
            return reserved.granted > 0
        moment = time.monotonic()
        return bool(self._here.of(bucket, moment).reserve(moment, 1, within=0.0))

    @property
    def retry_after(self) -> int:
        """Seconds after a refused try until one is allowed."""
        return math.ceil(self._quota.interval)


def visitor(request: Request) -> str:
    """Return the address from which a page is asked for; "" if it is not known."""
    return request.client.host if request.client else ""
