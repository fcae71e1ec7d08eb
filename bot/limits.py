"""Places in a provider's rate: buckets in Redis for each account and chat, shared by all processes.

A place is a time at which one message may go. Whoever asks is given places up to a while ahead, and
sends at those times; so nobody waits here, and places are shared out in the order of asking. The
bucket is the generic cell rate algorithm (ITU-T I.371) on Redis' own clock: the clocks of the
processes do not matter.

While Redis is away each process keeps to a share of the rate by itself. Replies must go on, and the
shares of a handful of processes together stay within the rate.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

import msgspec
import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

PATIENCE = 0.5  # seconds for Redis to answer before it counts as away
CONNECTIONS = 4  # of one process; more who ask at once wait for one another
PROBE = 3.0  # seconds until it is asked again; one caller tries, the others do not wait for that
LONGEST = 60  # seconds; places further ahead are not given
SPARE = 0.02  # seconds' worth of places that are taken along, so that not every send asks Redis
MOST_SPARE = 100
FRESH = 0.1  # seconds until a spare place is too old to be used
#: A chat with more than half of its burst left is not asked for: what it had is told soon after.
TOLD = 0.1  # seconds
TRUSTED = 10.0  # seconds for which the number of a chat's places is taken to be what it was
CHATS_ALONE = 10_000  # whose places a process remembers while Redis is away
CHATS_KNOWN = 10_000  # whose room a process remembers
HANDFUL = 5  # processes that together stay within the rate while Redis is away

# Times in microseconds: Lua's numbers hold those of today to a quarter of one.
# KEYS: the bucket, which holds the time of the next place if all went evenly.
# ARGV: the time between two places; by how much a burst is ahead of the even course; how far ahead
# places are wanted; how many; how far ahead they may ever be: a bucket that is used up for longer
# was written before the clock was set back, and is begun afresh.
# Gives how many are granted, and when the first of them is, from now; in the past if negative.
RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, within = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted, longest = tonumber(ARGV[4]), tonumber(ARGV[5])
local even = tonumber(redis.call('GET', KEYS[1])) or now
if even < now or even > now + interval + burst + longest then even = now end
local first = even - burst - now
local granted = math.min(wanted, math.floor((within - first) / interval) + 1)
if granted < 1 then return {0, 0} end
even = even + granted * interval
local milliseconds = math.ceil((even - now) / 1000)
redis.call('SET', KEYS[1], string.format('%.3f', even), 'PX', string.format('%d', milliseconds))
return {granted, math.ceil(first)}
"""

# The same for messages to different chats, each of which has a bucket of its own; in one trip. A
# chat's place is counted at the time that the account has one. What finds none uses nothing up.
# KEYS: the account's bucket, one of each chat that wants a place, and of others that had some.
# ARGV: of the account as above, but for how many; then of a chat: the time between two places, and
# by how much a burst is ahead; how many chats want a place; then, for each chat, how many it had
# without asking.
# Gives a JSON array. Three numbers for each chat that wants a place: 0 and from now until its
# place, or 1 (no place of the account) or 2 (none of the chat) and from now until it is worth
# asking again; and how many more places it has now. Of each other chat that last number alone.
RESERVE_EACH = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, burst, within = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local longest, chat_interval, chat_burst = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local wanted = tonumber(ARGV[7])
local function keep(key, even)
  local milliseconds = math.ceil((even - now) / 1000)
  redis.call('SET', key, string.format('%.3f', even), 'PX', string.format('%d', milliseconds))
