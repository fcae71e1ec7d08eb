"""How often a visitor may ask: counted in Redis for all processes, or here while it is away."""

from __future__ import annotations

import time

from bot.buckets import Buckets, LocalBuckets, key_of
from models.infrastructure.quotas import Quota


class Limit:
    """A quota for each key, which is stored as a hash only.

    `at_most` times at once; after that, a try comes back each `within / at_most`. A refused try
    does not count.
    """

    def __init__(self, buckets: Buckets, name: str, quota: Quota) -> None:
        self._buckets = buckets
        self._name = name
        self._quota = quota
        self._here = LocalBuckets(1 / quota.interval, quota.at_most)

    async def allows(self, key: str) -> bool:
        """Count one more for `key`; False when that is one too many."""
        bucket = key_of(self._name, key)
        reserved = await self._buckets.reserve(
            bucket, 1, interval=self._quota.interval, burst=self._quota.at_most, within=0.0
        )
        if reserved is not None:
            return reserved.granted > 0
        moment = time.monotonic()
        return bool(self._here.of(bucket, moment).reserve(moment, 1, within=0.0))
