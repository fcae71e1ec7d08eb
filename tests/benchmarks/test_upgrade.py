"""The benchmark of the upgrade fills the earlier tables, and runs the migrations on them."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from benchmarks.growth import upgrade
from benchmarks.growth.product import use_keys
from models import migrations
from models.infrastructure import encryption


def test_a_filled_database_is_upgraded(
    empty_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    use_keys()
    upgrade.measure(empty_database, 2_000)
    migrations.check(empty_database)
    assert "3a9f6c21d8e4: " in capsys.readouterr().out
    with create_engine(empty_database, poolclass=NullPool).connect() as connection:
        done = connection.execute(
            text("SELECT count(*) FROM cases JOIN documents ON case_id = cases.id AND stage <> ''")
        )
        assert done.scalar_one() > 500
        sites = connection.scalars(
            text("SELECT site FROM visits WHERE state NOT IN ('done', 'failed', 'cancelled')")
        ).all()
        assert len(sites) > 50
        for site in sites:
            place = encryption.unseal_json(bytes(site), "visits.site")
            assert place["area_code"] and place["address"]
