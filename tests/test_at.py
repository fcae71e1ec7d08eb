"""The suite can be run at another time, and every process that it starts lives at that time."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from demo.embedded import Servers
from tests import at
from tests.clock import now

ROOT = Path(__file__).parents[1]


def test_the_servers_live_at_the_time_of_the_tests(servers: Servers) -> None:
    with psycopg.connect(servers.database_url.replace("+psycopg", "")) as wire:
        (theirs,) = wire.execute("SELECT clock_timestamp()").fetchone() or (None,)
    assert theirs is not None and abs(theirs - now()) < timedelta(seconds=30)


@pytest.mark.processes
def test_a_process_with_a_bare_environment_lives_at_the_time_of_the_tests() -> None:
    asked = "import time; time.sleep(0.01); print(time.time())"
    bare = at.bare_environment()
    said = subprocess.check_output([sys.executable, "-c", asked], env=bare, text=True)
    assert abs(datetime.fromtimestamp(float(said), UTC) - now()) < timedelta(seconds=30)


def test_a_time_is_carried_as_a_shift_of_the_clock() -> None:
    there = at.clock_at(datetime.now(UTC) + timedelta(days=2), Path("/lib/clock.so"))
    assert abs(int(there["CLOCK_SHIFT"]) - timedelta(days=2).total_seconds()) < 5
    assert at.bare_environment({**there, "HOME": "/"}).keys() == {"PATH", "PYTHONPATH", *there}
    assert at.bare_environment({}).keys() == {"PATH", "PYTHONPATH"}


@pytest.mark.processes
@pytest.mark.parametrize("wrong", ["", "tomorrow", "2026-02-30 10:00", "2026-12-31"])
def test_what_is_no_time_is_refused_with_an_example(wrong: str) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "tests.at", wrong, "--version"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1 and 'make test AT="2026-12-31 23:55"' in said.stderr
