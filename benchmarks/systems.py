"""The systems: the product and its peers, each as the processes that its users would run."""

from __future__ import annotations

import asyncio
import secrets
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from benchmarks.bot_api import TOKEN
from benchmarks.processes import Meter, Process, free_port
from benchmarks.script import Script
from benchmarks.trees import Tree, here
from benchmarks.webhook import SECRET
from demo import embedded


@dataclass(slots=True)
class Running:
    """A running system, with its own database that is empty at first."""

    bots: list[Process]
    path: str  # of the webhook
    ready: str  # a page that answers when a bot is ready
    servers: Mapping[str, int]  # name -> process
    db: Mapping[str, str] = field(default_factory=dict)  # environment variables for its database

    @property
    def meter(self) -> Meter:
        """A meter of its processes."""
        return Meter(
            lambda: (
                {"bot": [bot.pid for bot in self.bots]}
                | {name: [pid] for name, pid in self.servers.items()}
            )
        )

    async def start(self) -> None:
        """Start or restart all bots."""
        for bot in self.bots:
            await bot.start(self.ready)

    def said(self) -> str:
        """Return the end of the bots' logs, for debugging."""
        return "\n".join(bot.said() for bot in self.bots)

    def kill(self) -> None:
        """SIGKILL all bots; the servers keep running."""
        for bot in self.bots:
            bot.kill()


#: Runs a system against a Bot API's URL while the context is open.
Execute: TypeAlias = Callable[[str], AbstractAsyncContextManager[Running]]


@dataclass(frozen=True, slots=True)
class System:
    """A system to measure."""

    name: str
    short: str
    title: str
    durable: bool  # a message is committed before the provider gets its 200
    run: Execute
    peer: bool = True
    #: The most owners in flight. If a system processes one update at a time, more owners only wait,
    #: and a short run would see only their first lines.
    at_once: int | None = None
    script: Script = field(default_factory=Script)
    #: Seconds after a crash in which an answer may still arrive; a system without an outbox sends
    #: nothing later.
    patience_after_crash: float = 15.0


@asynccontextmanager
async def _product(
    api_url: str, processes: int = 1, rate: str = "100000", tree: Tree | None = None
) -> AsyncIterator[Running]:
    """Run one or more `izin serve`, PostgreSQL with fsync on, and Valkey.

    `rate` is in messages a second; Telegram's real limit applies only to floods.
    """
    tree = tree or here()
    with ExitStack() as stack:
        folder, servers = await asyncio.to_thread(_servers, stack)
        db = record_environment(folder, servers)
        await asyncio.to_thread(tree.run, tree.migrate, db)
        environment = db | {
            "HOST": "127.0.0.1",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_BOT_USERNAME": "izin_bot",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_API_URL": api_url,
            "TELEGRAM_RATE": rate,
        }
        ports = [free_port() for _ in range(processes)]
        bots = [
            Process(
                [tree.python, *tree.serve],
                environment | tree.environment | {"PORT": str(port)},
                port,
                folder / f"{port}.log",
                tree.folder,
            )
            for port in ports
        ]
        running = Running(bots, "/webhooks/telegram", "/readyz", _pids(folder), db)
        async with _started(running):
            yield running


@asynccontextmanager
async def _peer(
    api_url: str, module: str, servers_used: Sequence[str] = ()
) -> AsyncIterator[Running]:
    """Run a peer's bot: one process, configured by its environment."""
    with ExitStack() as stack:
        redis_url = ""
        if servers_used:
            folder, servers = await asyncio.to_thread(_servers, stack)
            redis_url = servers.redis_url
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        environment = {
            "PORT": str(port),
            "API_URL": api_url,
            "REDIS_URL": redis_url,
            "TOKEN": TOKEN,
            "SECRET": SECRET,
            "STATE": str(folder / "state.pickle"),
        }
        command = [sys.executable, "-m", f"benchmarks.peers.{module}"]
        bot = Process(command, environment, port, folder / "bot.log")
        pids = {name: pid for name, pid in _pids(folder).items() if name in servers_used}
        running = Running([bot], "/webhook", "/", pids)
        async with _started(running):
            yield running


@asynccontextmanager
async def _started(running: Running) -> AsyncIterator[None]:
    try:
        await running.start()
        yield
    finally:
        for bot in running.bots:
            await bot.stop()


def _servers(stack: ExitStack) -> tuple[Path, embedded.Servers]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    stack.callback(embedded.discard, folder)
    return folder, stack.enter_context(embedded.servers(folder))


def record_environment(folder: Path, servers: embedded.Servers) -> dict[str, str]:
    """Return the environment of all processes of the product, with new keys."""
    key = b64encode(secrets.token_bytes(32)).decode()
    return {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "STORAGE_URL": f"file://{folder / 'files'}",
        "PUBLIC_URL": "http://127.0.0.1",
        "ENCRYPTION_KEYS": f"k1:{key}",
        "INDEX_KEY": key,
        "QUIET_HOURS": "off",
        "LOG_LEVEL": "WARNING",
    }


def _pids(folder: Path) -> dict[str, int]:
    """Return the pids of a folder's servers, by name."""
    return {file.parent.name: int(file.read_text()) for file in (folder / "servers").glob("*/pid")}


def product(processes: int = 1) -> System:
    """Return the product, with this number of bot processes on one database."""
    title = "Izin Datang" if processes == 1 else f"Izin Datang, {processes} processes"
    return System(
        "product" if processes == 1 else f"product-{processes}",
        title,
        title,
        True,
        lambda api_url: _product(api_url, processes),
        peer=False,
        patience_after_crash=75.0,
    )


def limited(api_url: str) -> AbstractAsyncContextManager[Running]:
    """Run the product with Telegram's rate limit."""
    return _product(api_url, rate="30")


def version(tree: Tree, name: str, title: str, script: Script) -> System:
    """Return a version of the product, started by its own tree's commands."""
    run = partial(_product, tree=tree)
    return System(name, title, title, True, run, peer=False, script=script)


PEERS: Final = (
    System(
        "ptb",
        "python-telegram-bot",
        "python-telegram-bot: ConversationHandler, PicklePersistence",
        False,
        lambda api_url: _peer(api_url, "python_telegram_bot"),
        at_once=4,
    ),
    System(
        "aiogram",
        "aiogram",
        "aiogram: FSM, RedisStorage",
        False,
        lambda api_url: _peer(api_url, "aiogram_fsm", ("valkey",)),
    ),
)
