"""Sessions with PostgreSQL: as its address says, through poolers, not for ever as they began."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from models import person
from models.infrastructure import database as models_database
from models.infrastructure.database import Database, away, connect, pipeline, writable
from tests.wire import Bytes, Passage, Wire

THREADS = 3
TELL = "SELECT current_setting(:name)"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    db = Database(url, threads=THREADS)
    yield db
    await db.close()


async def shown(db: Database, name: str) -> str:
    """A setting, as a statement on its own and in a transaction see it."""
    query = text(TELL).bindparams(name=name)
    values = {
        str(await db.ask(lambda tx: tx.execute(query).scalar_one())),
        str(await db.do(lambda tx: tx.execute(query).scalar_one())),
    }
    [value] = values
    return value


# What the address says


@pytest.mark.parametrize(
    ("options", "name", "value"),
    [
        ("-csearch_path=izin_own", "search_path", "izin_own"),
        ("-c search_path=izin_own,public", "search_path", "izin_own,public"),
        ("-c statement_timeout=12345", "statement_timeout", "12345ms"),
        ("-c work_mem=8MB -c lock_timeout=7s", "lock_timeout", "7s"),
        ("-c work_mem=8MB -c lock_timeout=7s", "work_mem", "8MB"),
        ("-c default_transaction_isolation=serializable", "transaction_isolation", "serializable"),
        ("-c TimeZone=Asia/Jakarta", "TimeZone", "Asia/Jakarta"),
        ("-c application_name=izin", "application_name", "izin"),
        ("-c plan_cache_mode=auto", "plan_cache_mode", "force_generic_plan"),
        ("--enable_seqscan=on", "enable_seqscan", "off"),
    ],
)
async def test_options_of_the_address_and_ours_go_together(
    database: str, options: str, name: str, value: str
) -> None:
    sign = "&" if "?" in database else "?"
    async with opened(f"{database}{sign}options={quote(options)}") as db:
        assert await shown(db, name) == value
        assert await shown(db, "plan_cache_mode") == "force_generic_plan"
        assert await shown(db, "enable_hashjoin") == "off"


class Pooler(Bytes):
    """As PgBouncer does: who begins with options is refused."""

    def asked(self, data: bytes) -> Iterable[Passage]:
        if b"\0options\0" in data:
            raise OSError("unsupported startup parameter: options")
        return super().asked(data)


async def test_a_pooler_that_takes_no_options_will_do(database: str) -> None:
    there = make_url(database)
    with Wire(there.host or "", there.port or 0, Pooler) as wire:
        url = there.set(port=wire.port).render_as_string(hide_password=False)
        async with opened(url) as db:
            await db.ask(writable)
            assert await shown(db, "plan_cache_mode") == "force_generic_plan"
            assert await shown(db, "jit") == "off"


# A database that takes no writes for a while


@pytest.fixture
def read_only(database: str) -> Iterator[Callable[[bool], None]]:
    """Let new sessions write nothing, or again."""
    engine = create_engine(database, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()

        def turn(on: bool) -> None:
            act = "SET default_transaction_read_only = on" if on else "RESET ALL"
            connection.execute(text(f"ALTER DATABASE {name} {act}"))

        yield turn
        turn(False)


def _meet(tx: Session) -> None:
    person.meet(tx, "chat", [("1", "id")])


def _trip(tx: Session) -> None:
    with pipeline(tx) as execute:
        execute("UPDATE people SET locale = 'id'", {})


def _trip_at_the_end(tx: Session) -> None:
    with pipeline(tx, commit=True) as execute:
        execute("DELETE FROM people", {})


def _statement(tx: Session) -> None:
    tx.execute(text("UPDATE people SET locale = 'id'"))


def _object(tx: Session) -> None:
    tx.add(person.Person())
    tx.flush()


@pytest.mark.parametrize(
    "write",
    [_meet, _trip, _trip_at_the_end, _statement, _object, writable],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("way", ["do", "ask"])
async def test_sessions_that_could_not_write_are_left_for_new_ones(
    database: str, read_only: Callable[[bool], None], write: Callable[[Session], None], way: str
) -> None:
    read_only(True)
    async with opened(database) as db:
        act = db.do if way == "do" else db.ask

        async def writes() -> bool:
            try:
                await act(write)
            except DBAPIError as error:
                assert away(error)
                return False
            return True

        sleep = "SELECT pg_sleep(0.05)"
        await asyncio.gather(*(act(lambda tx: tx.execute(text(sleep))) for _ in range(THREADS)))
        assert not any([await writes() for _ in range(4)])
        read_only(False)
        tried = [await writes() for _ in range(4 * THREADS)]
        assert all(tried[THREADS:]), tried


def test_a_workers_sessions_too(database: str, read_only: Callable[[bool], None]) -> None:
    read_only(True)
    engine = connect(database)
    for _ in range(2):
        with pytest.raises(DBAPIError), Session(engine) as tx:
            _statement(tx)
    read_only(False)
    tried = []
    for _ in range(3):
        try:
            with Session(engine) as tx:
                _statement(tx)
        except DBAPIError:
            tried.append(False)
        else:
            tried.append(True)
    assert all(tried[1:])
    engine.dispose()


async def test_ready_means_that_it_takes_writes(
    database: str, read_only: Callable[[bool], None], engine: Engine
) -> None:
    async with opened(database) as db:
        await db.ask(writable)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM people")).scalar_one() == 0
    read_only(True)
    async with opened(database) as db:
        with pytest.raises(DBAPIError):
            await db.ask(writable)


# A database that does not answer


@pytest.mark.parametrize("write", [_meet, _trip, _trip_at_the_end, _statement, _object, writable])
async def test_a_thread_does_not_wait_for_ever_for_an_answer(
    database: str, monkeypatch: pytest.MonkeyPatch, write: Callable[[Session], None]
) -> None:
    monkeypatch.setattr(models_database, "ANSWER", 0.3)
    there = make_url(database)
    with Wire(there.host or "", there.port or 0) as wire:
        url = there.set(port=wire.port).render_as_string(hide_password=False)
        async with opened(url) as db:
            await db.do(write)
            with wire.hold(lambda passage: passage.answer):
                for caught in await asyncio.gather(
                    *(db.do(write) for _ in range(THREADS)), return_exceptions=True
                ):
                    assert isinstance(caught, DBAPIError)
                    assert away(caught)
            await db.do(write)


async def test_a_visitor_waits_a_while_and_takes_no_thread_with_them(database: str) -> None:
    there = make_url(database)
    with Wire(there.host or "", there.port or 0) as wire:
        url = there.set(port=wire.port).render_as_string(hide_password=False)
        async with opened(url) as db:
            visitors = db.within(0.2)
            await visitors.ask(writable)
            with wire.hold(lambda passage: passage.answer) as hold:
                asked = [visitors.ask(writable) for _ in range(THREADS)]
                asked += [visitors.do(_meet) for _ in range(4 * THREADS)]
                for caught in await asyncio.gather(*asked, return_exceptions=True):
                    assert isinstance(caught, DBAPIError)
                    assert away(caught)
                hold.release()
            await db.do(writable)
            query = text("SELECT count(*) FROM people")
            left = await db.ask(lambda tx: tx.execute(query).scalar_one())
            assert left == 0, "what had not begun is not done"
