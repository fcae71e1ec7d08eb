"""A Twilio of our own: its Messages and Content APIs on loopback, and people on WhatsApp behind it.

    with FakeTwilio() as api:
        whatsapp = WhatsApp(api.account, catalogue, record, public_url=…, api_url=api.url)
        siti = api.user("+6281200000001", "Siti")
        api.deliver_to(f"{public_url}/webhooks/whatsapp")
        siti.say("Halo").result()                # until the bot has accepted it
        siti.wait_for("Apa yang bisa dibantu?").result()
        siti.tap("Minta izin usaha").result()    # a button, an item of a list, or a number

People do and see what they do in `bot_api`. Parameters, patterns, limits and error codes are those
of Twilio's reference (https://www.twilio.com/docs/messaging/api/message-resource, …/content and
…/api/errors); a parameter that stands in none of them is refused. What comes to us is signed.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import itertools
import json
import random
import re
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import TracebackType
from typing import Any, TypeAlias, cast
from urllib.parse import unquote, urlsplit

import aiohttp
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.channels.whatsapp.channel import Account
from tests.providers import bot_api
from tests.providers.bot_api import PATIENCE, Bubble, Button, Document, Fault, Promise, _Closable

Json: TypeAlias = Any

ACCOUNT = "AC" + "a1" * 16
TOKEN = "t0ken" * 6
SENDER = "+628001234567"
WINDOW = timedelta(hours=24)
TAKES = {"application/pdf": 16 << 20, "image/jpeg": 5 << 20, "image/png": 5 << 20}  # bytes
RETRIES = 5  # what `#rc=5&rp=all` asks for

#: Every parameter of a message's creation.
PARAMETERS = frozenset(
    {
        "To",
        "From",
        "Body",
        "MediaUrl",
        "ContentSid",
        "ContentVariables",
        "StatusCallback",
        "MessagingServiceSid",
        "FallbackFrom",
        "ApplicationSid",
        "MaxPrice",
        "ProvideFeedback",
        "Attempt",
        "ValidityPeriod",
        "ForceDelivery",
        "ContentRetention",
        "AddressRetention",
        "SmartEncoded",
        "PersistentAction",
        "TrafficType",
        "ShortenUrls",
        "ScheduleType",
        "SendAt",
        "SendAsMms",
        "RiskCheck",
        "MessageIntent",
    }
)
FILTERS = frozenset({"To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page"})

_TO = re.compile(r"whatsapp:(\+[1-9]\d{7,14}|ID\.\w{4,128})")
_HX = re.compile(r"HX[0-9a-f]{32}")
_VARIABLE = re.compile(r"\{\{(\w{1,16})\}\}")
_NUMBERED = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


def error(code: int, status: int = 400, message: str = "") -> Fault:
    """An answer with one of Twilio's codes."""
    return Fault(status, message or f"Twilio's error {code}", {"code": code})


def too_many(seconds: Json = None) -> Fault:
    """429, perhaps with a time to wait."""
    return Fault(429, "Too Many Requests", {"code": 20429, "after": seconds})


@dataclass(slots=True)
class Message:
    """One message that Twilio took from us."""

    sid: str
    to: str
    given: Mapping[str, Json]
    body: str
    created_at: datetime
    status: str = "queued"
    code: int | None = None
    sent_at: datetime | None = None
    statuses: list[str] = field(default_factory=list)  # reported so far, in order


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the bot's, as it came."""

    method: str
    path: str
    params: Mapping[str, Json]
    authorized: bool


