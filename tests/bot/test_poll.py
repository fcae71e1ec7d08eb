"""Polling: nothing is settled before it is taken, and nothing ends it but `stop`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from bot.channels.base import InboundMessage
from bot.channels.telegram.channel import Telegram
from bot.errors import Busy, Malformed
from bot.poll import poll
from conversations.catalogue import Catalogue
from conversations.events import Said
from conversations.messages import Json
from tests.providers.bot_api import CLOSE, TOKEN, FakeBotApi, Fault


class Turns:
    """Takes what is heard; first fails as often as it is told to."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.taken: list[InboundMessage] = []

    async def take(self, heard: Sequence[InboundMessage]) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.taken += heard

    @property
    def texts(self) -> list[str]:
        return [heard.event.text for heard in self.taken if isinstance(heard.event, Said)]


@pytest.fixture
async def api() -> AsyncIterator[FakeBotApi]:
    async with FakeBotApi() as api:
        yield api


@asynccontextmanager
async def polling(api: FakeBotApi, turns: Turns) -> AsyncIterator[None]:
    """Poll; at the end stop in the middle of a long poll."""
    telegram, stop = Telegram(TOKEN, Catalogue({}), api_url=api.url), asyncio.Event()
    task = asyncio.create_task(poll(telegram, turns.take, stop=stop, first_pause=0.01))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 5)
        await telegram.close()


async def test_what_is_said_is_taken_in_order(api: FakeBotApi) -> None:
    turns, siti, budi = Turns(), api.user(1001, "Siti"), api.user(1002, "Budi")
    siti.say("satu")
    async with polling(api, turns):
        await siti.say("dua")
        await budi.say("tiga")
        await siti.say("empat")
    assert turns.texts == ["satu", "dua", "tiga", "empat"]


async def test_nothing_is_settled_before_it_is_taken(api: FakeBotApi) -> None:
    turns = Turns(Busy("the record is away"), Busy("still"))
    with capture_logs() as logs:
        async with polling(api, turns):
            await api.user(1001).say("satu")
    assert turns.texts == ["satu"]
    asked = api.called("getUpdates")
    assert "offset" not in asked[0]
    assert int(asked[1]["offset"]) == int(turns.taken[0].provider_id) + 1
    assert [entry["why"] for entry in logs] == ["the record is away", "still"]


async def test_updates_lost_on_the_way_come_again(api: FakeBotApi) -> None:
    turns = Turns()
    api.fail(CLOSE, CLOSE, method="getUpdates")
    async with polling(api, turns):
        await api.user(1001).say("satu")
    assert turns.texts == ["satu"]


async def test_the_webhook_goes_and_what_waits_for_it_stays(api: FakeBotApi) -> None:
    turns, siti = Turns(), api.user(1001, "Siti")
    old = Telegram(TOKEN, Catalogue({}), api_url=api.url)
    await old.set_webhook("http://127.0.0.1:9", "s3cret")
    await old.close()
    waiting = siti.say("satu")
    async with polling(api, turns):
        await waiting
    assert turns.texts == ["satu"]
    assert api.webhook is None


async def test_an_update_that_cannot_be_read_holds_up_nobody(api: FakeBotApi) -> None:
    turns, siti = Turns(), api.user(1001, "Siti")
    siti.send(document={"file_name": "tanpa id"})
    with capture_logs() as logs:
        async with polling(api, turns):
            await siti.say("satu")
    assert turns.texts == ["satu"]
    assert [entry["event"] for entry in logs] == ["update_dropped"]


async def test_another_poller_is_told_of_and_not_fought(api: FakeBotApi) -> None:
    conflict = Fault(409, "Conflict: terminated by other getUpdates request")
    with capture_logs() as logs:
        api.fail(conflict, method="getUpdates")
        async with polling(api, Turns()):
            while not logs:
                await asyncio.sleep(0)
    [entry] = logs
    assert entry["event"] == "polling_waits"
    assert "Let one process poll, or use the webhook" in entry["why"]
    assert entry["seconds"] == 30


async def test_our_own_mistake_ends_it_loudly(api: FakeBotApi) -> None:
    telegram = Telegram(TOKEN, Catalogue({}), api_url=api.url)
    api.user(1001).say("satu")
    with pytest.raises(RuntimeError, match="a bug"):
        await poll(telegram, Turns(RuntimeError("a bug")).take, stop=asyncio.Event())
    await telegram.close()


async def test_a_delivery_that_cannot_be_kept_holds_up_nobody(api: FakeBotApi) -> None:
    class Choosy(Turns):
        async def take(self, heard: Sequence[InboundMessage]) -> None:
            if any(isinstance(one.event, Said) and one.event.text == "busuk" for one in heard):
                raise Malformed("a value that the database can't keep")
            await super().take(heard)

    turns, siti, budi = Choosy(), api.user(1001, "Siti"), api.user(1002, "Budi")
    siti.say("satu")
    budi.say("busuk")
    siti.say("dua")
    with capture_logs() as logs:
        async with polling(api, turns):
            await budi.say("tiga")
    assert sorted(turns.texts) == ["dua", "satu", "tiga"]
    assert [entry["event"] for entry in logs] == ["update_dropped"]


@pytest.mark.parametrize(
    "strange",
    [
        {"location": {"latitude": int("9" * 400), "longitude": 106.8}},
        {"location": {"latitude": True, "longitude": 106.8}},
        {"document": {"file_id": ""}},
        {"document": {"file_id": "x" * 5_000}},
        {"photo": [{"file_id": "x\0", "width": 1, "height": 1}]},
        {"photo": [{"file_id": "x", "width": "1", "height": 1}]},
        {"text": ["x"]},
        {"text": None},
        {"contact": {"phone_number": 62812}},
        {"document": "x"},
    ],
    ids=str,
)
async def test_a_strange_value_ends_nothing(api: FakeBotApi, strange: dict[str, Json]) -> None:
    turns, siti = Turns(), api.user(1001, "Siti")
    siti.send(**strange)
    async with polling(api, turns):
        await siti.say("satu")
    assert turns.texts == ["satu"]


class Odd(Telegram):
    """A Telegram whose first updates have no number."""

    strange: ClassVar[list[list[Json]]] = [[{"update_id": "1"}, {}, "x", {"update_id": True}]]

    async def updates(self, offset: int | None, *, wait: int = 1) -> list[Json]:
        return self.strange.pop() if self.strange else await super().updates(offset, wait=wait)


async def test_updates_without_a_number_are_asked_for_again(api: FakeBotApi) -> None:
    turns, stop = Turns(), asyncio.Event()
    odd = Odd(TOKEN, Catalogue({}), api_url=api.url)
    task = asyncio.create_task(poll(odd, turns.take, stop=stop, first_pause=0.01))
    await api.user(1001).say("satu")
    stop.set()
    await asyncio.wait_for(task, 5)
    assert turns.texts == ["satu"]
    await odd.close()
