"""The HTTP transport to the Bot API: `Calls` for small requests, aiohttp for files.

python-telegram-bot's own client costs twenty times the CPU, and raises one error for both "could
not connect" and "no answer came", which a sender must distinguish. Every URL contains the bot's
token: no error that contains a URL leaves this file, so none can reach a log.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import msgspec
from telegram.error import BadRequest, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

from bot import outcomes
from bot.channels.calls import Calls, NeverSent, NoAnswer
from bot.errors import FileRefused, TryLater

CONNECTIONS = 20  # at once, for files
CONNECT = 5.0  # seconds to get a connection, waiting for a free one included
READ = 20.0  # seconds until Telegram starts to answer
WRITE = 60.0  # additional seconds to upload a document over a slow connection
AWAY = timedelta(seconds=5)  # until the next request after the provider was unavailable

_CHUNK = 64 * 1024
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class NotNow(TelegramError):
    """Telegram accepted nothing and asked to wait `after`."""

    def __init__(self, why: str, *, after: timedelta = AWAY) -> None:
        super().__init__(why)
        self.after = after


class NotThere(NotNow):
    """Telegram accepted nothing: it was not reached, or answered with a server error."""


class Transport(BaseRequest):
    """A `BaseRequest` for python-telegram-bot; it connects with the first request."""

    def __init__(self, url: str, *, patience: float = READ) -> None:
        """Use the host of `url`; `patience` is the default response timeout in seconds."""
        self._patience = patience
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self._calls = Calls(url, connect=CONNECT)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._patience

    async def initialize(self) -> None:
        """Do nothing: the pool needs the event loop, so the first request creates it."""

    async def shutdown(self) -> None:
        """Close every connection."""
        await self._calls.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, url: str, parameters: Mapping[str, Any]) -> Any:
        """Call a method without files; return its result.

        Raises:
            telegram.error.TelegramError: as `do_request`, or the Bot API refused the call.
        """
        body = msgspec.json.encode(parameters)
        status, content = await self._post(url, body, "application/json", self._patience)
        _refuse(status, content)
        if status == HTTPStatus.OK:
            try:
                match msgspec.json.decode(content):
                    case {"ok": True, "result": result}:
                        return result
            except msgspec.DecodeError:
                pass
        _require_object(content)
        try:
            return await _ReceivedAnswer(status, content).post(url)
        except (TypeError, KeyError, ValueError) as error:
            raise TelegramError(f"the answer is none ({type(error).__name__})") from None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: object = BaseRequest.DEFAULT_NONE,
        write_timeout: object = BaseRequest.DEFAULT_NONE,
        connect_timeout: object = BaseRequest.DEFAULT_NONE,
        pool_timeout: object = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Make one request; ignores all timeouts but `read_timeout` (seconds).

        Raises:
            NotNow, NotThere: Telegram accepted nothing.
            TimedOut: no answer came; the request may have been processed.
            BadRequest: the request is too large.
        """
        read = read_timeout if isinstance(read_timeout, (int, float)) else self._patience
        if request_data is not None and request_data.contains_files:
            status, content = await self._upload(url, request_data, read)
        else:
            body, content_type = _body(request_data)
            status, content = await self._post(url, body, content_type, read)
        _refuse(status, content)
        _require_object(content)
        return status, content

    async def _post(
        self, url: str, body: bytes, content_type: str, patience: float
    ) -> tuple[int, bytes]:
        path = url.removeprefix(self._origin)
        try:
            return await self._calls.post(path, body, content_type, patience=patience)
        except NeverSent as error:
            raise NotThere(f"Telegram can't be reached ({error})") from None
        except NoAnswer as error:
            raise TimedOut(f"Telegram did not answer ({error})") from None

    async def _upload(self, url: str, data: RequestData, patience: float) -> tuple[int, bytes]:
        try:
            async with self._pool().post(
                url, data=_form(data), timeout=_timeout(patience), allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except _NEVER_SENT as error:
            raise NotThere(f"Telegram can't be reached ({type(error).__name__})") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TimedOut(f"Telegram did not answer ({type(error).__name__})") from None

    async def download(self, url: str, *, at_most: int) -> bytes:
        """Get a file; stop reading as soon as it exceeds `at_most` bytes.

        Raises:
            FileRefused: `file_too_large`.
            TryLater: Telegram is unavailable, or the URL has expired: getFile returns a new one.
        """
        try:
            async with self._pool().get(
                url, timeout=_timeout(self._patience), allow_redirects=False
            ) as answer:
                if answer.status != HTTPStatus.OK:
                    raise TryLater(f"Telegram's files: {answer.status}", after=AWAY)
                content = bytearray()
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    content += chunk
                    if len(content) > at_most:
                        raise FileRefused("file_too_large")
                return bytes(content)
        except (aiohttp.ClientError, TimeoutError) as error:
            why = f"Telegram's files did not come ({type(error).__name__})"
            raise TryLater(why, after=AWAY) from None

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300),
                headers={"User-Agent": self.USER_AGENT},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class _ReceivedAnswer(BaseRequest):
    """A response already received, parsed by python-telegram-bot, which knows each error."""

    def __init__(self, status: int, content: bytes) -> None:
        self._answer = status, content

    @property
    def read_timeout(self) -> None:
        return None

    async def initialize(self) -> None:
        """Do nothing."""

    async def shutdown(self) -> None:
        """Do nothing."""

    async def do_request(self, *arguments: object, **more: object) -> tuple[int, bytes]:
        """Return the response."""
        return self._answer


def _timeout(read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=CONNECT + read + WRITE, connect=CONNECT, sock_connect=CONNECT, sock_read=read
    )


def _body(data: RequestData | None) -> tuple[bytes, str]:
    form = urlencode(data.json_parameters) if data is not None else ""
    return form.encode(), "application/x-www-form-urlencoded"


def _form(data: RequestData) -> aiohttp.FormData:
    parts = aiohttp.FormData(quote_fields=False)  # else a name with a space arrives as a%20b
    for name, value in data.json_parameters.items():
        parts.add_field(name, value)
    for name, (filename, content, kind) in data.multipart_data.items():
        file = BytesIO(content) if isinstance(content, bytes) else content
        parts.add_field(name, file, filename=filename, content_type=kind)
    return parts


def _refuse(status: int, content: bytes) -> None:
    """Raise for the responses that python-telegram-bot does not distinguish.

    Its `RetryAfter` is not used: creating one emits a deprecation warning.
    """
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            raise NotNow("Telegram asks to wait", after=_retry_after(content))
        case HTTPStatus.GATEWAY_TIMEOUT:
            raise TimedOut("Telegram's gateway gave up waiting")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            raise BadRequest("request entity too large")
        case _ if 300 <= status < 500 and not _is_telegrams(content):
            raise NotThere(f"somebody in between answers ({status})")
        case _ if status >= 500:
            raise NotThere(f"Telegram is broken ({status})")


def _require_object(content: bytes) -> None:
    """Raise unless it is a JSON object; python-telegram-bot would log it, with people's text."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise TelegramError("the answer is none")


def _is_telegrams(content: bytes) -> bool:
    try:
        answer = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(answer, dict) and isinstance(answer.get("description"), str)


def _retry_after(content: bytes) -> timedelta:
    try:
        seconds = json.loads(content)["parameters"]["retry_after"]
    except (ValueError, KeyError, TypeError, RecursionError):
        seconds = None
    return outcomes.asked(seconds, otherwise=AWAY)
