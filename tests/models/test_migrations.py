"""Migrations lead up to the tables that the models declare, and down again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from models import migrations
from models.base import Base

ROOT = Path(__file__).parents[2]


def tables(url: str) -> set[str]:
    """The tables in a database, without alembic's own."""
    return set(inspect(create_engine(url, poolclass=NullPool)).get_table_names()) - {
        "alembic_version"
    }


def test_they_lead_to_what_the_models_declare_and_back(empty_database: str) -> None:
    migrations.upgrade(empty_database)
    migrations.check(empty_database)
    assert tables(empty_database) == set(Base.metadata.tables)
    migrations.downgrade(empty_database)
    assert tables(empty_database) == set()


def test_processes_that_start_at_once_migrate_one_after_another(empty_database: str) -> None:
    environment = os.environ | {"DATABASE_URL": empty_database}
    command = [sys.executable, "-m", "models.migrations", "upgrade"]
    starters = [subprocess.Popen(command, env=environment, cwd=ROOT) for _ in range(3)]
    assert [starter.wait(60) for starter in starters] == [0, 0, 0]
    migrations.check(empty_database)


def test_a_table_changed_without_a_migration_is_found(empty_database: str) -> None:
    migrations.upgrade(empty_database)
    with create_engine(empty_database, poolclass=NullPool).begin() as tx:
        tx.execute(text("ALTER TABLE people DROP COLUMN locale"))
    with pytest.raises(migrations.OutOfStep, match=r"(?s)locale.*make migration"):
        migrations.check(empty_database)
