"""Faults: a system is killed during a run, or gets some updates twice; counts harmed owners.

An owner is harmed if a message is never answered, or gets a wrong answer: the conversation was
lost, is wrong or is stuck.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from benchmarks.bot_api import BotApi
from benchmarks.load import Answers, Chat, Load
from benchmarks.results import Results
from benchmarks.speed import loaded
from benchmarks.systems import Running, System

OWNERS: Final = 100
KILLED, TWICE = "killed", "delivered twice"
_THINKING: Final = 1.0  # seconds, the longest pause of an owner before the next line
_KILLS: Final = 3
_BETWEEN: Final = 2.0  # seconds from each start to the next kill
_OFTEN: Final = 0.2  # the share of updates that are delivered twice
_SOON: Final = 0.5  # seconds, the longest time between the two deliveries


async def measure(systems: Sequence[System], api: BotApi, tell: Callable[[str], None]) -> Results:
    """Run each fault on every system."""
    results = Results()
    learned: dict[str, Answers] = {}
    for system in systems:
        async with loaded(system, api, learned) as (running, load):
            results.add(system.name, KILLED, await _killed(load, running, system))
            if load.harmed and not system.peer:
                tell(running.said())
        tell(f"{system.name}, {KILLED}: {_summary(results, system, KILLED)}")
        async with loaded(system, api, learned) as (running, load):
            results.add(system.name, TWICE, await _twice(load))
            if load.harmed and not system.peer:
                tell(running.said())
        tell(f"{system.name}, {TWICE}: {_summary(results, system, TWICE)}")
    return results


def _summary(results: Results, system: System, fault: str) -> str:
    figures = results.figures[system.name][fault]
    return ", ".join(f"{name} {values[-1]:g}" for name, values in figures.items())


async def _killed(load: Load, running: Running, system: System) -> dict[str, float]:
    """SIGKILL all bots during the run and restart them, several times."""
    harmed = _begin(load, Random(1))
    load.patience = system.patience_after_crash
    for _ in range(_KILLS):
        await asyncio.sleep(_BETWEEN)
        running.kill()
        await running.start()
    await _end(load, harmed)
    longest = max(load.tally.waits, default=0.0)
    return {**_figures(load, harmed), "longest_wait_s": longest}


async def _twice(load: Load) -> dict[str, float]:
    """Deliver some updates twice, as a provider does when it misses the response."""
    chance = Random(2)
    load.copy = lambda: chance.random() * _SOON if chance.random() < _OFTEN else None
    harmed = _begin(load, chance)
    await _end(load, harmed)
    return _figures(load, harmed)


def _begin(load: Load, chance: Random) -> list[Chat]:
    """Start all owners; return the list to which harmed owners are added."""
    harmed: list[Chat] = []
    loop = asyncio.get_running_loop()

    def think(chat: Chat) -> None:
        if not chat.finished:
            loop.call_later(chance.random() * _THINKING, load.say, chat)

    load.ready, load.failed = think, harmed.append
    for _ in range(OWNERS):
        think(load.stranger())
    return harmed


async def _end(load: Load, harmed: Sequence[Chat]) -> None:
    while sum(chat.finished for chat in load.chats.values()) + len(harmed) < OWNERS:
        await asyncio.sleep(0.02)
    await asyncio.sleep(2 * _SOON)  # for the last repeated deliveries


def _figures(load: Load, harmed: Sequence[Chat]) -> dict[str, float]:
    return {
        "owners": OWNERS,
        "harmed": len(harmed),
        "unanswered": load.tally.lost,
        "wrong": load.tally.wrong,
        "doubled": load.tally.doubled,
        "messages": load.tally.messages,
    }
