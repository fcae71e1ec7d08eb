"""The HTTP transport to Twilio: its client's requests over our own connection pool.

The client's own transport opens its session where no event loop may run, can't use another host,
and can be set to retry a POST, which sends a message twice. This one sends each request once, and
distinguishes a request that was never sent from one that may have been processed.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import aiohttp
from twilio.http import AsyncHttpClient
from twilio.http.response import Response

from bot import outcomes
from bot.errors import Away, FileRefused, OutcomeUnknown, TryLater

CONNECTIONS = 100  # at once
CONNECT = 5.0  # seconds to get a connection, waiting for a free one included
READ = 20.0  # seconds until Twilio answers
AWAY = timedelta(seconds=5)  # until the next request after the provider was unavailable
MAX_REDIRECTS = 3  # of a file: Twilio stores files on other hosts

#: Statuses of Twilio itself after which the file never becomes available; others may be temporary.
_NEVER_COMES = {HTTPStatus.NOT_FOUND: "file_gone", HTTPStatus.GONE: "file_gone"}
_CHUNK = 64 * 1024
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
_HOST = ".twilio.com"


class Transport(AsyncHttpClient):  # type: ignore[misc]  # it has no types
    """Twilio's `AsyncHttpClient`; it connects with the first request."""

    def __init__(self, api_url: str | None = None, *, patience: float = READ) -> None:
        """Use Twilio's hosts, or `api_url` for all of them; `patience` is a timeout in seconds."""
        super().__init__(logging.getLogger(__name__), True)
        self._api_url = api_url
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        uri: str,
        params: Mapping[str, Any] | None = None,
        data: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Make one request; ignores `timeout` and `allow_redirects`.

        Raises:
            TryLater, Away: Twilio accepted nothing.
            OutcomeUnknown: no valid answer came; the request may have been processed.
        """
        query = urlencode(params or {}, doseq=True)
        url = self.there(uri) + (f"?{query}" if query else "")
        try:
            async with self._pool().request(
                method,
                url,
                data=_body(data, headers or {}),
                headers={**(headers or {}), **_signed_in(auth)},
                timeout=_timeout(self._patience),
                allow_redirects=False,
            ) as answer:
                text = await answer.text()
                _refuse(answer.status, answer.headers)
                return Response(answer.status, text, answer.headers)
        except _NEVER_SENT as error:
            why = f"Twilio can't be reached ({type(error).__name__})"
            raise Away(why, after=AWAY) from None
        except (aiohttp.ClientError, TimeoutError, UnicodeError) as error:
            raise OutcomeUnknown(f"Twilio did not answer ({type(error).__name__})") from None

    def there(self, url: str) -> str:
        """Return the URL to use for a URL of Twilio's: the same, or that under `api_url`."""
        parts = urlsplit(url)
        if self._api_url is None or not (parts.hostname or "").endswith(_HOST):
            return url
        return self._api_url + parts.path + (f"?{parts.query}" if parts.query else "")

    async def download(self, url: str, auth: tuple[str, str], *, at_most: int) -> bytes:
        """Get a file; stop reading as soon as it exceeds `at_most` bytes.

        Redirects are followed without the account's token.

        Raises:
            FileRefused: `file_too_large`; `file_gone` if Twilio no longer has it.
            TryLater: Twilio, or the host of its files, is unavailable.
        """
        headers = _signed_in(auth)
        try:
            for _ in range(MAX_REDIRECTS + 1):
                async with self._pool().get(
                    url, headers=headers, timeout=_timeout(self._patience), allow_redirects=False
                ) as answer:
                    if headers and answer.status in _NEVER_COMES:
                        raise FileRefused(_NEVER_COMES[HTTPStatus(answer.status)])
                    if answer.status not in (301, 302, 303, 307, 308):
                        return await _content(answer, at_most)
                    url, headers = urljoin(url, answer.headers.get("Location", "")), {}
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:  # or a bad Location
            why = f"Twilio's files did not come ({type(error).__name__})"
            raise TryLater(why, after=AWAY) from None
        raise TryLater(f"Twilio's files: sent on {MAX_REDIRECTS} times", after=AWAY)

    async def close(self) -> None:
        """Close every connection."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, ttl_dns_cache=300),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _signed_in(auth: tuple[str, str] | None) -> dict[str, str]:
    return {"Authorization": aiohttp.encode_basic_auth(*auth)} if auth else {}


def _timeout(read: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(
        total=CONNECT + 2 * read, connect=CONNECT, sock_connect=CONNECT, sock_read=read
    )


def _body(data: Mapping[str, Any] | None, headers: Mapping[str, str]) -> bytes | None:
    if not data:
        return None
    if "json" in headers.get("Content-Type", ""):
        return json.dumps(data).encode()
    return urlencode(data, doseq=True).encode()


def _refuse(status: int, headers: Mapping[str, str]) -> None:
    """Raise for a rate limit and for server errors, which decide nothing about the message."""
    match status:
        case HTTPStatus.TOO_MANY_REQUESTS | HTTPStatus.SERVICE_UNAVAILABLE:
            after = outcomes.asked(headers.get("Retry-After"), otherwise=AWAY)
            kind = TryLater if status == HTTPStatus.TOO_MANY_REQUESTS else Away
            raise kind(f"Twilio asks to wait ({status})", after=after)
        case _ if status >= 500:
            raise OutcomeUnknown(f"Twilio is broken ({status})")


async def _content(answer: aiohttp.ClientResponse, at_most: int) -> bytes:
    if answer.status != HTTPStatus.OK:
        raise TryLater(f"Twilio's files: {answer.status}", after=AWAY)
    content = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > at_most:
            raise FileRefused("file_too_large")
    return bytes(content)
