"""Runs the product in this process, so that its statements can be watched; and its environment."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from benchmarks.bot_api import TOKEN
from benchmarks.processes import free_port
from benchmarks.webhook import SECRET
from bot.settings import Settings
from demo.embedded import Servers
from models.infrastructure import encryption
from models.infrastructure.key_ring import KeyRing
from web import app

KEY = b64encode(bytes(range(32))).decode()  # constant, so that a filled database can be reused
METRICS_TOKEN = "benchmark-of-growth"
START = 60.0  # seconds until it must be ready


@dataclass(frozen=True, slots=True)
class Place:
    """The location of a database: its servers, and a folder for files and logs."""

    servers: Servers
    folder: Path

    @property
    def database_url(self) -> str:
        return self.servers.database_url

    def environment(self, api_url: str, port: int) -> Mapping[str, str]:
        """Return the environment of all processes of the product."""
        return {
            "DATABASE_URL": self.servers.database_url,
            "REDIS_URL": self.servers.redis_url,
            "STORAGE_URL": f"file://{self.folder / 'files'}",
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            "QUIET_HOURS": "off",
            "TELEGRAM_BOT_TOKEN": TOKEN,
            "TELEGRAM_BOT_USERNAME": "izin_bot",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "TELEGRAM_API_URL": api_url,
            "TELEGRAM_RATE": "100000",  # messages a second: Telegram's own limit is not measured
            "METRICS_TOKEN": METRICS_TOKEN,
            "LOG_LEVEL": "WARNING",
        }


def use_keys() -> None:
    """Let this process read and write personal columns of the filled databases."""
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


@asynccontextmanager
async def served(place: Place, api_url: str) -> AsyncIterator[int]:
    """Serve the product from this process during the block; yield its port.

    Raises:
        TimeoutError: it was not ready within START.
    """
    port = free_port()
    settings = Settings.from_environment(place.environment(api_url, port))
    server = uvicorn.Server(
        uvicorn.Config(
            app.build(settings),
            host="127.0.0.1",
            port=port,
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    )
    serving = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(START):
            while not server.started:
                await asyncio.sleep(0.02)
        yield port
    finally:
        server.should_exit = True
        await serving
