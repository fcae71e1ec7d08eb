"""Places in a provider's rate: shared by processes through Redis, by a share each without it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from redis import Redis
from structlog.testing import capture_logs

from bot import buckets, limits
from bot.buckets import Bucket
from bot.limits import Chats, Limits, Place, Rate
from tests.wire import Wire

PATIENCE = 40.0
NOWHERE = "redis://127.0.0.1:1/0"  # a port that nothing listens at
BRISK = Rate(per_second=100, burst=10, alone=20)

Process = Callable[[Rate], Limits]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine is not taken for one without Redis."""
    monkeypatch.setattr(buckets, "PATIENCE", PATIENCE)
    monkeypatch.setattr(limits, "SPARE", 0.0)  # but for those who say otherwise


@pytest.fixture
async def process(redis_url: str) -> AsyncIterator[Process]:
    """Begins a bot process: its Limits, with a rate for the channel "chat"."""
    async with AsyncExitStack() as stack:

        def begin(rate: Rate) -> Limits:
            one = Limits(redis_url, {"chat": rate})
            stack.push_async_callback(one.close)
            return one

        yield begin


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def wire(redis_url: str) -> Iterator[Wire]:
    """A wire to Redis."""
    there = urlsplit(redis_url)
    with Wire(there.hostname or "", there.port or 6379) as wire:
        yield wire


def through(wire: Wire, redis_url: str) -> str:
    return redis_url.replace(f":{urlsplit(redis_url).port}", f":{wire.port}")


async def test_a_burst_goes_at_once_and_the_rest_at_the_rate(process: Process) -> None:
    places = await process(BRISK).reserve("chat", 100, within=0.5)
    assert places == pytest.approx([0.0] * 10 + [0.01 * place for place in range(1, 51)])


async def test_places_are_ascending_and_no_further_ahead_than_asked_for(process: Process) -> None:
    ours = process(BRISK)
    for within in (0.0, 0.013, 0.2, 0.1999, 0.7):
        places = await ours.reserve("chat", 1000, within=within)
        assert places == sorted(places)
        assert all(0 <= place <= within for place in places)


async def test_processes_together_stay_within_the_rate_and_use_all_of_it(
    process: Process,
) -> None:
    rate, within = Rate(per_second=500, burst=20, alone=1), 10.0
    processes = [process(rate) for _ in range(3)]
    granted = [0, 0, 0]

    async def take(one: int, wanted: int) -> None:
        granted[one] += len(await processes[one].reserve("chat", wanted, within=within))

    async def take_all() -> tuple[float, float]:
        """Take whatever is left; gives between which times that was counted."""
        asked = time.monotonic()
        await take(0, 1_000_000)
        return asked, time.monotonic()

    async def take_some(one: int) -> None:
        enough = granted[one] + 50
        while granted[one] < enough:
            await take(one, 7)

    begun = await take_all()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(take_some(one) for one in range(3)))
    ended = await take_all()
    most = rate.burst + rate.per_second * (ended[1] - begun[0] + within)
    least = rate.burst + rate.per_second * (ended[0] - begun[1] + within)
    assert least - 2 <= sum(granted) <= most + 1


async def test_what_one_process_reserved_the_other_comes_after(process: Process) -> None:
    asked = time.monotonic()
    assert len(await process(BRISK).reserve("chat", 60, within=0.5)) == 60
    places = await process(BRISK).reserve("chat", 3, within=60)
    gone = time.monotonic() - asked
    assert 0.51 - gone <= places[0] <= 0.5101
    assert places == pytest.approx([places[0], places[0] + 0.01, places[0] + 0.02])


async def test_what_is_not_granted_uses_nothing_up(process: Process, redis: Redis) -> None:
    ours = process(BRISK)
    await ours.reserve("chat", 1_000_000, within=20)
    (bucket,) = redis.keys("izin:rate:*")
    before = redis.get(bucket)
    assert await ours.reserve("chat", 1_000_000, within=0.0) == []
    assert redis.get(bucket) == before
    (place,) = await ours.reserve("chat", 1, within=60)
    assert place <= 20.0101


