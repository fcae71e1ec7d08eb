"""Rate limits in Redis: one script for all of them, shared by all processes.

A limit is a bucket of the generic cell rate algorithm (GCRA, ITU-T I.371) on Redis' own clock, so
the clocks of the processes do not matter. `bot.limits` reserves the times of sends with it;
`web.limits` counts visitors. `Bucket` is the same algorithm in the memory of one process, for the
time that Redis is away.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

PATIENCE = 0.5  # seconds for Redis to answer before it counts as away
PROBE = 3.0  # seconds until it is asked again; one caller tries, the others do not wait for that
LONGEST = 60  # seconds; places further ahead are not given
REMEMBERED = 10_000  # buckets of a process while Redis is away, and keys that it has computed

# Reserve places in a shared bucket, and in buckets of its members (chats of an account): a member's
# place is counted at the time of its place in the shared bucket. A refusal uses nothing up.
#
# Times are microseconds: Lua's numbers hold those of today to a quarter of one. A bucket holds the
# time of its next place if all went evenly. One that is used up for longer than `longest` was
# written before the clock was set back, and is begun afresh.
#
# KEYS: the shared bucket; members that want a place; members that had some without asking.
# ARGV: of the shared bucket: time between two places, how far a burst is ahead of the even course,
#   how far ahead places are wanted (within), longest, how many are wanted for no member;
#   of all members: time between two places, how far a burst is ahead, how many want a place;
#   of each member: how many it had without asking.
# Gives a JSON array: how many places are granted for no member, and when the first of them is, from
#   now (negative: in the past); for each member that wants one: 0 and from now until its place, or
#   1 (the shared bucket has none) or 2 (the member has none) and from now until it is worth asking
#   again; and how many more places it has now. Of each other member that last number alone.
SCRIPT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, within = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, wanted = tonumber(ARGV[4]), tonumber(ARGV[5])
local function read(key, from, interval, burst)
  local even = tonumber(redis.call('GET', key)) or from
  if even < from or even > from + interval + burst + longest then even = from end
  return even
end
local function keep(key, even)
  local milliseconds = math.ceil((even - now) / 1000)
  redis.call('SET', key, string.format('%.3f', even), 'PX', string.format('%d', milliseconds))
end
local even = read(KEYS[1], now, interval, burst)
local first = even - burst - now
local granted = math.max(0, math.min(wanted, math.floor((within - first) / interval) + 1))
local used = granted > 0
even = even + granted * interval
local answers = {granted, math.ceil(first)}
if #KEYS > 1 then
  local apart, ahead, asking = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
  for number = 2, #KEYS do
    local at, had = math.max(even - burst, now), tonumber(ARGV[7 + number])
    if number > asking + 1 or at > now + within then at = now end
    local member = read(KEYS[number], at, apart, ahead) + had * apart
    if number <= asking + 1 then
      local wait = even - burst - now - within
      if wait > 0 then
        answers[#answers + 1], answers[#answers + 2] = 1, math.ceil(wait)
      elseif member - ahead > at then
        answers[#answers + 1], answers[#answers + 2] = 2, math.ceil(member - ahead - now)
      else
        answers[#answers + 1], answers[#answers + 2] = 0, math.ceil(at - now)
        member, had = member + apart, had + 1
        even, used = even + interval, true
      end
    end
    if had > 0 then keep(KEYS[number], member) end
    answers[#answers + 1] = math.max(0, math.floor((at + ahead - member) / apart) + 1)
  end
end
if used then keep(KEYS[1], even) end
return cjson.encode(answers)
"""


@dataclass(frozen=True, slots=True)
class Reserved:
    """The places that the script granted; times are seconds from now."""

    granted: int
    first: float  # when the first of them is; negative: in the past
    members: Sequence[float]  # as the script gives them, in microseconds


class Buckets:
    """Asks Redis for places; while it is away one caller tries once in a while."""

    def __init__(self, redis: Redis) -> None:
        self._script = redis.register_script(SCRIPT)
        self.away = False
        self._ask_again_at = 0.0  # monotonic

    async def reserve(
        self,
        key: bytes,
        wanted: int,
        *,
        interval: float,
        burst: int,
        within: float,
        members: Sequence[bytes] = (),
        arguments: Sequence[float] = (),
    ) -> Reserved | None:
        """Reserve places in one trip; None while Redis is away.

        `interval` and `within` are seconds, `arguments` what the script takes about members. Never
        raises because of Redis, and waits for it half a second at most.
        """
        if self.away and not self._may_probe():
            return None
        given = (
            *(interval * 1e6, (burst - 1) * interval * 1e6, within * 1e6, LONGEST * 1e6, wanted),
            *arguments,
        )
        try:
            async with asyncio.timeout(PATIENCE):  # for connecting, signing in and asking together
                told = await self._script([key, *members], given)
        except (RedisError, OSError) as error:  # asyncio's TimeoutError is an OSError
            self._lost(error)
            return None
        if self.away:
            self.away = False
            log.info("limits.redis_back")
        granted, first, *others = msgspec.json.decode(told, type=list[float])
        return Reserved(int(granted), first / 1e6, others)

    def _may_probe(self) -> bool:
        if time.monotonic() < self._ask_again_at:
            return False
        self._ask_again_at = time.monotonic() + PROBE
        return True

    def _lost(self, error: Exception) -> None:
        self._ask_again_at = time.monotonic() + PROBE
        if not self.away:
            self.away = True
            log.warning("limits.redis_away", error=type(error).__name__)


@dataclass(slots=True)
class Bucket:
    """The same bucket in memory, for one process; times are seconds of a clock of the caller's."""

    per_second: float
    burst: int
    even: float = 0.0  # the time of the next place if all went evenly

    def reserve(self, moment: float, wanted: int, *, within: float) -> list[float]:
        """Places from `moment`, in seconds, ascending, none later than `within`; fewer if full."""
        interval = 1 / self.per_second
        even = max(self.even, moment)
        first = even - (self.burst - 1) * interval - moment
        granted = min(wanted, int((within - first) // interval) + 1)
        if granted < 1:
            return []
        self.even = even + granted * interval
        return places(first, interval, granted, within)

    def wait(self, moment: float) -> float:
        """Seconds from `moment` until there is a place."""
        return max(0.0, self.even - moment - (self.burst - 1) / self.per_second)

    def begin_after(self, moment: float) -> None:
        """Give no place until then."""
        self.even = max(self.even, moment + self.burst / self.per_second)


@dataclass(slots=True)
class LocalBuckets:
    """Buckets of one rate by key, in the memory of one process; full ones are forgotten."""

    per_second: float
    burst: int
    _by_key: dict[bytes, Bucket] = field(default_factory=dict)

    def of(self, key: bytes, moment: float) -> Bucket:
        """The bucket of a key, new if it is not known."""
        if len(self._by_key) >= REMEMBERED and key not in self._by_key:
            used = {k: b for k, b in self._by_key.items() if b.even > moment}
            self._by_key = used if len(used) < REMEMBERED else {}
        return self._by_key.setdefault(key, Bucket(self.per_second, self.burst))


def places(first: float, interval: float, granted: int, within: float) -> list[float]:
    """The times of places from the first on, in seconds from now; what is past goes now."""
    return [min(max(0.0, first + place * interval), within) for place in range(granted)]


@lru_cache(REMEMBERED)
def key_of(name: str, who: str) -> bytes:
    """A bucket's key as it goes over the wire: whom it is about is hashed."""
    return f"izin:rate:{name}:{hashlib.sha256(who.encode()).hexdigest()[:16]}".encode()
