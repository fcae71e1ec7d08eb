"""The figures as Markdown tables that are also readable in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from benchmarks.results import ALONE, Results
from benchmarks.systems import System

Cell = str | float | None


def table(head: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Return a Markdown table with aligned columns; numbers to the right, None as a dash."""
    words = [list(head), *([_cell(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip_longest(*words, fillvalue="")]
    right = [all(not isinstance(row[i], str) for row in rows) for i in range(len(head))]
    lines = [
        " | ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        )
        for line in words
    ]
    rule = " | ".join(
        "-" * (width - 1) + (":" if number else "-")
        for width, number in zip(widths, right, strict=True)
    )
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


def _cell(cell: Cell) -> str:
    match cell:
        case None:
            return "-"
        case str():
            return cell
        case float() | int():
            whole = cell >= 100 or cell == int(cell)
            return f"{cell:,.0f}" if whole else f"{cell:.2f}" if cell < 10 else f"{cell:.1f}"


def speed(results: Results, systems: Sequence[System], loops: Sequence[str]) -> str:
    """Return the rates and waiting times in the closed loops."""
    peers = [
        found[1]
        for system in systems
        if system.peer and (found := results.most(system.name, loops, "messages_per_second"))
    ]
    rows: list[list[Cell]] = []
    for system in systems:
        for load in loops:
            a_second = results.median(system.name, load, "messages_per_second")
            if a_second is None:
                continue
            values = results.values(system.name, load, "messages_per_second")
            rows.append(
                [
                    system.title,
                    load,
                    a_second,
                    f"{min(values):,.0f}-{max(values):,.0f}",
                    a_second / max(peers) if peers else None,
                    *(results.median(system.name, load, f"p{p}_ms") for p in (50, 95, 99)),
                    "yes" if system.durable else "no: 200 first",
                ]
            )
    head = ["closed loop", "in flight", "messages/s", "range", "x best peer", "p50 ms", "p95 ms"]
    return table([*head, "p99 ms", "durable"], rows)


def cost(results: Results, systems: Sequence[System], loops: Sequence[str]) -> str:
    """Return the cost of a message at saturation, and the faults of all loads."""
    rows: list[list[Cell]] = []
    for system in systems:
        best = results.most(system.name, loops, "messages_per_second")
        if best is None:
            continue
        everything = list(results.figures[system.name])
        cpu = [
            results.median(system.name, best[0], f"cpu_{name}_ms")
            for name in ("bot", "postgres", "valkey", "instruments")
        ]
        memory = results.median(system.name, best[0], "memory_bot_mb")
        faults = [
            results.total(system.name, name, everything)
            for name in ("lost", "wrong", "doubled", "out_of_order")
        ]
        rows.append([system.title, *cpu, memory, *faults])
    head = ["CPU ms a message", "bot", "PostgreSQL", "Valkey", "instruments", "bot MB"]
    return table([*head, "lost", "wrong", "doubled", "out of order"], rows)


def waits(results: Results, systems: Sequence[System], rates: Sequence[str]) -> str:
    """Return the times from delivery to the answer's arrival at the Bot API, at fixed rates."""
    rows = [
        [
            system.title,
            rate,
            results.median(system.name, rate, "messages_per_second"),
            *(results.median(system.name, rate, f"p{p}_ms") for p in (50, 95, 99)),
            results.median(system.name, rate, "cpu_bot_ms"),
        ]
        for rate in rates
        for system in systems
    ]
    head = ["fixed rate", "delivered", "answered/s", "p50 ms", "p95 ms", "p99 ms", "CPU ms, bot"]
    return table(head, rows)


def harm(results: Results, systems: Sequence[System], faults: Sequence[str]) -> str:
    """Return the harm done by each fault."""
    names = ("harmed", "unanswered", "wrong", "doubled", "longest_wait_s")
    rows = [
        [fault, system.title, *(results.median(system.name, fault, name) for name in names)]
        for fault in faults
        for system in systems
        if fault in results.figures.get(system.name, {})
    ]
    head = ["fault", "system", "owners harmed", "unanswered", "wrong answer", "answers doubled"]
    return table([*head, "longest wait s"], rows)


def growth(results: Results, system: str, sizes: Sequence[str]) -> str:
    """Return a bot process's memory and speed by the number of open conversations."""
    names = ("memory_bot_mb", "messages_per_second", "cpu_bot_ms", "p95_ms")
    rows = [[size, *(results.median(system, size, name) for name in names)] for size in sizes]
    return table(["open", "bot MB", "messages/s", "CPU ms, bot", "p95 ms"], rows)


def costs(results: Results) -> str:
    """Return the costs of small operations."""
    rows = [
        [name, results.median(ALONE, name, unit), unit]
        for name, units in results.figures.get(ALONE, {}).items()
        for unit in units
    ]
    return table(["by itself", "", "unit"], rows)
