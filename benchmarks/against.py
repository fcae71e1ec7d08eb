"""Compares this version with an older one in one run: is it as fast per message?

Each version is driven by its own script, with the same share of photos. The older version takes
part twice: its difference from itself is the noise level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import median
from typing import Final

from benchmarks import speed, tables
from benchmarks.bot_api import BotApi
from benchmarks.results import Results
from benchmarks.speed import Plan
from benchmarks.systems import System, version
from benchmarks.trees import Tree

PLAN: Final = Plan(rounds=5, chats=(256,), rates=(200,), seconds=6)
NOW, BEFORE, AGAIN = "now", "before", "before, again"
_FIGURES: Final = {
    "messages_per_second": "messages/s",
    "requests_per_second": "whole requests/s",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "cpu_bot_ms": "CPU ms a message, bot",
    "cpu_bot_request_ms": "CPU ms a whole request, bot",
    "cpu_postgres_ms": "CPU ms a message, PostgreSQL",
    "cpu_valkey_ms": "CPU ms a message, Valkey",
    "memory_bot_mb": "bot MB",
}


def systems(now: Tree, before: Tree) -> list[System]:
    """Return both versions, the older one twice, with the same share of photos.

    Raises:
        ValueError: only one of them sends photos.
    """
    share = max(now.script.photos, before.script.photos)
    ours, theirs = (
        tree.script.with_photos(share) if share else tree.script for tree in (now, before)
    )
    return [
        version(before, BEFORE, "before", theirs),
        version(now, NOW, "now", ours),
        version(before, AGAIN, "before, again", theirs),
    ]


async def measure(
    now: Tree, before: Tree, plan: Plan, api: BotApi, tell: Callable[[str], None]
) -> Results:
    """Measure the versions in alternating order, round by round."""
    versions = systems(now, before)
    found = await speed.measure(versions, plan, api, tell, versions=True)
    for one in versions:
        for load in _loads(plan):
            _add_whole_requests(found, one, load)
    return found


def _add_whole_requests(found: Results, one: System, load: str) -> None:
    """Add the figures of whole requests: forms of different versions have more or fewer lines."""
    lines = len(one.script.steps)
    rates = found.values(one.name, load, "messages_per_second")
    for rate, cpu in zip(rates, found.values(one.name, load, "cpu_bot_ms"), strict=True):
        whole = {"requests_per_second": rate / lines, "cpu_bot_request_ms": cpu * lines}
        found.add(one.name, load, whole)


def _loads(plan: Plan) -> list[str]:
    return [*map(speed.closed, plan.chats), *map(speed.fixed, plan.rates)]


def table(found: Results, plan: Plan) -> str:
    """Return the medians of both, their ratio, and the spread of the older one against itself."""
    rows: list[list[tables.Cell]] = []
    for load in _loads(plan):
        for name, title in _FIGURES.items():
            old = found.values(BEFORE, load, name)
            new, again = found.values(NOW, load, name), found.values(AGAIN, load, name)
            if not (old and new and again):
                continue
            itself = _ratios(again, old)
            both = [(one + other) / 2 for one, other in zip(old, again, strict=True)]
            rows.append(
                [
                    load,
                    title,
                    median([*old, *again]),
                    median(new),
                    f"{median(_ratios(new, both)):.2f}",
                    f"{min(itself):.2f}-{max(itself):.2f}",
                ]
            )
    head = ["load", "figure", "before", "now", "now / before", "before / itself"]
    return tables.table(head, rows)


def _ratios(these: Sequence[float], those: Sequence[float]) -> list[float]:
    """Return the ratio of each round; 1 when the divisor is zero."""
    pairs = zip(these, those, strict=True)
    return [one / other if other else 1.0 for one, other in pairs]