class Person(bot_api.Person):
    """Somebody with WhatsApp on their phone: `address` is their number, or their id if hidden."""

    def __init__(self, api: FakeTwilio, number: int, phone: str, name: str) -> None:
        super().__init__(cast("Any", api), number, name, "id", phone)
        self._twilio = api
        self.external_id = f"ID.{4_566_000_000 + number}"
        self.tells_id = True  # whether Twilio gives their id beside the number
        self.hidden = False  # whether they hide their number
        self.heard_at: datetime | None = None

    @property
    def address(self) -> str:
        return self.external_id if self.hidden else self.phone

    def say(self, text: str) -> Promise[None]:
        return self._deliver(text, {"Body": text, "MessageType": "text"})

    def start(self, payload: str = "") -> Promise[None]:
        return self.say(f"/start {payload}".strip())

    def tap(self, label: str, *, on: Bubble | None = None) -> Promise[None]:
        bubble = on or next((one for one in reversed(self.bubbles) if one.buttons), None)
        buttons = [button for row in (bubble.buttons if bubble else ()) for button in row]
        found = [b for b in buttons if b.label == label] or [b for b in buttons if label in b.label]
        if not found:
            there = ", ".join(repr(button.label) for button in buttons) or "no buttons"
            raise AssertionError(f"{self.name} sees no {label!r} but {there}\n{self.chat}")
        button = found[0]
        if button.data is None:
            return self.say(str(buttons.index(button) + 1))
        if button.sends == "list":
            tapped = {"ListId": button.data, "ListTitle": button.label}
        else:
            tapped = {"ButtonPayload": button.data, "ButtonText": button.label}
        kind = {"MessageType": "interactive", "Body": button.label}
        return self._deliver(f"[{button.label}]", {**kind, **tapped})

    def send_location(self, lat: float, lon: float) -> Promise[None]:
        pin = {"Latitude": str(lat), "Longitude": str(lon), "Body": "", "MessageType": "location"}
        return self._deliver(f"(location {lat}, {lon})", pin)

    def send_photo(self, content: bytes, caption: str = "") -> Promise[None]:
        return self.send_photos(content, caption=caption)

    def send_photos(self, *contents: bytes, caption: str = "") -> Promise[None]:
        """Several photos in one message."""
        files = [(content, "image/jpeg") for content in contents]
        return self._with_files(f"({len(files)} photos)", files, caption, "image")

    def send_document(  # type: ignore[override]  # no size is told here
        self,
        content: bytes,
        name: str = "dokumen.pdf",
        kind: str = "application/pdf",
        caption: str = "",
    ) -> Promise[None]:
        return self._with_files(f"({name})", [(content, kind)], caption, "document")

    def send(self, **fields: Json) -> Promise[None]:
        """Send anything else, as Twilio would describe it."""
        return self._deliver(f"({', '.join(fields)})", {name: str(v) for name, v in fields.items()})

    def _with_files(
        self, shown: str, files: Sequence[tuple[bytes, str]], caption: str, kind: str
    ) -> Promise[None]:
        sid = self._twilio.next_sid("MM")
        fields = {"Body": caption, "MessageType": kind, "NumMedia": str(len(files))}
        for number, (content, content_type) in enumerate(files):
            url = self._twilio.keep(sid, content, content_type)
            fields |= {f"MediaUrl{number}": url, f"MediaContentType{number}": content_type}
        return self._deliver(shown, fields, sid)

    def _deliver(self, shown: str, fields: Mapping[str, str], sid: str = "") -> Promise[None]:
        self.started = True
        self.heard_at = self._twilio.now()
        self._chat.append(f"> {shown}")
        sid = sid or self._twilio.next_sid("SM")
        known = {"ExternalUserId": f"whatsapp:{self.external_id}"} if self.tells_id else {}
        return self._twilio.push(
            self,
            {
                "MessageSid": sid,
                "SmsSid": sid,
                "SmsMessageSid": sid,
                "AccountSid": ACCOUNT,
                "From": f"whatsapp:{self.address}",
                "To": f"whatsapp:{SENDER}",
                "WaId": "" if self.hidden else self.phone.lstrip("+"),
                "ProfileName": self.name,
                "NumMedia": "0",
                "NumSegments": "1",
                "SmsStatus": "received",
                "ApiVersion": "2010-04-01",
                **known,
                **fields,
            },
        )


