"""The way to PostgreSQL: threads for async callers, an engine for workers and commands."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import copy
from typing import Any, TypeVar, cast

import msgspec
import psycopg
from psycopg.abc import PQGen
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from models.infrastructure.quiet import OFF, QuietHours
from models.infrastructure.wire import Execute, Pipeline

T = TypeVar("T")

CONNECT = 5  # seconds to reach PostgreSQL; a thread waits no longer
ANSWER = 10.0  # seconds for an answer to a bot's statements, each of which takes milliseconds

#: Few statements, asked very often: each is planned once for a connection, for rows that an index
#: finds one by one. To plan it anew for every message would cost more than to run it; and a plan
#: made while a table is small would read the whole of it, until statistics say that it has grown.
_PLANNED_ONCE = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",  # it gives no order: whoever takes the first few would read all
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
#: The statement that says so to a connection.
PLANNING = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', false)" for name, value in _PLANNED_ONCE.items()
)

#: psycopg forgets all prepared statements at once at times; `Pipeline` prepares for itself.
_CONNECT = {"connect_timeout": CONNECT, "prepare_threshold": None}

#: The channels of NOTIFY: who waits for them is named behind each.
INBOX = "izin_inbox"  # the bot's turns
OUTBOX = "izin_outbox"  # the bot's sender
TASKS = "izin_tasks"  # the dispatcher


#: Classes of SQLSTATE that tell of a server, a login or other transactions, not of a statement:
#: the same statement may succeed later.
#: Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = frozenset(("08", "28", "3D", "40", "53", "55", "57", "58"))
READ_ONLY = "25006"  # read_only_sql_transaction: a standby, or a disk guard
_AWAY_STATES = frozenset((READ_ONLY, "25P03", "25P04"))  # and timeouts of whole transactions
_UNFIT = frozenset(("22", "54"))  # data_exception, program_limit_exceeded


def away(error: BaseException) -> bool:
    """Whether PostgreSQL can't be reached or can't work now, so that the same may succeed later."""
    cause, state = _cause(error)
    if state is None:
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return state[:2] in _AWAY or state in _AWAY_STATES


def unfit(error: BaseException) -> bool:
    """Whether a value can't be kept, whenever it is tried: too long, too large, or no text."""
    cause, state = _cause(error)
    if state is None:
        return isinstance(cause, psycopg.DataError | UnicodeError)
    return state[:2] in _UNFIT


def _cause(error: BaseException) -> tuple[BaseException | None, str | None]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause, cause.sqlstate if isinstance(cause, psycopg.Error) else None


def driver_url(url: str) -> str:
    """Name psycopg 3 in a plain `postgresql://` URL; leave any other as it is."""
    scheme, separator, rest = url.partition("://")
    plain = scheme in {"postgres", "postgresql"}
    return f"postgresql+psycopg{separator}{rest}" if plain else url


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Make the engine of a worker or a command."""
    engine = create_engine(
        driver_url(url),
        pool_size=pool_size,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args=_CONNECT,
    )
    event.listen(engine, "handle_error", _leave_read_only)
    return engine


def serve(engine: Engine) -> None:
    """Let an engine connect as the bot does.

    The planner is told after connecting: as options of the connection's start they would take the
    place of those in the address, and PgBouncer refuses them.
    """
    event.listen(engine, "do_connect", _bounded)
    event.listen(engine, "connect", _plan)
    event.listen(engine, "handle_error", _leave_read_only)


class _Bounded(psycopg.Connection[Any]):
    """A connection that is closed when PostgreSQL does not answer: its thread is needed."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, ANSWER if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # no answer, or no connection any more
                self.close()
            raise


def _bounded(
    dialect: Dialect, db: ConnectionPoolEntry, given: Any, named: Any
) -> psycopg.Connection[Any]:
    return _Bounded.connect(*given, **named)


def _plan(wire: Any, db: ConnectionPoolEntry) -> None:
    connection = cast("psycopg.Connection[Any]", wire)
    connection.execute(PLANNING.encode())
    connection.commit()


