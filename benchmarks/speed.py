"""Speed: messages a second at saturation, and waiting times at a fixed rate.

The systems take turns, round by round, each time as new processes with an empty database; reported
figures are medians of the rounds. In the closed loop an owner says the next line as soon as the
last was answered; in the open loop lines are sent at a fixed rate, however long the answers take.
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

WARM: Final = 1.0  # seconds of warm-up before counting
SPREAD: Final = 0.5  # seconds over which the owners of the closed loop start
THINKING: Final = 0.15  # seconds, an owner's shortest pause in the open loop
LOOK: Final = 0.5  # seconds between two looks at the bot's CPU time
IDLE: Final = 0.1  # of one core, below which the bot has nothing left to do
LONGEST_REST: Final = 30.0  # seconds to wait for that
HOPELESS: Final = 0.9  # of a system's highest rate: a higher fixed rate is not tried


@dataclass(frozen=True, slots=True)
class Plan:
    """The parameters of a run."""

    rounds: int
    chats: Sequence[int]  # numbers in flight, in the closed loop
    rates: Sequence[float]  # messages a second, in the open loop
    seconds: float  # of each measurement


@dataclass(frozen=True, slots=True)
class Measured:
    """A measurement of one system under one load."""

    tally: Tally
    seconds: float
    cpu: dict[str, float]  # seconds, by name
    memory: dict[str, float]  # megabytes, by name

    @property
    def messages_per_second(self) -> float:
        return self.tally.messages / self.seconds

    def figures(self) -> dict[str, float]:
        """Return all figures, by name."""
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
        """Return the measurement as one line of text."""
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
    """Return the numbers of concurrent owners in a system's closed loops."""
    most = system.at_once
    return sorted({chats if most is None else min(chats, most) for chats in plan.chats})


def closed(chats: int) -> str:
    """Return the name of a closed loop."""
    return f"{chats} chats"


def fixed(rate: float) -> str:
    """Return the name of an open loop."""
    return f"{rate:g}/s"


async def measure(
    systems: Sequence[System],
    plan: Plan,
    api: BotApi,
    tell: Callable[[str], None],
    *,
    versions: bool = False,
) -> Results:
    """Measure the systems in turn, round by round.

    `versions`: the systems are versions of one; every second round reverses their order, and no
    rate is skipped.
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
    """Run a system with owners who know its answers, while the context is open."""
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
    """Keep `chats` owners busy; a new one replaces each who has finished."""

    def go_on(chat: Chat) -> None:
        load.say(load.stranger() if chat.finished else chat)

    load.ready, load.failed = go_on, lambda _: load.say(load.stranger())
    for _ in range(chats):
        load.say(load.stranger())
        await asyncio.sleep(SPREAD / chats)
    return await counted(load, meter, seconds)


async def open_loop(load: Load, meter: Meter, rate: float, seconds: float) -> Measured:
    """Send `rate` lines a second, each from the owner idle longest, or else from a new one."""
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


async def rested(meter: Meter) -> None:
    """Wait until the bot has done what a load left behind, such as photos to be fetched.

    Otherwise the next load would be measured together with it.
    """
    latest = monotonic() + LONGEST_REST
    used = meter.cpu()["bot"]
    while monotonic() < latest:
        await asyncio.sleep(LOOK)
        before, used = used, meter.cpu()["bot"]
        if used - before < IDLE * LOOK:
            return


async def counted(
    load: Load, meter: Meter, seconds: float, end: Callable[[], object] = lambda: None
) -> Measured:
    """Warm up, count for `seconds`, then wait until every line is answered and the bot is idle."""
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
    await rested(meter)
    load.chats.clear()
    counted.add_faults(warm)
    counted.add_faults(after)
    cpu = {name: used - before[name] for name, used in spent.items()}
    return Measured(counted, took, cpu, memory)
