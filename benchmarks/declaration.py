"""What another version's benchmark must know of this tree: printed as JSON.

`python -m benchmarks.declaration`: the lines that an owner says, and what this tree's Python is
given to serve and to migrate. Keep it true when commands or forms change.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.script import SCRIPT


def declared() -> dict[str, Any]:
    """The declaration, as JSON knows it."""
    return {
        "script": [[step.kind, step.value] for step in SCRIPT],
        "serve": ["-m", "cli.main", "serve"],
        "migrate": ["-m", "models.migrations", "upgrade"],
    }


if __name__ == "__main__":
    print(json.dumps(declared()))
