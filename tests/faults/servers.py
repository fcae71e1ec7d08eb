"""PostgreSQL and Valkey to be stopped, killed, robbed of their data and started again.

The product reaches each over a wire, so that its address stays the same.
"""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg
from redis import Redis
from sqlalchemy import make_url

from demo import embedded
from models import migrations
from tests.faults.statements import Statements
from tests.wire import Wire

HERE = "127.0.0.1"
ELSEWHERE = "elsewhere"  # said of the server that is not to be started
PASSWORD = "the-same-every-time"


class Postgres:
    """A PostgreSQL that keeps what it promised: unlike that of other tests it waits for the disk.

    Raises:
        demo.embedded.CannotStart: it does not come up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = ExitStack()
        self.wire = Wire(HERE, 0, Statements)
        self.url = ""  # over the wire
        self.direct = ""  # past the wire

    def __enter__(self) -> Postgres:
        self.wire.__enter__()
        self.start()
        migrations.upgrade(self.direct)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run.close()
        self.wire.__exit__(kind, error, trace)
        embedded.discard(self._folder)

    def start(self) -> None:
        """Start it on the data that is there."""
        running = self._run.enter_context(embedded.servers(self._folder, redis_url=ELSEWHERE))
        self.direct = running.database_url
        there = make_url(self.direct)
        self.wire.lead_to(HERE, there.port or 0)
        self.url = there.set(port=self.wire.port).render_as_string(hide_password=False)

    def stop(self, *, at_once: bool) -> None:
        """End it: "fast", which is in order, or "immediate", which is as good as a crash."""
        _signal(self._folder / "servers" / "postgres", signal.SIGQUIT if at_once else signal.SIGINT)
        self._run.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask it, past the wire; each query is a transaction of its own."""
        address = self.direct.replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute(query.encode(), values)
            return found.fetchall() if found.description else []


class Valkey:
    """A Valkey that remembers nothing from one start to the next.

    Raises:
        demo.embedded.CannotStart: it does not come up.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._run = ExitStack()
        self.wire = Wire(HERE, 0)
        self._direct = ""

    def __enter__(self) -> Valkey:
        self.wire.__enter__()
        self.url = f"redis://:{PASSWORD}@{HERE}:{self.wire.port}/0"
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._run.close()
        self.wire.__exit__(kind, error, trace)
        embedded.discard(self._folder)

    def start(self) -> None:
        """Start it, empty."""
        running = self._run.enter_context(
            embedded.servers(self._folder, fresh=True, database_url=ELSEWHERE)
        )
        there = make_url(running.redis_url)
        with Redis.from_url(running.redis_url) as redis:
            redis.config_set("requirepass", PASSWORD)
        self._direct = f"redis://:{PASSWORD}@{HERE}:{there.port}/0"
        self.wire.lead_to(HERE, there.port or 0)

    def kill(self) -> None:
        """End it without a word; `start` deletes what it kept."""
        _signal(self._folder / "servers" / "valkey", signal.SIGKILL)
        self._run.close()

    def waiting(self, queue: str) -> int:
        """How many wake-ups lie in a queue."""
        with Redis.from_url(self._direct) as redis:
            return int(redis.llen(f"rq:queue:{queue}"))


def _signal(folder: Path, which: signal.Signals) -> None:
    os.kill(int((folder / "pid").read_text()), which)
