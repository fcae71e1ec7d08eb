"""The servers of the demo and the tests: they start again on their data and never stay behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from demo.embedded import CannotStart, Servers, discard, servers

pytestmark = [pytest.mark.servers, pytest.mark.processes]

# Starts servers, tells who they are, and waits to be killed.
STARTER = """
import json, signal, sys, threading
from pathlib import Path
from demo.embedded import servers

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
with servers(Path(sys.argv[1]), fast=True) as running:
    pids = [int(file.read_text()) for file in Path(sys.argv[1]).resolve().glob("servers/*/pid")]
    print(json.dumps([running.database_url, running.redis_url, pids]), flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        pass
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder for servers, and nothing of them left elsewhere afterwards."""
    yield tmp_path
    discard(tmp_path)


def rows(running: Servers, statement: str) -> list[tuple[object, ...]]:
    """Run a statement; its rows, if it has any."""
    address = running.database_url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def alive(pids: list[int]) -> list[int]:
    """Which of these processes are there."""
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def gone(pids: list[int]) -> bool:
    """Whether these processes end within some seconds."""
    deadline = time.monotonic() + 20
    while alive(pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pids)


@contextmanager
def starter(data: Path) -> Iterator[tuple[subprocess.Popen[str], Servers, list[int]]]:
    """Start servers from a process of their own; yield it, them, and their process ids."""
    command = [sys.executable, "-c", STARTER, str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        database_url, redis_url, pids = json.loads(process.stdout.readline())
        assert len(alive(pids)) == 2
        try:
            yield process, Servers(database_url, redis_url), pids
        finally:
            process.kill()


def test_data_outlives_a_run_until_a_fresh_one_is_asked_for(data: Path) -> None:
    with servers(data) as running:
        rows(running, "create table kept (id int)")
        with Redis.from_url(running.redis_url) as redis:
            redis.set("kept", 1)
            assert redis.config_get("appendonly")["appendonly"] == "yes"
        assert rows(running, "show fsync") == [("on",)]
        assert rows(running, "show server_encoding") == [("UTF8",)]
    with servers(data) as running:
        assert rows(running, "select count(*) from kept") == [(0,)]
        with Redis.from_url(running.redis_url) as redis:
            assert redis.get("kept") == b"1"
    with servers(data, fresh=True) as running:
        assert rows(running, "select to_regclass('kept')") == [(None,)]
        with Redis.from_url(running.redis_url) as redis:
            assert redis.dbsize() == 0


def test_nobody_gets_in_without_the_password(servers: Servers) -> None:
    if os.environ.get("DATABASE_URL") or os.environ.get("REDIS_URL"):
        pytest.skip("the servers are not ours")
    with pytest.raises(psycopg.OperationalError, match="password"):
        rows(Servers(_spoilt(servers.database_url), ""), "select 1")
    with (
        Redis.from_url(_spoilt(servers.redis_url)) as redis,
        pytest.raises(AuthenticationError),
    ):
        redis.ping()
    assert servers.database_url not in repr(servers)


def _spoilt(address: str) -> str:
    return address.replace("@", "x@")


@pytest.mark.parametrize("death", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_starter(data: Path, death: signal.Signals) -> None:
    with starter(data) as (process, _, pids):
        process.send_signal(death)
        process.wait(60)
        assert gone(pids)


def test_a_start_right_after_a_kill_finds_the_data(data: Path) -> None:
    with starter(data) as (process, running, _):
        rows(running, "create table kept (id int)")
        process.kill()
        process.wait(60)
    with servers(data, fast=True) as running:
        assert rows(running, "select count(*) from kept") == [(0,)]


def test_servers_that_lost_both_starter_and_watcher_are_stopped_first(data: Path) -> None:
    with starter(data) as (process, running, pids):
        rows(running, "create table kept (id int)")
        for watcher in _children(process.pid) - set(pids):
            os.kill(watcher, signal.SIGKILL)
        process.kill()
        process.wait(60)
    assert len(alive(pids)) == 2
    with servers(data, fast=True) as running:
        assert gone(pids)
        assert rows(running, "select count(*) from kept") == [(0,)]


def _children(pid: int) -> set[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child) for child in listed.split()}


def test_a_process_that_has_only_the_number_of_a_dead_server_is_left_alone(data: Path) -> None:
    with servers(data, fast=True):
        pass
    with subprocess.Popen(["/bin/sh", "-c", "read -r _"], stdin=subprocess.PIPE) as bystander:
        db = data / "servers" / "postgres" / "data" / "postmaster.pid"
        db.write_text(f"{bystander.pid}\n")
        with servers(data, fast=True) as running:
            assert rows(running, "select 1") == [(1,)]
        assert bystander.poll() is None


def test_a_folder_serves_one_process_at_a_time(data: Path) -> None:
    with (
        servers(data, fast=True),
        pytest.raises(CannotStart, match="Another process"),
        servers(data, fast=True),
    ):
        pytest.fail("two processes on one folder")


def test_a_server_that_cannot_start_shows_the_end_of_its_log(data: Path) -> None:
    with servers(data, fast=True):
        pass
    (data / "servers" / "postgres" / "data" / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(CannotStart, match=r"(?s)incompatible.*delete"), servers(data):
        pytest.fail("it started on data of another version")


def test_given_addresses_are_used_as_they_are(tmp_path: Path) -> None:
    data = tmp_path / "unused"
    with servers(data, database_url="postgresql://db/izin", redis_url="redis://r/1") as running:
        assert running == Servers("postgresql://db/izin", "redis://r/1")
    assert not data.exists()
