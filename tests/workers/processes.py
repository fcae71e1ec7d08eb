"""Real workers and dispatchers, and the faults that befall them."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from urllib.parse import urlsplit

from workers.dispatcher import LEASE, MOST_OUT, dispatch
from workers.settings import Settings

PATIENCE = 20.0  # seconds; a healthy run needs a tenth of it
_pause = threading.Event()  # never set

WORK = """
import os
from workers.queue import work
from workers.settings import Settings
work(Settings.from_environment(os.environ))
"""


def until(condition: Callable[[], object]) -> None:
    """Wait for what another process or thread does."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never happened"
        _pause.wait(0.02)


@contextmanager
def worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A worker's process, killed in the end if it still runs."""
    given = settings.encryption_keys.reveal()
    keys = {name: base64.b64encode(key).decode() for name, key in given.items()}
    environment = {
        "DATABASE_URL": settings.database_url.reveal(),
        "REDIS_URL": settings.redis_url.reveal(),
        "STORAGE_URL": settings.storage_url,
        "PUBLIC_URL": settings.public_url,
        "ENCRYPTION_KEYS": ",".join(f"{name}:{key}" for name, key in keys.items()),
        "LOG_LEVEL": settings.log_level,
        "INDEX_KEY": base64.b64encode(settings.index_key.reveal()).decode(),
    }
    process = subprocess.Popen([sys.executable, "-c", WORK], env={**os.environ, **environment})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@contextmanager
def dispatcher(
    settings: Settings, *, lease: timedelta = LEASE, most_out: int = MOST_OUT
) -> Iterator[None]:
    """A dispatcher in a thread."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            dispatch(settings, stop, lease=lease, most_out=most_out)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert failed == []


class Wire:
    """A port of this machine that leads to a server, once it is laid."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 6379)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.url = parts._replace(
            netloc=parts.netloc.replace(f"{parts.hostname}:{parts.port}", f"127.0.0.1:{self._port}")
        ).geturl()
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []

    def lay(self) -> None:
        """Let connections through."""
        self._listener = socket.create_server(("127.0.0.1", self._port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def cut(self) -> None:
        """Break all connections, and refuse new ones."""
        if self._listener is not None:
            _close(self._listener)
        while self._ends:
            _close(self._ends.pop())

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(self._to)
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while data := one.recv(65536):
            other.sendall(data)
    _close(other)


def _close(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
