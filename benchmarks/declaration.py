"""Prints this tree's script and commands as JSON, for the benchmark of another version.

`python -m benchmarks.declaration`: the owner's lines, and Python's arguments to serve and to
migrate. Update it when commands or forms change.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.script import SCRIPT


def declared() -> dict[str, Any]:
    """Return the declaration as JSON values."""
    return {
        "script": [[step.kind, step.value] for step in SCRIPT],
        "serve": ["-m", "cli.main", "serve"],
        "migrate": ["-m", "models.migrations", "upgrade"],
    }


if __name__ == "__main__":
    print(json.dumps(declared()))
