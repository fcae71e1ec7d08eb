"""The product as its users run it: real processes, started with an environment and stopped."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from urllib.error import URLError

from tests.providers.bot_api import FakeBotApi

ROOT = Path(__file__).parents[1]
PATIENCE = 40.0  # seconds until a process must be ready
KEY = b64encode(bytes(range(32))).decode()
SECRET = "a-secret-of-telegram"


class Product:
    """Processes of `izin` on one record, one Redis and one Bot API."""

    def __init__(
        self, database_url: str, redis_url: str, folder: Path, telegram: FakeBotApi
    ) -> None:
        self.folder = folder
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "STORAGE_URL": f"file://{folder / 'files'}",
            "PUBLIC_URL": self.url,
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            "TELEGRAM_BOT_TOKEN": telegram.token,
            "TELEGRAM_BOT_USERNAME": "izin_bot",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_API_URL": telegram.url,
        }
        self._stack = ExitStack()
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Product:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for name in list(self._running):
            self.stop(name)
        self._stack.close()

    def start(self, *names: str) -> None:
        """Start `serve`, `worker`, `dispatch` or `poll`, and wait until the pages are ready."""
        for name in names:
            log = self._stack.enter_context((self.folder / f"{name}.log").open("ab"))
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", "web.cli", name],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        if "serve" in names:
            self._wait_until_ready()

    def stop(self, name: str, *, kill: bool = False) -> None:
        """End a process, kindly or not."""
        process = self._running.pop(name)
        process.kill() if kill else process.terminate()
        process.wait(15)

    def invite(self, name: str, badge: str, areas: str, role: str = "officer") -> str:
        """Invite somebody with the command, and give what the link carries."""
        given = ["--name", name, "--badge", badge, "--areas", areas, "--role", role]
        invited = subprocess.run(
            [sys.executable, "-m", "web.cli", "officers", "invite", *given],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert invited.returncode == 0, invited.stderr
        link = re.fullmatch(r"https://t\.me/izin_bot\?start=(join-\S+)\n", invited.stdout)
        assert link, invited.stdout
        return link[1]

    def logs(self) -> str:
        """What all processes have logged."""
        return "\n".join(log.read_text() for log in sorted(self.folder.glob("*.log")))

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=2):  # noqa: S310
                    return
            except (URLError, OSError):
                assert time.monotonic() < until, self.logs()
                assert self._running["serve"].poll() is None, self.logs()
                time.sleep(0.1)

    @staticmethod
    def environment_of_a_stranger(home: Path) -> dict[str, str]:
        """The environment of somebody who has set nothing."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(home)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
