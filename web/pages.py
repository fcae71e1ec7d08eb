"""Shared by all pages: templates, texts, languages, security headers, static files, CSRF checks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, ExceptionHandler, Message, Receive, Scope, Send

from bot.channels.bounds import url_parts
from conversations.catalogue import LOCALES, Catalogue
from conversations.messages import Say, Value

WORDS = "pages"  # the catalogue of the pages' texts
HERE = Path(__file__).parent  # with the folders `templates` and `static`

#: Splits a text at document numbers; every second part is a number.
_NUMBER = re.compile(r"([A-Z]{2,8}-[0-9]{4}(?:-[0-9]{4})?-[0-9]{6,9})")

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
FOREVER = "public, max-age=31536000, immutable"  # for URLs that contain their content's hash

#: Default headers of every response: no resources of other sites, no inline code.
SAFE_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
    "X-Robots-Tag": "noindex",
}
HSTS = "Strict-Transport-Security"
HTTPS_ONLY = "max-age=31536000"  # a year


@dataclass(frozen=True, slots=True)
class Pages:
    """The templates and their texts."""

    environment: Environment
    catalogue: Catalogue

    def html(
        self,
        template: str,
        locale: str,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> HTMLResponse:
        """Render a template; in it, `t(key, …)` returns the text `pages.key` in this language."""
        page = self.environment.get_template(template).render(locale=locale, **facts)
        return HTMLResponse(page, status, headers)

    def say(self, key: str, locale: str, **params: Value) -> str:
        """Return the text `pages.key`."""
        return self.catalogue.say(Say(f"{WORDS}.{key}", params), locale)

    def group(self, key: str, locale: str) -> dict[str, str]:
        """Return all texts below `pages.key`, by the rest of their key, with placeholders."""
        start = f"{WORDS}.{key}."
        return {
            entry.removeprefix(start): lines[locale]
            for entry, lines in self.catalogue.entries.items()
            if entry.startswith(start)
        }


def load(catalogue: Catalogue, folders: Sequence[Path] = (HERE,)) -> Pages:
    """Load the pages: templates escape everything, and a missing variable is an error.

    Each folder holds the folders `templates` and `static`.
    """
    environment = Environment(
        loader=FileSystemLoader([folder / "templates" for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages = Pages(environment, catalogue)
    versions = {
        file.relative_to(top).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        for top in (folder / "static" for folder in folders)
        for file in top.rglob("*")
        if file.is_file()
    }

    @pass_context
    def t(context: Context, key: str, **params: Value) -> str:
        return pages.say(key, str(context["locale"]), **params)

    def static(path: str) -> str:
        return f"/static/{path}?v={versions[path]}"

    @pass_context
    def here(context: Context, path: str) -> str:
        """Return the path with the page's language."""
        return f"{path}?lang=en" if context["locale"] == "en" else path

    environment.filters["around_numbers"] = _NUMBER.split
    environment.globals.update(t=t, static=static, here=here, locales=LOCALES)
    return pages


#: Texts of error pages; keys of `pages.sorry`.
_SORRY = {
    HTTPStatus.FORBIDDEN: "foreign",
    HTTPStatus.NOT_FOUND: "missing",
    HTTPStatus.METHOD_NOT_ALLOWED: "method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_much",
    HTTPStatus.TOO_MANY_REQUESTS: "too_often",
}
#: Paths that programs ask for, whatever they accept.
_PROGRAMS = ("/webhooks/", "/metrics", "/healthz", "/readyz")


def sorry(
    pages: Pages, request: Request, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an error page; a program gets the status phrase as plain text."""
    takes = request.headers.get("accept", "*/*")
    accepts = "text/html" in takes or "*/*" in takes
    if not accepts or request.url.path.startswith(_PROGRAMS):
        return PlainTextResponse(HTTPStatus(status).phrase, status, headers)
    fallback = "broken" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "unreadable"
    return pages.html(
        "sorry.html",
        locale_of(request),
        status=status,
        headers=headers,
        notice=f"sorry.{_SORRY.get(HTTPStatus(status), fallback)}",
    )


def broken(pages: Pages, public_url: str) -> ASGIApp:
    """Return an application that answers every request with the page of status 500."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await sorry(pages, Request(scope), 500)(scope, receive, send)

    return Headers(answer, public_url)


def handlers(pages: Pages) -> dict[Any, ExceptionHandler]:
    """Return the handlers for HTTPException."""

    def refused(request: Request, error: Exception) -> Response:
        refusal = cast("HTTPException", error)
        return sorry(pages, request, refusal.status_code, refusal.headers)

    return {HTTPException: refused}


def routes(folders: Sequence[Path] = (HERE,)) -> list[BaseRoute]:
    """Return the route of static files, from the folder `static` of each of these folders."""
    return [Mount("/static", _Static([folder / "static" for folder in folders]), name="static")]


class _Static(StaticFiles):
    """Static files; a URL with a version is cached by browsers for a year."""

    def __init__(self, folders: Sequence[Path]) -> None:
        super().__init__(directory=folders[0])
        self.all_directories = list(folders)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if b"v=" in scope["query_string"] and response.status_code == 200:
            response.headers["Cache-Control"] = FOREVER
        return response


class Headers:
    """ASGI middleware: add SAFE_HEADERS to every response that does not set them.

    Adds HSTS when the public URL is https. Makes redirects relative: an absolute URL would contain
    the request's Host, and http behind a proxy.
    """

    def __init__(self, app: ASGIApp, public_url: str) -> None:
        self._app = app
        secure = urlsplit(public_url).scheme == "https"
        self._headers = SAFE_HEADERS | ({HSTS: HTTPS_ONLY} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if "location" in headers:
                    headers["location"] = _path(headers["location"])
            await send(message)

        await self._app(scope, receive, send_safely)


def _path(location: str) -> str:
    """Remove scheme and host from our URL; a path that begins with "//" would name another host."""
    parts = urlsplit(location)
    path = "/" + parts.path.lstrip("/") if parts.netloc or parts.path else ""
    return urlunsplit(("", "", path, parts.query, parts.fragment))


def locale_of(request: Request, otherwise: str = "id") -> str:
    """Return the requested language (`?lang=en`), by default `otherwise`; "id" if unknown."""
    asked = request.query_params.get("lang", otherwise)
    return asked if asked in LOCALES else "id"


def refuse_other_sites(request: Request) -> None:
    """Accept posts only from our own pages, and from programs, which send no such headers.

    Raises:
        HTTPException: 403, the post comes from another site's page.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")  # pages that send no referrer send "null"
    if site is not None:
        foreign = site not in {"same-origin", "none"}
    else:
        parts = url_parts(origin)
        ours = parts is not None and parts.netloc == request.headers.get("host")
        foreign = origin != "null" and not ours
    if foreign:
        raise HTTPException(403)
