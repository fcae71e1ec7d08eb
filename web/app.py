"""The web application: webhooks, pages and health checks; runs the bot in its lifespan."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot import service, webhooks
from bot.buckets import Buckets
from bot.channels.base import Channel, InboundMessage
from bot.channels.telegram.channel import Telegram
from bot.channels.whatsapp.addresses import Addresses
from bot.channels.whatsapp.reports import Reports
from bot.channels.whatsapp.updates import Signature
from bot.errors import Busy, ChannelError
from bot.metrics import expect, slow_after
from bot.service import Bot
from bot.settings import Settings
from conversations import catalogue
from conversations.catalogue import Catalogue
from conversations.facts import Directory
from models import keys
from models.infrastructure import database, encryption
from models.infrastructure.database import Database
from models.infrastructure.encryption import UnreadableValue
from models.infrastructure.settings import revealed
from models.infrastructure.storage import Storage
from models.reference import city_file
from web import (
    codes,
    documents,
    files,
    front,
    identity,
    lender,
    metrics,
    officers,
    pages,
    posters,
    signature,
)
from web.pages import Pages
from web.requests import Requests

log = structlog.get_logger(__name__)

LATER = {"Retry-After": "60", "Cache-Control": "no-store"}
VISIT = 3.0  # seconds: a page's database timeout
PATIENCE = 3.0  # seconds: the timeout of each check in `/readyz`

#: Accepts deliveries; returns after the commit, raises `Busy` when nothing was stored.
Take: TypeAlias = Callable[[Sequence[InboundMessage]], Awaitable[None]]


@dataclass(slots=True)
class _Entrance:
    """Passes deliveries to the bot; refuses them while the bot is not running."""

    bot: Bot | None = None

    async def take(self, deliveries: Sequence[InboundMessage]) -> None:
        """Pass deliveries to the bot.

        Raises:
            Busy: the bot is not running (yet), or can't accept them now.
        """
        if self.bot is None:
            raise Busy("the bot is not running")
        await self.bot.take(list(deliveries))


@dataclass(frozen=True, slots=True)
class Parts:
    """The dependencies of pages and channels."""

    settings: Settings
    words: Catalogue
    directory: Directory
    look: Pages
    db: Database
    redis: Redis
    storage: Storage
    take: Take


@dataclass(frozen=True, slots=True)
class Addition:
    """An additional channel and its pages; `folder` holds `templates` and `static`."""

    folder: Path
    make: Callable[[Parts], tuple[Channel, Sequence[BaseRoute]]]


def build(settings: Settings, addition: Addition | None = None) -> Starlette:
    """Return the application; the bot runs during its lifespan.

    Raises:
        models.reference.city_file.BadCityFile: the city file is wrong.
    """
    words = catalogue.load()
    directory = city_file.read(settings.city_file).directory
    folders = [pages.HERE, *([addition.folder] if addition is not None else [])]
    redis = Redis.from_url(settings.redis_url.reveal())
    entrance = _Entrance()
    parts = Parts(
        settings,
        words,
        directory,
        pages.load(words, folders),
        Database(
            settings.database_url.reveal(),
            quiet=settings.quiet,
            deadlines=settings.deadlines,
            guards=settings.guards,
        ),
        redis,
        Storage(settings.storage_url),
        entrance.take,
    )
    telegram = (
        Telegram(settings.telegram_bot_token.reveal(), words, api_url=settings.telegram_api_url)
        if settings.telegram_bot_token
        else None
    )
    whatsapp = service.whatsapp(settings, words, parts.db)
    ours: list[Channel | None] = [telegram, whatsapp]
    deliveries = _deliveries(parts)
    routes = [*_pages(parts), *pages.routes(folders), *deliveries]
    if addition is not None:
        channel, more = addition.make(parts)
        ours.append(channel)
        routes = [*more, *routes]  # an addition may have a front page of its own
    channels = {channel.name: channel for channel in ours if channel is not None}

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        encryption.use(settings.key_ring)
        slow_after(settings.slow_turn_seconds)
        expect(channels)
        async with service.running(
            parts.db,
            channels,
            parts.storage,
            service.limits(settings),
            settings.public_url,
            directory=directory,
            my_data_days=settings.my_data_days,
            chats=settings.chats,
            templates=service.template_watch(settings, parts.db),
        ) as bot:
            entrance.bot = bot
            announcing = asyncio.create_task(_announce(telegram, settings))
            yield
            entrance.bot = None
            announcing.cancel()
        await redis.aclose()

    look = parts.look
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        middleware=[
            Middleware(Requests, routes=routes, failed=pages.broken(look, settings.public_url)),
            Middleware(webhooks.Shortcut, routes=deliveries),
            Middleware(pages.Headers, public_url=settings.public_url),
        ],
        exception_handlers={
            **pages.handlers(look),
            DBAPIError: partial(_database_down, look),
            UnreadableValue: partial(_unreadable, look),
        },
    )


def _pages(parts: Parts) -> list[BaseRoute]:
    hurried = parts.db.within(VISIT)
    buckets = Buckets(parts.redis)
    settings = parts.settings
    telegram, whatsapp = settings.telegram_account, settings.whatsapp_account
    return [
        *_health_checks(parts.db, parts.redis),
        *metrics.routes(
            token=revealed(settings.metrics_token),
            database_url=settings.database_url.reveal(),
            redis_url=settings.redis_url.reveal(),
        ),
        *front.routes(
            parts.look,
            telegram=telegram,
            whatsapp=whatsapp,
            directory=parts.directory,
        ),
        *documents.routes(parts.look, db=hurried, buckets=buckets),
        *officers.routes(parts.look, db=hurried, buckets=buckets, directory=parts.directory),
        *identity.routes(parts.look, db=hurried, buckets=buckets, storage=parts.storage),
        *files.routes(storage=parts.storage),
        *signature.routes(parts.look, db=hurried, buckets=buckets, storage=parts.storage),
        *lender.routes(parts.look, db=hurried, buckets=buckets, storage=parts.storage),
        *posters.routes(parts.look, telegram=telegram, whatsapp=whatsapp),
        *codes.routes(
            parts.look,
            buckets=buckets,
            public_url=settings.public_url,
            telegram=telegram,
            whatsapp=whatsapp,
        ),
    ]


def _deliveries(parts: Parts) -> list[Route]:
    """Return the webhooks of the providers: people's messages and delivery reports."""
    settings, routes = parts.settings, list[Route]()
    if settings.telegram_webhook_secret:
        routes += webhooks.telegram(
            secret=settings.telegram_webhook_secret.reveal(), take=parts.take
        )
    if settings.twilio_auth_token:
        routes += webhooks.whatsapp(
            Signature(
                settings.public_url,
                auth_token=settings.twilio_auth_token.reveal(),
                shared_key=revealed(settings.twilio_shared_key),
            ),
            take=parts.take,
            addresses=Addresses(parts.db),
            reports=Reports(parts.db),
        )
    return routes


