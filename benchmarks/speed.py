"""Speed: how many messages a second at saturation, and how long one waits at a fixed rate.

The systems take turns, round by round, each time as fresh processes with an empty database; what is
told is the median of the rounds. In the closed loop an owner says the next line as soon as the
last was answered; in the open loop lines come at a fixed rate, whatever the answers take.
"""

from __future__ import annotations

import asyncio
import gc
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import quantiles
from time import monotonic
from typing import Final

from benchmarks.bot_api import BotApi
from benchmarks.load import Answers, Chat, Load, Tally, nothing
from benchmarks.processes import Meter
from benchmarks.results import Results
from benchmarks.script import Author
from benchmarks.systems import Running, System
from benchmarks.webhook import Webhook

WARM: Final = 1.0  # seconds of load before anything counts
SPREAD: Final = 0.5  # seconds over which the owners of the closed loop come in
THINKING: Final = 0.15  # seconds an owner takes at least in the open loop: all steps are met soon
HOPELESS: Final = 0.9  # of what a system can do at most: a higher rate is not tried


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run measures."""

    rounds: int
    chats: Sequence[int]  # how many are in flight, in the closed loop
    rates: Sequence[float]  # messages a second, in the open loop
    seconds: float  # each of them


@dataclass(frozen=True, slots=True)
class Measured:
    """One system under one load for a while."""

    tally: Tally
    seconds: float
    cpu: dict[str, float]  # seconds, by name
    memory: dict[str, float]  # megabytes, by name

    @property
    def messages_per_second(self) -> float:
        return self.tally.messages / self.seconds

    def figures(self) -> dict[str, float]:
        """All that is told of it, by name."""
        tally = self.tally
        cuts = [1000 * cut for cut in quantiles(tally.waits, n=100)] if tally.waits[1:] else []
        percentiles = {f"p{p}_ms": cuts[p - 1] for p in (50, 95, 99) if cuts}
        cpu = {f"cpu_{n}_ms": 1000 * s / max(tally.messages, 1) for n, s in self.cpu.items()}
        return {
            "messages_per_second": self.messages_per_second,
            **percentiles,
            **cpu,
            **{f"memory_{name}_mb": megabytes for name, megabytes in self.memory.items()},
            "lost": tally.lost,
            "wrong": tally.wrong,
            "doubled": tally.doubled,
            "out_of_order": tally.out_of_order,
            "refused": tally.refused,
        }

    def told(self) -> str:
        """One measurement in a line."""
        figures = self.figures()
        words = [f"{self.messages_per_second:.0f} messages/s"]
        if "p50_ms" in figures:
            words.append(
                "p50/95/99 {p50_ms:.1f} / {p95_ms:.1f} / {p99_ms:.1f} ms".format(**figures)
            )
        cpu = ", ".join(
            f"{name.removeprefix('cpu_').removesuffix('_ms')} {value:.2f}"
            for name, value in figures.items()
            if name.startswith("cpu_")
        )
        words.append(f"CPU ms a message: {cpu}")
        words.append(f"bot {self.memory['bot']:.0f} MB")
        for name in ("lost", "wrong", "doubled", "out_of_order", "refused"):
            if figures[name]:
                words.append(f"{name} {figures[name]:.0f}")
        return "; ".join(words)


def in_flight(plan: Plan, system: System) -> list[int]:
    """How many owners speak to a system at once, in its closed loops."""
    most = system.at_once
    return sorted({chats if most is None else min(chats, most) for chats in plan.chats})


def closed(chats: int) -> str:
    """What a closed loop is called."""
    return f"{chats} chats"


def fixed(rate: float) -> str:
    """What an open loop is called."""
    return f"{rate:g}/s"


async def measure(
    systems: Sequence[System],
    plan: Plan,
    api: BotApi,
    tell: Callable[[str], None],
    *,
    versions: bool = False,
) -> Results:
    """Let the systems take turns.

    `versions` of one system go in the opposite order in every second round, and all try each rate.
    """
    results = Results()
    learned: dict[str, Answers] = {}
    for number in range(plan.rounds):
        for system in reversed(systems) if versions and number % 2 else systems:
            tell(f"round {number + 1} of {plan.rounds}: {system.name}")
            async with loaded(system, api, learned) as (running, load):
                for chats in in_flight(plan, system):
                    found = await closed_loop(load, running.meter, chats, plan.seconds)
                    results.add(system.name, closed(chats), found.figures())
                    tell(f"  {closed(chats)}: {found.told()}")
                loops = [closed(chats) for chats in in_flight(plan, system)]
                most = results.most(system.name, loops, "messages_per_second")
                for rate in plan.rates:
                    if not versions and most is not None and rate > HOPELESS * most[1]:
                        tell(f"  {fixed(rate)}: more than it can do")
                        continue
                    found = await open_loop(load, running.meter, rate, plan.seconds)
                    results.add(system.name, fixed(rate), found.figures())
                    tell(f"  {fixed(rate)}: {found.told()}")
                if load.harmed:
                    tell(running.said())
    return results


@asynccontextmanager
async def loaded(
    system: System, api: BotApi, learned: dict[str, Answers]
) -> AsyncIterator[tuple[Running, Load]]:
    """Run a system with owners who know its answers; all of it ends with the context."""
    async with system.run(f"http://127.0.0.1:{api.port}") as running:
        webhooks = [Webhook(bot.port, running.path) for bot in running.bots]
        load = Load(api, webhooks, Author(len(api.photo), script=system.script))
        if system.name not in learned:
            await load.learn()
            learned[system.name] = load.answers
        load.answers = learned[system.name]
        gc.collect()
        try:
            with load.watched():
                yield running, load
        finally:
            api.listener = None
            for webhook in webhooks:
                webhook.close()


async def closed_loop(load: Load, meter: Meter, chats: int, seconds: float) -> Measured:
    """Keep `chats` owners busy, each of whom is followed by another."""

    def go_on(chat: Chat) -> None:
        load.say(load.stranger() if chat.finished else chat)

    load.ready, load.failed = go_on, lambda _: load.say(load.stranger())
    for _ in range(chats):
        load.say(load.stranger())
        await asyncio.sleep(SPREAD / chats)
    return await counted(load, meter, seconds)


async def open_loop(load: Load, meter: Meter, rate: float, seconds: float) -> Measured:
    """Say `rate` lines a second: by whoever has been idle longest, or else by somebody new."""
    idle: deque[tuple[float, Chat]] = deque()

    def rest(chat: Chat) -> None:
        if not chat.finished:
            idle.append((monotonic() + THINKING, chat))

    async def talk() -> None:
        start, said = monotonic(), 0
        while True:
            while said < (monotonic() - start) * rate:
                said += 1
                thought = bool(idle) and idle[0][0] <= monotonic()
                load.say(idle.popleft()[1] if thought else load.stranger())
            await asyncio.sleep(max(0.0, start + said / rate - monotonic()))

    load.ready = rest
    talking = asyncio.create_task(talk())
    return await counted(load, meter, seconds, talking.cancel)


async def counted(
    load: Load, meter: Meter, seconds: float, end: Callable[[], object] = lambda: None
) -> Measured:
    """Let a load run warm, count for some seconds, and see every line of it answered."""
    warm = load.tally = Tally()
    await asyncio.sleep(WARM)
    counted = load.tally = Tally()
    began, before = monotonic(), meter.cpu()
    await asyncio.sleep(seconds)
    load.tally = after = Tally()
    took, spent = monotonic() - began, meter.cpu()
    memory = meter.memory()
    end()
    load.ready = load.failed = nothing
    while load.waiting():
        await asyncio.sleep(0.02)
    load.chats.clear()
    counted.add_faults(warm)
    counted.add_faults(after)
    cpu = {name: used - before[name] for name, used in spent.items()}
    return Measured(counted, took, cpu, memory)
