"""The demo page: phones of owners, an officer and a supervisor, and their endpoints."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address
from typing import TypeAlias
from urllib.parse import quote, urlencode

from redis.asyncio import Redis
from redis.exceptions import RedisError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from bot.channels.base import InboundMessage
from bot.errors import Busy, Malformed, TryLater
from conversations.catalogue import LOCALES
from conversations.messages import Json
from demo import channel as browser
from demo import sample_photo
from demo.channel import WHATSAPP, Browser, wake_channel
from models import browser as bubbles
from models.browser import BrowserMessage
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from models.reference import area
from web.pages import Pages, locale_of, refuse_other_sites

ROLES = ("owner", "officer", "supervisor")
MORE = 3  # further owners' phones on one page, at most

MAX_UPLOAD = 10 * 1024 * 1024  # bytes
MAX_WORDS = 64 * 1024  # bytes of a post without a photo
LOOK = 2.0  # seconds between polls for bubbles without a notification
PULSE = 15.0  # seconds between keep-alive comments on a silent stream
RETRY = {"Retry-After": "2"}
NO_STORE = {"Cache-Control": "no-store"}

MOST_DAYS = 366  # that pass at once
DAY = timedelta(hours=24)  # WhatsApp's window: https://www.twilio.com/docs/api/errors/63016

_ADDRESS = re.compile(r"demo-(?:owner|whatsapp|officer|supervisor)(?:-[a-z0-9]{1,12}){0,2}")
_WORLD = re.compile(r"[a-z0-9]{1,12}")
_KINDS = (  # magic bytes and media types
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF", "image/webp"),
    (b"%PDF-", "application/pdf"),
)

Take: TypeAlias = Callable[[Sequence[InboundMessage]], Awaitable[None]]


def routes(
    pages: Pages,
    *,
    db: Database,
    redis: Redis,
    storage: Storage,
    channel: Browser,
    take: Take,
) -> list[BaseRoute]:
    """Return the routes of the demo page and its endpoints; only for a demo app."""
    demo = _Demo(pages, db, redis, storage, channel, take)

    def post(act: str, endpoint: Callable[[Request], Awaitable[Response]], at_most: int) -> Route:
        return Route(f"/demo/{{address}}/{act}", endpoint, methods=["POST"], max_body_size=at_most)

    return [
        Route("/demo", demo.page),
        Route("/demo/new", demo.new_owner),
        Route("/demo/places.json", demo.places),
        Route("/demo/sample.jpg", demo.sample),
        Route("/demo/later", demo.later, methods=["POST"], max_body_size=MAX_WORDS),
        post("say", demo.say, MAX_WORDS),
        post("tap", demo.tap, MAX_WORDS),
        post("location", demo.location, MAX_WORDS),
        post("contact", demo.contact, MAX_WORDS),
        post("photo", demo.photo, MAX_UPLOAD),
        post("day", demo.day, MAX_WORDS),
        Route("/demo/{address}/messages", demo.messages),
        Route("/demo/{addresses}/events", demo.events),
        Route("/demo/{address}/files/{number:int}", demo.file),
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """A phone as the page shows it."""

    id: str  # in the page's elements
    role: str
    address: str
    number: int = 0  # of an owner


def shown(owner: str, more: int, *, whatsapp: bool) -> list[Shown]:
    """Return the three phones, and `more` phones of further owners."""
    role, *officials = ROLES
    first = (WHATSAPP if whatsapp else f"demo-{role}") + (f"-{owner}" if owner else "")
    return [
        Shown(role, role, first, 1),
        *(Shown(one, one, f"demo-{one}") for one in officials),
        *(
            Shown(f"{role}-{number}", role, f"{first}-{number}", number)
            for number in range(2, more + 2)
        ),
    ]


@dataclass(frozen=True, slots=True)
class _Demo:
    pages: Pages
    db: Database
    redis: Redis
    storage: Storage
    channel: Browser
    take: Take

    # -- the page ------------------------------------------------------------------------------

    async def page(self, request: Request) -> Response:
        """Show three phones; `?owner=NAME` selects an owner, `?who=officer` the phone shown first.

        `?more=1` adds the phone of a further owner, up to `MORE`.
        With `?chat=whatsapp` the owner's phone simulates WhatsApp: choices are numbered, and after
        a day of silence only templates arrive.
        """
        owner = request.query_params.get("owner", "")
        whatsapp = request.query_params.get("chat") == "whatsapp"
        more = request.query_params.get("more", "0")
        if (owner and not _WORLD.fullmatch(owner)) or more not in map(str, range(MORE + 1)):
            raise HTTPException(404)
        phones = shown(owner, int(more), whatsapp=whatsapp)
        asked = request.query_params.get("who", ROLES[0])
        locale = locale_of(request)
        return self.pages.html(
            "demo.html",
            locale,
            headers=NO_STORE,
            phones=phones,
            whatsapp=whatsapp,
            first=asked if asked in {one.id for one in phones} else ROLES[0],
            owner=owner,
            more=int(more),
            most=MORE,
            here=_on_this_machine(request),
            words=self.pages.group("demo.js", locale),
        )

    async def new_owner(self, request: Request) -> Response:
        """Redirect to a new owner's phone, with the same officer and supervisor."""
        query = {"owner": secrets.token_hex(2)}
        if "lang" in request.query_params:
            query["lang"] = locale_of(request)
        if request.query_params.get("chat") == "whatsapp":
            query["chat"] = "whatsapp"
        return RedirectResponse(f"/demo?{urlencode(query)}", 303, NO_STORE)

    async def places(self, request: Request) -> Response:
        """Return the map's areas: [level, name, parent's name, lat, lon], at the centroid."""
        areas = area.load()
        rows = [
            [
                one.level,
                one.name,
                above.name if (above := areas.parent(one)) else "",
                one.lat,
                one.lon,
            ]
            for one in areas
        ]
        return JSONResponse(rows, headers={"Cache-Control": "max-age=86400"})

    async def sample(self, request: Request) -> Response:
        """Return a drawn photo of a stall, a different one for each request."""
        signs = list(self.pages.group("demo.sign", "id").values())
        content = await asyncio.to_thread(
            sample_photo.draw, secrets.choice(signs), secrets.randbits(32)
        )
        return Response(content, media_type="image/jpeg", headers=NO_STORE)

    # -- the person's acts ---------------------------------------------------------------------

    async def say(self, request: Request) -> Response:
        address, body = await _act(request)
        words = _text(body, "text")
        return await self._hear(lambda: browser.from_text(address, *_with_context(body, words)))

    async def tap(self, request: Request) -> Response:
        address, body = await _act(request)
        token = _text(body, "token")
        return await self._hear(lambda: browser.from_tap(address, *_with_context(body, token)))

    async def location(self, request: Request) -> Response:
        address, body = await _act(request)
        match body:
            case {"lat": int() | float() as lat, "lon": int() | float() as lon}:
                act, locale = _text(body, "id"), _locale(body)
                return await self._hear(
                    lambda: browser.from_location(address, act, lat, lon, locale)
                )
        raise HTTPException(400)

    async def contact(self, request: Request) -> Response:
        """Share the phone's own number, or the one that the page names."""
        address, body = await _act(request)
        phone = _text(body, "phone") if "phone" in body else _number_of(address)
        return await self._hear(lambda: browser.from_contact(address, *_with_context(body, phone)))

    async def photo(self, request: Request) -> Response:
        refuse_other_sites(request)
        address = _address(request.path_params["address"])
        async with request.form(max_files=1, max_fields=4) as form:
            upload, body = form.get("photo"), dict[str, Json](form)
            content = await upload.read() if isinstance(upload, UploadFile) else b""
        if not content:
            raise HTTPException(400)
        path = f"browser/{address}/{hashlib.sha256(content).hexdigest()}"
        act, locale = _text(body, "id"), _locale(body)
        await asyncio.to_thread(self.storage.write, path, content)
        return await self._hear(
            lambda: browser.from_photo(address, act, path, len(content), locale)
        )

    async def day(self, request: Request) -> Response:
        """Simulate a day of silence, which closes WhatsApp's window."""
        address, _ = await _act(request)
        try:
            passed = await self.channel.let_pass(address, DAY)
        except TryLater as error:
            raise HTTPException(503, headers=RETRY) from error
        if not passed:
            raise HTTPException(404)
        return Response(status_code=204, headers=NO_STORE)

    async def later(self, request: Request) -> Response:
        """Let `days` pass for all letters, or without them the days to the next reminder.

        Only for a browser on this machine: it concerns everybody who is in the demo.
        """
        refuse_other_sites(request)
        if not _on_this_machine(request):
            raise HTTPException(403)
        days = (await _body(request)).get("days")
        if days is not None and not (type(days) is int and 0 < days <= MOST_DAYS):
            raise HTTPException(400)
        try:
            passed = await self.channel.let_days_pass(days)
        except TryLater as error:
            raise HTTPException(503, headers=RETRY) from error
        if not passed:
            raise HTTPException(404)
        return JSONResponse({"days": passed}, headers=NO_STORE)

    async def _hear(self, read: Callable[[], InboundMessage]) -> Response:
        """Store the person's bubble, and respond when the bot has taken the message."""
        try:
            heard = read()
            number = await self.channel.show(heard)
            await self.take([heard])
        except Malformed as error:
            raise HTTPException(400) from error
        except (Busy, TryLater) as error:
            raise HTTPException(503, headers=RETRY) from error
        return JSONResponse({"id": number}, headers=NO_STORE)

    # -- the phones' content -------------------------------------------------------------------

    async def messages(self, request: Request) -> Response:
        """Return the bubbles of one phone after `?after=ID`, oldest first, at most 500."""
        address = _address(request.path_params["address"])
        after = request.query_params.get("after", "0")
        if not after.isdecimal():
            raise HTTPException(400)
        rows = await self._bubbles(address, int(after))
        return JSONResponse([_as_json(row) for row in rows], headers=NO_STORE)

    async def events(self, request: Request) -> Response:
        """Stream the bubbles of several phones ("demo-owner,demo-officer") as server-sent events.

        An event's id is a cursor with the last bubble of each phone: "12.0.9"; `?after=` or
        Last-Event-ID resumes there. `ready` is sent after the existing bubbles.
        """
        addresses = [_address(one) for one in request.path_params["addresses"].split(",")]
        if len(addresses) > len(ROLES) + MORE:
            raise HTTPException(404)
        asked = request.headers.get("last-event-id") or request.query_params.get("after", "")
        numbers = asked.split(".") if re.fullmatch(r"\d{1,18}(\.\d{1,18})*", asked) else []
        if len(numbers) != len(addresses):
            numbers = ["0"] * len(addresses)
        return StreamingResponse(
            self._stream(dict(zip(addresses, map(int, numbers), strict=True))),
            media_type="text/event-stream",
            headers=NO_STORE | {"X-Accel-Buffering": "no"},
        )

    async def _stream(self, last: dict[str, int]) -> AsyncIterator[str]:
        woken = asyncio.Event()
        listener = asyncio.create_task(_listen(self.redis, list(last), woken))
        clock = asyncio.get_running_loop()
        silent_since = clock.time()
        try:
            yield "retry: 1000\n\n"
            caught_up = False
            while True:
                woken.clear()
                for address in last:
                    while rows := await self._bubbles(address, last[address]):
                        for row in rows:
                            last[address] = row.id
                            yield _event(last, _as_json(row))
                            silent_since = clock.time()
                if not caught_up:
                    yield "event: ready\ndata: 1\n\n"
                    caught_up = True
                if clock.time() - silent_since > PULSE:
                    yield ": alive\n\n"
                    silent_since = clock.time()
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK):
                        await woken.wait()
        finally:
            listener.cancel()

    async def file(self, request: Request) -> Response:
        """Return the photo or document of a bubble; only pictures and PDFs are sent inline."""
        address = _address(request.path_params["address"])
        number = request.path_params["number"]
        row = await self.db.ask(lambda tx: tx.get(BrowserMessage, number))
        if row is None or row.address != address:
            raise HTTPException(404)
        document = row.payload.get("document") or row.payload.get("photo")
        try:
            content = await asyncio.to_thread(self.storage.read, document["path"])
        except (TypeError, KeyError, FileNotFoundError) as error:
            raise HTTPException(404) from error
        kind = next((kind for start, kind in _KINDS if content.startswith(start)), None)
        name = quote(document.get("name", "foto.jpg"))
        shown = "inline" if kind else "attachment"
        headers = {
            "Content-Disposition": f"{shown}; filename*=UTF-8''{name}",
            "Cache-Control": "private, max-age=3600",
        }
        if kind == "application/pdf":  # browsers' viewers use styles and frames of their own
            headers["Content-Security-Policy"] = "frame-ancestors 'none'"
        return Response(content, media_type=kind or "application/octet-stream", headers=headers)

    async def _bubbles(self, address: str, after: int) -> Sequence[BrowserMessage]:
        return await self.db.ask(lambda tx: bubbles.after(tx, address, after))


