"""Migrations lead up to the tables that the models declare, and down again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from models import migrations, officer
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


@pytest.mark.processes
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


def test_badges_that_are_read_as_one_do_not_stop_the_migration(
    empty_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    migrations.upgrade(empty_database, "fce8ac283789")
    badges = ["0417", "417", "JP-12", "jp 12", "JP012", "5", "0005"]
    with create_engine(empty_database, poolclass=NullPool).begin() as tx:
        for number, badge in enumerate(badges):
            tx.execute(
                text(
                    "INSERT INTO officers (role, name, badge, capacity, active, invited_at)"
                    " VALUES ('officer', 'Petugas', :badge, 3, :active, now())"
                ),
                {"badge": badge, "active": number < 6},
            )
    migrations.upgrade(empty_database)
    migrations.check(empty_database)
    assert "izin doctor" in caplog.text
    with Session(create_engine(empty_database, poolclass=NullPool)) as tx:
        shared = [row.badge for row in officer.sharing_badges(tx)]
        assert shared == ["0417", "417", "JP-12", "jp 12", "JP012"]
        assert [officer.by_badge(tx, badge).badge for badge in shared] == shared  # type: ignore[union-attr]


@pytest.mark.parametrize("stranger", ["fce8ac283780", "1" * 12, "not_yet_known"])
def test_a_newer_database_is_left_alone_with_a_sentence(empty_database: str, stranger: str) -> None:
    migrations.upgrade(empty_database)
    with create_engine(empty_database, poolclass=NullPool).begin() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = :v"), {"v": stranger})
    for act in (migrations.upgrade, migrations.downgrade):
        with pytest.raises(migrations.OutOfStep, match=rf"{stranger}(?s:.*)newer one"):
            act(empty_database)
