"""docs/http.md lists every route of the application, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.routing import Mount, Route

from bot.settings import Settings
from demo.serve import addition
from web import app
from web.app import Addition

PAGE = (Path(__file__).parents[2] / "docs/http.md").read_text()
SETTINGS = {
    "DATABASE_URL": "postgresql://izin@localhost/izin",
    "REDIS_URL": "redis://localhost:6379/0",
    "PUBLIC_URL": "https://izin.test",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
    "INDEX_KEY": "A" * 43 + "=",
    "METRICS_TOKEN": "a-token-for-prometheus",
    "TELEGRAM_BOT_TOKEN": "123456:ABC-def",
    "TELEGRAM_BOT_USERNAME": "izin_bot",
    "TELEGRAM_WEBHOOK_SECRET": "s" * 32,
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_WHATSAPP_FROM": "+6281200000000",
}


def documented(text: str) -> set[tuple[str, str]]:
    """(method, path) of each row; ", `/tap`" repeats the row's first path with another end."""
    found = set[tuple[str, str]]()
    for cell in re.findall(r"^\| (`(?:GET|POST) .*?`) \|", text, re.MULTILINE):
        method, first = "GET", ""
        for part in re.findall(r"`([^`]+)`", cell):
            *verb, path = part.split()
            if verb:
                method, first = verb[0], path
            else:
                path = f"{first.rpartition('/')[0]}{path}"
            found.add((method, path))
    return found


def served(files: Path, addition: Addition | None = None) -> set[tuple[str, str]]:
    settings = Settings.from_environment(SETTINGS | {"STORAGE_URL": files.as_uri()})
    found = set[tuple[str, str]]()
    for route in app.build(settings, addition).routes:
        if isinstance(route, Mount):
            found.add(("GET", f"{route.path}/{{path}}"))
        elif isinstance(route, Route):
            path = re.sub(r":\w+\}", "}", route.path)
            found |= {(method, path) for method in route.methods or () if method != "HEAD"}
    return found


@pytest.mark.parametrize("with_demo", [False, True])
async def test_the_page_lists_every_route_and_no_other(tmp_path: Path, with_demo: bool) -> None:
    production, _, demo = PAGE.partition("## With the demo")
    told = documented(PAGE if with_demo else production)
    assert told == served(tmp_path, addition() if with_demo else None)
    assert with_demo or not any(path.startswith("/demo") for _, path in told)
    assert documented(demo)