class FakeTwilio:
    """The server."""

    def __init__(self) -> None:
        self.account = Account(ACCOUNT, TOKEN, SENDER)
        self.calls: list[Call] = []
        self.messages: dict[str, Message] = {}
        self.contents: dict[str, Json] = {}
        self.approved: set[str] = set()  # Content that may be said at any time
        self.ahead = timedelta(0)  # by how much the clock here is ahead
        self.reporting = False  # whether reports are made as messages go
        self.refuses_at_once = False  # whether a closed window is told at once, not by a report
        self.copies = 1  # how often each report and delivery is brought
        self.disorder: random.Random | None = None  # brings reports in any order
        self.delivery: Callable[[Message], int | None] = lambda message: None  # a code: it fails so
        self.refusals: list[str] = []  # what our webhooks answered instead of 2xx
        self._people: dict[str, Person] = {}
        self._webhook = ""
        self._faults: list[tuple[str, Fault]] = []
        self._media: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._number = itertools.count(1)
        self._tasks: set[asyncio.Task[None]] = set()
        self._lanes: dict[str, asyncio.Lock] = {}
        self._ready = threading.Event()
        self._closing = asyncio.Event()

    # The test's side; any thread.

    def user(self, phone: str, name: str = "Siti") -> Person:
        """Give the person with this number; the first to ask makes them."""
        number = len(self._people) + 1
        return self._people.setdefault(phone, Person(self, number, phone, name))

    def deliver_to(self, url: str) -> None:
        """Where messages from people go."""
        self._webhook = url

    def fail(self, *faults: Fault, call: str = "POST Messages.json") -> None:
        """Let the next calls go wrong: of this method, on a path that ends so; one fault a call."""
        self._faults.extend((call, fault) for fault in faults)

    def forgive(self) -> None:
        """Let nothing go wrong that was to."""
        self._faults.clear()

    def made(self) -> list[Message]:
        """The messages that we made, in order."""
        return list(self.messages.values())

    def called(self, method: str, ending: str) -> list[Call]:
        return [c for c in tuple(self.calls) if c.method == method and c.path.endswith(ending)]

    def media_left(self) -> int:
        """How many of the files that people sent have not been deleted."""
        return len(self._media)

    def forget_content(self) -> None:
        """Somebody deletes all Content in the console."""
        self.contents.clear()

    def report(self, sid: str, status: str, code: int | None = None) -> Promise[int]:
        """Report on a message; gives what our webhook answered."""
        promise: Promise[int] = Promise()

        async def tell() -> None:
            promise.keep(await self._report(self.messages[sid], status, code))

        self.run(lambda: self._spawn(tell()))
        return promise

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def next_sid(self, kind: str) -> str:
        return f"{kind}{next(self._number):032x}"

    def keep(self, message: str, content: bytes, content_type: str) -> str:
        """Store a file of a message; gives its MediaUrl."""
        sid = self.next_sid("ME")
        self._media[message, sid] = content, content_type
        return (
            f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/Messages/{message}/Media/{sid}"
        )

    def push(self, person: Person, fields: Mapping[str, str]) -> Promise[None]:
        """Owe the bot a message."""
        promise: Promise[None] = Promise()
        self.run(lambda: self._spawn(self._bring(person, dict(fields), promise)))
        return promise

    def run(self, act: Callable[[], None]) -> None:
        self._loop.call_soon_threadsafe(act)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self._loop.call_later(seconds, act)

    def __enter__(self) -> FakeTwilio:
        self._sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        for one in self._sockets:  # asyncio does so only for sockets that it makes itself
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ports = [one.getsockname()[1] for one in self._sockets]
        self.url, self.files_url = (f"http://127.0.0.1:{port}" for port in ports)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10), "the fake Twilio did not start"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.run(self._closing.set)
        self._thread.join(10)

    async def __aenter__(self) -> FakeTwilio:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.__exit__, kind, error, trace)

    # The server's side; all of it in one thread.

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        base = "/2010-04-01/Accounts/{account}/Messages"
        media = base + "/{message}/Media/{media}"
        content = "/v1/Content"
        calls = {
            ("GET", "/2010-04-01/Accounts/{account}.json"): self._fetch_account,
            ("POST", f"{base}.json"): self._create,
            ("GET", f"{base}.json"): self._list,
            ("GET", base + "/{message}.json"): self._fetch,
            ("DELETE", f"{media}.json"): self._delete_media,
            ("POST", content): self._create_content,
            ("GET", content): self._list_content,
            ("GET", content + "/{content}"): self._fetch_content,
            ("DELETE", content + "/{content}"): self._delete_content,
            ("GET", content + "/{content}/ApprovalRequests"): self._fetch_approval,
            ("POST", content + "/{content}/ApprovalRequests/whatsapp"): self._ask_approval,
        }
        routes = [
            Route(path, self._guarded(act), methods=[method])
            for (method, path), act in calls.items()
        ]
        routes.append(Route(media, self._redirect))
        routes.append(Route("/files/{message}/{media}", self._file))
        config = uvicorn.Config(
            Starlette(routes=routes), http=_Closable, ws="none", lifespan="off", log_config=None
        )
        server = uvicorn.Server(config)
        async with aiohttp.ClientSession() as self._out:
            serving = asyncio.create_task(server.serve(self._sockets))
            while not server.started:
                await asyncio.sleep(0.002)
            self._ready.set()
            await self._closing.wait()
            for task in self._tasks:
                task.cancel()
            serving.cancel()
            await asyncio.wait([serving])
            for listening in server.servers:
                listening.close()
            for connection in list(server.server_state.connections):
                connection.transport.abort()

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _guarded(self, act: Any) -> Any:
        """Keep the call, check who calls, and let go wrong what is to."""

        async def answer(request: Request) -> Response:
            params = await _parameters(request)
            authorized = _authorized(request)
            self.calls.append(Call(request.method, request.url.path, params, authorized))
            fault = self._fault(request)
            try:
                if not authorized or request.path_params.get("account", ACCOUNT) != ACCOUNT:
                    raise _No(error(20003, 401, "Authenticate"))
                if fault is not None and not fault.takes:
                    raise _No(fault)
                result = act(params, **request.path_params)
            except _No as no:
                return _answer(no.fault)
            if fault is not None and fault.lies:
                return _answer(fault)
            if fault is not None and fault.silence:
                if fault.silence == "hang":
                    await self._closing.wait()
                if fault.silence == "cut":
                    request.state.transport.write(
                        b'HTTP/1.1 201 Created\r\nContent-Length: 500\r\n\r\n{"sid":'
                    )
                    await asyncio.sleep(0.01)
                request.state.transport.abort()
            elif fault is not None:
                await asyncio.sleep(fault.late)
            if result is None:
                return Response(status_code=204)
            return JSONResponse(result, 201 if request.method == "POST" else 200)

        return answer

    def _fault(self, request: Request) -> Fault | None:
        for index, (call, fault) in enumerate(self._faults):
            method, _, ending = call.partition(" ")
            if method == request.method and request.url.path.endswith(ending):
                del self._faults[index]
                return fault
        return None

    def _fetch_account(self, params: Mapping[str, Json], account: str) -> Json:
        return {"sid": account, "status": "active", "type": "Full", "friendly_name": "Izin"}

    # Messages.

    def _create(self, params: Mapping[str, Json], account: str) -> Json:
        unknown = set(params) - PARAMETERS
        if unknown:
            raise _No(error(20001, message=f"unknown parameters: {sorted(unknown)}"))
        to = str(params.get("To", ""))
        if not _TO.fullmatch(to):
            raise _No(error(21211, message=f"Invalid 'To' Phone Number: {to}"))
        if params.get("From") != f"whatsapp:{SENDER}":
            raise _No(error(63007, message="Twilio could not find a Channel with the From address"))
        callback = params.get("StatusCallback")
        if callback is not None and urlsplit(callback).scheme not in ("http", "https"):
            raise _No(error(21609, message="The StatusCallback URL is not a valid URL"))
        person = self._by_address(to.removeprefix("whatsapp:"))
        if person is None:
            raise _No(error(63003, message="Channel could not find To address"))
        bubble = self._bubble(params)
        message = Message(self.next_sid("SM"), to, params, bubble.text, self.now())
        closed = person.heard_at is None or self.now() - person.heard_at >= WINDOW
        fails = self.delivery(message)
        if closed and params.get("ContentSid") not in self.approved:
            if self.refuses_at_once:
                raise _No(error(63016))
            fails = 63016
        self.messages[message.sid] = message
        self._spawn(self._carry(message, person, bubble, fails))
        return self._as_json(message)

    def _bubble(self, params: Mapping[str, Json]) -> Bubble:
        """What the reader shall see."""
        number = next(self._number)
        if "ContentSid" in params:
            if "Body" in params or "MediaUrl" in params:
                raise _No(error(21619, message="Content goes without Body and MediaUrl"))
            return self._filled(number, str(params["ContentSid"]), params.get("ContentVariables"))
        if "ContentVariables" in params:
            raise _No(error(21654, message="ContentSid Required"))
        body = str(params.get("Body", ""))
        if not body.strip() and "MediaUrl" not in params:
            raise _No(error(21619, message="A text message body or media urls must be specified"))
        if _units(body) > 1600:
            raise _No(error(21617, message="The concatenated message body exceeds the limit"))
        buttons = tuple((Button(label),) for _, label in _NUMBERED.findall(body))
        return Bubble(number, body.strip(), buttons)

    def _filled(self, number: int, sid: str, given: str | None) -> Bubble:
        content = self.contents.get(sid) if _HX.fullmatch(sid) else None
        if content is None:
            raise _No(error(21655, message="The ContentSid is invalid"))
        try:
            variables = json.loads(given or "{}")
        except ValueError:
            raise _No(error(21656, message="ContentVariables is not JSON")) from None
        filled = {**content["variables"], **variables}
        for value in variables.values():
            if not isinstance(value, str) or not value or re.search(r"[\n\t]| {5}", value):
                raise _No(error(21656, message="The ContentVariables Parameter is invalid"))
        if sum(map(_units, variables.values())) > 1600:
            raise _No(error(21658, message="ContentVariables exceed the limit"))

        def fill(words: str) -> str:
            return _VARIABLE.sub(lambda name: filled[name[1]], words)

        [(kind, shape)] = content["types"].items()
        body = fill(shape["body"])
        if kind == "twilio/list-picker":
            chosen = [(fill(one["item"]), fill(one["id"])) for one in shape["items"]]
            _within(fill(shape["button"]), 20)
            longest, most, sends = 24, 10, "list"
        else:
            chosen = [(fill(one["title"]), fill(one["id"])) for one in shape.get("actions", ())]
            longest, most, sends = 20, (10 if sid in self.approved else 3), None
        for label, value in chosen:
            _within(label, longest)
            _within(value, 200)
        if len(chosen) > most or len({label for label, _ in chosen}) < len(chosen):
            raise _No(error(63013, message="too many buttons, or two alike"))
        _within(body, 1024)
        return Bubble(number, body, tuple((Button(lb, data, sends),) for lb, data in chosen))

    async def _carry(
        self, message: Message, person: Person, bubble: Bubble, fails: int | None
    ) -> None:
        """Bring a message to its reader, and report."""
        document = None
        if message.given.get("MediaUrl"):
            document = await self._load(message.given["MediaUrl"][0])
            fails = fails or (None if document else 63019)
        if fails is not None:
            await self._tell(message, [("failed", fails)])
            return
        message.sent_at = self.now()
        person.receive(replace(bubble, document=document, at=self._loop.time()))
        await self._tell(message, [("sent", None), ("delivered", None)])

    async def _tell(self, message: Message, reports: Sequence[tuple[str, int | None]]) -> None:
        for status, code in reports:
            message.status, message.code = status, code
        if not self.reporting:
            return
        told = [one for one in reports for _ in range(self.copies)]
        if self.disorder is not None:
            self.disorder.shuffle(told)
        for status, code in told:
            await self._report(message, status, code)

    async def _report(self, message: Message, status: str, code: int | None) -> int:
        message.statuses.append(status)
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "To": message.to,
            "From": f"whatsapp:{SENDER}",
            "AccountSid": ACCOUNT,
            "ApiVersion": "2010-04-01",
            "ChannelPrefix": "whatsapp",
            **({"ErrorCode": str(code)} if code is not None else {}),
        }
        url = message.given.get("StatusCallback")
        if url is None:
            return 0
        for _ in range(RETRIES + 1):
            answered = await self._post(url, fields)
            if 200 <= answered < 300:
                break
            await asyncio.sleep(0.1)
        return answered

    async def _load(self, url: str) -> Document | None:
        """Fetch what shall be sent, as anybody could."""
        try:
            async with self._out.get(url, timeout=aiohttp.ClientTimeout(total=10)) as answer:
                if answer.status != 200:
                    return None
                name = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
                content = await answer.read()
                most = TAKES.get(answer.content_type, 0)
                picture = answer.content_type.startswith("image/")
                return Document(name, content, picture) if len(content) <= most else None
        except (aiohttp.ClientError, TimeoutError):
            return None

    def _list(self, params: Mapping[str, Json], account: str) -> Json:
        if unknown := set(params) - FILTERS:
            raise _No(error(20001, message=f"unknown parameters: {sorted(unknown)}"))
        found = [
            one
            for one in reversed(self.made())
            if params.get("To", one.to) == one.to
            and ("DateSent>" not in params or one.sent_at is not None)
        ]
        rows = [self._as_json(one) for one in found[: int(params.get("PageSize", 50))]]
        return {"messages": rows, "page": 0, "next_page_uri": None}

    def _fetch(self, params: Mapping[str, Json], account: str, message: str) -> Json:
        if message not in self.messages:
            raise _No(error(20404, 404))
        return self._as_json(self.messages[message])

    def _as_json(self, message: Message) -> Json:
        return {
            "sid": message.sid,
            "account_sid": ACCOUNT,
            "to": message.to,
            "from": f"whatsapp:{SENDER}",
            "body": message.body,
            "status": message.status,
            "direction": "outbound-api",
            "num_media": str(len(message.given.get("MediaUrl", ()))),
            "num_segments": "1",
            "date_created": format_datetime(message.created_at),
            "date_updated": format_datetime(message.created_at),
            "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
            "error_code": message.code,
            "error_message": None,
            "api_version": "2010-04-01",
        }

    # Files that people sent.

    async def _redirect(self, request: Request) -> Response:
        self.calls.append(Call("GET", request.url.path, {}, _authorized(request)))
        if not _authorized(request):
            return _answer(error(20003, 401))
        if fault := self._fault(request):
            return _answer(fault)
        message, media = request.path_params["message"], request.path_params["media"]
        if (message, media) not in self._media:
            return _answer(error(20404, 404))
        return RedirectResponse(f"{self.files_url}/files/{message}/{media}", 307)

    async def _file(self, request: Request) -> Response:
        self.calls.append(Call("GET", request.url.path, {}, "authorization" in request.headers))
        if "authorization" in request.headers:  # as a bucket with a signed address does
            return Response("Only one auth mechanism allowed", 400)
        key = request.path_params["message"], request.path_params["media"]
        if key not in self._media:
            return Response(status_code=404)
        content, content_type = self._media[key]
        return Response(content, media_type=content_type)

    def _delete_media(
        self, params: Mapping[str, Json], account: str, message: str, media: str
    ) -> None:
        if self._media.pop((message, media), None) is None:
            raise _No(error(20404, 404))

    # Content.

    def _create_content(self, params: Mapping[str, Json]) -> Json:
        if unknown := set(params) - {"friendly_name", "language", "variables", "types"}:
            raise _No(error(20001, message=f"unknown fields: {sorted(unknown)}"))
        used = set(_VARIABLE.findall(json.dumps(params["types"])))
        if used != set(params.get("variables", {})) or len(used) > 100:
            raise _No(error(20001, message="each variable needs a sample, and 100 are the most"))
        sid = self.next_sid("HX")
        self.contents[sid] = {"variables": {}, **params, "sid": sid, "account_sid": ACCOUNT}
        return self.contents[sid]

    def _list_content(self, params: Mapping[str, Json]) -> Json:
        meta = {"page": 0, "page_size": 50, "key": "contents", "next_page_url": None}
        return {"contents": list(self.contents.values()), "meta": meta}

    def _fetch_content(self, params: Mapping[str, Json], content: str) -> Json:
        if content not in self.contents:
            raise _No(error(20404, 404))
        return self.contents[content]

    def _delete_content(self, params: Mapping[str, Json], content: str) -> None:
        self._fetch_content(params, content)
        del self.contents[content]

    def _fetch_approval(self, params: Mapping[str, Json], content: str) -> Json:
        self._fetch_content(params, content)
        state = "approved" if content in self.approved else "unsubmitted"
        return {"sid": content, "account_sid": ACCOUNT, "whatsapp": {"status": state}}

    def _ask_approval(self, params: Mapping[str, Json], content: str) -> Json:
        self._fetch_content(params, content)
        if params.get("category") not in ("UTILITY", "MARKETING", "AUTHENTICATION"):
            raise _No(error(20001, message="category"))
        if not re.fullmatch(r"[a-z0-9_]+", str(params.get("name", ""))):
            raise _No(error(20001, message="name"))
        return {**params, "status": "received", "content_type": "twilio/text"}

    # Deliveries.

    async def _bring(self, person: Person, fields: dict[str, str], done: Promise[None]) -> None:
        """Bring a message to the webhook, one after the other for each person."""
        async with self._lanes.setdefault(person.phone, asyncio.Lock()):
            answered = 0
            for _ in range(int(PATIENCE * 10)):
                answers = [await self._post(self._webhook, fields) for _ in range(self.copies)]
                answered = answers[-1]
                if 200 <= answered < 300:
                    done.keep(None)
                    return
                await asyncio.sleep(0.1)
        done.fail(f"the bot did not accept a message: {answered}\n{person.chat}")

    async def _post(self, url: str, fields: Mapping[str, str]) -> int:
        headers = {"X-Twilio-Signature": sign(url, fields)}
        try:
            async with self._out.post(
                url, data=dict(fields), headers=headers, timeout=aiohttp.ClientTimeout(total=15)
            ) as answer:
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            self.refusals.append(repr(error))
            return 0
        if not 200 <= status < 300:
            self.refusals.append(str(status))
        return status

    def _by_address(self, address: str) -> Person | None:
        for person in self._people.values():
            if address in (person.phone, person.external_id):
                return person
        return None


