"""The bot of one process: assembles channels, turns, sender and files, and runs their loops."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg
import structlog
from sqlalchemy.exc import DBAPIError

from bot.channels.base import Channel, InboundMessage
from bot.channels.telegram import updates as telegram_updates
from bot.channels.whatsapp import updates as whatsapp_updates
from bot.channels.whatsapp.channel import Account, WhatsApp
from bot.channels.whatsapp.templates import Templates
from bot.channels.whatsapp.transport import READ
from bot.city import City
from bot.errors import Busy, ChannelError
from bot.lender_watch import LenderWatch
from bot.limits import Chats, Limits, Rate
from bot.media import Media
from bot.sender import Sender
from bot.settings import Settings
from bot.template_watch import TemplateWatch
from bot.turns import Turns
from casework.lenders import shipped_register
from conversations import flows
from conversations.catalogue import Catalogue
from conversations.engine.turn import advance
from conversations.events import Said
from conversations.facts import Directory, Facts, Me, Role
from conversations.lexicon import lists
from models import keys
from models.infrastructure import database, loops
from models.infrastructure.database import Database
from models.infrastructure.loops import Loop
from models.infrastructure.settings import revealed
from models.infrastructure.storage import Storage
from models.infrastructure.wib import WIB
from models.reference import area, business_type

log = structlog.get_logger(__name__)

#: The names of all loops that a bot may have.
LOOPS = ("turns", "sender", "media", "news", "listen", "lenders", "templates")
TICK = 1.0  # seconds; polling interval in case a NOTIFY was lost
OPENING = 10.0  # seconds that a delivery waits while the bot starts
FINISH = 5.0  # seconds for sends to finish at shutdown
#: Thresholds of the garbage collector: a turn creates thousands of objects, very few in cycles.
YOUNG = (50_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot of one process; any number of processes share the same database."""

    db: Database
    channels: Mapping[str, Channel]
    storage: Storage
    turns: Turns
    sender: Sender
    media: Media
    lenders: LenderWatch
    templates: TemplateWatch | None = None  # only with an account at Twilio
    opened: asyncio.Event = field(default_factory=asyncio.Event)  # set once the keys are verified

    async def take(self, heard: list[InboundMessage]) -> None:
        """Take deliveries; return when they are committed.

        Raises:
            bot.errors.Busy: not committed; deliver again later.
        """
        if not self.opened.is_set():
            await self._wait_until_open()
        await self.turns.take(heard)
        if any(one.media is not None for one in heard):
            self.media.wake()

    async def take_polled(self, heard: list[InboundMessage]) -> None:
        """As `take`, and acknowledge taps, which a webhook does in its response.

        Raises:
            bot.errors.Busy: not committed; deliver again later.
        """
        await self.take(heard)
        for one in heard:
            channel = self.channels.get(one.channel)
            if one.tap_id is not None and channel is not None:
                task = asyncio.create_task(channel.acknowledge(one))
                task.add_done_callback(_log_failure)

    async def run(self) -> None:
        """Run all loops until cancelled; a loop that fails is restarted."""
        await self._enter_keys()
        await self.lenders.look()
        self.opened.set()
        async with asyncio.TaskGroup() as group:
            for loop in self.loops():
                group.create_task(loops.keep_running(loop), name=f"loop:{loop.name}")

    def loops(self) -> Sequence[Loop]:
        """Return the bot's background loops; they run concurrently and independently."""
        every = [
            *(Loop("turns", run) for run in self.turns.committers()),
            Loop("sender", self.sender.run),
            Loop("media", self.media.run),
            Loop("news", self._take_news),
            Loop("listen", self._listen),
            Loop("lenders", self.lenders.run),
        ]
        if self.templates is not None:
            every.append(Loop("templates", self.templates.run))
        return every

    async def _enter_keys(self) -> None:
        """Wait until the database is available and this process's keys can decrypt its data."""
        while True:
            try:
                await self.db.do(keys.enter)
            except keys.WrongKeys as error:
                log.critical("keys.wrong", why=str(error))
                await asyncio.sleep(OPENING)
            except DBAPIError as error:
                log.warning("bot.database_away", error=type(error).__name__)
                await asyncio.sleep(TICK)
            else:
                return

    async def _wait_until_open(self) -> None:
        try:
            async with asyncio.timeout(OPENING):
                await self.opened.wait()
        except TimeoutError:
            raise Busy("the keys could not be checked yet") from None

    async def _take_news(self) -> None:
        while True:
            try:
                taken = await self.turns.take_news()
            except DBAPIError as error:
                log.warning("bot.database_away", error=type(error).__name__)
                taken = 0
            if not taken:
                self.turns.news.clear()
                try:
                    async with asyncio.timeout(TICK):
                        await self.turns.news.wait()
                except TimeoutError:
                    continue

    async def _listen(self) -> None:
        """Listen for other processes' commits; without the connection, polling continues."""
        url = self.db.url.replace("+psycopg", "")
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(url, autocommit=True) as wire:
                    await wire.execute(f"LISTEN {database.INBOX}")
                    await wire.execute(f"LISTEN {database.OUTBOX}")
                    async for woken in wire.notifies():
                        if woken.channel == database.INBOX:
                            self.turns.news.set()
                        else:
                            self.sender.look()
            except psycopg.Error as error:
                log.warning("bot.listen_lost", error=type(error).__name__)
                await asyncio.sleep(TICK)


