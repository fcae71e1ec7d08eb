"""The product as its users run it: real processes, started with an environment and stopped."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from urllib.error import URLError

from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from models.person import encrypted
from tests.at import bare_environment
from tests.providers.bot_api import FakeBotApi
from tests.providers.twilio_api import FakeTwilio

ROOT = Path(__file__).parents[1]
PATIENCE = 40.0  # seconds until a process must be ready
STOP = 20.0  # seconds until it must have ended
KEY = b64encode(bytes(range(32))).decode()
SECRET = "a-secret-of-telegram"


class Product:
    """Processes of `izin` on one database, one Redis, one Bot API and perhaps a Twilio.

    A process is named by its command; `serve:2` is a second one beside it, with a port of its own.
    `program` is the folder of the rooms that they run.
    """

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        folder: Path,
        telegram: FakeBotApi,
        twilio: FakeTwilio | None = None,
        *,
        program: Path = ROOT,
    ) -> None:
        self.folder, self.program = folder, program
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **bare_environment(),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "STORAGE_URL": f"file://{folder / 'files'}",
            "PUBLIC_URL": self.url,
            "QUIET_HOURS": "off",
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_BOT_USERNAME": "izin_bot",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_API_URL": telegram.url,
        }
        if twilio is not None:
            self.environment |= {
                "TWILIO_ACCOUNT_SID": twilio.account.sid,
                "TWILIO_AUTH_TOKEN": twilio.account.token,
                "TWILIO_WHATSAPP_FROM": twilio.account.sender,
                "TWILIO_API_URL": twilio.url,
            }
            twilio.deliver_to(f"{self.url}/webhooks/whatsapp")
        self._stack = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._urls = {"serve": self.url}

    def __enter__(self) -> Product:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def start(
        self, *names: str, run: Sequence[str] = ("-m", "cli.main"), wait: bool = True
    ) -> None:
        """Start `serve`, `worker`, `dispatch` or `poll`, and wait until the pages are ready.

        `run` is what Python is given to run the command with.
        """
        for name in names:
            command = [sys.executable, *run, name.partition(":")[0]]
            environment = {**self.environment, "PORT": self.url_of(name).rpartition(":")[2]}
            log = self.folder / f"{name}.log"
            process = running(command, environment, log, cwd=self.program)
            self._running[name] = self._stack.enter_context(process)
        for name in names:
            if wait and name.startswith("serve"):
                self._wait_until_ready(name)

    def url_of(self, name: str) -> str:
        """Where a `serve` is reached; it stays the same when it is started again."""
        return self._urls.setdefault(name, f"http://127.0.0.1:{free_port()}")

    def running(self) -> list[str]:
        """The processes that were started and have not been stopped."""
        return list(self._running)

    def runs(self, name: str) -> bool:
        """Whether a process was started and has not ended."""
        return name in self._running and self._running[name].poll() is None

    def pid(self, name: str) -> int:
        """The number of a process."""
        return self._running[name].pid

    def memory(self, name: str) -> float:
        """Megabytes that a process holds; 0 when it has ended."""
        try:
            held = Path(f"/proc/{self.pid(name)}/statm").read_text().split()[1]
        except FileNotFoundError:
            return 0.0
        return int(held) * os.sysconf("SC_PAGESIZE") / 1e6

    def signal(self, name: str, which: signal.Signals) -> None:
        """Send a process a signal."""
        self._running[name].send_signal(which)

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End a process; one that is asked kindly must end well."""
        process = self._running.pop(name)
        if kill:
            process.kill()
            process.wait(STOP)
        else:
            _end(process, self.folder / f"{name}.log")

    def invite(self, name: str, badge: str, areas: str, role: str = "officer") -> str:
        """Invite somebody with the command, and give what the link carries."""
        given = ["--name", name, "--badge", badge, "--areas", areas, "--role", role]
        told = self.izin("officers", "invite", *given)
        link = re.fullmatch(r"https://t\.me/izin_bot\?start=(join-\S+)\n", told)
        assert link, told
        return link[1]

    def izin(self, *arguments: str) -> str:
        """Run a command to its end, and give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", *arguments],
            cwd=self.program,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def logs(self) -> str:
        """What all processes have logged."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def _wait_until_ready(self, name: str) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url_of(name)}/readyz", timeout=2):  # noqa: S310
                    return
            except (URLError, OSError):
                assert time.monotonic() < until, self.logs()
                assert self._running[name].poll() is None, self.logs()
                time.sleep(0.1)

    @staticmethod
    def environment_of_a_stranger(home: Path) -> dict[str, str]:
        """The environment of somebody who has set nothing."""
        return {**bare_environment(), "HOME": str(home)}


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], log: Path, *, cwd: Path = ROOT
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command while the block runs; then it must end well, if the block has not ended it."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        ) as process,
    ):
        try:
            yield process
            if process.returncode is None:
                _end(process, log)
        finally:
            process.kill()


def _end(process: subprocess.Popen[bytes], log: Path) -> None:
    process.terminate()
    assert process.wait(STOP) in {0, -signal.SIGTERM}, log.read_text()


def address(chat: int) -> str:
    """The address of a chat on Telegram, as the product's processes keep it."""
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))
    return encrypted("telegram", str(chat))


def free_port() -> int:
    """A port of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
