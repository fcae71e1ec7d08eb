"""`izin poll`: runs the Telegram bot by polling, on a machine that Telegram can't reach."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser, Namespace

from bot import metrics, poll
from bot.channels.telegram.channel import Telegram
from bot.service import limits, running
from bot.settings import Settings
from cli.base import Refusal
from conversations import catalogue
from conversations.facts import Directory
from models.infrastructure import database, loops
from models.infrastructure.loops import Loop
from models.infrastructure.storage import Storage
from models.reference import city_file
from models.startup import enter_keys, read_settings


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_poll)


def _poll(given: Namespace) -> int:
    settings = read_settings(Settings)
    token = settings.telegram_bot_token
    if token is None:
        raise Refusal(
            "TELEGRAM_BOT_TOKEN is not set: @BotFather gives one. Example: 123456:ABC-def"
        )
    directory = city_file.read(settings.city_file).directory
    enter_keys(settings)
    asyncio.run(_poll_until_stopped(settings, token.reveal(), directory))
    return 0


async def _poll_until_stopped(settings: Settings, token: str, directory: Directory) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    telegram = Telegram(token, catalogue.load(), api_url=settings.telegram_api_url)
    metrics.slow_after(settings.slow_turn_seconds)
    db = database.Database(
        settings.database_url.reveal(),
        quiet=settings.quiet,
        deadlines=settings.deadlines,
        guards=settings.guards,
    )
    storage = Storage(settings.storage_url)
    channels = {telegram.name: telegram}
    allowed = limits(settings)
    async with running(
        db,
        channels,
        storage,
        allowed,
        settings.public_url,
        directory=directory,
        my_data_days=settings.my_data_days,
        chats=settings.chats,
    ) as bot:
        loop = Loop(
            "poll",
            lambda: poll.poll(telegram, lambda polled: bot.take_polled(list(polled)), stop=stop),
        )
        await loops.keep_running(loop, over=stop.is_set)