async def _listen(redis: Redis, addresses: Sequence[str], woken: asyncio.Event) -> None:
    """Set `woken` whenever one of the phones has a new bubble; reconnect when Redis fails."""
    while True:
        with suppress(RedisError, OSError):
            async with redis.pubsub() as subscription:
                await subscription.subscribe(*map(wake_channel, addresses))
                async for _ in subscription.listen():
                    woken.set()
        await asyncio.sleep(LOOK)


def _event(last: dict[str, int], bubble: Json) -> str:
    cursor = ".".join(map(str, last.values()))
    return f"id: {cursor}\ndata: {json.dumps(bubble, ensure_ascii=False)}\n\n"


def _as_json(row: BrowserMessage) -> Json:
    """Return a bubble as JSON for the page, with URLs of files instead of paths."""
    bubble = {"id": row.id, "address": row.address, "sent": row.sent, "at": row.at.isoformat()}
    bubble |= {name: value for name, value in row.payload.items() if value}
    link = f"/demo/{row.address}/files/{row.id}"
    if document := row.payload.get("document"):
        bubble["document"] = {"name": document["name"], "size": document["size"], "url": link}
    if row.payload.get("photo"):
        bubble["photo"] = {"url": link}
    return bubble


async def _act(request: Request) -> tuple[str, dict[str, Json]]:
    """Return a post's phone and its JSON body."""
    refuse_other_sites(request)
    return _address(request.path_params["address"]), await _body(request)


async def _body(request: Request) -> dict[str, Json]:
    """Return a post's JSON body."""
    try:
        body = await request.json()
    except ValueError as error:  # bad JSON or bad UTF-8
        raise HTTPException(400) from error
    if not isinstance(body, dict):
        raise HTTPException(400)
    return body


def _on_this_machine(request: Request) -> bool:
    """Whether a request comes from the machine on which the demo runs."""
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:  # a socket of another kind
        return False


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise HTTPException(404)
    return text


def _text(body: dict[str, Json], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not _writable(value):
        raise HTTPException(400)
    return value


def _writable(text: str) -> bool:
    """Whether the text is valid Unicode; JSON can contain lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _with_context(body: dict[str, Json], content: str) -> tuple[str, str, str]:
    """Return the delivery's id, the content, and the page's language."""
    return _text(body, "id"), content, _locale(body)


def _locale(body: dict[str, Json]) -> str:
    locale = body.get("locale")
    return locale if locale in LOCALES else "id"


def _number_of(address: str) -> str:
    """Return a phone number derived from the address."""
    digits = int.from_bytes(hashlib.sha256(address.encode()).digest()[:6], "big") % 10**8
    return f"+62812{digits:08d}"
