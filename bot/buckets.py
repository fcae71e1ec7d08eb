"""Rate limits in Redis: one script for all of them, shared by all processes.

A limit is a bucket of the generic cell rate algorithm (GCRA, ITU-T I.371) on Redis' own clock, so
the clocks of the processes do not matter. `bot.limits` reserves send times with it; `web.limits`
limits visitors. `Bucket` is the same algorithm in the memory of one process, used while Redis is
down.
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

PATIENCE = 0.5  # seconds for Redis to answer before it counts as down
PROBE = 3.0  # seconds between probes while it is down; one caller probes, the others do not wait
LONGEST = 60  # seconds; places further ahead are not granted
REMEMBERED = 10_000  # buckets in a process while Redis is down, and cached keys

# Reserve places in a shared bucket, and in the buckets of its members (chats of an account): a
# member's place is counted at the time of its place in the shared bucket. A refusal costs nothing.
#
# Times are microseconds: Lua's numbers hold the present time to a quarter of one. A bucket stores
# GCRA's theoretical arrival time ("even"): the time of its next place at the steady rate. A value
# too far in the future (see `longest`) was written before the clock was set back, and is reset.
#
# KEYS: the shared bucket; members that want a place; members that used places without asking.
# ARGV: of the shared bucket: interval between two places, burst tolerance, how far ahead places are
#   wanted (within), longest, how many are wanted for no member;
#   of all members: interval between two places, burst tolerance, how many members want a place;
#   of each member: how many places it used without asking.
# Returns a JSON array: how many places are granted for no member, and the time from now of the
#   first of them (negative: in the past); for each member that wants a place: 0 and the time from
#   now of its place, or 1 (the shared bucket is full) or 2 (the member's is full) and the time from
#   now until the next attempt; then how many places it has left. For each other member only that
#   last number.
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
    first: float  # the time of the first; negative: in the past
    members: Sequence[float]  # as the script returns them, in microseconds


class Buckets:
    """Reserves places in Redis; while it is down, one caller probes it from time to time."""

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
        """Reserve places in one round trip; None while Redis is down.

        `interval` and `within` are seconds; `arguments` are the script's arguments about members.
        Never raises because of Redis, and waits for it half a second at most.
        """
        if self.away and not self._may_probe():
            return None
        given = (
            *(interval * 1e6, (burst - 1) * interval * 1e6, within * 1e6, LONGEST * 1e6, wanted),
            *arguments,
        )
        try:
            async with asyncio.timeout(PATIENCE):  # includes connecting and authenticating
                answer = await self._script([key, *members], given)
        except (RedisError, OSError) as error:  # asyncio's TimeoutError is an OSError
            self._mark_away(error)
            return None
        if self.away:
            self.away = False
            log.info("limits.redis_back")
        granted, first, *others = msgspec.json.decode(answer, type=list[float])
        return Reserved(int(granted), first / 1e6, others)

    def _may_probe(self) -> bool:
        if time.monotonic() < self._ask_again_at:
            return False
        self._ask_again_at = time.monotonic() + PROBE
        return True

    def _mark_away(self, error: Exception) -> None:
        self._ask_again_at = time.monotonic() + PROBE
        if not self.away:
            self.away = True
            log.warning("limits.redis_away", error=type(error).__name__)


@dataclass(slots=True)
class Bucket:
    """The same bucket in the memory of one process; times are seconds of the caller's clock."""

    per_second: float
    burst: int
    even: float = 0.0  # the time of the next place at the steady rate

    def reserve(self, moment: float, wanted: int, *, within: float) -> list[float]:
        """Reserve up to `wanted` places; return seconds after `moment`, ascending, <= `within`."""
        interval = 1 / self.per_second
        even = max(self.even, moment)
        first = even - (self.burst - 1) * interval - moment
        granted = min(wanted, int((within - first) // interval) + 1)
        if granted < 1:
            return []
        self.even = even + granted * interval
        return places(first, interval, granted, within)

    def wait(self, moment: float) -> float:
        """Return the seconds from `moment` until a place is free."""
        return max(0.0, self.even - moment - (self.burst - 1) / self.per_second)

    def begin_after(self, moment: float) -> None:
        """Grant no place before `moment`."""
        self.even = max(self.even, moment + self.burst / self.per_second)


@dataclass(slots=True)
class LocalBuckets:
    """Buckets of one rate by key, in the memory of one process; idle ones are dropped."""

    per_second: float
    burst: int
    _by_key: dict[bytes, Bucket] = field(default_factory=dict)

    def of(self, key: bytes, moment: float) -> Bucket:
        """Return the bucket of a key; create it if it is missing."""
        if len(self._by_key) >= REMEMBERED and key not in self._by_key:
            used = {k: b for k, b in self._by_key.items() if b.even > moment}
            self._by_key = used if len(used) < REMEMBERED else {}
        return self._by_key.setdefault(key, Bucket(self.per_second, self.burst))


def places(first: float, interval: float, granted: int, within: float) -> list[float]:
    """Return the times of `granted` places from the first on, in seconds from now, at least 0."""
    return [min(max(0.0, first + place * interval), within) for place in range(granted)]


@lru_cache(REMEMBERED)
def key_of(name: str, who: str) -> bytes:
    """Return a bucket's key in Redis; `who` is hashed."""
    return f"izin:rate:{name}:{hashlib.sha256(who.encode()).hexdigest()[:16]}".encode()
