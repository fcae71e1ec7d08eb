"""Turns: compares the cost of a turn on the grown and a new database, with real `izin serve`s.

Two processes serve the two databases, which are on the same servers, and get messages in turn from
equally many owners: half of them are new, half continue an old draft, a different one each time.
Reported figures are medians of the rounds.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from statistics import median

from sqlalchemy import Engine, text

from benchmarks import bot_api
from benchmarks.growth.fill import address, lines_said
from benchmarks.growth.queries import RESTED, Grown, at_rest
from benchmarks.load import Chat, Load, Tally, nothing
from benchmarks.processes import Meter, Process, free_port
from benchmarks.script import Author
from benchmarks.webhook import Webhook

CHATS = 8  # in flight
LINES = 400  # in one round on one database
FLUSHED = 1.2  # seconds until PostgreSQL's statistics include a connection's last work


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one line."""

    bot_ms: float  # CPU of `izin serve`
    postgres_ms: float  # CPU of its connections' processes
    median_wait_ms: float  # from delivery to answer
    transactions: float
    pages: float  # of 8 kB that PostgreSQL touched
    memory_mb: float  # of `izin serve` as a whole


@dataclass(slots=True)
class Serving:
    """A database with its bot and its owners."""

    grown: Grown
    bot: Process
    load: Load
    rested: Iterator[int]
    updates: itertools.count[int]

    def owner(self) -> Chat:
        """Return a new owner, or one who continues a draft, in turn."""
        number = next(self.updates)
        if number % 2:
            return self.load.meet(Chat(number))
        who = next(self.rested)
        lines = lines_said(who)
        keyboard = self.grown.learned.keyboards[lines]
        return self.load.meet(Chat(int(address(who)), lines, keyboard=keyboard))


async def compare(
    records: dict[str, Grown], photo: bytes, rounds: int, told: Callable[[str], None]
) -> dict[str, Cost]:
    """Return the median cost on each database, by its name.

    Raises:
        RuntimeError: lines were lost or answered wrongly, so the costs are not comparable.
    """
    costs: dict[str, list[Cost]] = {name: [] for name in records}
    async with _all(records, photo) as serving:
        for number in range(rounds + 1):
            for name in sorted(serving, reverse=bool(number % 2)):
                cost = await _round(serving[name])
                if number:  # the first round is a warm-up
                    costs[name].append(cost)
                    told(f"  round {number}, {name}: {cost.bot_ms:.2f} + {cost.postgres_ms:.2f} ms")
    return {name: _median(found) for name, found in costs.items()}


def _median(costs: list[Cost]) -> Cost:
    return Cost(*(median(getattr(c, name) for c in costs) for name in Cost.__slots__))


@asynccontextmanager
async def _all(records: dict[str, Grown], photo: bytes) -> AsyncIterator[dict[str, Serving]]:
    async with contextlib.AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(_serving(name, grown, photo))
            for name, grown in records.items()
        }


@asynccontextmanager
async def _serving(name: str, grown: Grown, photo: bytes) -> AsyncIterator[Serving]:
    async with bot_api.serving(photo) as api:
        port = free_port()
        environment = grown.place.environment(f"http://127.0.0.1:{api.port}", port)
        command = [sys.executable, "-m", "cli.main", "serve"]
        bot = Process(command, environment, port, grown.place.folder / f"{name}.log")
        await bot.start("/readyz")
        webhook = Webhook(port, "/webhooks/telegram")
        updates = itertools.count(time.time_ns() // 1_000_000)
        load = Load(api, [webhook], Author(len(photo), updates))
        load.answers = grown.learned.answers
        try:
            await at_rest(grown.engine)
            with load.watched():
                yield Serving(grown, bot, load, _rested(grown.engine), updates)
        finally:
            api.listener = None
            webhook.close()
            await bot.stop()


def _rested(engine: Engine) -> Iterator[int]:
    """Yield all people with an old draft, shuffled."""
    with engine.connect() as connection:
        found = list(connection.scalars(text(RESTED)))
    Random(1).shuffle(found)
    return iter(found)


async def _round(serving: Serving) -> Cost:
    """Run LINES lines, with CHATS owners who each speak as soon as they were answered."""
    load, meter = serving.load, Meter(lambda: {"bot": [serving.bot.pid]})
    tally = load.tally = Tally()

    def go_on(chat: Chat) -> None:
        if tally.messages < LINES:
            load.say(serving.owner() if chat.finished else chat)

    load.ready, load.failed = go_on, lambda _: None
    backends = _backends(serving.grown.engine)
    before, spent, done = meter.cpu(), Meter(lambda: {"postgres": backends}).cpu(), _done(serving)
    for _ in range(CHATS):
        load.say(serving.owner())
    while load.waiting():
        await asyncio.sleep(0.01)
    load.ready = nothing
    faults = tally.lost + tally.wrong + tally.out_of_order + tally.refused
    if faults or tally.messages < LINES:
        raise RuntimeError(f"{faults} lines went wrong, {tally.messages} were answered")
    cpu = meter.cpu()["bot"] - before["bot"]
    used = Meter(lambda: {"postgres": backends}).cpu()["postgres"] - spent["postgres"]
    await asyncio.sleep(FLUSHED)
    transactions, pages = (a - b for a, b in zip(_done(serving), done, strict=True))
    lines = tally.messages
    return Cost(
        1000 * cpu / lines,
        1000 * used / lines,
        1000 * median(tally.waits),
        transactions / lines,
        pages / lines,
        meter.memory()["bot"],
    )


def _backends(engine: Engine) -> list[int]:
    """Return the pids of PostgreSQL's backends for a database's bot."""
    others = text(
        "SELECT pid FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    )
    with engine.connect() as connection:
        return list(connection.scalars(others))


def _done(serving: Serving) -> tuple[int, int]:
    """Return transactions and touched pages since the database was created."""
    counted = text(
        "SELECT xact_commit, blks_hit + blks_read FROM pg_stat_database"
        " WHERE datname = current_database()"
    )
    with serving.grown.engine.connect() as connection:
        transactions, pages = connection.execute(counted).one()
    return transactions, pages