def _leave_read_only(context: ExceptionContext) -> None:
    """A session that began while the database took no writes keeps to that: make a new one."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def writable(tx: Session) -> None:
    """Try, without changing a row, whether the tables are there and take writes.

    Raises:
        sqlalchemy.exc.DBAPIError: not now.
    """
    tx.execute(text("SELECT 1 FROM people WHERE false FOR UPDATE"))


class Database:
    """The database for async callers: work runs in threads, each piece on a connection of its own.

    psycopg's sync connections cost a fraction of its async ones, and the waits release the GIL.
    """

    def __init__(self, url: str, *, threads: int = 6, quiet: QuietHours = OFF) -> None:
        self.url = driver_url(url)
        self._engine = create_engine(
            self.url,
            pool_size=threads,
            max_overflow=0,
            hide_parameters=True,  # an error never prints values
            connect_args=_CONNECT,
        )
        serve(self._engine)
        self._autocommit = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        self._info = quiet.info
        self._threads = ThreadPoolExecutor(threads, "record")
        self._patience: float | None = None

    def within(self, seconds: float) -> Database:
        """The same for callers who wait no longer: then the database counts as away.

        Work that has begun goes on, so this is for what only reads or may be done twice.
        """
        hurried = copy(self)
        hurried._patience = seconds
        return hurried

    async def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction: committed when it returns, undone when it raises.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is away, or said no.
        """

        def transaction() -> T:
            with Session(self._engine, expire_on_commit=False, info=self._info) as tx, tx.begin():
                return work(tx)

        return await self._run(transaction)

    async def ask(self, work: Callable[[Session], T]) -> T:
        """Run `work`, each of whose statements is a transaction of its own: no BEGIN, no COMMIT."""

        def statements() -> T:
            with Session(self._autocommit, info=self._info) as tx:
                return work(tx)

        return await self._run(statements)

    async def _run(self, work: Callable[[], T]) -> T:
        running = asyncio.get_running_loop().run_in_executor(self._threads, work)
        if self._patience is None:
            return await running
        try:
            async with asyncio.timeout(self._patience):
                return await running
        except TimeoutError as error:
            late = psycopg.OperationalError(f"no answer within {self._patience:g} seconds")
            raise _wrapped(late) from error

    async def close(self) -> None:
        """Give back threads and connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


@contextmanager
def session(url: str, *, quiet: QuietHours = OFF) -> Iterator[Session]:
    """One transaction for a command: committed at the end of the block, undone by an error."""
    engine = connect(url)
    try:
        with Session(engine, info=quiet.info) as tx, tx.begin():
            yield tx
    finally:
        engine.dispose()


@contextmanager
def pipeline(tx: Session, *, commit: bool = False) -> Iterator[Execute]:
    """Send several statements in one round trip; each sees what those before it did.

    With `commit` the transaction ends on the same trip. Changes of the session's own objects are
    written first.

    Raises:
        sqlalchemy.exc.DBAPIError: a statement failed, and so did all after it.
    """
    tx.flush()
    connection = tx.connection()
    wire = cast("psycopg.Connection[Any]", connection.connection.driver_connection)
    planned = Pipeline(wire, connection.info.setdefault("prepared", set()))
    try:
        yield planned
    except BaseException:
        planned.drop()
        raise
    if commit:
        planned.commit()
    try:
        planned.end()
    except psycopg.Error as error:
        raise _translated(error, connection, wire) from error


def _translated(
    error: psycopg.Error, connection: Connection, wire: psycopg.Connection[Any]
) -> DBAPIError:
    """The error as SQLAlchemy would raise it; a broken connection leaves the pool, as it does."""
    if wire.closed or error.sqlstate == READ_ONLY:
        connection.invalidate(error)
    return _wrapped(error)


def _wrapped(error: psycopg.Error) -> DBAPIError:
    given = DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)
    return cast("DBAPIError", given)


def packed(rows: Any) -> str:
    """Rows as one JSON parameter, bytes as base64.

    PostgreSQL unpacks them faster than arrays are put together.
    """
    return msgspec.json.encode(rows).decode()


def notify(tx: Session, channel: str) -> None:
    """Wake those who wait on `channel` when this transaction commits; once is enough."""
    tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
