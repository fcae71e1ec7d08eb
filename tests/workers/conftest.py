"""A worker's process within the test's: its settings, its file store, its context."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.settings import Secret
from models.infrastructure.storage import Storage
from workers import jobs
from workers.context import Context
from workers.settings import Settings

PUBLIC_URL = "https://izin.example.go.id"


@pytest.fixture(autouse=True)
def ring() -> KeyRing:
    """Keys of the database."""
    keys = KeyRing({"k1": bytes(range(32))}, bytes(32))
    encryption.use(keys)
    return keys


@pytest.fixture
def settings(database: str, redis_url: str, ring: KeyRing, tmp_path: Path) -> Settings:
    """What a worker process reads from its environment."""
    return Settings(
        database_url=Secret(database),
        redis_url=Secret(redis_url),
        storage_url=tmp_path.joinpath("files").as_uri(),
        public_url=PUBLIC_URL,
        encryption_keys=Secret(ring.keys),
        index_key=Secret(ring.index_key),
        log_level="WARNING",
        quiet_hours="OFF",
        referrals_a_day=5,
        referrals_a_month=20,
        referrals_of_helpers_a_day=50,
        referrals_looked_at_from=4,
        referral_metres=75,
        referral_quiet_days=180,
        forms_at_one_place=3,
        form_metres=20,
        form_minutes=3,
        forms_an_hour=5,
        call_back_one_in=10,
        permit_office=None,
        permit_signer=None,
        messages_kept_days=90,
        audit_kept_days=2190,
    )


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    """An empty file store."""
    return Storage(tmp_path.joinpath("files").as_uri())


@pytest.fixture
def city(engine: Engine, storage: Storage) -> Engine:
    """An empty database; the jobs of this process work on it."""
    jobs.use(Context(engine, storage, PUBLIC_URL))
    return engine


@pytest.fixture
def tx(city: Engine) -> Iterator[Session]:
    """A session that the test commits."""
    with Session(city) as session:
        yield session