async def test_a_burst_comes_back_with_time(process: Process) -> None:
    ours = process(Rate(per_second=1000, burst=5, alone=1))
    assert await ours.reserve("chat", 100, within=0.0) == [0.0] * 5
    await asyncio.sleep(0.05)
    assert await ours.reserve("chat", 100, within=0.0) == [0.0] * 5


async def test_a_place_is_a_minute_ahead_at_most(process: Process) -> None:
    places = await process(Rate(per_second=1, burst=1, alone=1)).reserve("chat", 100, within=1e9)
    assert places == pytest.approx(range(61))


async def test_a_channel_without_a_rate_has_places_for_all_and_asks_nobody() -> None:
    ours = Limits(NOWHERE, {"chat": BRISK})
    with capture_logs() as logs:
        assert await ours.reserve("page", 1000, within=0.0) == [0.0] * 1000
    assert logs == []
    assert ours.limited("chat") and not ours.limited("page")


async def test_nothing_is_granted_to_who_wants_nothing(process: Process, redis: Redis) -> None:
    assert await process(BRISK).reserve("chat", 0, within=1.0) == []
    assert redis.keys() == []


async def test_channels_and_accounts_have_rates_of_their_own(redis_url: str, redis: Redis) -> None:
    first = Limits(redis_url, {"a": Rate(0.1, 3, 1, "1:sesame"), "b": Rate(0.1, 3, 1, "1:sesame")})
    other = Limits(redis_url, {"a": Rate(0.1, 3, 1, "2:sesame")})
    for ours, channel in ((first, "a"), (first, "b"), (other, "a")):
        assert await ours.reserve(channel, 9, within=0.0) == [0.0] * 3
        assert await ours.reserve(channel, 9, within=0.0) == []
    await first.close()
    await other.close()
    keys = sorted(str(key) for key in redis.keys("izin:rate:*"))
    assert [key.split(":")[2] for key in keys] == ["a", "a", "b"]
    assert not any("sesame" in key for key in keys)
    assert "sesame" not in repr(Rate(10, 3, 1, "1:sesame"))


async def test_a_bucket_leaves_nothing_behind(process: Process, redis: Redis) -> None:
    await process(BRISK).reserve("chat", 2000, within=20)
    (bucket,) = redis.keys("izin:rate:*")
    assert 0 < redis.pttl(bucket) <= 20_000


async def test_many_single_places_at_a_high_rate_add_up_to_it(process: Process) -> None:
    rate = Rate(per_second=7000, burst=1, alone=1)
    ours = process(rate)
    begun = time.monotonic()
    granted = len(await ours.reserve("chat", 1_000_000, within=20))
    for _ in range(2000):
        (place,) = await ours.reserve("chat", 1, within=60)
    assert place >= (granted + 2000 - 1) / rate.per_second - (time.monotonic() - begun)


async def test_at_a_very_high_rate_nobody_waits(process: Process) -> None:
    ours = process(Rate.of(1_000_000))
    for _ in range(100):
        assert await ours.reserve("chat", 100, within=1.0) == [0.0] * 100


async def test_who_asks_while_many_ask_waits_for_them(process: Process) -> None:
    ours = process(Rate(per_second=0.1, burst=300, alone=1))
    with capture_logs() as logs:
        asked = await asyncio.gather(*(ours.reserve("chat", 1, within=0.0) for _ in range(301)))
    assert sorted(map(len, asked)) == [0] + [1] * 300
    assert logs == []


async def test_deleted_data_and_scripts_are_made_anew(process: Process, redis: Redis) -> None:
    ours = process(BRISK)
    with capture_logs() as logs:
        assert len(await ours.reserve("chat", 100, within=0.0)) == 10
        redis.script_flush()
        assert len(await ours.reserve("chat", 100, within=1.1)) == 100
        redis.flushall()
        assert len(await ours.reserve("chat", 100, within=0.0)) == 10
    assert logs == []


