"""The web application with the demo's phones: `python -m demo.serve`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels.base import Channel
from bot.channels.whatsapp.templates import Templates
from bot.settings import Settings
from demo import pages
from demo.channel import Browser
from demo.whatsapp_phone import Phone
from models.startup import enter_keys, read_settings
from web import app, server
from web.app import Addition, Parts


def addition() -> Addition:
    """Return the demo page and its phones' channel."""
    return Addition(Path(__file__).parent, _make)


def _make(parts: Parts) -> tuple[Channel, Sequence[BaseRoute]]:
    phone = Phone(parts.words, Templates(parts.words))
    channel = Browser(parts.db, parts.redis, parts.storage, parts.words, phone)
    return channel, [
        *pages.routes(
            parts.look,
            db=parts.db,
            redis=parts.redis,
            storage=parts.storage,
            channel=channel,
            take=parts.take,
        ),
        Route("/", _to_demo),
    ]


async def _to_demo(request: Request) -> Response:
    return RedirectResponse("/demo")


def main() -> int:
    """Serve like `izin serve`, with the demo page."""
    settings = read_settings(Settings)
    enter_keys(settings)
    server.run(app.build(settings, addition()), settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
