"""The pages in front of a real record, and a bot behind them that only notes what it hears."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from models.infrastructure import encryption
from models.infrastructure.database import Database
from models.infrastructure.key_ring import KeyRing
from tests.web.site import Site, build, served


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing({"k1": b"0" * 32}, b"1" * 32))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def no_redis() -> AsyncIterator[Redis]:
    """A Redis that is away: nobody listens there."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    client = Redis(port=port, retry=Retry(NoBackoff(), 0))
    yield client
    await client.aclose()


@pytest.fixture
def site(db: Database, redis: Redis, tmp_path: Path) -> Site:
    return build(db, redis, tmp_path)


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a network: requests go straight to the pages."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site.app), base_url="http://izin.test"
    ) as client:
        yield client


@pytest.fixture
async def address(site: Site) -> AsyncIterator[str]:
    """The pages on a real socket: event streams and browsers need one."""
    async with served(site.app) as url:
        yield url
