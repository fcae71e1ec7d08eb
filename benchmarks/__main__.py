"""Run benchmarks, print tables, and write figures and drawings."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import uvloop

from benchmarks import (
    against,
    bot_api,
    drawings,
    faults,
    floods,
    memory,
    micro,
    results,
    speed,
    tables,
    trees,
)
from benchmarks.bot_api import BotApi
from benchmarks.processes import DidNotStart
from benchmarks.results import Results
from benchmarks.speed import Plan
from benchmarks.systems import PEERS, System, product
from demo.sample_photo import draw

QUICK: Final = Plan(rounds=2, chats=(64,), rates=(30, 200), seconds=3)
FULL: Final = Plan(rounds=3, chats=(64, 256), rates=(10, 30, 200, 1000), seconds=8)
OUT: Final = Path("data") / "benchmarks"  # never committed


@dataclass(slots=True)
class Report:
    """The results so far, as text, figures and drawings."""

    folder: Path
    parts: dict[str, Results] = field(default_factory=dict)
    pages: list[str] = field(default_factory=list)

    def add(self, name: str, found: Results, *texts: str) -> None:
        """Add a part, print its tables, and write all files."""
        self.parts[name] = found
        self.pages += texts
        for text in texts:
            print(f"\n{text}", flush=True)
        results.write(self.folder, self.parts)
        (self.folder / "tables.md").write_text("\n\n".join(self.pages) + "\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the arguments and measure."""
    given = _parser().parse_args(arguments)
    try:
        uvloop.run(_measure(given))
    except DidNotStart as error:
        print(error, file=sys.stderr)
        return 1
    print(f"\nFigures and drawings: {given.out}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="speed alone, under 2 minutes")
    length.add_argument("--full", action="store_true", help="everything, under 20 minutes")
    parser.add_argument("--faults", action="store_true", help="kill systems, deliver twice")
    parser.add_argument("--floods", action="store_true", help="waiting times while others flood")
    parser.add_argument("--memory", action="store_true", help="with 2,000 to 100,000 conversations")
    parser.add_argument("--micro", action="store_true", help="small operations, one by one")
    parser.add_argument("--only", nargs="+", choices=("product", "ptb", "aiogram"))
    parser.add_argument("--processes", type=int, default=1, help="bots on one database")
    parser.add_argument("--chats", type=int, nargs="*", help="in flight, in the closed loop")
    parser.add_argument("--rates", type=float, nargs="*", help="messages a second, fixed")
    parser.add_argument("--seconds", type=float, help="of each measurement")
    parser.add_argument("--rounds", type=int, help="of measurement, with all systems in each")
    parser.add_argument("--against", metavar="REV", help="compare with the version of a commit")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for figures and drawings")
    return parser


async def _measure(given: argparse.Namespace) -> None:
    report = Report(given.out)
    chosen = given.faults or given.floods or given.memory or given.micro or given.against
    print(f"{os.cpu_count()} cores, shared by the load, the Bot API and what is measured")
    async with bot_api.serving(draw("Warung", 1)) as api:
        if given.full or not chosen:
            await _speed(given, api, report)
        if given.against:
            await _against(given, api, report)
        if given.full or given.faults:
            await _faults(given, api, report)
        if given.full or given.floods:
            found = await floods.measure(api, _tell)
            report.add("floods", found, floods.table(found))
        if given.full or given.memory:
            await _memory(api, report)
    if given.full or given.micro:
        found = micro.measure(_tell)
        report.add("micro", found, tables.costs(found))


async def _speed(given: argparse.Namespace, api: BotApi, report: Report) -> None:
    plan = _plan(given, FULL if given.full else QUICK)
    systems = _systems(given)
    used = {chats for system in systems for chats in speed.in_flight(plan, system)}
    loops = [speed.closed(chats) for chats in sorted(used)]
    rates = [speed.fixed(rate) for rate in plan.rates]
    found = await speed.measure(systems, plan, api, _tell)
    report.add(
        "speed",
        found,
        tables.speed(found, systems, loops),
        tables.cost(found, systems, loops),
        tables.waits(found, systems, rates),
    )
    drawings.speed(found, systems, loops, report.folder / "speed.svg")
    drawings.cost(found, systems, loops, report.folder / "cost.svg")
    drawings.waits(found, systems, rates, report.folder / "waits.svg")


async def _against(given: argparse.Namespace, api: BotApi, report: Report) -> None:
    plan = _plan(given, against.PLAN)
    now, before = trees.here(), trees.at(given.against, given.out / "trees")
    found = await against.measure(now, before, plan, api, _tell)
    report.add("against", found, against.table(found, plan))


async def _faults(given: argparse.Namespace, api: BotApi, report: Report) -> None:
    systems = [system for system in _systems(given) if system.name != f"product-{given.processes}"]
    found = await faults.measure(systems, api, _tell)
    report.add("faults", found, tables.harm(found, systems, (faults.KILLED, faults.TWICE)))


async def _memory(api: BotApi, report: Report) -> None:
    found = await memory.measure(api, _tell)
    sizes = [(number, memory.size(number)) for number in memory.SIZES]
    name = product().name
    report.add("memory", found, tables.growth(found, name, [title for _, title in sizes]))
    drawings.growth(found, name, sizes, report.folder / "memory.svg")


def _plan(given: argparse.Namespace, plan: Plan) -> Plan:
    """Return the plan, with the given arguments replaced."""
    return Plan(
        rounds=given.rounds or plan.rounds,
        chats=plan.chats if given.chats is None else given.chats,
        rates=plan.rates if given.rates is None else given.rates,
        seconds=given.seconds or plan.seconds,
    )


def _systems(given: argparse.Namespace) -> list[System]:
    ours = [product()]
    if given.processes > 1:
        ours.append(product(given.processes))
    wanted = given.only or ("product", "ptb", "aiogram")
    peers = [peer for peer in PEERS if peer.name in wanted]
    return [*(ours if "product" in wanted else ()), *peers]


def _tell(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
