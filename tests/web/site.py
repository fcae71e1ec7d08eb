"""The pages with a stand-in for the bot, on a real socket where one is needed."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.middleware import Middleware

from bot.buckets import Buckets
from bot.channels.base import InboundMessage
from bot.channels.whatsapp.templates import Templates
from bot.errors import Busy
from conversations import catalogue
from demo import pages as demo
from demo.channel import Browser
from demo.whatsapp_phone import Phone
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from tests.conversations.city import DIRECTORY
from web import (
    codes,
    documents,
    files,
    front,
    identity,
    lender,
    officers,
    pages,
    posters,
    signature,
)

TELEGRAM, WHATSAPP = "izin_datang_bot", "+628001234567"
PUBLIC_URL = "https://izin.test"
FOLDERS = (pages.HERE, Path(demo.__file__).parent)


@dataclass(slots=True)
class Bot:
    """What stands behind the pages here: it notes what it hears, and answers if told how."""

    heard: list[InboundMessage] = field(default_factory=list)
    busy: bool = False
    answer: Callable[[InboundMessage], Awaitable[object]] | None = None

    async def take(self, heard: Sequence[InboundMessage]) -> None:
        if self.busy:
            raise Busy("too much waits")
        self.heard += heard
        if self.answer is not None:
            for one in heard:
                await self.answer(one)


@dataclass(frozen=True, slots=True)
class Site:
    """The pages and what lies behind them."""

    app: Starlette
    db: Database
    redis: Redis
    storage: Storage
    channel: Browser
    bot: Bot


def build(db: Database, redis: Redis, folder: Path, storage: Storage | None = None) -> Site:
    words = catalogue.load()
    storage = storage or Storage(folder.as_uri())
    channel = Browser(db, redis, storage, words, Phone(words, Templates(words)))
    bot, look = Bot(), pages.load(words, FOLDERS)
    routes = [
        *pages.routes(FOLDERS),
        *demo.routes(look, db=db, redis=redis, storage=storage, channel=channel, take=bot.take),
        *front.routes(look, telegram=TELEGRAM, whatsapp=WHATSAPP, directory=DIRECTORY),
        *identity.routes(look, db=db, buckets=Buckets(redis), storage=storage),
        *documents.routes(look, db=db, buckets=Buckets(redis)),
        *officers.routes(look, db=db, buckets=Buckets(redis), directory=DIRECTORY),
        *files.routes(storage=storage),
        *signature.routes(look, db=db, buckets=Buckets(redis), storage=storage),
        *lender.routes(look, db=db, buckets=Buckets(redis), storage=storage),
        *posters.routes(look, telegram=TELEGRAM, whatsapp=WHATSAPP),
        *codes.routes(
            look,
            buckets=Buckets(redis),
            public_url=PUBLIC_URL,
            telegram=TELEGRAM,
            whatsapp=WHATSAPP,
        ),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(pages.Headers, public_url=PUBLIC_URL)],
        exception_handlers=pages.handlers(look),
    )
    return Site(app, db, redis, storage, channel, bot)


class served:
    """Serve a case on a free port while the block runs."""

    def __init__(self, app: Starlette) -> None:
        settings = uvicorn.Config(
            app, log_level="error", access_log=False, timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(settings)
        self._socket = socket.create_server(("127.0.0.1", 0))

    async def __aenter__(self) -> str:
        self._running = asyncio.create_task(self._server.serve([self._socket]))
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._running
        self._socket.close()
