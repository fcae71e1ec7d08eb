"""From webhook to reply: the real `izin serve`, the real flow, a Bot API that takes 20 ms a call.

    make bench                       50 messages/s, then 200
    make bench ARGS="--rates 50"     other rates; --seconds changes the length

Everything shares one machine: this load, the product, PostgreSQL with fsync on, Valkey, the Bot
API. A reply counts as there when its call arrives at the Bot API. The photo's count-back waits two
seconds on purpose (an album comes one by one), so that update is sent but not timed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles

import aiohttp
from aiohttp import web

from bot import embedded
from conversations.messages import Json
from models import migrations
from web.sample_photo import draw

CALL = 0.020  # seconds the Bot API takes for a call
PATIENCE = 10.0  # seconds until a reply counts as lost
SECRET = "benchmark-of-the-turns"
TOKEN = "123456:AA-benchmark"

#: What each owner sends: words, a pin, a photo, or the value of a button to be tapped.
SCRIPT: tuple[tuple[str, str], ...] = (
    ("say", "/start"),
    ("tap", "business_permit"),
    ("tap", "yes"),
    ("say", "Siti Aminah"),
    ("say", "nasi uduk depan rumah"),
    ("tap", ""),
    ("say", "belum ada"),
    ("pin", ""),
    ("tap", ""),
    ("say", "005/003"),
    ("say", "Jalan Damai 12"),
    ("tap", "home"),
    ("photo", ""),
    ("tap", "done"),
    ("say", "5jt"),
    ("say", "6 juta"),
    ("say", "1"),
    ("tap", "none"),
    ("tap", "door"),
    ("tap", "any"),
    ("tap", "any"),
    ("tap", "send"),
)


@dataclass(slots=True)
class Chat:
    """One owner: how far they are, and what the bot said last."""

    id: int
    step: int = 0
    buttons: list[str] = field(default_factory=list)
    replied: asyncio.Event = field(default_factory=asyncio.Event)
    replied_at: float = 0.0
    busy: bool = False


@dataclass(slots=True)
class Load:
    """The owners, the Bot API they read from, and what was measured."""

    chats: dict[int, Chat] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    lost: int = 0
    sent: int = 0
    late: int = 0  # deliveries that could not start on time, since their chat was still waiting
    photo: bytes = field(default_factory=lambda: draw("Warung", 1))
    ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def call(self, request: web.Request) -> web.Response:
        """Answer as the Bot API does, after as long as it takes."""
        arrived = time.perf_counter()
        method = request.match_info["method"]
        given = await request.post()
        chat = self.chats.get(int(str(given.get("chat_id", "0"))))
        if method == "sendMessage" and chat is not None:
            markup = json.loads(str(given.get("reply_markup", "{}")))
            rows = markup.get("inline_keyboard", ())
            chat.buttons = [button["callback_data"] for row in rows for button in row]
            chat.replied_at = arrived
            chat.replied.set()
        await asyncio.sleep(CALL)
        return web.json_response({"ok": True, "result": self._result(method, given)})

    def _result(self, method: str, given: Json) -> Json:
        if method == "getMe":
            return {"id": 1, "is_bot": True, "first_name": "Izin", "username": "izin_bot"}
        if method == "getFile":
            return {"file_id": "f", "file_unique_id": "f", "file_path": "photo.jpg"}
        if method == "sendMessage":
            chat = {"id": int(given["chat_id"]), "type": "private"}
            return {"message_id": next(self.ids), "date": int(time.time()), "chat": chat}
        return True

    async def download(self, request: web.Request) -> web.Response:
        """Give a photo."""
        return web.Response(body=self.photo)

    async def drive(self, url: str, rate: float, seconds: float) -> None:
        """Deliver `rate` updates a second, whatever the answers take."""
        count = max(int(rate * 1.5), 30)  # chats: each is asked again after a second and a half
        first = max(self.chats, default=1000) + 1
        self.chats |= {n: Chat(n) for n in range(first, first + count)}
        fresh: Iterator[int] = itertools.count(first + count)
        turn = list(range(first, first + count))
        headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
        async with (
            aiohttp.ClientSession(headers=headers) as http,
            asyncio.TaskGroup() as group,
        ):
            start = time.perf_counter()
            for number in range(int(rate * seconds)):
                await asyncio.sleep(max(0.0, start + number / rate - time.perf_counter()))
                place = number % len(turn)
                chat = self.chats[turn[place]]
                if chat.step == len(SCRIPT):
                    turn[place] = next(fresh)
                    chat = self.chats.setdefault(turn[place], Chat(turn[place]))
                if chat.busy:
                    self.late += 1
                    continue
                chat.busy = True
                group.create_task(self._one(http, url, chat))

    async def _one(self, http: aiohttp.ClientSession, url: str, chat: Chat) -> None:
        kind, value = SCRIPT[chat.step]
        chat.step += 1
        chat.replied.clear()
        body = self._update(chat, kind, value)
        began = time.perf_counter()
        async with http.post(f"{url}/webhooks/telegram", json=body) as answer:
            if answer.status != 200:
                self.lost += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await chat.replied.wait()
        except TimeoutError:
            self.lost += 1
        else:
            self.sent += 1
            if kind != "photo":
                self.waits.append(chat.replied_at - began)
        chat.busy = False

    def _update(self, chat: Chat, kind: str, value: str) -> Json:
        who = {"id": chat.id, "is_bot": False, "first_name": "Siti", "language_code": "id"}
        home = {"id": chat.id, "type": "private", "first_name": "Siti"}
        message = {"message_id": next(self.ids), "date": int(time.time()), "chat": home}
        update: Json = {"update_id": next(self.ids)}
        if kind == "tap":
            data = next((b for b in chat.buttons if value in {"", b.rpartition("|")[2]}), None)
            if data is None:
                raise LookupError(f"step {chat.step}: no button {value!r} among {chat.buttons}")
            query = {"id": str(next(self.ids)), "from": who, "chat_instance": "1", "data": data}
            return {**update, "callback_query": {**query, "message": message}}
        content: Json = {"text": value}
        if kind == "pin":
            content = {"location": {"latitude": -6.2706, "longitude": 106.8023}}
        elif kind == "photo":
            name = f"{chat.id}-{chat.step}"
            size = {"width": 1280, "height": 960, "file_size": len(self.photo)}
            content = {"photo": [{"file_id": name, "file_unique_id": name, **size}]}
        return {**update, "message": {**message, "from": who, **content}}


async def measure(rates: Sequence[float], seconds: float) -> int:
    """Run the product, deliver at each rate, and print a line for each; 1 if anything was lost."""
    load = Load()
    api = web.Application()
    api.router.add_route("*", "/bot{token}/{method}", load.call)
    api.router.add_get("/file/bot{token}/{path:.+}", load.download)
    runner = web.AppRunner(api, access_log=None)
    await runner.setup()
    api_port, port = _free_port(), _free_port()
    await web.TCPSite(runner, "127.0.0.1", api_port).start()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.callback(embedded.discard, folder)
        servers = stack.enter_context(embedded.servers(folder))
        migrations.upgrade(servers.database_url)
        url = f"http://127.0.0.1:{port}"
        product = _serve(servers, folder, url, port, api_port)
        try:
            await _until_ready(url)
            print(f"{'rate':>6} {'answered':>9} {'lost':>5} {'late':>5}   p50 ms   p95 ms   p99 ms")
            print(" " * 40 + "  CPU ms a message   RSS MB")
            for rate in rates:
                load.waits, load.sent, load.lost, load.late = [], 0, 0, 0
                before = _cpu(product.pid)
                await load.drive(url, rate, seconds)
                spent = (_cpu(product.pid) - before) * 1000 / max(load.sent, 1)
                _print(rate, load, spent, product.pid)
        finally:
            product.send_signal(signal.SIGTERM)
            product.wait(20)
            await runner.cleanup()
    return 1 if load.lost else 0


def _print(rate: float, load: Load, cpu: float, pid: int) -> None:
    cuts = [1000 * cut for cut in quantiles(load.waits, n=100)]
    print(
        f"{rate:6.0f} {load.sent:9} {load.lost:5} {load.late:5} "
        f"{cuts[49]:8.1f} {cuts[94]:8.1f} {cuts[98]:8.1f} {cpu:10.2f} {_rss(pid):10.0f}",
        flush=True,
    )


def _serve(
    servers: embedded.Servers, folder: Path, url: str, port: int, api_port: int
) -> subprocess.Popen[bytes]:
    key = b64encode(secrets.token_bytes(32)).decode()
    given = {
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "STORAGE_URL": f"file://{folder / 'files'}",
        "PUBLIC_URL": url,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "ENCRYPTION_KEYS": f"k1:{key}",
        "INDEX_KEY": key,
        "TELEGRAM_BOT_TOKEN": TOKEN,
        "TELEGRAM_BOT_USERNAME": "izin_bot",
        "TELEGRAM_WEBHOOK_SECRET": SECRET,
        "TELEGRAM_API_URL": f"http://127.0.0.1:{api_port}",
        "LOG_LEVEL": "WARNING",
    }
    return subprocess.Popen([sys.executable, "-m", "web.cli", "serve"], env=os.environ | given)


async def _until_ready(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(60):
        while True:
            try:
                async with http.get(f"{url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.1)


def _cpu(pid: int) -> float:
    """Seconds of CPU a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss(pid: int) -> float:
    """Megabytes a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 1e6


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rates", type=float, nargs="+", default=[50, 200])
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    return asyncio.run(measure(given.rates, given.seconds))


if __name__ == "__main__":
    sys.exit(main())
