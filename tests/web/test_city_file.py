"""The city file of the settings reaches the bot of the web application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot import service
from bot.settings import Settings
from tests.conversations.city import DIRECTORY
from tests.processes import KEY
from web import app

FULL = Path(__file__).parents[1] / "models" / "city_full.toml"


@pytest.mark.parametrize(("path", "told"), [(str(FULL), DIRECTORY), ("", {})])
async def test_the_bot_is_given_what_the_file_holds(
    path: str, told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, Any] = {}

    @asynccontextmanager
    async def running(*parts: Any, **named: Any) -> AsyncIterator[None]:
        given.update(named)
        yield None

    monkeypatch.setattr(service, "running", running)
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "postgresql://izin@127.0.0.1:9/izin",
            "REDIS_URL": "redis://127.0.0.1:9/0",
            "STORAGE_URL": tmp_path.as_uri(),
            "PUBLIC_URL": "https://izin.example.go.id",
            "ENCRYPTION_KEYS": f"k1:{KEY}",
            "INDEX_KEY": KEY,
            "CITY_FILE": path,
        }
    )
    application = app.build(settings)
    async with application.router.lifespan_context(application):
        assert given["directory"] == told
