"""Loops of a process: one that ends begins again, and the others go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot import service
from bot.channels.base import InboundMessage
from bot.channels.whatsapp.channel import Account
from bot.errors import Busy
from bot.limits import Limits
from bot.outcomes import RULES, Course, Rule
from bot.service import LOOPS, Bot
from bot.template_watch import TemplateWatch
from conversations.events import Said
from models.infrastructure import loops
from models.infrastructure.database import Database
from models.infrastructure.loops import Loop, Pauses, keep_running
from models.infrastructure.storage import Storage
from models.outbox import SendOutcome
from tests.bot.conftest import Chat

PATIENCE = 20.0
AT_ONCE = Rule(Course.COUNTED, None, (timedelta(0),))


class Fault(Exception):
    """Something that no loop expects."""


ERRORS = [Fault(), asyncio.CancelledError(), ExceptionGroup("several", [Fault()])]


class Mortal:
    """A loop that fails when it is told to, as if what it waited for had raised."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.begun = 0
        self.fault: asyncio.Future[None] | None = None

    async def run(self) -> None:
        self.begun += 1
        self.fault = asyncio.get_running_loop().create_future()
        work = asyncio.ensure_future(self.loop.run())
        try:
            await asyncio.wait({work, self.fault}, return_when=asyncio.FIRST_COMPLETED)
            await (self.fault if self.fault.done() else work)
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    def fail(self, error: BaseException) -> None:
        assert self.fault is not None
        self.fault.set_exception(error)


class NoTemplates(TemplateWatch):
    """Asks nobody."""

    async def look(self) -> bool:
        return False


@pytest.fixture
async def bot(
    database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Bot, list[Mortal], Chat]]:
    """A whole bot whose loops are mortal."""
    chat, mortals = Chat(), list[Mortal]()
    sound = Bot.loops

    def mortal(self: Bot) -> Sequence[Loop]:
        mortals.extend(Mortal(loop) for loop in sound(self))
        return [replace(one.loop, run=one.run) for one in mortals]

    monkeypatch.setattr(Bot, "loops", mortal)
    monkeypatch.setattr(loops, "FIRST_PAUSE", 0.01)
    db = Database(database)
    templates = NoTemplates(db, Account("AC1", "secret", "+6281"))
    async with running(db, chat, redis_url, tmp_path, templates) as bot:
        yield bot, mortals, chat


@asynccontextmanager
async def running(
    db: Database, chat: Chat, redis_url: str, folder: Path, templates: TemplateWatch | None = None
) -> AsyncIterator[Bot]:
    async with service.running(
        db,
        {"chat": chat},
        Storage(folder.as_uri()),
        Limits(redis_url, {}),
        "https://izin.example",
        directory={},
        templates=templates,
    ) as bot:
        yield bot


