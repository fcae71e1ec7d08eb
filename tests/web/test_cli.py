"""The command line: what each command takes into its process."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("numpy", "typst", "workers.jobs")


def test_only_a_worker_loads_the_heavy_libraries() -> None:
    """`izin serve` is there many times over, and `izin dispatch` should fit anywhere."""
    code = f"import sys, web.cli, workers.dispatcher; print(*set({HEAVY!r}) & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
