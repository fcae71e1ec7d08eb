"""Templates are made once, handed in and asked about; supervisors hear of a refusal."""

from __future__ import annotations

import asyncio
import itertools
import threading
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import template_watch
from bot.channels.whatsapp.approvals import Approvals
from bot.channels.whatsapp.channel import Account
from bot.channels.whatsapp.templates import Declared, declared
from bot.errors import ChannelError, OutcomeUnknown, Rejected
from bot.template_watch import TemplateWatch
from cli.main import main
from models import chore, template
from models.template import Standing
from tests import days
from tests.bot.conftest import KEY
from tests.bot.town import BOSS, Town, words

ACCOUNT = Account("AC" + "0" * 32, "0123456789abcdef", "+628001234567")
EVERY = [
    Declared("notices.verified", locale, f"{locale}: nomor {{{{1}}}} baik.", {"number": "26-1"})
    for locale in ("id", "en")
]
PAGE = 1  # resource


@dataclass
class Console:
    """Twilio's Content API, with what WhatsApp's reviewers decide."""

    url: str = ""
    contents: dict[str, dict[str, Any]] = field(default_factory=dict)
    approvals: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: list[tuple[str, int]] = field(default_factory=list)  # method and status, once each
    calls: Counter[str] = field(default_factory=Counter)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def app(self) -> web.Application:
        @web.middleware
        async def guard(request: web.Request, handler: Any) -> web.StreamResponse:
            return await self.guard(request, handler)

        app = web.Application(middlewares=[guard])
        app.router.add_get("/v1/Content", self.listed)
        app.router.add_post("/v1/Content", self.made)
        app.router.add_get("/v1/Content/{sid}/ApprovalRequests", self.asked)
        app.router.add_post("/v1/Content/{sid}/ApprovalRequests/whatsapp", self.handed_in)
        return app

    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        known = b64decode(request.headers["Authorization"].removeprefix("Basic "))
        assert known.decode() == f"{ACCOUNT.sid}:{ACCOUNT.token}"
        self.calls[request.method] += 1
        if self.fails and self.fails[0][0] == request.method:
            status = self.fails.pop(0)[1]
            return web.json_response({"code": 20001, "message": "no"}, status=status)
        answer: web.StreamResponse = await handler(request)
        return answer

    async def listed(self, request: web.Request) -> web.Response:
        page = int(request.query.get("Page", 0))
        found = list(self.contents.values())[page * PAGE :]
        more = f"https://content.twilio.com/v1/Content?PageSize={PAGE}&Page={page + 1}"
        meta = {"next_page_url": more if len(found) > PAGE else None}
        return web.json_response({"contents": found[:PAGE], "meta": meta})

    async def made(self, request: web.Request) -> web.Response:
        given = await request.json()
        assert set(given) == {"friendly_name", "language", "variables", "types"}
        sid = f"HX{next(self._ids):032x}"
        self.contents[sid] = {**given, "sid": sid}
        return web.json_response(self.contents[sid], status=201)

    async def asked(self, request: web.Request) -> web.Response:
        sid = request.match_info["sid"]
        return web.json_response({"sid": sid, "whatsapp": self.approvals.get(sid)})

    async def handed_in(self, request: web.Request) -> web.Response:
        given = await request.json()
        assert given["category"] == "UTILITY"
        row = {**given, "status": "received", "rejection_reason": ""}
        self.approvals[request.match_info["sid"]] = row
        return web.json_response(row, status=201)

    def decide(self, status: str, reason: str = "", *, locale: str = "id") -> None:
        for sid, row in self.approvals.items():
            if self.contents[sid]["language"] == locale:
                row |= {"status": status, "rejection_reason": reason}


@pytest.fixture
async def console() -> AsyncIterator[Console]:
    console = Console()
    async with TestServer(console.app()) as server:
        console.url = str(server.make_url("")).rstrip("/")
        yield console


@pytest.fixture
async def approvals(console: Console, town: Town) -> AsyncIterator[Approvals]:
    db = town.desk.turns.db
    approvals = Approvals(ACCOUNT, db, api_url=console.url, every=EVERY)
    yield approvals
    await approvals.close()


def states(found: list[Standing]) -> list[str]:
    return [one.status for one in found]


async def test_what_is_missing_is_made_and_handed_in_once(
    approvals: Approvals, console: Console, town: Town
) -> None:
    assert states(await approvals.status()) == ["missing", "missing"]
    assert states(await approvals.push()) == ["received", "received"]
    assert states(await approvals.push()) == ["received", "received"]
    assert console.calls["POST"] == 4, "two were made, and two handed in"
    names = {(one["friendly_name"], one["language"]) for one in console.contents.values()}
    assert names == {(one.name, one.locale) for one in EVERY}
    console.decide("approved")
    await approvals.status()
    assert town.read(lambda tx: len(template.approved(tx))) == 1


