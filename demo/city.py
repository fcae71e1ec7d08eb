"""The demo's city: its own servers and processes, one officer and one supervisor."""

from __future__ import annotations

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.error import URLError

from sqlalchemy import select

from casework import badges, portraits
from casework.act import by_office
from demo import embedded, sample_portrait
from demo.embedded import CannotStart
from models import migrations, officer, portrait
from models.dossier import Dossier
from models.infrastructure import database, encryption
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.storage import Storage
from models.officer import Officer
from web import lender

OFFICER, BADGE = "Rahmat Hidayat", "0417"
START = 60.0  # seconds until a process is ready, on a slow machine
STOP = 10.0  # seconds until a process that does not end is killed

#: Ends a process when the watcher's standard input closes: when the demo ends, even by SIGKILL.
_WATCHER = 'read -r process && read -r _; kill -TERM "$process" 2>/dev/null'


@dataclass(frozen=True, slots=True)
class City:
    """A running demo: its page's URL, its file store, and the invitations of its two staff.

    `badge` is the path in the QR code of the officer's badge, `slip` gives the one on the receipt
    slip of the newest letter to a lender.
    """

    url: str
    files: Path
    officer_invitation: str
    supervisor_invitation: str
    badge: str
    slip: Callable[[], str]


@contextmanager
def city(data: Path, *, host: str, port: int, fresh: bool) -> Iterator[City]:
    """Run the whole product for a demo during the block; all its processes end with the block.

    Raises:
        CannotStart: a part does not start; the message names it and its log file.
    """
    data = data.resolve()
    data.mkdir(parents=True, exist_ok=True)
    port = port if port and _is_free(host, port) else _free_port(host)
    url = f"http://{_reachable(host)}:{port}"
    given = {name: os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL")}
    with ExitStack() as stack:
        servers = stack.enter_context(
            embedded.servers(
                data,
                fresh=fresh,
                database_url=given["DATABASE_URL"],
                redis_url=given["REDIS_URL"],
            )
        )
        environment = {
            **os.environ,
            **_keys(data / "keys"),
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "STORAGE_URL": f"file://{data / 'files'}",
            "PUBLIC_URL": url,
            "QUIET_HOURS": "off",  # the story can be played at any hour
            "HOST": host,
            "PORT": str(port),
        }
        migrations.upgrade(servers.database_url)
        invitations = _invite(environment, Storage(environment["STORAGE_URL"]))
        page, *_ = [
            stack.enter_context(_process(command, environment, data / f"{command[-1]}.log"))
            for command in (["demo.serve"], ["cli.main", "worker"], ["cli.main", "dispatch"])
        ]
        _wait_until_ready(page, f"http://127.0.0.1:{port}/readyz", data / "demo.serve.log")
        yield City(url, data / "files", *invitations, partial(_slip, servers.database_url))


def _keys(file: Path) -> Mapping[str, str]:
    """Return the demo's keys, created once and stored beside its data."""
    if not file.exists():
        made = [b64encode(secrets.token_bytes(32)).decode() for _ in range(2)]
        file.touch(mode=0o600)
        file.write_text("\n".join(made))
    keys, index_key = file.read_text().split()
    return {"ENCRYPTION_KEYS": f"demo:{keys}", "INDEX_KEY": index_key}


def _invite(environment: Mapping[str, str], files: Storage) -> tuple[str, str, str]:
    encryption.use(KeyRing.parse(environment["ENCRYPTION_KEYS"], environment["INDEX_KEY"]))
    with database.session(environment["DATABASE_URL"]) as tx:
        invitations = (
            officer.invite(
                tx,
                role="officer",
                name=OFFICER,
                badge=BADGE,
                areas=["31.71", "31.73", "31.74"],
                capacity=10,
            ),
            officer.invite(tx, role="supervisor", name="Dewi Lestari", badge="0003", areas=["31"]),
        )
        row = tx.scalars(select(Officer).where(Officer.badge == BADGE)).one()
        if portrait.shown_for(tx, row.id) is None:
            made = portraits.put(by_office(tx, "demo", "demo:portrait"), row)
            files.write(portrait.path_of(made), sample_portrait.draw(OFFICER, BADGE))
        return *invitations, f"{badges.PATH}/{badges.token(row.id, row.card)}"


def _slip(database_url: str) -> str:
    with database.session(database_url) as tx:
        newest = tx.scalars(select(Dossier).order_by(Dossier.case_id.desc()).limit(1)).one()
        return f"{lender.PATH}/{newest.desk_code}"


@contextmanager
def _process(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of the product's own processes; it ends with the block, or with this process."""
    with (
        log.open("wb") as output,
        subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _WATCHER],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as watcher,
    ):
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            start_new_session=True,  # Ctrl-C reaches only us; we stop processes in order
        )
        if watcher.stdin is not None:
            watcher.stdin.write(f"{process.pid}\n".encode())
            watcher.stdin.flush()
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(page: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and page.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own loopback address
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise CannotStart(f"The page does not start. The end of {log}:\n{log.read_text()[-1500:]}")


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _reachable(host: str) -> str:
    """Return the host that a phone in the same network can use to reach this machine."""
    if host != "0.0.0.0":  # noqa: S104  compared, not bound
        return host
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; selects the outgoing interface
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])