class _No(Exception):
    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.description)
        self.fault = fault


def sign(url: str, fields: Mapping[str, str], key: str = TOKEN, digest: str = "sha1") -> str:
    """The signature of a delivery, by the rule in Twilio's reference."""
    told = url + "".join(f"{name}{fields[name]}" for name in sorted(fields))
    return base64.b64encode(hmac.digest(key.encode(), told.encode(), digest)).decode()


async def _parameters(request: Request) -> dict[str, Json]:
    params: dict[str, Json] = dict(request.query_params)
    if "json" in request.headers.get("content-type", "") and request.method == "POST":
        return params | dict(await request.json())
    async with request.form() as form:
        for name in form:
            given = [str(one) for one in form.getlist(name)]
            params[name] = given if name in ("MediaUrl", "PersistentAction") else given[-1]
    return params


def _authorized(request: Request) -> bool:
    wanted = base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {wanted}"


def _answer(fault: Fault) -> Response:
    if fault.body is not None:
        return Response(fault.body, fault.status, fault.parameters, media_type="text/html")
    code = fault.parameters.get("code", fault.status)
    body = {"code": code, "message": fault.description, "status": fault.status}
    after = fault.parameters.get("after")
    asks = {"Retry-After": str(after)} if after is not None else None
    return JSONResponse(body, fault.status, asks)


def _within(words: str, most: int) -> None:
    if not words or _units(words) > most:
        raise _No(error(63013, message=f"{_units(words)} characters where {most} are taken"))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
