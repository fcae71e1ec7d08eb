"""Tests are marked by what they need, and fail where a need is not declared."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from demo.embedded import Servers
from tests.needs import Unmarked, guard, needs

NOWHERE = ("127.0.0.1", 9)


def test_a_test_without_a_marker_reaches_no_server_and_no_database() -> None:
    with socket.socket() as one, pytest.raises(Unmarked, match="servers"):
        one.connect(NOWHERE)
    with pytest.raises(Unmarked, match="servers"):
        psycopg.connect("host=127.0.0.1 port=9")
    assert len(guard.forgive()) == 2


def test_a_test_without_a_marker_starts_no_process(tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    with pytest.raises(Unmarked, match="processes"):
        subprocess.run([sys.executable, "-c", f"open({str(sign)!r}, 'w')"], check=False)
    assert guard.forgive() and not sign.exists()


def test_a_refusal_that_is_swallowed_fails_the_test_nevertheless() -> None:
    before = guard.allowed, guard.watching, guard.seen
    swallowed = suppress(Unmarked)
    with pytest.raises(Unmarked, match="a sign without"), guard.watch(set()), swallowed:
        guard.met("servers", "a sign")
    guard.allowed, guard.watching, guard.seen = before


def test_a_fixture_marks_the_tests_that_use_it(
    request: pytest.FixtureRequest, servers: Servers
) -> None:
    assert needs(request.node) == {"servers"}
