"""Access to PostgreSQL: threads for async callers, an engine for workers and commands."""

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

from models.infrastructure import deadlines as ticket_deadlines
from models.infrastructure import guards as referral_guards
from models.infrastructure.deadlines import Deadlines
from models.infrastructure.guards import Guards
from models.infrastructure.quiet import OFF, QuietHours
from models.infrastructure.wire import Execute, Pipeline

T = TypeVar("T")

CONNECT = 5  # seconds to connect to PostgreSQL; a thread waits no longer
ANSWER = 10.0  # seconds to wait for a result; the bot's statements take milliseconds each

#: The bot runs few statements very often: each is planned once per connection, and must use index
#: scans. Planning it for every message would cost more than running it; and a plan made while a
#: table is small would read all of it, until new statistics show that the table has grown.
_PLANNED_ONCE = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",  # it returns no order: a LIMIT would still read all rows
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
#: The statement that sets this on a connection.
PLANNING = "SELECT " + ", ".join(
    f"set_config('{name}', '{value}', false)" for name, value in _PLANNED_ONCE.items()
)

#: psycopg may drop all its prepared statements at once; `Pipeline` prepares its own.
_CONNECT = {"connect_timeout": CONNECT, "prepare_threshold": None}

#: Channels of NOTIFY, with their listeners.
INBOX = "izin_inbox"  # the bot's turns
OUTBOX = "izin_outbox"  # the bot's sender
TASKS = "izin_tasks"  # the dispatcher


#: Classes of SQLSTATE for faults of the server, the login or other transactions, not of the
#: statement: it may succeed later.
#: Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
_AWAY = frozenset(("08", "28", "3D", "40", "53", "55", "57", "58"))
READ_ONLY = "25006"  # read_only_sql_transaction: a standby, or a disk guard
_AWAY_STATES = frozenset((READ_ONLY, "25P03", "25P04"))  # 25P03, 25P04: transaction timeouts
_UNFIT = frozenset(("22", "54"))  # data_exception, program_limit_exceeded


def away(error: BaseException) -> bool:
    """Whether PostgreSQL is unreachable or unavailable, so that a retry may succeed."""
    cause, state = _cause(error)
    if state is None:
        return isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError)
    return state[:2] in _AWAY or state in _AWAY_STATES


def unfit(error: BaseException) -> bool:
    """Whether a value can never be stored: too long, too large, or not text."""
    cause, state = _cause(error)
    if state is None:
        return isinstance(cause, psycopg.DataError | UnicodeError)
    return state[:2] in _UNFIT


def _cause(error: BaseException) -> tuple[BaseException | None, str | None]:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return cause, cause.sqlstate if isinstance(cause, psycopg.Error) else None


def driver_url(url: str) -> str:
    """Return a plain `postgresql://` URL with psycopg 3 as driver, any other URL as it is."""
    scheme, separator, rest = url.partition("://")
    plain = scheme in {"postgres", "postgresql"}
    return f"postgresql+psycopg{separator}{rest}" if plain else url


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Create the engine of a worker or a command."""
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
    """Set an engine up for the bot: bounded waits, and `PLANNING` on every connection.

    `PLANNING` runs after connecting: as startup options it would replace those in the URL, and
    PgBouncer refuses such options.
    """
    event.listen(engine, "do_connect", _bounded)
    event.listen(engine, "connect", _plan)
    event.listen(engine, "handle_error", _leave_read_only)


class _Bounded(psycopg.Connection[Any]):
    """A connection that is closed when PostgreSQL does not answer, to free its thread."""

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, ANSWER if timeout is None else timeout)
        except psycopg.OperationalError as error:
            if error.sqlstate is None:  # no answer, or the connection is lost
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
    """Drop the connection: a session started while the database is read-only stays read-only."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def writable(tx: Session) -> None:
    """Check, without changing a row, that the tables exist and accept writes.

    Raises:
        sqlalchemy.exc.DBAPIError: they do not, or the database is unavailable.
    """
    tx.execute(text("SELECT 1 FROM people WHERE false FOR UPDATE"))


class Database:
    """The database for async callers: work runs in threads, with one connection each.

    psycopg's sync connections cost a fraction of its async ones, and waiting releases the GIL.
    """

    def __init__(
        self,
        url: str,
        *,
        threads: int = 6,
        quiet: QuietHours = OFF,
        deadlines: Deadlines = ticket_deadlines.USUAL,
        guards: Guards = referral_guards.USUAL,
    ) -> None:
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
        self._info = quiet.info | deadlines.info | guards.info
        self._threads = ThreadPoolExecutor(threads, "record")
        self._patience: float | None = None

    def within(self, seconds: float) -> Database:
        """Return a copy whose calls raise after this time, as if the database were unavailable.

        Work that has begun continues, so use it only for reads and idempotent writes.
        """
        bounded = copy(self)
        bounded._patience = seconds
        return bounded

    async def do(self, work: Callable[[Session], T]) -> T:
        """Run `work` in one transaction: committed when it returns, rolled back when it raises.

        Raises:
            sqlalchemy.exc.DBAPIError: the database is unavailable, or a statement failed.
        """

        def transaction() -> T:
            with Session(self._engine, expire_on_commit=False, info=self._info) as tx, tx.begin():
                return work(tx)

        return await self._run(transaction)

    async def ask(self, work: Callable[[Session], T]) -> T:
        """Run `work` in autocommit mode: each statement is a transaction, without BEGIN, COMMIT."""

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
        """Shut down the threads and close the connections."""
        await asyncio.to_thread(self._threads.shutdown)
        self._engine.dispose()


@contextmanager
def session(url: str, *, quiet: QuietHours = OFF) -> Iterator[Session]:
    """Open one transaction for a command: committed at the block's end, rolled back on an error."""
    engine = connect(url)
    try:
        with Session(engine, info=quiet.info) as tx, tx.begin():
            yield tx
    finally:
        engine.dispose()


@contextmanager
def pipeline(tx: Session, *, commit: bool = False) -> Iterator[Execute]:
    """Send several statements in one round trip; each sees the effects of those before it.

    With `commit` the transaction is committed in the same round trip. Flushes the session first.

    Raises:
        sqlalchemy.exc.DBAPIError: a statement failed; those after it were not run.
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
    """Return the error as SQLAlchemy would raise it; invalidate a broken connection likewise."""
    if wire.closed or error.sqlstate == READ_ONLY:
        connection.invalidate(error)
    return _wrapped(error)


def _wrapped(error: psycopg.Error) -> DBAPIError:
    given = DBAPIError.instance(None, None, error, psycopg.Error, hide_parameters=True)
    return cast("DBAPIError", given)


def packed(rows: Any) -> str:
    """Return rows as one JSON parameter, bytes as base64.

    PostgreSQL parses it faster than psycopg builds arrays.
    """
    return msgspec.json.encode(rows).decode()


def notify(tx: Session, channel: str) -> None:
    """Wake the listeners of `channel` when this transaction commits; repeated calls send one."""
    tx.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})
