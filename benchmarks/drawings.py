"""Draws the figures as SVG; equal figures give equal bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from benchmarks.results import Results
from benchmarks.systems import System

_OURS, _THEIRS = "#0b6e4f", "#9aa5ad"
_INK, _QUIET = "#22292e", "#69747c"
_PARTS: Final = (("bot", "#0b6e4f"), ("postgres", "#5b8fb0"), ("valkey", "#d5a253"))
_PARTS_TITLES: Final = {"bot": "bot", "postgres": "PostgreSQL", "valkey": "Valkey"}
_PERCENTILES: Final = (50, 95, 99)
_STYLE: Final[Any] = {  # matplotlib's stubs type each key separately
    "svg.hashsalt": "izin",  # otherwise ids are random
    "svg.fonttype": "none",  # keep text as text
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.edgecolor": _QUIET,
    "axes.labelcolor": _QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": _QUIET,
    "ytick.color": _INK,
}


def speed(results: Results, systems: Sequence[System], loops: Sequence[str], file: Path) -> None:
    """Draw each system's highest messages per second over all loads: median and range."""
    best = [
        (one, found[0])
        for one in systems
        if (found := results.most(one.name, loops, "messages_per_second"))
    ]
    if not best:
        return
    with _sheet(file, 0.9 + 0.55 * len(best)) as axes:
        for place, (system, load) in enumerate(reversed(best)):
            values = results.values(system.name, load, "messages_per_second")
            middle = median(values)
            axes.barh(place, middle, 0.6, color=_colour(system))
            axes.plot([min(values), max(values)], [place, place], color=_INK, linewidth=1)
            axes.annotate(
                f"{middle:,.0f}   {'durable' if system.durable else 'not durable: 200 first'}",
                (max(values), place),
                (6, 0),
                textcoords="offset points",
                va="center",
            )
        _name_rows(axes, [system for system, _ in reversed(best)])
        axes.margins(x=0.5)
        axes.set_xlim(left=0)
        axes.set_title("Messages a second at saturation (median, range)", loc="left")


def waits(results: Results, systems: Sequence[System], rates: Sequence[str], file: Path) -> None:
    """Draw the time from delivery to answer at fixed rates: p50, p95 and p99 as marks on a line."""
    if not rates:
        return
    rows = [
        (-number - block, rate, system)
        for block, rate in enumerate(rates)
        for number, system in enumerate(systems, block * len(systems))
    ]
    with _sheet(file, 1.2 + 0.34 * (len(rows) + len(rates))) as axes:
        for place, rate, system in rows:
            found = [results.median(system.name, rate, f"p{p}_ms") for p in _PERCENTILES]
            marks = [one for one in found if one is not None]
            if marks:
                axes.plot(marks, [place] * len(marks), color=_colour(system), linewidth=2)
                axes.scatter(marks, [place] * len(marks), (18, 34, 18), color=_colour(system))
                axes.annotate(
                    f"{marks[1]:,.0f}",
                    (marks[1], place),
                    (0, 6),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                )
        axes.set_yticks(
            [place for place, _, _ in rows], [f"{system.short}, {rate}" for _, rate, system in rows]
        )
        axes.tick_params(axis="y", length=0)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(10, (1, 2, 5)))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_ylim(rows[-1][0] - 0.6, 0.8)
        axes.grid(axis="x", color="#e4e8ea", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel("ms; no line: more than the system can do")
        axes.set_title("Delivery to answer: p50, p95 (in figures), p99", loc="left")


def cost(results: Results, systems: Sequence[System], loops: Sequence[str], file: Path) -> None:
    """Draw the CPU per message at saturation, by process."""
    best = [
        (one, found[0])
        for one in systems
        if (found := results.most(one.name, loops, "messages_per_second"))
    ]
    if not best:
        return
    with _sheet(file, 1.2 + 0.55 * len(best)) as axes:
        for place, (system, load) in enumerate(reversed(best)):
            left = 0.0
            for part, colour in _PARTS:
                spent = results.median(system.name, load, f"cpu_{part}_ms") or 0.0
                axes.barh(place, spent, 0.6, left, color=colour)
                left += spent
            axes.annotate(
                f"{left:.2f}", (left, place), (6, 0), textcoords="offset points", va="center"
            )
        for part, colour in _PARTS:
            axes.barh(0, 0, color=colour, label=_PARTS_TITLES[part])
        _name_rows(axes, [system for system, _ in reversed(best)])
        axes.margins(x=0.15)
        axes.legend(frameon=False, ncols=3, loc="upper left", bbox_to_anchor=(0, -0.02))
        axes.set_title("CPU of one message, ms", loc="left")


def growth(results: Results, system: str, sizes: Sequence[tuple[int, str]], file: Path) -> None:
    """Draw a bot process's memory by the number of open conversations."""
    known = [
        (number, held)
        for number, name in sizes
        if (held := results.median(system, name, "memory_bot_mb")) is not None
    ]
    if not known:
        return
    with _sheet(file, 3.0) as axes:
        axes.plot(*zip(*known, strict=True), color=_OURS, linewidth=2, marker="o")
        for number, held in known:
            axes.annotate(
                f"{held:.0f} MB", (number, held), (0, 8), textcoords="offset points", ha="center"
            )
        axes.set_xscale("log")
        axes.set_xticks([number for number, _ in known], [f"{number:,}" for number, _ in known])
        axes.set_xticks([], minor=True)
        axes.set_ylim(0, 1.3 * max(held for _, held in known))
        axes.margins(x=0.12)
        axes.set_xlabel("open conversations")
        axes.set_title("Memory of a bot process", loc="left")


@contextmanager
def _sheet(file: Path, height: float) -> Iterator[Axes]:
    """Yield an empty drawing, `height` inches high; write it to the file at the end."""
    with mpl.rc_context():
        mpl.rcParams.update(_STYLE)
        figure = Figure(figsize=(8, height), layout="constrained")
        yield figure.add_subplot()
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _name_rows(axes: Axes, systems: Sequence[System]) -> None:
    axes.set_yticks(range(len(systems)), [system.short for system in systems])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])


def _colour(system: System) -> str:
    return _THEIRS if system.peer else _OURS