def warm(city: City) -> None:
    """Decide a turn at each desk and drop it.

    The words by which messages are read are loaded by the first turn that needs them, which takes
    a third of a second: nobody shall wait for that, and the batch of many people with them.
    """
    lists.read_all()
    desks: tuple[Role, ...] = ("owner", "officer", "supervisor")
    for desk in desks:
        known = Facts(
            datetime.now(UTC),
            city.places,
            city.trades,
            city.lenders(),
            me=Me(frozenset({"owner", desk})),
        )
        advance(city.flows, None, Said("Siti jualan bakso besok"), known)


@asynccontextmanager
async def running(
    db: Database,
    channels: Mapping[str, Channel],
    storage: Storage,
    limits: Limits,
    public_url: str,
    *,
    directory: Directory,
    my_data_days: int = 3,
    templates: TemplateWatch | None = None,
) -> AsyncIterator[Bot]:
    """Run a bot while the context is open; close all its arguments at the end.

    At the end, wait for sends in progress and write their outcomes; else they would be sent again.
    """
    sender = Sender(db, channels, storage, limits)
    media = Media(db, channels, storage)
    kinds = business_type.load()
    register = LenderWatch(db, shipped_register(datetime.now(WIB).date()))
    city = City(
        area.load(),
        kinds,
        flows.load(),
        directory,
        public_url,
        my_data_days,
        lambda: register.current,
    )
    turns = Turns(db, city, public_url, sender)
    bot = Bot(db, channels, storage, turns, sender, media, register, templates)
    warm(city)
    gc.freeze()  # objects loaded so far are permanent: the collector can skip them
    gc.set_threshold(*YOUNG)
    work = asyncio.create_task(bot.run())
    work.add_done_callback(_end_if_failed)
    try:
        yield bot
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await _finish(sender)
        for channel in channels.values():
            await channel.close()
        await limits.close()
        await db.close()


async def _finish(sender: Sender) -> None:
    try:
        async with asyncio.timeout(FINISH):
            await sender.finish()
    except (TimeoutError, DBAPIError) as error:
        log.warning("bot.sends_unfinished", error=type(error).__name__)


def limits(settings: Settings) -> Limits:
    """Return the send rates that the providers allow our accounts."""
    bot_id = (revealed(settings.telegram_bot_token) or "").partition(":")[0]
    number = settings.twilio_whatsapp_from or ""
    rates = {
        telegram_updates.NAME: Rate.of(settings.telegram_rate, account=bot_id),
        whatsapp_updates.NAME: Rate.of(settings.whatsapp_rate, account=number),
    }
    chats = Chats(settings.chat_rate, settings.chat_burst, settings.chat_waiting)
    return Limits(settings.redis_url.reveal(), rates, chats)


def account(settings: Settings) -> Account | None:
    """Return the account at Twilio; None unless all three of its settings are set."""
    sid, token = settings.twilio_account_sid, settings.twilio_auth_token
    sender = settings.twilio_whatsapp_from
    if sid is None or token is None or sender is None:
        return None
    return Account(sid, token.reveal(), sender)


def whatsapp(
    settings: Settings, words: Catalogue, db: Database, *, patience: float = READ
) -> WhatsApp | None:
    """Return the channel `whatsapp`; None without an account."""
    ours = account(settings)
    if ours is None:
        return None
    return WhatsApp(
        ours,
        words,
        db,
        public_url=settings.public_url,
        api_url=settings.twilio_api_url,
        templates=Templates(words, db),
        patience=patience,
    )


def template_watch(settings: Settings, db: Database) -> TemplateWatch | None:
    """Return the watch over WhatsApp's templates; None without an account."""
    ours = account(settings)
    return TemplateWatch(db, ours, settings.twilio_api_url) if ours is not None else None


def _end_if_failed(work: asyncio.Task[None]) -> None:
    """Terminate the process when its bot fails, so that the supervisor restarts it."""
    error = None if work.cancelled() else work.exception()
    if error is not None:
        log.critical("bot.failed", exc_info=error)
        signal.raise_signal(signal.SIGTERM)


def _log_failure(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, ChannelError):
        log.error("bot.acknowledge_failed", error=type(error).__name__)
