"""Rate limits of providers: buckets in Redis for each account and chat, shared by all processes.

A place is a time at which one message may be sent. `reserve` returns such times, up to a bound
ahead, and the caller sleeps until its own. First come, first served across processes. The buckets
are those of `bot.buckets`.

While Redis is down, each process keeps to its own share of the rate, so that replies continue; the
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

CONNECTIONS = 4  # of one process; further concurrent callers wait
SPARE = 0.02  # seconds' worth of places reserved in advance, so that not every send asks Redis
MOST_SPARE = 100
FRESH = 0.1  # seconds until a spare place expires
#: A chat with more than half of its burst left uses places without asking Redis; they are reported
#: to Redis after this delay.
TOLD = 0.1  # seconds
TRUSTED = 10.0  # seconds for which a chat's cached number of places is used
CHATS_KNOWN = 10_000  # chats whose number of places a process caches
HANDFUL = 5  # processes that together stay within the rate while Redis is down


@dataclass(frozen=True, slots=True)
class Chats:
    """The limits of one chat: a long-run rate, a burst, and how many replies may be pending.

    Telegram asks for no more than one message a second into one chat, short bursts apart.
    Source: https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this
    """

    per_second: float = 1.0
    burst: int = 30
    waiting: int = 5  # pending fleeting replies; beyond that, one replaces them all

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1 or self.waiting < 1:
            raise ValueError(f"nobody could be answered at {self}")


_Chat: TypeAlias = tuple[str, str]  # the channel, and its address there


@dataclass(slots=True)
class _Room:
    """The places of a chat as Redis last reported them, minus those used since."""

    left: int
    known_at: float  # monotonic, in seconds


@dataclass(frozen=True, slots=True)
class Place:
    """When one message may be sent, in seconds from now; None: ask again after `wait` seconds."""

    at: float | None
    wait: float = 0.0
    chat_full: bool = False  # the chat has no place, rather than the account


@dataclass(frozen=True, slots=True)
class Rate:
    """The rate that a provider accepts from one account of ours.

    In any interval all processes together send at most `burst` messages plus `per_second` for each
    of its seconds. While Redis is down, one process sends at most `alone` a second.

    Raises:
        ValueError: nothing could ever be sent.
    """

    per_second: float
    burst: int
    alone: float
    account: str = field(default="", repr=False)  # identifies the account; hashed in Redis

    def __post_init__(self) -> None:
        if self.per_second <= 0 or self.burst < 1 or self.alone <= 0:
            raise ValueError(f"nothing could be sent at {self}")

    @classmethod
    def of(cls, per_second: float, *, account: str = "") -> Rate:
        """Make a rate with bursts of 0.1 seconds, split among HANDFUL processes without Redis."""
        return cls(per_second, max(1, int(per_second / 10)), per_second / HANDFUL, account)

    @property
    def burst_alone(self) -> int:
        """One process's share of the burst."""
        return max(1, int(self.burst * self.alone / self.per_second))


