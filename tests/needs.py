"""What a test needs besides Python, as markers that are true without anybody remembering them.

A test is marked by the fixtures that it uses, directly or through others. A test that gets at a
server, a process or a browser in another way is marked by hand: the guard fails it until it is.
`make quick` leaves all marked tests out.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from psycopg import generators

#: Fixtures, wherever they are defined, by what they start or connect to.
FIXTURES: Final = {
    "servers": {"servers", "_stages", "backup", "api", "telegram", "twilio", "no_redis", "browser"},
    "processes": {"_stages", "stage", "product", "written", "backup", "browser"},
    "browser": {"browser"},
}

#: What Python says it is about to do, by the need that this is a sign of.
EVENTS: Final = {
    "socket.connect": "servers",
    "subprocess.Popen": "processes",
    "os.fork": "processes",
    "os.forkpty": "processes",
    "os.posix_spawn": "processes",
    "os.system": "processes",
}


class Unmarked(AssertionError):
    """A test needs what no marker of it says."""


@dataclass(slots=True)
class Guard:
    """Watches one test at a time, for needs that it has not declared."""

    allowed: set[str] = field(default_factory=set)
    watching: bool = False
    seen: list[str] = field(default_factory=list)

    def met(self, need: str, sign: str) -> None:
        """Refuse a need that is not declared, and keep it: the caller may swallow the refusal."""
        if not self.watching or need in self.allowed:
            return
        self.seen.append(f"{sign} without @pytest.mark.{need}")
        raise Unmarked(self.seen[-1])

    def forgive(self) -> list[str]:
        """Give what was refused so far, and let the test pass nevertheless."""
        seen, self.seen = self.seen, []
        return seen

    @contextmanager
    def watch(self, declared: set[str]) -> Iterator[None]:
        """Fail what runs in the block for any need but those declared."""
        self.allowed, self.watching, self.seen = declared, True, []
        try:
            yield
        finally:
            self.watching = False
        if self.seen:
            raise Unmarked("; ".join(dict.fromkeys(self.seen)))

    @contextmanager
    def allow(self, need: str) -> Iterator[None]:
        """Let a fixture that many tests share do what its users need not declare."""
        before = self.allowed
        self.allowed = before | {need}
        try:
            yield
        finally:
            self.allowed = before

    def install(self) -> None:
        """Hear of what this Python connects to and starts, from now on.

        Threads are not heard: one of an earlier test may still run.
        """

        def heard(event: str, _: tuple[object, ...]) -> None:
            if event in EVENTS and threading.current_thread() is threading.main_thread():
                self.met(EVENTS[event], event)

        def connect(*given: Any, **named: Any) -> Any:
            self.met("servers", "psycopg.connect")  # libpq connects beyond Python's sight
            return original(*given, **named)

        original = generators.connect
        generators.connect = connect
        sys.addaudithook(heard)


guard: Final = Guard()


def needs(item: pytest.Item) -> set[str]:
    """What this test has declared, by its fixtures or by hand."""
    return {mark.name for mark in item.iter_markers()} & FIXTURES.keys()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Mark every test by its fixtures, before tests are selected by their markers."""
    for item in items:
        used = set(getattr(item, "fixturenames", ()))
        for need, fixtures in FIXTURES.items():
            if used & fixtures:
                item.add_marker(need)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    with guard.watch(needs(item)):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    with guard.watch(needs(item)):
        return (yield)
