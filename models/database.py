"""The way to PostgreSQL: threads for async callers, an engine for workers and commands."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

T = TypeVar("T")

CONNECT = 5  # seconds to reach PostgreSQL; a thread waits no longer

#: The channels of NOTIFY: who waits for them is named behind each.
INBOX = "izin_inbox"  # the bot's turns
OUTBOX = "izin_outbox"  # the bot's sender
TASKS = "izin_tasks"  # the dispatcher


def driver_url(url: str) -> str:
    """Name psycopg 3 in a plain `postgresql://` URL; leave any other as it is."""
    scheme, separator, rest = url.partition("://")
    plain = scheme in {"postgres", "postgresql"}
    return f"postgresql+psycopg{separator}{rest}" if plain else url


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Make the engine of a worker or a command."""
    return create_engine(
        driver_url(url), pool_size=pool_size, pool_pre_ping=True, hide_parameters=True
    )


class Record:
    """The record for async callers: work runs in threads, each piece on a connection of its own.

    psycopg's sync connections cost a fraction of its async ones, and the waits release the GIL.
    """

    def __init__(self, url: str, *, threads: int = 6) -> None:
        self.url = driver_url(url)
        self._engine = create_engine(
            self.url,
            pool_size=threads,
            max_overflow=0,
            hide_parameters=True,  # an error never prints values
            connect_args={"connect_timeout": CONNECT},
        )
        self._threads = ThreadPoolExecutor(threads, "record")

    async def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction: committed when it returns, undone when it raises.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away, or said no.
        """

        def transaction() -> T:
            with Session(self._engine, expire_on_commit=False) as tx, tx.begin():
                return work(tx)

        return await asyncio.get_running_loop().run_in_executor(self._threads, transaction)

    async def ask(self, work: Callable[[Session], T]) -> T:
        """Run `work`, each of whose statements is a transaction of its own: no BEGIN, no COMMIT."""
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT")

        def statements() -> T:
            with Session(engine) as tx:
                return work(tx)

        return await asyncio.get_running_loop().run_in_executor(self._threads, statements)

    async def close(self) -> None:
        """Give back threads and connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


@contextmanager
def session(url: str) -> Iterator[Session]:
    """One transaction for a command: committed at the end of the block, undone by an error."""
    engine = connect(url)
    try:
        with Session(engine) as tx, tx.begin():
            yield tx
    finally:
        engine.dispose()


def origin() -> str:
    """Which process says something with NOTIFY: one that said it itself need not listen."""
    return f"{socket.gethostname()}:{os.getpid()}"


def notify(tx: Session, channel: str) -> None:
    """Wake those who wait on `channel` when this transaction commits; once is enough."""
    tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