@pytest.mark.parametrize("found", ["a time before the clock was set back", "nonsense"])
async def test_a_bucket_that_can_not_be_right_is_begun_afresh(
    process: Process, redis: Redis, found: str
) -> None:
    ours = process(BRISK)
    await ours.reserve("chat", 1000, within=5.0)  # so that the bucket lives for a while
    (bucket,) = redis.keys("izin:rate:*")
    in_an_hour = (redis.time()[0] + 3600) * 1_000_000
    redis.set(bucket, found if found == "nonsense" else f"{in_an_hour}.000")
    assert await ours.reserve("chat", 100, within=0.0) == [0.0] * 10


# While Redis is away


async def cut_off(wire: Wire, url: str, redis: Redis) -> Limits:
    ours = Limits(through(wire, url), {"chat": BRISK})
    await ours.reserve("chat", 1, within=0.0)
    wire.cut()
    return ours


async def never_answering(wire: Wire, url: str, redis: Redis) -> Limits:
    wire.hold(lambda passage: True)
    return Limits(through(wire, url), {"chat": BRISK})


async def falling_silent(wire: Wire, url: str, redis: Redis) -> Limits:
    ours = Limits(through(wire, url), {"chat": BRISK})
    await ours.reserve("chat", 1, within=0.0)
    wire.hold(lambda passage: passage.answer)
    return ours


async def nowhere(wire: Wire, url: str, redis: Redis) -> Limits:
    return Limits(NOWHERE, {"chat": BRISK})


async def refusing(wire: Wire, url: str, redis: Redis) -> Limits:
    return Limits(f"redis://nobody:sesame@{urlsplit(url).netloc.split('@')[-1]}/0", {"chat": BRISK})


async def answering_with_an_error(wire: Wire, url: str, redis: Redis) -> Limits:
    ours, other = (Limits(url, {"chat": BRISK}) for _ in range(2))
    await other.reserve("chat", 1000, within=5.0)  # so that the bucket lives for a while
    await other.close()
    (bucket,) = redis.keys("izin:rate:*")
    redis.delete(bucket)
    redis.lpush(bucket, "of another type")
    return ours


