"""A bot on a real record, with a channel that keeps what is sent."""

from __future__ import annotations

import asyncio
import itertools
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
from sqlalchemy import Engine

from bot.channels.base import InboundMessage, Media, OutgoingMessage, Sent
from bot.city import City
from bot.errors import FileRefused
from bot.limits import Limits
from bot.media import Media as MediaFetcher
from bot.sender import Sender
from bot.turns import Turns
from casework.lenders import shipped_register
from cli.main import main
from conversations import catalogue, flows
from conversations.events import Event, Said, Uploaded
from conversations.messages import Message
from models.infrastructure import encryption
from models.infrastructure.database import Database
from models.infrastructure.deadlines import USUAL, Deadlines
from models.infrastructure.key_ring import KeyRing
from models.infrastructure.quiet import OFF, QuietHours
from models.infrastructure.storage import Storage
from models.reference import area, business_type

if TYPE_CHECKING:
    from tests.bot.town import Town

#: Runs a command of `izin`; gives its status, and what it printed on both outputs.
Izin: TypeAlias = Callable[..., Awaitable[tuple[int, str, str]]]

KEY = b64encode(bytes(range(32))).decode()


@dataclass(slots=True)
class Chat:
    """A channel that keeps what it is given, by address; `fails` is raised at the next sends."""

    name: str = "chat"
    sent: dict[str, list[tuple[str, Message]]] = field(default_factory=dict)
    fails: list[Exception] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    tries: list[OutgoingMessage] = field(default_factory=list)  # every try
    forgotten: list[str] = field(default_factory=list)

    async def send(self, outgoing: OutgoingMessage) -> Sent:
        self.tries.append(outgoing)
        if self.fails:
            raise self.fails.pop(0)
        said = self.sent.setdefault(outgoing.address, [])
        words = catalogue.load().text(outgoing.message, outgoing.locale)
        said.append((words, outgoing.message))
        return Sent(str(len(said)))

    async def fetch(self, reference: str, *, at_most: int) -> bytes:
        if reference not in self.files:
            raise FileRefused("file_gone")
        if len(self.files[reference]) > at_most:
            raise FileRefused("file_too_large")
        return self.files[reference]

    async def forget(self, reference: str) -> None:
        self.forgotten.append(reference)

    async def acknowledge(self, heard: InboundMessage) -> None:
        return None

    async def close(self) -> None:
        return None

    def texts(self, address: str) -> list[str]:
        return [text for text, _ in self.sent.get(address, ())]


@dataclass(slots=True)
class Desk:
    """What a test talks to: turns are taken when asked, messages sent when asked."""

    turns: Turns
    sender: Sender
    media: MediaFetcher
    chat: Chat
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def heard(
        self, event: Event | str, address: str = "1", *, id: str | None = None
    ) -> InboundMessage:
        said = Said(event) if isinstance(event, str) else event
        media = Media(f"file-{address}", "photo") if isinstance(event, Uploaded) else None
        return InboundMessage("chat", address, id or f"{address}:{next(self.ids)}", said, media)

    async def say(self, event: Event | str, address: str = "1") -> list[str]:
        """Say something and give all that was sent to this address so far."""
        await self.turns.take([self.heard(event, address)])
        await self.send_all()
        return self.chat.texts(address)

    async def send_due(self) -> int:
        """Send one message to each person who has one due; gives how many were not sent before."""
        return await send_due(self.sender)

    async def send_all(self) -> None:
        """Send until nothing is due."""
        while await self.send_due():
            pass


async def send_due(sender: Sender) -> int:
    """One round of a sender that does not run by itself."""
    await sender.finish()
    sender.look()
    claimed = await sender.round()
    await sender.finish()
    return claimed


@pytest.fixture(autouse=True)
def _keys() -> None:
    encryption.use(KeyRing.parse(f"k1:{KEY}", KEY))


@pytest.fixture
def hours() -> QuietHours:
    """The quiet hours of the bot and the workers: every hour is day."""
    return OFF


@pytest.fixture
def within() -> Deadlines:
    """The deadlines of tickets."""
    return USUAL


@pytest.fixture
async def desk(
    database: str, redis_url: str, tmp_path: Path, hours: QuietHours, within: Deadlines
) -> AsyncIterator[Desk]:
    async with desk_at(database, redis_url, tmp_path, hours, within) as desk:
        yield desk


@asynccontextmanager
async def desk_at(
    database: str, redis_url: str, files: Path, hours: QuietHours, within: Deadlines = USUAL
) -> AsyncIterator[Desk]:
    """A bot on these servers, with its files in a folder."""
    chat = Chat()
    storage = Storage(f"file://{files}")
    channels = {"chat": chat}
    db = Database(database, quiet=hours, deadlines=within)
    sender = Sender(db, channels, storage, Limits(redis_url, {}))
    register = shipped_register(date(2026, 11, 28))
    city = City(
        area.load(),
        business_type.load(),
        flows.load(),
        {},
        "https://izin.example",
        lenders=lambda: register,
    )
    turns = Turns(db, city, "https://izin.example", sender)
    committing = asyncio.create_task(turns.run())
    yield Desk(turns, sender, MediaFetcher(db, channels, storage), chat)
    committing.cancel()
    await db.close()


@pytest.fixture
def town(desk: Desk, engine: Engine, hours: QuietHours) -> Town:
    """The desk with people, rows and workers around it."""
    from tests.bot.town import Town
    from workers import jobs
    from workers.context import Context

    jobs.use(Context(engine, desk.media.storage, "https://izin.example", quiet=hours))
    return Town(desk, engine, hours)


@pytest.fixture
def count(engine: Engine) -> Callable[[str], int]:
    """Count rows: `count("inbox WHERE taken_at IS NULL")`."""
    from sqlalchemy import text

    def rows(what: str) -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(f"SELECT count(*) FROM {what}")).scalar_one())  # noqa: S608

    return rows


@pytest.fixture
def izin(
    database: str,
    redis_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Izin:
    """Run a command; gives its status and what it printed."""
    for name, value in {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "PUBLIC_URL": "https://izin.example",
        "STORAGE_URL": "file:///tmp",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
        "QUIET_HOURS": "off",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "models.infrastructure.logs.configure", lambda level: None
    )  # other tests' logs stay

    async def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = await asyncio.to_thread(main, arguments)
        return status, *capsys.readouterr()

    return run
