"""The way to PostgreSQL: engines for the bot (async) and for workers and commands (sync)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.orm import Session

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
    """Make the engine of a worker, a page or a command."""
    return create_engine(driver_url(url), pool_size=pool_size, pool_pre_ping=True)


def connect_async(url: str, *, pool_size: int = 8) -> AsyncEngine:
    """Make the bot's engine."""
    return create_async_engine(driver_url(url), pool_size=pool_size, pool_pre_ping=True)


@contextmanager
def session(url: str) -> Iterator[Session]:
    """One transaction for a command: committed at the end of the block, undone by an error."""
    engine = connect(url)
    try:
        with Session(engine) as tx, tx.begin():
            yield tx
    finally:
        engine.dispose()


def notify(tx: Session, channel: str) -> None:
    """Wake those who wait on `channel` when this transaction commits; once is enough."""
    tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
