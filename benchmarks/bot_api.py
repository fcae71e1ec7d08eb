"""A fake Bot API for all systems: every call takes 20 ms, and its arrival is recorded.

It shares its event loop with the load, since passing a reply to another process costs more than
reading it. Calls are parsed by httptools and answered from templates, to cost little compared with
the measured systems.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias, cast
from urllib.parse import parse_qsl

import httptools

CALL: Final = 0.020  # seconds a call takes
TOKEN: Final = "123456:AA-benchmark"

#: Called for every message to a chat: chat, text, raw keyboard, and arrival time (monotonic).
Listener: TypeAlias = Callable[[int, str, Any, float], None]


class BotApi:
    """The state shared by all connections."""

    def __init__(self, photo: bytes) -> None:
        self.photo = photo
        self.listener: Listener | None = None
        self.calls = 0
        self.ids = itertools.count(1)
        self.port = 0


@asynccontextmanager
async def serving(photo: bytes) -> AsyncIterator[BotApi]:
    """Serve on a free loopback port while the context is open."""
    api = BotApi(photo)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(api), "127.0.0.1", 0, backlog=512)
    api.port = server.sockets[0].getsockname()[1]
    try:
        yield api
    finally:
        server.close()


class _Connection(asyncio.Protocol):
    """One client's connection: calls are answered one after another."""

    def __init__(self, api: BotApi) -> None:
        self._api = api
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._wire: asyncio.Transport | None = None
        self._url = b""
        self._kind = b""
        self._body: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)  # uvloop's is not a subclass

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire = None

    # Called by the parser

    def on_message_begin(self) -> None:
        self._url, self._kind, self._body = b"", b"", []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._kind = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        arrived = time.monotonic()  # the loop's own clock is in whole milliseconds
        answer = self._answer(arrived)
        self._loop.call_later(CALL, self._write, answer)

    def _write(self, answer: bytes) -> None:
        if self._wire is not None:
            self._wire.write(answer)

    def _answer(self, arrived: float) -> bytes:
        api = self._api
        api.calls += 1
        if self._url.startswith(b"/file/"):
            return _response(api.photo, b"image/jpeg")
        method = self._url.partition(b"?")[0].rpartition(b"/")[2].lower()
        if method == b"sendmessage":
            given = _fields(self._kind, b"".join(self._body))
            chat = int(given["chat_id"])
            if api.listener is not None:
                api.listener(chat, given["text"], given.get("reply_markup"), arrived)
            return _response(_SENT % (next(api.ids), int(time.time()), chat))
        if method in _FILES_SENT:  # chat id 1: multipart forms are not parsed
            return _response(_SENT % (next(api.ids), int(time.time()), 1))
        return _response(_RESULTS.get(method, b'{"ok":true,"result":true}'))


_SENT = (
    b'{"ok":true,"result":{"message_id":%d,"date":%d,"chat":{"id":%d,"type":"private"},"text":"?"}}'
)
_FILES_SENT = (b"senddocument", b"sendphoto")
_RESULTS = {
    b"getme": b'{"ok":true,"result":{"id":123456,"is_bot":true,"first_name":"Izin",'
    b'"username":"izin_bot"}}',
    b"getfile": b'{"ok":true,"result":{"file_id":"f","file_unique_id":"f",'
    b'"file_path":"photos/photo.jpg"}}',
    b"getwebhookinfo": b'{"ok":true,"result":{"url":"","has_custom_certificate":false,'
    b'"pending_update_count":0}}',
}


def _response(body: bytes, kind: bytes = b"application/json") -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n"
    return head % (kind, len(body)) + body


def _fields(kind: bytes, body: bytes) -> dict[str, Any]:
    """Return a call's parameters, from a form (all values are strings) or JSON."""
    if kind.startswith(b"application/json"):
        given: dict[str, Any] = json.loads(body)
        return given
    if kind.startswith(b"application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    raise ValueError(f"a message as {kind.decode(errors='replace')!r} was not expected")


def buttons(markup: Any) -> list[str]:
    """Return the callback data of a message's inline keyboard, row by row."""
    given = json.loads(markup) if isinstance(markup, str) else markup or {}
    rows = given.get("inline_keyboard", ())
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]
