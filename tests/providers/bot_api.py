"""A Telegram of our own: a Bot API on a loopback port, and people who chat through it.

    async with FakeBotApi() as api:
        bot = Telegram(api.token, catalogue, api_url=api.url)
        siti = api.user(1001, "Siti")
        await siti.say("/start")                 # until the bot has accepted it
        menu = await siti.wait_for("Apa yang bisa dibantu?")
        await siti.tap("Minta izin usaha")       # a label of the last keyboard

What a person does takes effect at once and can be awaited, or `.result()` taken where nothing is
async; a person who waits in vain gets an AssertionError with the chat as they saw it.

Limits and the words of refusals are the Bot API's (https://core.telegram.org/bots/api, and
tdlib/telegram-bot-api). Updates go to the webhook, one after the other for each person (taps apart
from messages), and are repeated until accepted; or wait for getUpdates.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import io
import itertools
import json
import random
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlsplit

import aiohttp
import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

Json: TypeAlias = Any
T = TypeVar("T")

MAX_TEXT = 4096  # UTF-16 units
MAX_CAPTION = 1024
MAX_DATA = 64  # bytes
MAX_BUTTONS = 100
MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
DISORDER = 0.2  # seconds within which updates overtake each other
RENDITIONS = (90, 320, 800, 1280)  # longest side, in pixels

TOKEN = "123456:AA-fake-token"
PATIENCE = 30.0  # seconds a person waits for anything


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call.

    `hang`, `close` and `cut` take the message, and never say so, or not to the end. A `body` stands
    in place of the documented answer; with a good status the message is taken.
    """

    status: int = 500
    description: str = "Internal Server Error"
    parameters: Mapping[str, Json] = field(default_factory=dict)
    silence: str = ""
    late: float = 0.0  # seconds after which a good answer is given
    body: str | None = None

    @property
    def takes(self) -> bool:
        """Whether the call has its effect all the same."""
        return bool(self.silence or self.late or self.lies)

    @property
    def lies(self) -> bool:
        """Whether the call has its effect, and an answer that says nothing of it."""
        return self.body is not None and self.status < 300


HANG = Fault(silence="hang")
CLOSE = Fault(silence="close")
CUT = Fault(silence="cut")
BLOCKED = Fault(403, "Forbidden: bot was blocked by the user")


def lie(body: str, status: int = 200) -> Fault:
    """The call has its effect, and is answered with anything."""
    return Fault(status, body=body)


def slow(seconds: float) -> Fault:
    """The call has its effect at once, and is answered well, but late."""
    return Fault(late=seconds)


def too_many(seconds: Json) -> Fault:
    """429: wait so many seconds, which need not be a number."""
    description = f"Too Many Requests: retry after {seconds}"
    return Fault(429, description, {"retry_after": seconds})


def broken(status: int = 500) -> Fault:
    """Telegram's own failure."""
    return Fault(status, "Internal Server Error" if status == 500 else "Bad Gateway")


def refused(description: str) -> Fault:
    """A 400."""
    return Fault(400, f"Bad Request: {description}")


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the bot's, as it came."""

    method: str
    params: Mapping[str, Json]  # reply_markup and the like as JSON, not as text
    files: Mapping[str, tuple[str, bytes]]


@dataclass(frozen=True, slots=True)
class Button:
    """A key: with `data` under a message, else in place of the letters."""

    label: str
    data: str | None = None
    sends: str | None = None  # "location" or "contact"


