"""Measured processes: starts and stops them, and reads their CPU and memory from /proc."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

START: Final = 60.0  # seconds until a process must be ready
STOP: Final = 20.0  # seconds until it must have ended

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")


class DidNotStart(Exception):
    """A process ended, or was not ready in time; the message holds the end of its log."""


class Process:
    """A process that can be killed and started again on the same port."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        port: int,
        log: Path,
        folder: Path | None = None,
    ) -> None:
        """`folder` is its working directory; by default, this process's."""
        self.port = port
        self._folder = folder
        self._command = list(command)
        self._environment = os.environ | environment
        self._log = log
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._running is not None
        return self._running.pid

    async def start(self, path: str) -> None:
        """Start it, and wait until it answers a GET of `path` with a status below 500.

        Raises:
            DidNotStart: it ended, or was not ready within START.
        """
        with self._log.open("ab") as log:
            self._running = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        loop = asyncio.get_running_loop()
        end = loop.time() + START
        while not await _answers(self.port, path):
            if self._running.poll() is not None or loop.time() > end:
                raise DidNotStart(f"{' '.join(self._command[-2:])}:\n{self.said()}")
            await asyncio.sleep(0.02)

    def said(self) -> str:
        """Return the end of its log."""
        return self._log.read_text(errors="replace")[-1500:].strip()

    def kill(self) -> None:
        """SIGKILL it."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    async def stop(self) -> None:
        """SIGTERM it; SIGKILL it if it has not ended within STOP."""
        if self._running is None:
            return
        self._running.terminate()
        try:
            await asyncio.to_thread(self._running.wait, STOP)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self.kill()


async def _answers(port: int, path: str) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    try:
        head = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        writer.write(head.encode())
        status = (await reader.readline()).split()
        return len(status) > 1 and int(status[1]) < 500
    except OSError:
        return False
    finally:
        writer.close()


def free_port() -> int:
    """Return a free loopback port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Meter:
    """Reads the CPU and memory of named process trees."""

    roots: Callable[[], Mapping[str, Sequence[int]]]  # name -> the processes at the roots

    def cpu(self) -> dict[str, float]:
        """Return CPU seconds by name, those of this process as `instruments`."""
        used = {name: sum(map(_cpu, _trees(pids))) for name, pids in self.roots().items()}
        return {**used, "instruments": _cpu(os.getpid())}

    def memory(self) -> dict[str, float]:
        """Return megabytes by name, of the root processes only, since a tree shares memory."""
        return {name: sum(map(_rss, pids)) for name, pids in self.roots().items()}


def _trees(roots: Sequence[int]) -> list[int]:
    """Return these processes and all their descendants."""
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            stat = _stat(int(entry.name))
            if stat:
                children[int(stat[1])].append(int(entry.name))
    found = list(roots)
    for pid in found:  # grows while it is read
        found += children[pid]
    return found


def _cpu(pid: int) -> float:
    """Return the CPU seconds of a process, including its ended children."""
    stat = _stat(pid)
    return sum(map(int, stat[11:15])) / _TICKS if stat else 0.0


def _rss(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name: state, parent, ...; [] if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
