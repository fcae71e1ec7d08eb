"""`izin doctor` on Redis, the file store, Telegram and Twilio."""

from __future__ import annotations

import asyncio
import shlex
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.retry import Retry

from bot import service
from bot.channels.telegram.channel import Telegram, Webhook, webhook_url
from bot.channels.whatsapp import updates as whatsapp_updates
from bot.errors import ChannelError
from bot.settings import Settings
from cli.doctor.line import Line, sentence
from conversations import catalogue
from models.infrastructure import database
from models.infrastructure.storage import Storage

OLDEST_REDIS = (6, 2)
MANY_WAITING = 100  # updates at Telegram
LATELY = timedelta(hours=1)
LITTLE_ROOM = 2e9  # bytes free on the disk with the file store
PROBE = "doctor/probe.txt"  # in the file store; overwritten by each run


def redis_lines(url: str, patience: int) -> Iterator[Line]:
    try:
        with Redis.from_url(
            url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=patience,
            socket_timeout=patience,
        ) as redis:
            redis.ping()
            info = _info(redis)
    except (RedisError, OSError, ValueError) as error:
        yield Line("FAIL", "redis", f"{sentence(error)} Start Redis, or correct REDIS_URL.")
        return
    if info is None:
        yield Line(
            "warn",
            "redis",
            "answers, but this user may not read its configuration. Check it yourself: appendonly "
            "yes, maxmemory-policy noeviction",
        )
        return
    version = str(info.get("redis_version", "0"))
    if tuple(map(int, version.split(".")[:2])) < OLDEST_REDIS:
        oldest = ".".join(map(str, OLDEST_REDIS))
        yield Line("FAIL", "redis", f"{version} is too old. Install {oldest} or newer, or Valkey.")
    else:
        yield Line("ok", "redis", f"{info.get('server_name', 'redis')} answers")
    if not info.get("aof_enabled"):
        yield Line(
            "warn",
            "redis",
            "loses its wake-ups when it restarts; tasks then wait a minute. Set: appendonly yes",
        )
    policy = info.get("maxmemory_policy", "unknown")
    if policy != "noeviction":
        yield Line(
            "warn",
            "redis",
            f"deletes wake-ups when memory is short ({policy}). Set: maxmemory-policy noeviction",
        )


def _info(redis: Redis) -> Mapping[str, Any] | None:
    """Return the server's INFO; None when this user may not read it."""
    try:
        info: Mapping[str, Any] = redis.info()
    except ResponseError:
        return None
    return info


def storage_lines(url: str) -> Iterator[Line]:
    content = b"izin doctor was here\n"
    try:
        storage = Storage(url)
        storage.write(PROBE, content)
        same = storage.read(PROBE) == content
    except Exception as error:  # each kind of store raises errors of its own
        why = sentence(error)
    else:
        if same:
            yield Line("ok", "storage", f"{url} can be written and read")
            yield from _room(url)
            yield from _rights(storage)
            return
        why = "the content read differs from the content written."
    yield Line(
        "FAIL",
        "storage",
        f"{url}: {why} Let this user write there, or correct STORAGE_URL.",
    )


def _room(url: str) -> Iterator[Line]:
    """Check that a folder's disk has free space."""
    scheme, _, folder = url.partition("://")
    if scheme != "file":
        return
    disk = shutil.disk_usage(folder)
    if disk.free < LITTLE_ROOM:
        yield Line(
            "warn",
            "storage",
            f"{disk.free / 1e9:.1f} of {disk.total / 1e9:.0f} GB are free. Make room, or move the "
            "folder to a larger disk.",
        )


def _rights(storage: Storage) -> Iterator[Line]:
    """Check that other users of this machine cannot read people's photos."""
    folder = storage.open_to_others()
    if folder is not None:
        yield Line(
            "warn",
            "storage",
            f"other users of this machine may read {folder}, which holds photos and documents. "
            f"Run: chmod -R go= {shlex.quote(str(folder))}",
        )