Keyboard: TypeAlias = tuple[tuple[Button, ...], ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A file or picture in the chat."""

    name: str
    content: bytes
    picture: bool = False


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message from the bot as its reader sees it: equal if the reader sees no difference."""

    id: int = field(compare=False)
    text: str
    buttons: Keyboard = ()
    document: Document | None = None
    clears: bool = False  # takes away the keys that stand in place of the letters
    at: float = field(default=0.0, compare=False)  # monotonic seconds

    @property
    def labels(self) -> list[str]:
        return [button.label for row in self.buttons for button in row]


class Promise(concurrent.futures.Future[T]):
    """Something that will come: `await` it, or take its `.result()` where nothing is async."""

    def __await__(self) -> Generator[Any, None, T]:
        return asyncio.wrap_future(self).__await__()

    def keep(self, value: T) -> None:
        if not self.done():
            self.set_result(value)

    def fail(self, why: str) -> None:
        if not self.done():
            self.set_exception(AssertionError(why))


class Person:
    """Somebody with Telegram on their phone."""

    def __init__(self, api: FakeBotApi, number: int, name: str, language: str, phone: str) -> None:
        self.id, self.name, self.language, self.phone = number, name, language, phone
        self.bubbles: list[Bubble] = []  # from the bot, in order
        self.keyboard: Keyboard = ()  # in place of the letters
        self.spinning: set[str] = set()  # taps that the bot has not acknowledged
        self.started = False
        self.blocked = False
        self._api = api
        self._chat: list[str] = []  # both sides, to be read when a test fails
        self._read = 0  # bubbles that wait_for has given or passed over
        self._waiting: list[tuple[str, Promise[Bubble]]] = []
        self._heard = asyncio.Event()  # for `heard`

    # What the person does. Each gives a promise that is kept when the bot has accepted it.

    def say(self, text: str) -> Promise[None]:
        entities = []
        if command := re.match(r"/\w+", text):
            entities = [{"type": "bot_command", "offset": 0, "length": command.end()}]
        return self._write(text, {"text": text, **({"entities": entities} if entities else {})})

    def start(self, payload: str = "") -> Promise[None]:
        """Open the bot, perhaps by t.me/<bot>?start=<payload>."""
        return self.say(f"/start {payload}".strip())

    def edit(self, text: str) -> Promise[None]:
        """Correct the last message."""
        return self._write(text, {"text": text, "edit_date": _now()}, kind="edited_message")

    def tap(self, label: str, *, on: Bubble | None = None) -> Promise[None]:
        """Press a button of the last keyboard, or of an older message."""
        bubble = on or next((bubble for bubble in reversed(self.bubbles) if bubble.buttons), None)
        below = [button for row in (bubble.buttons if bubble else ()) for button in row]
        typed = [button for row in self.keyboard for button in row] if on is None else []
        button = _labelled(label, [*below, *typed])
        if button is None:
            there = ", ".join(repr(button.label) for button in [*below, *typed]) or "no buttons"
            raise AssertionError(f"{self.name} sees no {label!r} but {there}\n{self.chat}")
        if button.sends is not None:
            raise AssertionError(f"{button.label!r} sends a {button.sends}: use that method")
        if button.data is None or bubble is None:
            return self.say(button.label)
        tap_id = self._api.next_tap()
        self.spinning.add(tap_id)
        query = {
            "id": tap_id,
            "from": self._user(),
            "message": {
                "message_id": bubble.id,
                "from": self._api.me,
                "chat": self._home(),
                "date": _now(),
                "text": bubble.text,
                "reply_markup": _inline(bubble.buttons),
            },
            "chat_instance": f"-{self.id}",
            "data": button.data,
        }
        return self._act(f"[{button.label}]", "callback_query", query)

    def send_location(self, lat: float, lon: float) -> Promise[None]:
        pin = {"latitude": lat, "longitude": lon}
        return self._write(f"(location {lat}, {lon})", {"location": pin})

    def send_contact(self, phone: str = "", *, own: bool = True) -> Promise[None]:
        contact: Json = {"phone_number": phone or self.phone, "first_name": self.name}
        if own:
            contact["user_id"] = self.id
        return self._write("(contact)", {"contact": contact})

    def send_photo(self, content: bytes, caption: str = "") -> Promise[None]:
        """Send a picture that Pillow can open; it comes in several sizes, the largest as it is."""
        sizes = [
            {**self._api.keep(small, f"photos/{{}}-{width}.jpg"), "width": width, "height": height}
            for small, width, height in _renditions(content)
        ]
        return self._write("(photo)", {"photo": sizes, **_caption(caption)})

    def send_document(
        self,
        content: bytes,
        name: str = "dokumen.pdf",
        kind: str = "application/pdf",
        caption: str = "",
        *,
        size: int | None = None,
    ) -> Promise[None]:
        """Send a file; `size` is how large Telegram says it is, if that shall not be true."""
        file = self._api.keep(content, "documents/{}", size=size)
        document = {**file, "file_name": name, "mime_type": kind}
        return self._write(f"({name})", {"document": document, **_caption(caption)})

    def send(self, **content: Json) -> Promise[None]:
        """Send anything else, such as `sticker={…}`, as the Bot API would describe it."""
        return self._write(f"({', '.join(content)})", content)

    def block(self) -> None:
        self.blocked = True

    def unblock(self) -> None:
        self.blocked = False

    # What the person sees.

    @property
    def documents(self) -> list[Document]:
        return [bubble.document for bubble in tuple(self.bubbles) if bubble.document]

    @property
    def last(self) -> Bubble:
        return self.bubbles[-1]

    @property
    def texts(self) -> list[str]:
        return [bubble.text for bubble in tuple(self.bubbles)]

    @property
    def chat(self) -> str:
        """The whole chat, `>` the person, `<` the bot."""
        return "\n".join(self._chat)

    def wait_for(self, text: str = "", timeout: float = PATIENCE) -> Promise[Bubble]:
        """Wait for a message that holds `text`, later than any that was waited for before."""
        promise: Promise[Bubble] = Promise()

        def expect() -> None:
            self._waiting.append((text, promise))
            self._look()
            why = f"{self.name} waited {timeout:g} s for {text!r}\n"
            self._api.later(timeout, lambda: promise.fail(why + self.chat))

        self._api.run(expect)
        return promise

    async def heard(self, seconds: float) -> None:
        """Wait until the bot says something more (in the API's thread).

        Raises:
            TimeoutError: it does not.
        """
        self._heard.clear()
        await asyncio.wait_for(self._heard.wait(), seconds)

    def receive(self, bubble: Bubble) -> None:
        """Take a message from the bot (in the API's thread)."""
        labels = "".join(f"\n  [{label}]" for label in bubble.labels)
        name = f"({bubble.document.name}) " if bubble.document else ""
        self._chat.append(f"< {name}{bubble.text}{labels}")
        self.bubbles.append(bubble)
        self._heard.set()
        self._look()

    def _look(self) -> None:
        for text, promise in list(self._waiting):
            if promise.done():
                self._waiting.remove((text, promise))
                continue
            for index in range(self._read, len(self.bubbles)):
                if text in self.bubbles[index].text:
                    self._read = index + 1
                    self._waiting.remove((text, promise))
                    promise.keep(self.bubbles[index])
                    break

    def _write(self, shown: str, content: Json, kind: str = "message") -> Promise[None]:
        message = {
            "message_id": self._api.next_message(),
            "from": self._user(),
            "chat": self._home(),
            "date": _now(),
            **content,
        }
        return self._act(shown, kind, message)

    def _act(self, shown: str, kind: str, content: Json) -> Promise[None]:
        self.started = True
        self._chat.append(f"> {shown}")
        return self._api.push(self, kind, content)

    def _user(self) -> Json:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            "language_code": self.language,
        }

    def _home(self) -> Json:
        return {"id": self.id, "first_name": self.name, "type": "private"}