@pytest.mark.parametrize("status", [429, 500, 400])
async def test_what_was_interrupted_is_taken_up_where_it_stands(
    approvals: Approvals, console: Console, status: int
) -> None:
    await approvals.status()
    await approvals._make(EVERY[0])  # made, and never handed in nor written down
    console.fails = [("POST", status)]
    with pytest.raises(ChannelError) as failed:
        await approvals.push()
    assert isinstance(failed.value, Rejected | OutcomeUnknown) or status == 429
    assert states(await approvals.push()) == ["received", "received"]
    assert len(console.contents) == 2


async def test_supervisors_hear_once_of_each_change_for_the_worse(
    approvals: Approvals, console: Console, town: Town
) -> None:
    await town.staff(BOSS, "S1", role="supervisor")
    await approvals.push()
    said = words("notices.template_refused", name=EVERY[0].name, state="rejected")

    async def told() -> int:
        await approvals.status()
        await town.quiet()
        return "\n".join(town.desk.chat.texts(BOSS)).count(said)

    console.decide("rejected", "INVALID_FORMAT")
    assert [await told(), await told()] == [1, 1]
    (row,) = town.read(template.refused)
    assert (row.status, row.reason) == ("rejected", "INVALID_FORMAT")
    console.decide("approved")
    assert await told() == 1
    console.decide("rejected")
    assert await told() == 2
    console.decide("paused", locale="en")
    await approvals.status()
    await town.quiet()
    assert words("notices.template_refused", name=EVERY[1].name, state="paused") in "\n".join(
        town.desk.chat.texts(BOSS)
    )


def test_the_command_line_pushes_and_tells_what_was_refused(
    console_apart: Console, settings: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Every template of the file goes through, on a record of its own."""
    assert main(["templates", "check"]) == 0
    assert main(["templates", "push"]) == 0
    pushed = capsys.readouterr().out
    assert "received\ten\tnotices_template_refused_" in pushed
    assert len(console_apart.contents) == len(declared())
    console_apart.decide("rejected", "INVALID_FORMAT")
    assert main(["templates", "status"]) == 1
    assert "rejected\tid\tnotices_verified_" in capsys.readouterr().out


def test_without_an_account_the_command_line_says_what_to_set(
    settings: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in settings if name.startswith("TWILIO")]:
        monkeypatch.delenv(name)
    assert main(["templates", "status"]) == 1
    assert "TWILIO_ACCOUNT_SID is not set" in capsys.readouterr().err


@pytest.fixture
def console_apart() -> Iterator[Console]:
    """The console in a thread: the command line has a loop of its own."""
    console, ready, over = Console(), threading.Event(), threading.Event()

    async def serve() -> None:
        async with TestServer(console.app()) as server:
            console.url = str(server.make_url("")).rstrip("/")
            ready.set()
            await asyncio.to_thread(over.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(10)
    yield console
    over.set()
    thread.join()


@pytest.fixture
def settings(
    console_apart: Console, database: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """The environment of an installation with an account at Twilio."""
    given = {
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "STORAGE_URL": "file:///tmp",
        "PUBLIC_URL": "https://izin.example",
        "ENCRYPTION_KEYS": f"k1:{KEY}",
        "INDEX_KEY": KEY,
        "QUIET_HOURS": "off",
        "TWILIO_ACCOUNT_SID": ACCOUNT.sid,
        "TWILIO_AUTH_TOKEN": ACCOUNT.token,
        "TWILIO_WHATSAPP_FROM": ACCOUNT.sender,
        "TWILIO_API_URL": console_apart.url,
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(
        "models.infrastructure.logs.configure", lambda level: None
    )  # other tests' logs stay
    return given


async def test_serve_asks_every_hour_and_one_process_for_all(console: Console, town: Town) -> None:
    db = town.desk.turns.db
    watches = [TemplateWatch(db, ACCOUNT, console.url) for _ in range(6)]

    async def looks() -> int:
        return sum(await asyncio.gather(*(one.look() for one in watches)))

    def let_pass(minutes: int) -> None:
        with town.engine.begin() as tx:
            days.let_pass(tx, timedelta(minutes=minutes))

    assert [await looks(), await looks()] == [1, 0]
    let_pass(59)
    assert await looks() == 0
    let_pass(1)
    assert [await looks(), await looks()] == [1, 0]
    let_pass(60)
    console.fails.append(("GET", 503))
    assert [await looks(), await looks()] == [0, 0], "Twilio is away"
    let_pass(5)
    assert await looks() == 1, "and is asked again soon"
    let_pass(-600)
    assert await looks() == 1, "also if the clock was put back meanwhile"
    assert town.read(lambda tx: chore.last(tx, template_watch.NAME)) is not None
