"""Run pytest at another time: `python -m tests.at "2026-12-31 23:55" tests/workers` (WIB).

A small library, built from `clock.c`, shifts the wall clock of pytest and of all that it starts:
the product's processes and the servers. Time goes on from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from demo.embedded import CLOCK
from models.infrastructure.wib import WIB

ROOT = Path(__file__).parents[1]
SOURCE = Path(__file__).with_name("clock.c")


def bare_environment(own: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The least that a process of the product is started with: it lives at the time of the tests.

    Every test that gives a process an environment of its own begins with this one.
    """
    clock = {name: own[name] for name in CLOCK if name in own}
    return {"PATH": own.get("PATH", os.defpath), "PYTHONPATH": str(ROOT), **clock}


def clock_at(moment: datetime, library: Path) -> dict[str, str]:
    """The variables that let a process start at `moment`."""
    seconds = round((moment - datetime.now(UTC)).total_seconds())
    return {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(seconds)}


def _build(folder: Path) -> Path:
    """Build the library where every user can read it: under root the servers run as another."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        raise SystemExit(
            "AT=… needs Linux and a C compiler.\n"
            "Debian, Ubuntu: apt install gcc libc6-dev   Fedora: dnf install gcc"
        )
    library = folder / "clock.so"
    flags = ("-O2", "-Wall", "-Werror", "-shared", "-fPIC")
    subprocess.run([compiler, *flags, "-o", str(library), str(SOURCE), "-ldl"], check=True)
    folder.chmod(0o755)
    return library


def _moment(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=WIB)
    except ValueError:
        raise SystemExit(
            f'AT={text!r} is no time in WIB. Example: make test AT="2026-12-31 23:55"'
        ) from None


def main(at: str, *arguments: str) -> int:
    """Run pytest at that time, and give its exit code."""
    moment = _moment(at)
    with tempfile.TemporaryDirectory(prefix="izin-clock-", dir="/var/tmp") as folder:
        environment = os.environ | clock_at(moment, _build(Path(folder)))
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