class Limits:
    """Distributes each channel's send times among all bot processes."""

    def __init__(
        self, redis_url: str, rates: Mapping[str, Rate], chats: Chats | None = None
    ) -> None:
        """Take the rates by channel; connects to Redis with the first reservation."""
        self.chats = chats or Chats()  # the limits of a chat, on each channel that has a rate
        self._rates = dict(rates)
        self._chats_alone = LocalBuckets(self.chats.per_second, self.chats.burst)
        self._alone = {
            channel: Bucket(rate.alone, rate.burst_alone) for channel, rate in self._rates.items()
        }
        self._spare: dict[str, deque[float]] = {channel: deque() for channel in self._rates}
        self._rooms: dict[_Chat, _Room] = {}
        self._unreported: Counter[_Chat] = Counter()  # places used and not yet reported to Redis
        self._reporting: asyncio.Task[None] | None = None
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                redis_url,
                max_connections=CONNECTIONS,
                timeout=buckets.PATIENCE,
                retry=Retry(NoBackoff(), 0),  # redis-py's default would delay a reply by seconds
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

        Returns the send times of those granted, in seconds from now, ascending, at most a minute
        ahead. The rest costs nothing: ask again later. Without a rate all are granted immediately.
        Never raises because of Redis, and waits for it half a second at most.
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
        """Reserve a place for one message to each of these distinct chats.

        A chat that recently had more than half of its burst left needs only a place of the account,
        which may be a spare one. The others are reserved in Redis, in one round trip.

        No place is further ahead than `within` seconds; a lower bound leaves later places to
        callers with a higher one. Without a rate all are granted immediately. Never raises because
        of Redis, and waits for it half a second at most.
        """
        rate = self._rates.get(channel)
        if rate is None:
            return [Place(0.0)] * len(chats)
        quickly = _spare_places(rate) > 0  # without spare places each send asks Redis anyway
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
        """Whether the chat has enough places left to use one without asking Redis."""
        room = self._rooms.get(chat)
        return (
            room is not None
            and room.left > self.chats.burst // 2
            and time.monotonic() < room.known_at + TRUSTED
        )

    def _take_unasked(self, chat: _Chat) -> None:
        self._unreported[chat] += 1
        if (room := self._rooms.get(chat)) is not None:
            room.left -= 1
        if self._reporting is None or self._reporting.done():
            self._reporting = asyncio.get_running_loop().create_task(self._report())

    async def _report(self) -> None:
        """Report to Redis, for the other processes, the places that chats used without asking."""
        while self._unreported and not self._buckets.away:
            await asyncio.sleep(TOLD)
            for channel in {channel for channel, _ in self._unreported}:
                await self._ask_each(channel, self._rates[channel], (), 0.0)

    async def _ask_each(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> Sequence[Place]:
        others = [one for of, one in self._unreported if of == channel and one not in chats]
        every = [(channel, chat) for chat in (*chats, *others)]
        if not every:
            return []
        had = [self._unreported.pop(chat, 0) for chat in every]
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
        if given:  # if Redis fails now, local places must not add to these
            self._alone[channel].begin_after(time.monotonic() + given[-1])
        return places

    def _note_rooms(self, chats: Sequence[_Chat], rooms: Sequence[float]) -> None:
        now = time.monotonic()
        if len(self._rooms) > CHATS_KNOWN:
            self._rooms = {
                chat: room for chat, room in self._rooms.items() if now < room.known_at + TRUSTED
            }
        for chat, left in zip(chats, rooms, strict=True):
            # Redis' answer does not include places used during the round trip.
            self._rooms[chat] = _Room(int(left) - self._unreported.get(chat, 0), now)

    def _each_alone(
        self, channel: str, rate: Rate, chats: Sequence[str], within: float
    ) -> list[Place]:
        """Reserve in local buckets; a chat keeps its full rate, since few processes share one."""
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
            wanted + _spare_places(rate),
            interval=interval,
            burst=rate.burst,
            within=within,
        )
        now = time.monotonic()
        if reserved is None:
            self._forget_rooms()
            return alone.reserve(now, wanted, within=within)
        places = buckets.places(reserved.first, interval, reserved.granted, within)
        if places:  # if Redis fails now, local places must not add to these
            alone.begin_after(now + places[-1])
        self._spare[channel].extend(now + place for place in places[wanted:])
        return places[:wanted]

    def _forget_rooms(self) -> None:
        """Drop the cached and unreported places of chats: Redis is down."""
        self._rooms.clear()
        self._unreported.clear()

    async def close(self) -> None:
        """Report the unreported places, then close the connections to Redis."""
        if self._reporting is not None:
            await asyncio.wait({self._reporting})
        await self._redis.aclose()


def _spare_places(rate: Rate) -> int:
    """Return how many places to reserve in advance."""
    return min(int(rate.per_second * SPARE), MOST_SPARE)