def _database_down(look: Pages, request: Request, error: Exception) -> Response:
    """Answer 503 when a page's database is down; re-raise other errors."""
    if not database.away(error):
        raise error
    log.warning("page.database_away", error=type(error).__name__)
    return _sorry_later(look, request)


def _unreadable(look: Pages, request: Request, error: Exception) -> Response:
    """Answer 503 when a page's row can't be decrypted."""
    log.error("page.unreadable", why=str(error))
    return _sorry_later(look, request)


def _sorry_later(look: Pages, request: Request) -> Response:
    locale = pages.locale_of(request)
    return look.html("notice.html", locale, status=503, headers=LATER, notice="away")


async def _announce(telegram: Telegram | None, settings: Settings) -> None:
    """Set Telegram's webhook and commands; retry with backoff until it succeeds."""
    if telegram is None or settings.telegram_webhook_secret is None:
        return
    pause = 1.0
    while True:
        try:
            await telegram.set_commands()
            await telegram.set_webhook(
                settings.public_url, settings.telegram_webhook_secret.reveal()
            )
        except ChannelError as error:
            log.warning("telegram.not_announced", error=type(error).__name__, why=str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, 60.0)
        else:
            return


def _health_checks(db: Database, redis: Redis) -> list[BaseRoute]:
    async def healthz(request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(request: Request) -> Response:
        """Report whether the database and Redis are reachable, and the keys right.

        The keys are wrong when another process has encrypted with a key that this one lacks.
        """
        database_ok, redis_ok, keys_are = await asyncio.gather(
            _database(db), _redis(redis), _keys(db)
        )
        parts = {"database": _part(ok=database_ok), "redis": _part(ok=redis_ok), "keys": keys_are}
        sound = all(part == "ok" for part in parts.values())
        return JSONResponse(parts, 200 if sound else 503)

    return [Route("/healthz", healthz), Route("/readyz", readyz)]


async def _database(db: Database) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await db.ask(database.writable)
    except (SQLAlchemyError, TimeoutError):
        return False
    return True


def _part(*, ok: bool) -> str:
    return "ok" if ok else "away"


async def _keys(db: Database) -> str:
    """Whether this process can decrypt what others write: "ok", "wrong" or "away"."""
    try:
        async with asyncio.timeout(PATIENCE):
            problem = await db.ask(keys.problem)
    except (SQLAlchemyError, TimeoutError):
        return "away"
    if problem is not None:
        log.error("keys.wrong", why=problem)
    return "ok" if problem is None else "wrong"


async def _redis(redis: Redis) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await redis.ping()
    except (RedisError, OSError, TimeoutError):
        return False
    return True
