"""Results: the figures of every round, stored as JSON and reported as medians."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Final

ALONE: Final = "alone"  # instead of a system, for figures of small operations
_LIBRARIES: Final = ("aiogram", "aiohttp", "psycopg", "python-telegram-bot", "uvicorn")


@dataclass(slots=True)
class Results:
    """Figures of each round, by system, load and name."""

    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)

    def add(self, system: str, load: str, figures: Mapping[str, float]) -> None:
        """Add the figures of one round."""
        of = self.figures.setdefault(system, {}).setdefault(load, {})
        for name, value in figures.items():
            of.setdefault(name, []).append(round(value, 3))

    def values(self, system: str, load: str, name: str) -> list[float]:
        """Return a figure of each round; empty if it was not measured."""
        return self.figures.get(system, {}).get(load, {}).get(name, [])

    def median(self, system: str, load: str, name: str) -> float | None:
        """Return the median of the rounds; None if it was not measured."""
        values = self.values(system, load, name)
        return median(values) if values else None

    def total(self, system: str, name: str, loads: Sequence[str]) -> float:
        """Return the sum over some loads and all rounds."""
        return sum(sum(self.values(system, load, name)) for load in loads)

    def most(self, system: str, loads: Sequence[str], name: str) -> tuple[str, float] | None:
        """Return the load with the largest median, and that median."""
        found = [(load, self.median(system, load, name)) for load in loads]
        known = [(load, value) for load, value in found if value is not None]
        return max(known, key=lambda one: one[1]) if known else None


def write(folder: Path, parts: Mapping[str, Results]) -> None:
    """Write all figures to `figures.json` in a folder."""
    kept = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            **{name: version(name) for name in _LIBRARIES},
        },
        "figures": {name: results.figures for name, results in parts.items() if results.figures},
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "figures.json").write_text(json.dumps(kept, indent=1) + "\n")
