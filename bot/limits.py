"""Places in a provider's rate: buckets in Redis for each account and chat, shared by all processes.

A place is a time at which one message may go. `reserve` returns such times, up to a while ahead,
and the caller sleeps until its own. First come, first served across processes. The buckets are
those of `bot.buckets`.

While Redis is away each process keeps to a share of the rate by itself. Replies must go on, and the
shares of a handful of processes together stay within the rate.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot import buckets
from bot.buckets import Bucket, Buckets, LocalBuckets, key_of

CONNECTIONS = 4  # of one process; more who ask at once wait for one another
SPARE = 0.02  # seconds' worth of places that are taken along, so that not every send asks Redis
MOST_SPARE = 100
FRESH = 0.1  # seconds until a spare place is too old to be used
#: A chat with more than half of its burst left is not asked for: what it had is told soon after.
TOLD = 0.1  # seconds
TRUSTED = 10.0  # seconds for which the number of a chat's places is taken to be what it was
CHATS_KNOWN = 10_000  # whose room a process remembers
HANDFUL = 5  # processes that together stay within the rate while Redis is away


@dataclass(frozen=True, slots=True)
class Chats:
    """The limits of one chat: a long-run rate, a burst, and how many replies may wait for it.

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
    """The rate that a provider takes from one account of ours.

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


class Limits:
    """Shares out each channel's sends among all bot processes."""

    def __init__(
        self, redis_url: str, rates: Mapping[str, Rate], chats: Chats | None = None
    ) -> None:
        """Take the rates by channel; Redis is reached when a place is asked for."""
        self.chats = chats or Chats()  # of each channel that has a rate
        self._rates = dict(rates)
        self._chats_alone = LocalBuckets(self.chats.per_second, self.chats.burst)
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
                timeout=buckets.PATIENCE,
                retry=Retry(NoBackoff(), 0),  # redis-py's own would hold a reply up for seconds
                socket_timeout=buckets.PATIENCE,
                socket_connect_timeout=buckets.PATIENCE,
            )
        )
        self._buckets = Buckets(self._redis)

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
        within = min(within, buckets.LONGEST)
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
            asked = await self._ask_each(channel, rate, rest, min(within, buckets.LONGEST))
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
        while self._had and not self._buckets.away:
            await asyncio.sleep(TOLD)
            for channel in {channel for channel, _ in self._had}:
                await self._ask_each(channel, self._rates[channel], (), 0.0)

    async def _ask_each(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> Sequence[Place]:
        others = [one for of, one in self._had if of == channel and one not in chats]
        every = [(channel, chat) for chat in (*chats, *others)]
        if not every:
            return []
        had = [self._had.pop(chat, 0) for chat in every]
        apart = 1e6 / self.chats.per_second
        reserved = await self._buckets.reserve(
            key_of(channel, rate.account),
            0,
            interval=1 / rate.per_second,
            burst=rate.burst,
            within=within,
            members=[key_of(channel, f"{rate.account} {chat}") for _, chat in every],
            arguments=(apart, (self.chats.burst - 1) * apart, len(chats), *had),
        )
        if reserved is None:
            self._forget_rooms()
            return self._each_alone(channel, rate, chats, within)
        asked = reserved.members[: 3 * len(chats)]
        self._note_rooms(every, [*asked[2::3], *reserved.members[3 * len(chats) :]])
        places = [
            Place(min(micros / 1e6, within)) if not why else Place(None, micros / 1e6, why == 2)
            for why, micros in zip(asked[::3], asked[1::3], strict=True)
        ]
        given = [place.at for place in places if place.at is not None]
        if given:  # were Redis lost now, the local ones would come on top of these
            self._alone[channel].begin_after(time.monotonic() + given[-1])
        return places

    def _note_rooms(self, chats: Sequence[_Chat], rooms: Sequence[float]) -> None:
        now = time.monotonic()
        if len(self._rooms) > CHATS_KNOWN:
            self._rooms = {
                chat: room for chat, room in self._rooms.items() if now < room.known_at + TRUSTED
            }
        for chat, left in zip(chats, rooms, strict=True):
            # The answer does not count places that were used while it was on its way.
            self._rooms[chat] = _Room(int(left) - self._had.get(chat, 0), now)

    def _each_alone(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> list[Place]:
        """Places of this process alone; a chat has its whole rate, since few serve the same one."""
        moment, places = time.monotonic(), list[Place]()
        for chat in chats:
            bucket = self._chats_alone.of(key_of(channel, f"{rate.account} {chat}"), moment)
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

    async def _more(self, channel: str, rate: Rate, wanted: int, within: float) -> Sequence[float]:
        alone, interval = self._alone[channel], 1 / rate.per_second
        reserved = await self._buckets.reserve(
            key_of(channel, rate.account),
            wanted + _along(rate),
            interval=interval,
            burst=rate.burst,
            within=within,
        )
        now = time.monotonic()
        if reserved is None:
            self._forget_rooms()
            return alone.reserve(now, wanted, within=within)
        places = buckets.places(reserved.first, interval, reserved.granted, within)
        if places:  # were Redis lost now, the local ones would come on top of these
            alone.begin_after(now + places[-1])
        self._spare[channel].extend(now + place for place in places[wanted:])
        return places[:wanted]

    def _forget_rooms(self) -> None:
        """While Redis is away every chat is asked for, and nobody can be told what chats had."""
        self._rooms.clear()
        self._had.clear()

    async def close(self) -> None:
        """Close the connections to Redis, after telling it what it was not told yet."""
        if self._telling is not None:
            await asyncio.wait({self._telling})
        await self._redis.aclose()


def _along(rate: Rate) -> int:
    """How many places are taken along for sends to come."""
    return min(int(rate.per_second * SPARE), MOST_SPARE)