async def until(true: Callable[[], object], what: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
    assert true(), what


async def deliver(bot: Bot, one: InboundMessage) -> None:
    """As a provider does: what is refused comes again."""
    try:
        await bot.take([one])
    except Busy:
        await bot.take([one])


def heard(number: int, words: str = "Halo") -> InboundMessage:
    return InboundMessage("chat", f"a{number}", f"{number}:{words}", Said(words))


def test_every_loop_has_a_name_that_the_metrics_know() -> None:
    assert len(set(LOOPS)) == len(LOOPS)


@pytest.mark.parametrize("place", range(len(LOOPS) + 1))
@pytest.mark.parametrize(
    "error", [Fault(), asyncio.CancelledError(), ExceptionGroup("x", [Fault()])]
)
async def test_a_loop_that_ends_begins_again_and_the_others_go_on(
    bot: tuple[Bot, list[Mortal], Chat], place: int, error: BaseException
) -> None:
    it, mortals, chat = bot
    await it.take([heard(1)])
    assert {one.loop.name for one in mortals} == set(LOOPS)
    assert len(mortals) == len(LOOPS) + 1, "the committers are two"
    ending, before = mortals[place], loops.restarts()
    others = {id(one): one.begun for one in mortals if one is not ending}
    ending.fail(error)
    await deliver(it, heard(2))
    await until(lambda: ending.begun == 2, "it to begin again")
    await deliver(it, heard(3))
    await until(lambda: all(len(chat.texts(f"a{n}")) == 1 for n in (1, 2, 3)), "all to be answered")
    assert {id(one): one.begun for one in mortals if one is not ending} == others
    name = ending.loop.name
    assert loops.restarts()[name] == before.get(name, 0) + 1
    assert all(len(chat.texts(f"a{number}")) == 1 for number in (1, 2, 3)), "once each"


async def test_all_loops_may_end_at_once_and_nobody_is_left_or_answered_twice(
    bot: tuple[Bot, list[Mortal], Chat],
) -> None:
    it, mortals, chat = bot
    await it.take([heard(0)])
    taking = [asyncio.create_task(it.take([heard(number)])) for number in range(1, 41)]
    await asyncio.sleep(0)
    for one in mortals:
        one.fail(Fault())
    done = await asyncio.gather(*taking, return_exceptions=True)
    refused = [number for number, one in enumerate(done, 1) if isinstance(one, Busy)]
    assert all(one is None or isinstance(one, Busy) for one in done)
    await asyncio.gather(*(it.take([heard(number)]) for number in refused))  # as the provider does
    await until(lambda: all(chat.texts(f"a{n}") for n in range(41)), "all to be answered")
    assert all(len(chat.texts(f"a{number}")) == 1 for number in range(41))


async def test_what_a_dying_send_has_in_hand_is_sent_all_the_same(
    database: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat = Chat()
    async with running(Database(database), chat, redis_url, tmp_path) as bot:
        sound, tries = type(bot.sender)._send, list[int]()

        async def failing(self: object, due: object) -> object:
            tries.append(1)
            if len(tries) == 1:
                raise Fault
            return await sound(self, due)  # type: ignore[arg-type]

        monkeypatch.setattr(type(bot.sender), "_send", failing)
        monkeypatch.setattr("bot.outcomes.RULES", {**RULES, SendOutcome.FAILED: AT_ONCE})
        await bot.take([heard(1)])
        await until(lambda: chat.texts("a1"), "it to be sent")
        assert len(tries) == 2


@pytest.mark.slow
async def test_pauses_grow_to_a_limit_and_a_loop_that_was_sound_begins_with_the_first() -> None:
    slept: list[float] = []
    runs = iter(range(12))

    async def fails() -> None:
        if next(runs, None) is None:
            raise asyncio.CancelledError
        raise Fault

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 12:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()
            await asyncio.sleep(0)

    task = asyncio.create_task(keep_running(Loop("fails", fails), sleep=sleep))
    await asyncio.gather(task, return_exceptions=True)
    assert slept[:4] == [0.5, 1.0, 2.0, 4.0] and slept[-1] == 60.0 and task.cancelled()
    pauses = Pauses("sound", pause=60.0, began=-1e9)
    assert pauses.after(Fault()) == 0.5


async def test_a_loop_that_returns_begins_again_until_it_is_over() -> None:
    ran: list[int] = []

    async def ends() -> None:
        ran.append(1)

    async def sleep(seconds: float) -> None:
        assert seconds > 0

    await keep_running(Loop("ends", ends), over=lambda: len(ran) == 3, sleep=sleep)
    assert len(ran) == 3


async def test_a_bot_with_wrong_keys_takes_nothing(
    database: str, redis_url: str, tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    monkeypatch.setattr(service, "OPENING", 0.2)
    with engine.begin() as tx:
        row = "('encrypts', 'k9', '\\x026b39', now())"
        tx.execute(text(f"INSERT INTO keys (use, name, canary, entered_at) VALUES {row}"))  # noqa: S608
    async with running(Database(database), Chat(), redis_url, tmp_path) as bot:
        with pytest.raises(Busy):
            await bot.take([heard(1)])
        with engine.begin() as tx:
            assert tx.execute(text("SELECT count(*) FROM inbox")).scalar_one() == 0
            tx.execute(text("DELETE FROM keys"))
        async with asyncio.timeout(PATIENCE):
            await bot.opened.wait()
        await bot.take([heard(1)])