@pytest.mark.parametrize(
    "trouble",
    [cut_off, never_answering, falling_silent, nowhere, refusing, answering_with_an_error],
)
async def test_without_redis_a_process_keeps_to_its_own_share_and_says_so_once(
    trouble: Callable[[Wire, str, Redis], Awaitable[Limits]],
    wire: Wire,
    redis_url: str,
    redis: Redis,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours = await trouble(wire, redis_url, redis)
    monkeypatch.setattr(buckets, "PATIENCE", 0.3)
    begun = time.monotonic()
    with capture_logs() as logs:
        async with asyncio.timeout(PATIENCE):
            first = await ours.reserve("chat", 100, within=0.5)
            more = [await ours.reserve("chat", 100, within=0.5) for _ in range(50)]
    stretch = time.monotonic() - begun + 0.5
    granted = [*first, *(place for places in more for place in places)]
    assert 0 < len(first) <= len(granted) <= BRISK.burst_alone + BRISK.alone * stretch + 1
    assert all(0 <= place <= 0.5 for place in granted)
    assert [entry["event"] for entry in logs] == ["limits.redis_away"]
    assert "sesame" not in str(logs)
    await ours.close()


@pytest.mark.servers
async def test_while_redis_is_away_it_is_asked_once_in_a_while_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(buckets, "PROBE", 3600)
    asked = 0

    def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        ours = Limits(f"redis://127.0.0.1:{port}/0", {"chat": BRISK})
        for _ in range(20):
            await ours.reserve("chat", 1, within=1.0)
        assert asked == 1
        monkeypatch.setattr(ours._buckets, "_ask_again_at", 0.0)
        await asyncio.gather(*(ours.reserve("chat", 1, within=1.0) for _ in range(20)))
        assert asked == 2
        await ours.close()


async def test_when_redis_is_back_the_rate_is_shared_again(
    process: Process, wire: Wire, redis_url: str, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "PROBE", 0.0)
    monkeypatch.setattr(buckets, "PATIENCE", 2.0)  # the machine may be slow
    ours, other = Limits(through(wire, redis_url), {"chat": BRISK}), process(BRISK)

    def ask() -> Awaitable[Sequence[float]]:
        return ours.reserve("chat", 1, within=1.0)

    async def go_through_an_outage() -> None:
        wire.cut()
        redis.flushdb()
        for _ in range(3):
            await ask()
        assert not redis.keys()
        wire.mend()
        async with asyncio.timeout(PATIENCE):
            while logs[-1]["event"] != "limits.redis_back":
                await ask()

    with capture_logs() as logs:
        await ask()
        await go_through_an_outage()
        await go_through_an_outage()
    assert [entry["event"] for entry in logs] == ["limits.redis_away", "limits.redis_back"] * 2
    assert len(await other.reserve("chat", 10_000, within=60)) > 5000
    assert await ask() == []
    await ours.close()


async def test_local_places_come_after_those_that_were_shared_out(
    wire: Wire, redis_url: str
) -> None:
    ours = Limits(through(wire, redis_url), {"chat": BRISK})
    asked = time.monotonic()
    await ours.reserve("chat", 1_000_000, within=20)
    wire.cut()
    places = await ours.reserve("chat", 1, within=60)
    assert places[0] >= 20 - (time.monotonic() - asked)
    await ours.close()


@pytest.mark.parametrize("per_second", [0.1, 1, 30, 80, 1000, 100_000])
def test_a_handful_of_processes_alone_stay_within_the_rate(per_second: float) -> None:
    rate = Rate.of(per_second)
    assert limits.HANDFUL * rate.alone == pytest.approx(per_second)
    assert limits.HANDFUL * rate.burst_alone <= max(limits.HANDFUL, rate.burst)
    assert rate.burst <= max(1, per_second / 10)


@pytest.mark.parametrize(("per_second", "burst", "alone"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_a_rate_at_which_nothing_could_be_sent_is_refused(
    per_second: float, burst: int, alone: float
) -> None:
    with pytest.raises(ValueError, match="nothing could be sent"):
        Rate(per_second, burst, alone)


seconds = st.integers(0, 3_000_000).map(lambda microseconds: microseconds / 1e6)


@given(
    per_second=st.sampled_from([0.5, 3, 6, 30, 1000]),
    burst=st.integers(1, 20),
    asked=st.lists(st.tuples(seconds, st.integers(1, 50), seconds), min_size=1, max_size=12),
)
@example(per_second=30, burst=3, asked=[(0.0, 50, 1.0), (0.0, 50, 1.0), (0.5, 50, 1.0)])
def test_no_stretch_of_time_holds_more_places_than_the_rate_allows(
    per_second: float, burst: int, asked: list[tuple[float, int, float]]
) -> None:
    bucket, moment, places = Bucket(per_second, burst), 1000.0, list[float]()
    for pause, wanted, within in asked:
        moment += pause
        granted = bucket.reserve(moment, wanted, within=within)
        assert len(granted) <= wanted
        assert all(0 <= place <= within for place in granted)
        places += [moment + place for place in granted]
    assert places == sorted(places)
    for first, begun in enumerate(places):
        for last, ended in enumerate(places[first:]):
            assert last + 1 <= burst + per_second * (ended - begun) + 1e-3


async def test_places_that_were_taken_along_are_used_without_asking_redis(
    process: Process, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    monkeypatch.setattr(limits, "FRESH", 60.0)
    one = process(Rate(1000, burst=100, alone=1))
    first = await one.reserve("chat", 10, within=1)
    asked = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    along = [place for _ in range(4) for place in await one.reserve("chat", 5, within=1)]
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == asked
    assert len(first) == 10 and len(along) == 20 and along == sorted(along)
    assert len(await one.reserve("chat", 5, within=1)) == 5
    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == asked + 1


async def test_places_that_were_taken_along_and_not_used_are_lost(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    monkeypatch.setattr(limits, "FRESH", 0.0)
    one, other = process(Rate(1000, burst=30, alone=1)), process(Rate(1000, burst=30, alone=1))
    await one.reserve("chat", 10, within=0)
    await asyncio.sleep(0.1)
    assert await one.reserve("chat", 30, within=0.5) == [0.0] * 30, "the bucket is full again"
    assert len(await other.reserve("chat", 1, within=0.5)) == 1


async def test_a_slow_rate_takes_nothing_along(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    one, other = process(Rate.of(30)), process(Rate.of(30))
    assert len(await one.reserve("chat", 2, within=0)) == 2
    assert len(await other.reserve("chat", 5, within=0)) == 1, "the third of the burst"


# A place in a chat


def count(places: Sequence[Place]) -> int:
    return sum(place.at is not None for place in places)


async def many(ours: Limits, chats: Sequence[str], times: int, within: float = 1.0) -> list[int]:
    """How many places each chat is given, if it is asked so often."""
    given = [await ours.reserve_each("chat", chats, within=within) for _ in range(times)]
    return [count([places[n] for places in given]) for n in range(len(chats))]


@pytest.mark.parametrize("burst", [1, 2, 7, 30])
@pytest.mark.parametrize("chats", [1, 3])
async def test_a_chat_is_given_its_burst_and_then_its_rate_by_all_processes(
    redis_url: str, redis: Redis, burst: int, chats: int
) -> None:
    rate, slow = Rate(1000, 500, 1), Chats(per_second=0.01, burst=burst)
    processes = [Limits(redis_url, {"chat": rate}, slow) for _ in range(2)]
    names = [f"sesame {n}" for n in range(chats)]
    given = [await many(one, names, burst) for one in processes]
    assert given == [[burst] * chats, [0] * chats]
    (place,) = await processes[1].reserve_each("chat", names[:1], within=1.0)
    assert place.chat_full and 90 < place.wait <= 100
    assert await many(processes[1], ["a neighbour"], 1) == [1]
    keys = list(redis.scan_iter())
    assert keys and not any(b"sesame" in key for key in keys)
    assert all(redis.pttl(key) != -1 for key in keys), "none stays for ever"
    for one in processes:
        await one.close()


def asked(redis: Redis) -> int:
    """How often a script ran."""
    return int(redis.info("commandstats")["cmdstat_evalsha"]["calls"])


@pytest.mark.parametrize("burst", [1, 2, 7, 30])
async def test_a_chat_with_much_room_is_not_asked_for_and_yet_keeps_to_its_rate(
    process: Process, redis: Redis, monkeypatch: pytest.MonkeyPatch, burst: int
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    monkeypatch.setattr(limits, "FRESH", 60.0)
    rate, slow = Rate(5000, 500, 1), Chats(per_second=0.01, burst=burst)
    one, other = process(rate), process(rate)
    one.chats = other.chats = slow
    half = max(1, burst // 2)
    assert await many(one, ["a"], half) == [half]
    before = asked(redis)
    assert await many(one, ["a"], burst) == [burst - half], "all of its burst, and no more"
    assert asked(redis) - before <= burst
    assert await many(other, ["a"], 3) == [0]

    assert await many(one, ["b"], 1) == [1]
    before = asked(redis)
    quick = max(0, burst - 1 - burst // 2)
    assert await many(one, ["b"], quick) == [quick]
    assert asked(redis) - before <= 1, "for places of the account"
    await asyncio.sleep(3 * limits.TOLD)
    assert await many(other, ["b"], burst) == [burst - quick - 1], "the others were told"


async def test_what_a_chat_has_while_others_are_being_told_is_told_too(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    monkeypatch.setattr(limits, "TOLD", 0.01)
    rate, slow = Rate(5000, 500, 1), Chats(per_second=0.01, burst=30)
    one, other = process(rate), process(rate)
    one.chats = other.chats = slow
    for _ in range(12):
        assert await many(one, ["a"], 1) == [1]
        await asyncio.sleep(0.007)
    await asyncio.sleep(0.3)
    assert await many(other, ["a"], 30) == [18]


async def test_a_chats_room_is_asked_for_again_after_a_while(
    process: Process, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    monkeypatch.setattr(limits, "TRUSTED", 0.0)
    one = process(Rate(5000, 500, 1))
    await many(one, ["a"], 1)
    before = asked(redis)
    assert await many(one, ["a"], 10) == [10]
    assert asked(redis) - before == 10


async def test_without_redis_no_chat_is_known_to_have_room(
    wire: Wire, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "SPARE", 0.02)
    chats = Chats(per_second=0.01, burst=9)
    ours = Limits(through(wire, redis_url), {"chat": Rate(5000, 500, 1000)}, chats)
    assert await many(ours, ["a"], 3) == [3]
    wire.cut()
    monkeypatch.setattr(buckets, "PATIENCE", 0.2)
    (given_alone,) = await many(ours, ["a"], 20)
    assert 9 <= given_alone <= 9 + 9 // 2, "a burst of its own, after what it took for granted"
    await ours.close()


async def test_a_chats_places_come_back_with_time(redis_url: str) -> None:
    ours = Limits(redis_url, {"chat": Rate(1000, 500, 1)}, Chats(per_second=50, burst=2))
    asked = time.monotonic()
    given = 0
    while time.monotonic() < asked + 0.5:
        (given_now,) = await many(ours, ["one"], 1)
        given += given_now
    assert 2 <= given <= 2 + 50 * (time.monotonic() - asked) + 1
    await ours.close()


async def test_who_goes_first_finds_places_beyond_those_of_others(process: Process) -> None:
    ours = process(Rate(per_second=10, burst=1, alone=1))
    names = [f"n{n}" for n in range(20)]
    greetings = await ours.reserve_each("chat", names, within=0.3)
    assert 3 <= count(greetings) <= 4
    assert all(not p.chat_full and p.wait > 0 for p in greetings if p.at is None)
    assert count(await ours.reserve_each("chat", names[:1], within=0.1)) == 0
    replies = await ours.reserve_each("chat", ["known"], within=1.0)
    assert replies[0].at is not None and replies[0].at <= 0.41


async def test_what_the_account_has_no_place_for_uses_up_none_of_the_chat(
    redis_url: str,
) -> None:
    ours = Limits(redis_url, {"chat": Rate(20, 1, 1)}, Chats(per_second=0.01, burst=2))
    assert await many(ours, ["other"], 1, within=0.0) == [1]
    assert await many(ours, ["one"], 5, within=0.0) == [0]
    await asyncio.sleep(0.06)
    assert await many(ours, ["one"], 1, within=0.0) == [1]
    await ours.close()


async def test_reserving_for_chats_and_for_an_account_share_one_bucket(process: Process) -> None:
    ours = process(BRISK)
    assert len(await ours.reserve("chat", 6, within=0.0)) == 6
    assert count(await ours.reserve_each("chat", [f"n{n}" for n in range(10)], within=0.0)) <= 5
    assert await ours.reserve("chat", 1, within=0.0) == []


async def test_without_redis_a_chat_keeps_to_its_rate_all_the_same(wire: Wire) -> None:
    ours = Limits(NOWHERE, {"chat": Rate(1000, 500, 1000)}, Chats(per_second=0.01, burst=3))
    with capture_logs() as logs:
        assert await many(ours, ["one", "other"], 6) == [3, 3]
    assert [entry["event"] for entry in logs] == ["limits.redis_away"]
    await ours.close()


async def test_a_channel_without_a_rate_has_places_in_each_chat() -> None:
    ours = Limits(NOWHERE, {}, Chats(per_second=0.01, burst=1))
    assert await many(ours, ["one"], 40) == [40]


@pytest.mark.parametrize(("rate", "burst", "waiting"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_chats_that_nobody_could_answer_in_are_refused(
    rate: float, burst: int, waiting: int
) -> None:
    with pytest.raises(ValueError, match="nobody could be answered"):
        Chats(rate, burst, waiting)
