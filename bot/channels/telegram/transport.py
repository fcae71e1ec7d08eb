"""The way to the Bot API: what is small goes by `Calls`, files by aiohttp.

python-telegram-bot's own client costs twenty times the CPU, and folds "could not connect" and "no
answer came" into one error, which a sender must tell apart. The bot's token stands in every
address: no error that holds an address leaves this file, so none can reach a log.
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
WRITE = 60.0  # seconds more for a document to go out over a slow line
AWAY = timedelta(seconds=5)  # how long to leave a provider alone that was not there

_CHUNK = 64 * 1024
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)


class NotNow(TelegramError):
    """Nothing was sent: Telegram asked to wait `after`."""

    def __init__(self, why: str, *, after: timedelta = AWAY) -> None:
        super().__init__(why)
        self.after = after


class NotThere(NotNow):
    """Nothing was sent: Telegram was not reached, or is broken."""


class Transport(BaseRequest):
    """A `BaseRequest` of our own; its connections open with the first request."""

    def __init__(self, url: str, *, patience: float = READ) -> None:
        """Reach the host of `url`; wait `patience` seconds for an answer, unless told otherwise."""
        self._patience = patience
        self._origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self._calls = Calls(url, connect=CONNECT)
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return self._patience

    async def initialize(self) -> None:
        """Nothing: the pool needs the loop that the first request runs in."""

    async def shutdown(self) -> None:
        """Close every connection."""
        await self._calls.close()
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, url: str, parameters: Mapping[str, Any]) -> Any:
        """Call a method without files, and give its result.

        Raises:
            telegram.error.TelegramError: as `do_request`, and what the Bot API refuses.
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
        _read(content)
        try:
            return await _Answered(status, content).post(url)
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
        """Make one request; of the timeouts only `read_timeout` (seconds) is heeded.

        Raises:
            NotNow, NotThere: nothing was sent.
            TimedOut: it may have been taken, but no answer came.
            BadRequest: it is too large to be taken.
        """
        read = read_timeout if isinstance(read_timeout, (int, float)) else self._patience
        if request_data is not None and request_data.contains_files:
            status, content = await self._upload(url, request_data, read)
        else:
            body, content_type = _body(request_data)
            status, content = await self._post(url, body, content_type, read)
        _refuse(status, content)
        _read(content)
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
        """Get a file, and stop reading as soon as it is more than `at_most` bytes.

        Raises:
            FileRefused: `file_too_large`.
            TryLater: Telegram is away, or the address is no longer good: getFile gives another.
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


class _Answered(BaseRequest):
    """An answer that came, to be read by python-telegram-bot: it knows what each error means."""

    def __init__(self, status: int, content: bytes) -> None:
        self._answer = status, content

    @property
    def read_timeout(self) -> None:
        return None

    async def initialize(self) -> None:
        """Nothing."""

    async def shutdown(self) -> None:
        """Nothing."""

    async def do_request(self, *arguments: object, **more: object) -> tuple[int, bytes]:
        """Give the answer."""
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
    """Raise for the answers that python-telegram-bot does not tell apart.

    Its `RetryAfter` is not used: making one warns of a change to come.
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


def _read(content: bytes) -> None:
    """Raise for what python-telegram-bot can't read: it would log it, and words of people in it."""
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
        told = json.loads(content)["parameters"]["retry_after"]
    except (ValueError, KeyError, TypeError, RecursionError):
        told = None
    return outcomes.asked(told, otherwise=AWAY)