end
local even = tonumber(redis.call('GET', KEYS[1])) or now
if even < now or even > now + interval + burst + longest then even = now end
local answers, granted = {}, false
for number = 2, #KEYS do
  local at, had = math.max(even - burst, now), tonumber(ARGV[6 + number])
  if number > wanted + 1 or at > now + within then at = now end
  local chat = tonumber(redis.call('GET', KEYS[number])) or at
  if chat < at or chat > at + chat_interval + chat_burst + longest then chat = at end
  chat = chat + had * chat_interval
  if number <= wanted + 1 then
    local wait = even - burst - now - within
    if wait > 0 then
      answers[#answers + 1], answers[#answers + 2] = 1, math.ceil(wait)
    elseif chat - chat_burst > at then
      answers[#answers + 1], answers[#answers + 2] = 2, math.ceil(chat - chat_burst - now)
    else
      answers[#answers + 1], answers[#answers + 2] = 0, math.ceil(at - now)
      chat, had = chat + chat_interval, had + 1
      even, granted = even + interval, true
    end
  end
  if had > 0 then keep(KEYS[number], chat) end
  answers[#answers + 1] = math.max(0, math.floor((at + chat_burst - chat) / chat_interval) + 1)
end
if granted then keep(KEYS[1], even) end
return cjson.encode(answers)
"""


@dataclass(frozen=True, slots=True)
class Chats:
    """What one chat is sent: a long-run rate, a burst, and how many replies may wait for it.

    Telegram asks for no more than one message a second into one chat, short bursts apart.
    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """

    per_second: float = 1.0
    burst: int = 30
    waiting: int = 5  # replies that change nothing; more give way to one

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1 or self.waiting < 1:
            raise ValueError(f"nobody could be answered at {self}")


_Chat: TypeAlias = tuple[str, str]  # the channel, and its address there


@dataclass(slots=True)
class _Room:
    """How many places a chat had when Redis told, less what it had since."""

    left: int
    known_at: float  # monotonic, in seconds


@dataclass(frozen=True, slots=True)
class Place:
    """When one message may go, in seconds from now; or, if `at` is None, when to ask again."""

    at: float | None
    wait: float = 0.0
    chat_full: bool = False  # it is the chat that has no place, not the account


@dataclass(frozen=True, slots=True)
class Rate:
    """What a provider takes from one account of ours.

    Over any stretch of time at most `burst` messages and `per_second` for each of its seconds are
    sent, by all processes; by one process `alone` for each second while Redis is away.

    Raises:
        ValueError: nothing could ever be sent.
    """

    per_second: float
    burst: int
    alone: float
    account: str = field(default="", repr=False)  # whatever tells it from others; kept as a hash

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1 or self.alone <= 0:
            raise ValueError(f"nothing could be sent at {self}")

    @classmethod
    def of(cls, per_second: float, *, account: str = "") -> Rate:
        """A rate with bursts of a tenth of a second, shared by a handful when Redis is away."""
        return cls(per_second, max(1, int(per_second / 10)), per_second / HANDFUL, account)

    @property
    def burst_alone(self) -> int:
        """One process' share of the burst."""
        return max(1, int(self.burst * self.alone / self.per_second))


@dataclass(slots=True)
class Bucket:
    """The same bucket in memory, for one process; times are seconds of a clock of the caller's."""

    per_second: float
    burst: int
    even: float = 0.0  # the time of the next place if all went evenly

    def reserve(self, moment: float, wanted: int, *, within: float) -> list[float]:
        """Places as `Limits.reserve` gives them, for who asks at this moment."""
        interval = 1 / self.per_second
        even = max(self.even, moment)
        first = even - (self.burst - 1) * interval - moment
        granted = min(wanted, int((within - first) // interval) + 1)
        if granted < 1:
            return []
        self.even = even + granted * interval
        return _places(first, interval, granted, within)

    def wait(self, moment: float) -> float:
        """Seconds until there is a place for who asks at this moment."""
        return max(0.0, self.even - moment - (self.burst - 1) / self.per_second)

    def begin_after(self, moment: float) -> None:
        """Give no place until then."""
        self.even = max(self.even, moment + self.burst / self.per_second)


def _places(first: float, interval: float, granted: int, within: float) -> list[float]:
    return [min(max(0.0, first + place * interval), within) for place in range(granted)]


class Limits:
    """Shares out each channel's sends among all bot processes."""

    def __init__(
        self, redis_url: str, rates: Mapping[str, Rate], chats: Chats | None = None
    ) -> None:
        """Take the rates by channel; Redis is reached when a place is asked for."""
        self.chats = chats or Chats()  # of each channel that has a rate
        self._rates = dict(rates)
        self._chats_alone: dict[bytes, Bucket] = {}  # while Redis is away, by key
        self._alone = {
            channel: Bucket(rate.alone, rate.burst_alone) for channel, rate in self._rates.items()
        }
        self._spare: dict[str, deque[float]] = {channel: deque() for channel in self._rates}
        self._rooms: dict[_Chat, _Room] = {}
        self._had: Counter[_Chat] = Counter()  # places that Redis was not told of yet
        self._telling: asyncio.Task[None] | None = None
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                redis_url,
                max_connections=CONNECTIONS,
                timeout=PATIENCE,
                retry=Retry(NoBackoff(), 0),  # redis-py's own would hold a reply up for seconds
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
            )
        )
        self._script = self._redis.register_script(RESERVE)
        self._script_each = self._redis.register_script(RESERVE_EACH)
        self._away = False
        self._ask_again_at = 0.0  # monotonic

    def limited(self, channel: str) -> bool:
        """Whether the channel has a rate."""
        return channel in self._rates

    async def reserve(self, channel: str, wanted: int, *, within: float) -> Sequence[float]:
        """Reserve places for up to `wanted` sends, none further ahead than `within` seconds.

        Gives for each that is granted the seconds from now at which it may go, in ascending order,
        a minute ahead at most. The rest is not granted and uses nothing up: ask again later.
        Without a rate all are granted, for now. Never raises because of Redis, and waits for it
        half a second at most.
        """
        rate = self._rates.get(channel)
        if rate is None:
            return [0.0] * wanted
        if wanted < 1:
            return []
        within = min(within, LONGEST)
        spare = self._from_spare(channel, wanted, within)
        if len(spare) == wanted:
            return spare
        return [*spare, *await self._more(channel, rate, wanted - len(spare), within)]

    def _from_spare(self, channel: str, wanted: int, within: float) -> list[float]:
        places, now = self._spare[channel], time.monotonic()
        while places and places[0] < now - FRESH:
            places.popleft()
        found: list[float] = []
        while places and len(found) < wanted and places[0] - now <= within:
            found.append(max(0.0, places.popleft() - now))
        return found

    async def reserve_each(
        self, channel: str, chats: Sequence[str], *, within: float
    ) -> Sequence[Place]:
        """Reserve a place for one message to each of these different chats.

        A chat that had more than half of its burst left a moment ago needs a place of the account
        alone, of which some were taken along; about the others Redis is asked, in one trip.

        No place is further ahead than `within` seconds; a lower number leaves the places beyond it
        to whoever asks for more. Without a rate all are granted, for now. Never raises because of
        Redis, and waits for it half a second at most.
        """
        rate = self._rates.get(channel)
        if rate is None:
            return [Place(0.0)] * len(chats)
        quickly = _along(rate) > 0  # or each place of the account is asked for all the same
        known = [chat for chat in chats if quickly and self._has_room((channel, chat))]
        quick = await self.reserve(channel, len(known), within=within) if known else ()
        places = {chat: Place(at) for chat, at in zip(known, quick, strict=False)}
        for chat in places:
            self._take_unasked((channel, chat))
        rest = [chat for chat in chats if chat not in places]
        if rest:
            asked = await self._ask_each(channel, rate, rest, min(within, LONGEST))
            places |= zip(rest, asked, strict=True)
        return [places[chat] for chat in chats]

    def _has_room(self, chat: _Chat) -> bool:
        """Whether so many places are left that other processes need not be asked about one."""
        room = self._rooms.get(chat)
        return (
            room is not None
            and room.left > self.chats.burst // 2
            and time.monotonic() < room.known_at + TRUSTED
        )

    def _take_unasked(self, chat: _Chat) -> None:
        self._had[chat] += 1
        if (room := self._rooms.get(chat)) is not None:
            room.left -= 1
        if self._telling is None or self._telling.done():
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        """Tell Redis, and with it the other processes, what chats had without asking."""
        while self._had and not self._away:
            await asyncio.sleep(TOLD)
            for channel in {channel for channel, _ in self._had}:
                await self._ask_each(channel, self._rates[channel], (), 0.0)

    async def _ask_each(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> Sequence[Place]:
        if not self._may_ask():
            return self._each_alone(channel, rate, chats, within)
        try:
            places = await self._shared_each(channel, rate, chats, within)
        except (RedisError, OSError) as error:  # asyncio's TimeoutError is an OSError
            self._lost(error)
            return self._each_alone(channel, rate, chats, within)
        if self._away:
            self._found()
        given = [place.at for place in places if place.at is not None]
        if given:  # were Redis lost now, the local ones would come on top of these
            self._alone[channel].begin_after(time.monotonic() + given[-1])
        return places

    async def _shared_each(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> list[Place]:
        interval, apart = 1e6 / rate.per_second, 1e6 / self.chats.per_second
        others = [one for of, one in self._had if of == channel and one not in chats]
        every = [(channel, chat) for chat in (*chats, *others)]
        if not every:
            return []
        had = [self._had.pop(chat, 0) for chat in every]
        given = (
            *(interval, (rate.burst - 1) * interval, within * 1e6, LONGEST * 1e6),
            *(apart, (self.chats.burst - 1) * apart, len(chats), *had),
        )
        keys = [_key(channel, rate.account)]
        keys += [_key(channel, f"{rate.account} {chat}") for _, chat in every]
        async with asyncio.timeout(PATIENCE):
            told = await self._script_each(keys, given)
        numbers = msgspec.json.decode(told, type=list[float])
        asked, rooms = numbers[: 3 * len(chats)], numbers[3 * len(chats) :]
        self._note_rooms(every, [*asked[2::3], *rooms])
        return [
            Place(min(micros / 1e6, within)) if not why else Place(None, micros / 1e6, why == 2)
            for why, micros in zip(asked[::3], asked[1::3], strict=True)
        ]

    def _note_rooms(self, chats: Sequence[_Chat], rooms: Sequence[float]) -> None:
        now = time.monotonic()
        if len(self._rooms) > CHATS_KNOWN:
            self._rooms = {
                chat: room for chat, room in self._rooms.items() if now < room.known_at + TRUSTED
            }
        for chat, left in zip(chats, rooms, strict=True):
            # What was had while the answer was on its way is not in it.
            self._rooms[chat] = _Room(int(left) - self._had.get(chat, 0), now)

    def _each_alone(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> list[Place]:
        """Places of this process alone; a chat has its whole rate, since few serve the same one."""
        moment, places = time.monotonic(), list[Place]()
        if len(self._chats_alone) > CHATS_ALONE:
            self._chats_alone = {k: b for k, b in self._chats_alone.items() if b.even > moment}
        for chat in chats:
            key = _key(channel, f"{rate.account} {chat}")
            bucket = self._chats_alone.setdefault(
                key, Bucket(self.chats.per_second, self.chats.burst)
            )
            if bucket.wait(moment):
                places.append(Place(None, bucket.wait(moment), chat_full=True))
                continue
            found = self._alone[channel].reserve(moment, 1, within=within)
            if found:
                bucket.reserve(moment + found[0], 1, within=0.0)
                places.append(Place(found[0]))
            else:
                places.append(Place(None, max(0.0, self._alone[channel].wait(moment) - within)))
        return places

    def _may_ask(self) -> bool:
        """Whether Redis is to be asked; while it is away one caller tries once in a while."""
        if self._away:
            if time.monotonic() < self._ask_again_at:
                return False
            self._ask_again_at = time.monotonic() + PROBE
        return True

    async def _more(self, channel: str, rate: Rate, wanted: int, within: float) -> Sequence[float]:
        alone = self._alone[channel]
        if not self._may_ask():
            return alone.reserve(time.monotonic(), wanted, within=within)
        try:
            places = await self._shared(channel, rate, wanted + _along(rate), within)
        except (RedisError, OSError) as error:  # asyncio's TimeoutError is an OSError
            self._lost(error)
            return alone.reserve(time.monotonic(), wanted, within=within)
        if self._away:
            self._found()
        if places:  # were Redis lost now, the local ones would come on top of these
            alone.begin_after(time.monotonic() + places[-1])
        now = time.monotonic()
        self._spare[channel].extend(now + place for place in places[wanted:])
        return places[:wanted]

    async def _shared(self, channel: str, rate: Rate, wanted: int, within: float) -> list[float]:
        interval = 1 / rate.per_second
        ahead = (rate.burst - 1) * interval
        times = (interval * 1e6, ahead * 1e6, within * 1e6, wanted, LONGEST * 1e6)
        async with asyncio.timeout(PATIENCE):  # for connecting, signing in and asking together
            granted, first = await self._script([_key(channel, rate.account)], times)
        return _places(first / 1e6, interval, granted, within)

    def _lost(self, error: Exception) -> None:
        self._rooms.clear()
        self._had.clear()
        self._ask_again_at = time.monotonic() + PROBE
        if not self._away:
            self._away = True
            log.warning("limits.redis_away", error=type(error).__name__)

    def _found(self) -> None:
        self._away = False
        log.info("limits.redis_back")

    async def close(self) -> None:
        """Close the connections to Redis, after telling it what it was not told yet."""
        if self._telling is not None:
            await asyncio.wait({self._telling})
        await self._redis.aclose()


def _along(rate: Rate) -> int:
    """How many places are taken along for sends to come."""
    return min(int(rate.per_second * SPARE), MOST_SPARE)


@lru_cache(CHATS_ALONE)
def _key(channel: str, account: str) -> bytes:
    """The bucket's key, as it goes over the wire."""
    return f"izin:rate:{channel}:{hashlib.sha256(account.encode()).hexdigest()[:16]}".encode()
