"""Faults: a system is killed in the middle, or hears some messages twice. Who is harmed by it?

An owner is harmed whose message is never answered, or who gets another answer than the one that is
due: their conversation was lost, went wrong or is stuck.
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
_THINKING: Final = 1.0  # seconds at most that an owner takes before the next line
_KILLS: Final = 3
_BETWEEN: Final = 2.0  # seconds from the start, or from being back, to the next kill
_OFTEN: Final = 0.2  # of the updates come twice
_SOON: Final = 0.5  # seconds at most between the two


async def measure(systems: Sequence[System], api: BotApi, tell: Callable[[str], None]) -> Results:
    """Harm every system, once by each fault."""
    results = Results()
    learned: dict[str, Answers] = {}
    for system in systems:
        async with loaded(system, api, learned) as (running, load):
            results.add(system.name, KILLED, await _killed(load, running, system))
            if load.harmed and not system.peer:
                tell(running.said())
        tell(f"{system.name}, {KILLED}: {_told(results, system, KILLED)}")
        async with loaded(system, api, learned) as (running, load):
            results.add(system.name, TWICE, await _twice(load))
            if load.harmed and not system.peer:
                tell(running.said())
        tell(f"{system.name}, {TWICE}: {_told(results, system, TWICE)}")
    return results


def _told(results: Results, system: System, fault: str) -> str:
    figures = results.figures[system.name][fault]
    return ", ".join(f"{name} {values[-1]:g}" for name, values in figures.items())


async def _killed(load: Load, running: Running, system: System) -> dict[str, float]:
    """SIGKILL all bots in the middle, and start them again; several times."""
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
    """Deliver some updates once more, as providers do that did not see the answer."""
    chance = Random(2)
    load.copy = lambda: chance.random() * _SOON if chance.random() < _OFTEN else None
    harmed = _begin(load, chance)
    await _end(load, harmed)
    return _figures(load, harmed)


def _begin(load: Load, chance: Random) -> list[Chat]:
    """Let all owners speak until they are done; gives the list of those who will be harmed."""
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
    await asyncio.sleep(2 * _SOON)  # for what comes twice in the end


def _figures(load: Load, harmed: Sequence[Chat]) -> dict[str, float]:
    return {
        "owners": OWNERS,
        "harmed": len(harmed),
        "unanswered": load.tally.lost,
        "wrong": load.tally.wrong,
        "doubled": load.tally.doubled,
        "messages": load.tally.messages,
    }
