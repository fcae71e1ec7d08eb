"""What all tests share: real PostgreSQL and Valkey, emptied for each test, and no way out of here.

Every process of pytest (one, or one for each `-n`) starts servers of its own. DATABASE_URL and
REDIS_URL put others in their place: then a database of its own is made in the one, and the other
must be empty.
"""

import gc
import os
import secrets
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from demo.embedded import Servers, discard
from demo.embedded import servers as running_servers
from models import migrations
from models.base import Base
from models.infrastructure import database as models_database
from models.infrastructure.database import Database
from tests.needs import guard
from tests.needs import pytest_collection_modifyitems as pytest_collection_modifyitems
from tests.needs import pytest_runtest_call as pytest_runtest_call
from tests.needs import pytest_runtest_setup as pytest_runtest_setup

GIVEN = ("DATABASE_URL", "REDIS_URL")

hypothesis.settings.register_profile(
    "izin",
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # machines are shared
)
hypothesis.settings.register_profile(
    "quick", hypothesis.settings.get_profile("izin"), max_examples=5
)
hypothesis.settings.load_profile("izin")


def pytest_configure() -> None:
    """Keep this process on this machine: whatever else it connects to is an error."""
    allowed = {urlsplit(os.environ.get(name, "")).hostname for name in GIVEN}
    addresses = {info[4][0] for host in allowed if host for info in socket.getaddrinfo(host, 0)}
    hosts = {"localhost", "", None, *allowed, *addresses}

    def stay(event: str, arguments: tuple[object, ...]) -> None:
        match event, arguments:
            case "socket.connect" | "socket.sendto", (_, (host, *_)):
                pass
            case "socket.getaddrinfo", (host, *_):
                pass
            case _:
                return
        if host not in hosts and not _loopback(host):
            raise AssertionError(f"a test tried to reach {host}: tests stay on this machine")

    sys.addaudithook(stay)
    guard.install()


def pytest_collection_finish() -> None:
    """Leave what collection made out of later garbage collections: it stays to the end."""
    gc.collect()
    gc.freeze()


def _loopback(host: object) -> bool:
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of this process, with nothing in them."""
    database_url, redis_url = (os.environ.get(name) for name in GIVEN)
    data: Path = tmp_path_factory.mktemp("servers")
    try:
        with ExitStack() as stack:
            with guard.allow("processes"):
                addresses = stack.enter_context(
                    running_servers(data, fast=True, database_url=database_url, redis_url=redis_url)
                )
            if redis_url:
                _refuse_unless_empty(redis_url)
            yield addresses
    finally:
        discard(data)


def _refuse_unless_empty(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        if redis.dbsize():
            pytest.exit(
                "REDIS_URL names a database with keys in it, and the tests would delete them. "
                f"Name another one, for example {redis_url.rsplit('/', 1)[0]}/9",
                returncode=1,
            )


@contextmanager
def _new_database(servers: Servers) -> Iterator[str]:
    server = make_url(models_database.driver_url(servers.database_url))
    own = server.set(database=f"izin_test_{secrets.token_hex(4)}")
    administration = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with administration.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {own.database}"))
        try:
            yield own.render_as_string(hide_password=False)
        finally:
            connection.execute(text(f"DROP DATABASE {own.database} WITH (FORCE)"))


@pytest.fixture
def empty_database(servers: Servers) -> Iterator[str]:
    """The address of a database of its own, without a table in it."""
    with _new_database(servers) as url:
        yield url


@pytest.fixture(scope="session")
def database_url(servers: Servers) -> Iterator[str]:
    """A database of this process with all tables; its rows are whatever the last test left."""
    with _new_database(servers) as url:
        migrations.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def _pool(database_url: str) -> Iterator[Engine]:
    engine = models_database.connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def engine(_pool: Engine) -> Engine:
    """The way to a migrated database without a row in it."""
    tables = ", ".join(Base.metadata.tables)
    with _pool.begin() as tx:
        tx.execute(
            text("SET LOCAL lock_timeout = '10s'")
        )  # an earlier test left a transaction open
        if tables:
            tx.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
    return _pool


@pytest.fixture
def database(engine: Engine) -> str:
    """The address of a migrated database without a row in it."""
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
async def db(database: str) -> AsyncIterator[Database]:
    """Async callers' way to the same empty database."""
    db = Database(database)
    yield db
    await db.close()


@pytest.fixture
def redis_url(servers: Servers) -> str:
    """The address of a Redis database without a key in it."""
    with Redis.from_url(servers.redis_url) as redis:
        redis.flushdb()
    return servers.redis_url