def telegram_lines(settings: Settings, patience: int) -> Iterator[Line]:
    token = settings.telegram_bot_token
    if token is None:
        yield Line(
            "warn",
            "telegram",
            "nobody can write to the bot. Set TELEGRAM_BOT_TOKEN to the token from @BotFather.",
        )
        return
    try:
        telegram = Telegram(
            token.reveal(), catalogue.load(), api_url=settings.telegram_api_url, patience=patience
        )
        name, webhook = asyncio.run(_ask(telegram))
    except ChannelError as error:
        yield Line(
            "FAIL",
            "telegram",
            f"{sentence(error)} Correct TELEGRAM_BOT_TOKEN, or let this machine reach "
            f"{settings.telegram_api_url}.",
        )
        return
    if name.casefold() == (settings.telegram_bot_username or "").casefold():
        yield Line("ok", "telegram", f"the bot is @{name}")
    else:
        yield Line(
            "FAIL",
            "telegram",
            f"the token is @{name}'s, but links would lead to @{settings.telegram_bot_username}. "
            f"Set TELEGRAM_BOT_USERNAME={name}",
        )
    yield from _webhook(webhook, webhook_url(settings.public_url))


async def _ask(telegram: Telegram) -> tuple[str, Webhook]:
    try:
        return await telegram.username(), await telegram.webhook()
    finally:
        await telegram.close()


def _webhook(webhook: Webhook, wanted: str) -> Iterator[Line]:
    if not webhook.url:
        yield Line(
            "warn",
            "webhook",
            "Telegram has no webhook. Start `izin serve`, which sets it; `izin poll` needs none.",
        )
    elif webhook.url != wanted:
        yield Line(
            "FAIL",
            "webhook",
            f"Telegram delivers to {webhook.url}, not to {wanted}. Correct PUBLIC_URL, or start "
            "`izin serve` again.",
        )
    else:
        yield Line("ok", "webhook", f"Telegram delivers to {wanted}; {webhook.waiting} wait")
    if webhook.waiting > MANY_WAITING:
        yield Line(
            "warn",
            "webhook",
            f"{webhook.waiting} messages wait at Telegram. Check that `izin serve` (or `izin "
            "poll`) runs and keeps up.",
        )
    lately = webhook.failed_at is None or datetime.now(UTC) - webhook.failed_at < LATELY
    if webhook.error and lately:
        at = f" at {webhook.failed_at:%H:%M} UTC" if webhook.failed_at else ""
        yield Line(
            "warn",
            "webhook",
            f"a delivery failed{at}: {webhook.error}. Check that PUBLIC_URL leads to "
            "`izin serve` with a valid certificate.",
        )


def whatsapp_lines(settings: Settings, patience: int) -> Iterator[Line]:
    try:
        set_up = asyncio.run(_greet(settings, patience))
    except ChannelError as error:
        yield Line(
            "FAIL",
            "whatsapp",
            f"{sentence(error)} Correct TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or let this "
            f"machine reach {settings.twilio_api_url or 'https://api.twilio.com'}.",
        )
        return
    if not set_up:
        yield Line("ok", "whatsapp", "not set up: there is no TWILIO_ACCOUNT_SID")
        return
    yield Line(
        "ok",
        "whatsapp",
        f"the number is {settings.twilio_whatsapp_from}; set its webhook to "
        f"{settings.public_url}{whatsapp_updates.PATH}#rc=5&rp=all",
    )


async def _greet(settings: Settings, patience: int) -> bool:
    """Return whether an account is configured.

    Raises:
        ChannelError: Twilio does not accept the account, or is down.
    """
    db = database.Database(settings.database_url.reveal())
    whatsapp = service.whatsapp(settings, catalogue.load(), db, patience=patience)
    try:
        if whatsapp is not None:
            await whatsapp.greet()
    finally:
        if whatsapp is not None:
            await whatsapp.close()
        await db.close()
    return whatsapp is not None