@dataclass(slots=True)
class _Update:
    number: int
    content: Json
    accepted: Promise[None]
    answer: str = "nobody asked for it"


@dataclass(frozen=True, slots=True)
class _Webhook:
    url: str
    secret: str


class _No(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.description)
        self.fault = fault


class FakeBotApi:
    """The server. It repeats refused updates `hurry` times faster than Telegram."""

    def __init__(self, *, token: str = TOKEN, hurry: float = 50.0) -> None:
        self.token = token
        self.me = {
            "id": int(token.partition(":")[0]),
            "is_bot": True,
            "first_name": "Izin Datang",
            "username": "izin_datang_bot",
        }
        self.calls: list[Call] = []
        self.commands: dict[str, list[Json]] = {}  # by language; "" for all others
        self.webhook: _Webhook | None = None
        self.refusals: list[str] = []  # what the webhook answered instead of 2xx
        self.pushed: dict[int, int] = {}  # what people did: the update's number -> who
        self.accepted: set[int] = set()  # the numbers of updates that were answered with 2xx
        self.unsure: set[int] = set()  # ids of messages that were taken without saying so
        self.refused: dict[
            int, list[float]
        ] = {}  # by chat: when a message was not taken, monotonic
        self.doors: list[str] = []  # where updates go in turn, in place of the webhook's own host
        self.copies: Callable[[], int] = lambda: 1  # how often each update is brought, at once
        self.disorder: random.Random | None = None  # brings all that a person did in any order
        self.weather: Callable[[str], Fault | None] = lambda method: None  # faults of any call
        self._hurry = hurry
        self._turn = itertools.count()
        self._bringing: set[asyncio.Task[float | None]] = set()
        self._people: dict[int, Person] = {}
        self._files: dict[str, tuple[str, bytes, int]] = {}  # path, content, claimed size
        self._faults: list[tuple[str, int | None, Fault]] = []  # of a method, perhaps for one chat
        self._queues: dict[tuple[int, bool], deque[_Update]] = {}
        self._delivering: dict[tuple[int, bool], asyncio.Task[None]] = {}
        self._allowed: list[str] = []
        self._poller = 0
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._numbers = {name: itertools.count(start) for name, start in _FIRST.items()}
        self._ready = threading.Event()

    # The test's side; any thread.

    def user(
        self, number: int, name: str = "Siti", language: str = "id", phone: str = ""
    ) -> Person:
        """Give the person with this id; the first to ask makes them."""
        phone = phone or f"62812{number:07d}"
        return self._people.setdefault(number, Person(self, number, name, language, phone))

    def fail(self, *faults: Fault, method: str = "sendMessage", chat: int | None = None) -> None:
        """Let the next calls of `method` (or `download`) go wrong, one fault a call.

        With a `chat`, only calls about it count.
        """
        self._faults.extend((method, chat, fault) for fault in faults)

    def forgive(self) -> None:
        """Let nothing go wrong that was to."""
        self._faults.clear()

    def forget_files(self) -> None:
        """Let every file be gone, though its id is still good."""
        self._files = {key: (path, b"", -1) for key, (path, _, _) in self._files.items()}

    def called(self, method: str) -> list[Mapping[str, Json]]:
        """The parameters of the bot's calls of `method`, in order."""
        return [call.params for call in tuple(self.calls) if call.method == method]

    def __enter__(self) -> FakeBotApi:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10), "the fake Bot API did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._closing.set)
        self._thread.join(10)

    async def __aenter__(self) -> FakeBotApi:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    # The person's side.

    def run(self, act: Callable[[], None]) -> None:
        """Have the server do something, after all that it was asked to do before."""
        self._loop.call_soon_threadsafe(act)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self._loop.call_later(seconds, act)

    def spawn(self, work: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Let somebody do several things, one after the other, in the API's thread."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def next_message(self) -> int:
        return next(self._numbers["message"])

    def next_tap(self) -> str:
        return str(next(self._numbers["tap"]))

    def keep(self, content: bytes, path: str, size: int | None = None) -> Json:
        """Store a file that a person sent; the answer is how updates name it."""
        number = next(self._numbers["file"])
        key = f"file-{number}"
        size = len(content) if size is None else size
        self._files[key] = (path.format(f"file_{number}"), content, size)
        return {"file_id": key, "file_unique_id": f"u{number}", "file_size": size}

    def push(self, person: Person, kind: str, content: Json) -> Promise[None]:
        """Owe the bot an update."""
        number = next(self._numbers["update"])
        self.pushed[number] = person.id
        update = _Update(number, {"update_id": number, kind: content}, Promise())

        def enqueue() -> None:
            if self._allowed and kind not in self._allowed:
                update.accepted.keep(None)
                return
            if self.disorder is None:
                self._queue((person.id, kind == "callback_query"), update)
            else:
                late = self.disorder.uniform(0, DISORDER)
                self.later(late, lambda: self._queue((number, False), update))
            self.later(
                PATIENCE,
                lambda: update.accepted.fail(
                    f"the bot did not accept {kind} {number}: {update.answer}\n{person.chat}"
                ),
            )

        self.run(enqueue)
        return update.accepted

    # The server's side; all of it in one thread.

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        app = Starlette(
            routes=[
                Route("/bot{token}/{method}", self._call, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self._download),
            ]
        )
        server = uvicorn.Server(
            uvicorn.Config(app, http=_Closable, ws="none", lifespan="off", log_config=None)
        )
        async with aiohttp.ClientSession() as self._out:
            serving = asyncio.create_task(server.serve([self._socket]))
            while not server.started:
                await asyncio.sleep(0.002)
            self._ready.set()
            await self._closing.wait()
            self._news.set()
            for task in (*self._delivering.values(), *self._bringing):
                task.cancel()
            serving.cancel()  # a shutdown in good order would wait for the hanging and the idle
            await asyncio.wait([serving])
            for listening in server.servers:
                listening.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()

    async def _download(self, request: Request) -> Response:
        if fault := self._fault("download", {}):
            if not fault.takes:
                return _answer(fault)
            await self._keep_silent(fault, request)
        for path, content, size in self._files.values():
            if path == request.path_params["path"] and size >= 0:
                return Response(content)
        return JSONResponse({"ok": False, "error_code": 404, "description": "Not Found"}, 404)

    async def _call(self, request: Request) -> Response:
        method = request.path_params["method"]
        params, files = await _parameters(request)
        self.calls.append(Call(method, params, files))
        fault = self._fault(method, params)
        try:
            if request.path_params["token"] != self.token:
                raise _No(Fault(401, "Unauthorized"))
            if fault is not None and not fault.takes:
                if "chat_id" in params:
                    self.refused.setdefault(int(params["chat_id"]), []).append(time.monotonic())
                raise _No(fault)
            act = _METHODS.get(method.lower())
            if act is None:
                raise _No(Fault(404, "Not Found"))
            result = act(self, params, files)
            if asyncio.iscoroutine(result):
                result = await result
        except _No as no:
            return _answer(no.fault)
        if fault is not None and (fault.silence or fault.lies):
            if isinstance(result, dict) and "message_id" in result:
                self.unsure.add(result["message_id"])
            if fault.lies:
                return _answer(fault)
            await self._keep_silent(fault, request)
        elif fault is not None:
            await asyncio.sleep(fault.late)
        return JSONResponse({"ok": True, "result": result})

    async def _keep_silent(self, fault: Fault, request: Request) -> None:
        if fault.silence == "hang":
            await self._closing.wait()
        if fault.silence == "cut":
            request.state.transport.write(
                b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"ok":true,"res'
            )
            await asyncio.sleep(0.01)
        request.state.transport.abort()

    def _fault(self, method: str, params: Mapping[str, Json]) -> Fault | None:
        for index, (wanted, chat, fault) in enumerate(self._faults):
            here = chat is None or str(chat) == str(params.get("chat_id"))
            if here and wanted.lower() == method.lower():
                del self._faults[index]
                return fault
        return self.weather(method)

    # Updates.

    def _queue(self, lane: tuple[int, bool], update: _Update) -> None:
        self._queues.setdefault(lane, deque()).append(update)
        self._news.set()
        self._deliver()

    def _deliver(self) -> None:
        """See that somebody brings each person's updates to the webhook."""
        for key, queue in self._queues.items():
            if self.webhook and queue and key not in self._delivering:
                task = asyncio.create_task(self._bring(key, queue))
                self._delivering[key] = task

    async def _bring(self, key: tuple[int, bool], queue: deque[_Update]) -> None:
        failures = 0
        try:
            while queue and (webhook := self.webhook):
                update = queue[0]
                after = await self._post_copies(webhook, update)
                if after is None:
                    queue.popleft()
                    update.accepted.keep(None)
                    failures = 0
                else:
                    pause = after or (min(2**failures, 60) if failures else 0)
                    failures += 1
                    await asyncio.sleep(pause / self._hurry)
        finally:
            self._delivering.pop(key, None)

    async def _post_copies(self, webhook: _Webhook, update: _Update) -> float | None:
        """Deliver, perhaps several times at once: None as soon as one is accepted."""
        copies = [asyncio.create_task(self._post(webhook, update)) for _ in range(self.copies())]
        for copy in copies:  # those that come late still come
            self._bringing.add(copy)
            copy.add_done_callback(self._bringing.discard)
        after = 0.0
        for brought in asyncio.as_completed(copies):
            asked = await brought
            if asked is None:
                return None
            after = max(after, asked)
        return after

    async def _post(self, webhook: _Webhook, update: _Update) -> float | None:
        """Deliver once: None if accepted, else the seconds the bot asked to wait."""
        headers = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret} if webhook.secret else {}
        try:
            async with self._out.post(
                self._door(webhook.url),
                json=update.content,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=60),
            ) as answer:
                if 200 <= answer.status < 300:
                    self.accepted.add(update.number)
                    self._do_as_answered(await answer.read())
                    return None
                update.answer = f"{answer.status} {answer.reason}"
                after = min(float(answer.headers.get("Retry-After", 0)), 3600)
        except (aiohttp.ClientError, TimeoutError) as error:
            update.answer, after = repr(error), 0.0
        self.refusals.append(update.answer)
        return after

    def _do_as_answered(self, body: bytes) -> None:
        """Call the method that the webhook's answer names, if any; nobody hears how that went."""
        params = json.loads(body) if body else {}
        if "method" in params:
            with contextlib.suppress(_No):
                _METHODS[params.pop("method").lower()](self, params, {})

    def _door(self, url: str) -> str:
        if not self.doors:
            return url
        door = self.doors[next(self._turn) % len(self.doors)]
        return door + urlsplit(url).path

    async def _get_updates(self, params: Mapping[str, Json], files: Json) -> Json:
        if self.webhook:
            raise _No(
                _conflict(
                    "can't use getUpdates method while webhook is active;"
                    " use deleteWebhook to delete the webhook first"
                )
            )
        self._poller += 1
        turn = self._poller
        self._news.set()  # the poller before, if any, is told to go
        self._allowed = params.get("allowed_updates", self._allowed)
        offset, limit = int(params.get("offset", 0)), int(params.get("limit", 100))
        for queue in self._queues.values():
            while queue and queue[0].number < offset:
                queue.popleft().accepted.keep(None)
        until = self._loop.time() + float(params.get("timeout", 0))
        while True:
            waiting = sorted(
                (update for queue in self._queues.values() for update in queue),
                key=lambda update: update.number,
            )
            left = until - self._loop.time()
            if waiting or left <= 0 or self._closing.is_set():
                return [update.content for update in waiting[:limit]]
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), left)
            except TimeoutError:
                continue
            if turn != self._poller:
                raise _No(
                    _conflict(
                        "terminated by other getUpdates request;"
                        " make sure that only one bot instance is running"
                    )
                )

    def _set_webhook(self, params: Mapping[str, Json], files: Json) -> Json:
        secret = params.get("secret_token", "")
        if secret and not re.fullmatch(r"[\w-]{1,256}", secret, re.ASCII):
            raise _No(refused("secret token contains unallowed characters"))
        return self._point(params, _Webhook(params["url"], secret) if params.get("url") else None)

    def _delete_webhook(self, params: Mapping[str, Json], files: Json) -> Json:
        return self._point(params, None)

    def _point(self, params: Mapping[str, Json], webhook: _Webhook | None) -> bool:
        self.webhook = webhook
        self._allowed = params.get("allowed_updates", self._allowed)
        if params.get("drop_pending_updates"):
            self._queues.clear()
        self._deliver()
        return True

    def _get_webhook_info(self, params: Mapping[str, Json], files: Json) -> Json:
        return {
            "url": self.webhook.url if self.webhook else "",
            "has_custom_certificate": False,
            "pending_update_count": sum(map(len, self._queues.values())),
            **({"last_error_message": self.refusals[-1]} if self.refusals else {}),
        }

    # Messages.

    def _send_message(self, params: Mapping[str, Json], files: Json) -> Json:
        text = str(params.get("text", "")).strip()
        if not text:
            raise _No(refused("message text is empty"))
        if _units(text) > MAX_TEXT:
            raise _No(refused("message is too long"))
        return self._show(params, text, None)

    def _send_document(self, params: Mapping[str, Json], files: Json) -> Json:
        return self._show_file(params, files, "document")

    def _send_photo(self, params: Mapping[str, Json], files: Json) -> Json:
        return self._show_file(params, files, "photo")

    def _send_voice(self, params: Mapping[str, Json], files: Json) -> Json:
        return self._show_file(params, files, "voice")

    def _send_location(self, params: Mapping[str, Json], files: Json) -> Json:
        lat, lon = float(params["latitude"]), float(params["longitude"])
        return self._show(params, f"(location {lat}, {lon})", None)

    def _show_file(self, params: Mapping[str, Json], files: Json, kind: str) -> Json:
        name, content = files.get(str(params.get(kind, kind)).removeprefix("attach://"), ("", b""))
        if not content:
            raise _No(refused("file must be non-empty"))
        if len(content) > (MAX_PHOTO if kind == "photo" else MAX_UPLOAD):
            raise _No(Fault(413, "Request Entity Too Large"))
        caption = str(params.get("caption", "")).strip()
        if _units(caption) > MAX_CAPTION:
            raise _No(refused("message caption is too long"))
        if kind == "photo":
            try:
                Image.open(io.BytesIO(content)).verify()
            except Exception as error:
                raise _No(refused("IMAGE_PROCESS_FAILED")) from error
        return self._show(params, caption, Document(name, content, picture=kind == "photo"))

    def _show(self, params: Mapping[str, Json], text: str, document: Document | None) -> Json:
        person = self._people.get(int(params["chat_id"]))
        if person is None or not person.started:
            raise _No(refused("chat not found"))
        if person.blocked:
            raise _No(BLOCKED)
        markup = params.get("reply_markup") or {}
        buttons = _read_inline(markup.get("inline_keyboard", []))
        if "keyboard" in markup:
            person.keyboard = _read_reply(markup["keyboard"])
        elif markup.get("remove_keyboard"):
            person.keyboard = ()
        clears = bool(markup.get("remove_keyboard"))
        number = self.next_message()
        bubble = Bubble(number, text, buttons, document, clears, time.monotonic())
        person.receive(bubble)
        return self._as_json(person, bubble)

    def _edit_message_reply_markup(self, params: Mapping[str, Json], files: Json) -> Json:
        person = self._people.get(int(params["chat_id"]))
        for index, bubble in enumerate(person.bubbles if person else []):
            if person and bubble.id == int(params["message_id"]):
                markup = params.get("reply_markup") or {}
                changed = replace(bubble, buttons=_read_inline(markup.get("inline_keyboard", [])))
                if changed == bubble:
                    raise _No(
                        refused(
                            "message is not modified: specified new message content and reply"
                            " markup are exactly the same as a current content and reply markup of"
                            " the message"
                        )
                    )
                person.bubbles[index] = changed
                return self._as_json(person, changed)
        raise _No(refused("message to edit not found"))

    def _as_json(self, person: Person, bubble: Bubble) -> Json:
        message: Json = {
            "message_id": bubble.id,
            "from": self.me,
            "chat": {"id": person.id, "first_name": person.name, "type": "private"},
            "date": _now(),
        }
        if bubble.document is None:
            message["text"] = bubble.text
        elif bubble.document.picture:
            message["photo"] = [
                {"file_id": "sent", "file_unique_id": "sent", "width": 1, "height": 1}
            ]
        else:
            message["document"] = {"file_id": "sent", "file_unique_id": "sent"}
        if bubble.document is not None and bubble.text:
            message["caption"] = bubble.text
        if bubble.buttons:
            message["reply_markup"] = _inline(bubble.buttons)
        return message

    def _answer_callback_query(self, params: Mapping[str, Json], files: Json) -> Json:
        for person in self._people.values():
            if params.get("callback_query_id") in person.spinning:
                person.spinning.discard(params["callback_query_id"])
                return True
        raise _No(refused("query is too old and response timeout expired or query ID is invalid"))

    # The rest.

    def _get_me(self, params: Mapping[str, Json], files: Json) -> Json:
        return self.me

    def _set_my_commands(self, params: Mapping[str, Json], files: Json) -> Json:
        for command in params["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise _No(refused("BOT_COMMAND_INVALID"))
            if not 1 <= len(command["description"]) <= 256:
                raise _No(refused("BOT_COMMAND_DESCRIPTION_INVALID"))
        self.commands[params.get("language_code", "")] = params["commands"]
        return True

    def _get_file(self, params: Mapping[str, Json], files: Json) -> Json:
        if params.get("file_id") not in self._files:
            raise _No(refused("wrong file_id or the file is temporarily unavailable"))
        path, _, size = self._files[params["file_id"]]
        if size > MAX_DOWNLOAD:
            raise _No(refused("file is too big"))
        found = {"file_id": params["file_id"], "file_unique_id": "u", "file_path": path}
        return {**found, **({"file_size": size} if size >= 0 else {})}


_FIRST = {"update": 700_000_001, "message": 101, "tap": 4_382_000_000_001, "file": 1}

_METHODS: dict[str, Callable[[FakeBotApi, Mapping[str, Json], Json], Json]] = {
    "getme": FakeBotApi._get_me,
    "setwebhook": FakeBotApi._set_webhook,
    "deletewebhook": FakeBotApi._delete_webhook,
    "getwebhookinfo": FakeBotApi._get_webhook_info,
    "getupdates": FakeBotApi._get_updates,
    "setmycommands": FakeBotApi._set_my_commands,
    "sendmessage": FakeBotApi._send_message,
    "senddocument": FakeBotApi._send_document,
    "sendphoto": FakeBotApi._send_photo,
    "sendvoice": FakeBotApi._send_voice,
    "sendlocation": FakeBotApi._send_location,
    "editmessagereplymarkup": FakeBotApi._edit_message_reply_markup,
    "answercallbackquery": FakeBotApi._answer_callback_query,
    "getfile": FakeBotApi._get_file,
}


class _Closable(H11Protocol):
    """Lets a handler hang up on its caller: `request.state.transport.abort()`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


async def _parameters(request: Request) -> tuple[dict[str, Json], dict[str, tuple[str, bytes]]]:
    params: dict[str, Json] = dict(request.query_params)
    files: dict[str, tuple[str, bytes]] = {}
    if "json" in request.headers.get("content-type", ""):
        params |= await request.json()
    else:
        async with request.form() as form:
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    files[name] = (value.filename or "", await value.read())
                else:
                    params[name] = value
    for name in ("reply_markup", "allowed_updates", "commands", "drop_pending_updates"):
        if isinstance(params.get(name), str):
            try:
                params[name] = json.loads(params[name])
            except ValueError as error:
                raise AssertionError(f"{name} is not JSON: {params[name]!r}") from error
    return params, files


def _read_inline(rows: Json) -> Keyboard:
    keyboard = tuple(tuple(Button(_label(button), _data(button)) for button in row) for row in rows)
    if sum(map(len, keyboard)) > MAX_BUTTONS:
        raise _No(refused("reply markup is too long"))
    return keyboard


def _read_reply(rows: Json) -> Keyboard:
    return tuple(
        tuple(
            Button(_label(button), sends=_sends(button))
            for button in ({"text": b} if isinstance(b, str) else b for b in row)
        )
        for row in rows
    )


def _label(button: Json) -> str:
    if not button.get("text", "").strip():
        raise _No(refused("inline keyboard button text is empty"))
    return str(button["text"])


def _data(button: Json) -> str:
    data = button.get("callback_data")
    if not isinstance(data, str):
        raise _No(
            refused(
                "can't parse inline keyboard button:"
                " Text buttons are unallowed in the inline keyboard"
            )
        )
    if not 1 <= len(data.encode()) <= MAX_DATA:
        raise _No(refused("BUTTON_DATA_INVALID"))
    return data


def _sends(button: Json) -> str | None:
    return next((kind for kind in ("location", "contact") if button.get(f"request_{kind}")), None)


def _inline(keyboard: Keyboard) -> Json:
    rows = [[{"text": b.label, "callback_data": b.data} for b in row] for row in keyboard]
    return {"inline_keyboard": rows}


def _labelled(label: str, buttons: list[Button]) -> Button | None:
    exact = [button for button in buttons if button.label == label]
    return next(iter(exact or [button for button in buttons if label in button.label]), None)


def _renditions(content: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Smaller copies, smallest first, then the picture itself; with width and height in pixels."""
    with Image.open(io.BytesIO(content)) as picture:
        for side in RENDITIONS:
            if side < max(picture.size):
                small = picture.convert("RGB")
                small.thumbnail((side, side))
                out = io.BytesIO()
                small.save(out, "JPEG")
                yield out.getvalue(), *small.size
        yield content, *picture.size


def _caption(caption: str) -> Json:
    return {"caption": caption} if caption else {}


def _conflict(description: str) -> Fault:
    return Fault(409, f"Conflict: {description}")


def _answer(fault: Fault) -> Response:
    if fault.body is not None:
        return Response(fault.body, fault.status, media_type="text/html")
    body: Json = {"ok": False, "error_code": fault.status, "description": fault.description}
    if fault.parameters:
        body["parameters"] = dict(fault.parameters)
    return JSONResponse(body, fault.status)


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _now() -> int:
    return int(time.time())
