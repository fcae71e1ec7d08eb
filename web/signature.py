"""The signature page: a person signs, on the officer's phone, a form or a letter (`web.signed`).

The officer gets its link in chat; the link is good for half an hour. A form or letter that was
changed since it was shown is not signed: the page shows it anew.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import structlog
from sqlalchemy.exc import OperationalError
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.buckets import Buckets
from models import attachment
from models.infrastructure import pictures, quotas, signing
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from web.bodies import limited
from web.drawings import MAX_NAME, Signature, read, text
from web.limits import Limit, visitor
from web.pages import PRIVATE, WORDS, Pages, locale_of, refuse_other_sites
from web.signed import KINDS, Kind, Shown

log = structlog.get_logger(__name__)

MAX_FIELDS = 12  # the page has five; some browser extensions add their own
MAX_FIELD = 512 * 1024  # bytes of one field: a drawing of a large screen has some 60 kB
MAX_BODY = 1024 * 1024

LATER = {**PRIVATE, "Retry-After": "60"}

_CSRF = "signature.csrf"


def routes(pages: Pages, *, db: Database, buckets: Buckets, storage: Storage) -> list[BaseRoute]:
    """Return the routes of the page and of its thank-you page, for each kind."""
    tries = Limit(buckets, "signature-link", quotas.SIGNATURE_POSTS)
    visitors = Limit(buckets, "signature-from", quotas.ASSISTED_VISITS)
    found: list[BaseRoute] = []
    for kind in KINDS:
        page = _SignaturePage(kind, pages, db, storage, tries, visitors)
        found += [
            Route(f"{kind.path}/selesai", page.thanks),
            Route(f"{kind.path}/{{token}}", page.show),
            Route(f"{kind.path}/{{token}}", page.sign, methods=["POST"]),
        ]
    return found


@dataclass(frozen=True, slots=True)
class _SignaturePage:
    kind: Kind
    pages: Pages
    db: Database
    storage: Storage
    tries: Limit
    visitors: Limit

    async def show(self, request: Request) -> Response:
        """Show what is to be signed; viewing it changes nothing."""
        if not await self.visitors.allows(visitor(request)):
            return self._too_often(request, self.visitors)
        shown = await self._shown(request.path_params["token"])
        if shown is None:
            return self._over("gone", locale_of(request), 410)
        return self._page(request, shown)

    async def sign(self, request: Request) -> Response:
        """Send the signed form, or show the page again with what is missing."""
        refuse_other_sites(request)
        token = request.path_params["token"]
        counted = ((self.tries, token), (self.visitors, visitor(request)))
        if refusing := [limit for limit, key in counted if not await limit.allows(key)]:
            return self._too_often(request, *refusing)
        shown = await self._shown(token)
        if shown is None:
            return self._over("gone", locale_of(request), 410)
        try:
            async with limited(request, MAX_BODY).form(
                max_files=0, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD
            ) as form:
                return await self._signed(request, shown, form)
        except (HTTPException, UnicodeError) as error:
            status = error.status_code if isinstance(error, HTTPException) else 400
            if status not in {400, 413}:
                raise
            return self._page(request, shown, "unreadable", status=status)

    async def _signed(self, request: Request, shown: Shown, form: FormData) -> Response:
        token = request.path_params["token"]
        if not signing.is_signature(form.get("csrf"), token, _CSRF):
            raise HTTPException(403)
        if form.get("seen") != shown.seen:
            return self._page(request, shown, "changed", status=409)
        given = await pictures.alone(partial(read, form, typed=self.kind.typed))
        if isinstance(given, str):
            return self._page(request, shown, given, status=422, name=text(form, "name"))
        try:
            sent = await self._keep(token, shown.seen, given)
        except (OSError, OperationalError) as error:  # the file store or the database
            log.error("signature.not_kept", error=type(error).__name__)
            return self._page(request, shown, "later", status=503, headers=LATER)
        if not sent:
            return self._over("gone", locale_of(request), 410)
        lang = locale_of(request, shown.locale)
        return RedirectResponse(f"{self.kind.path}/selesai?lang={lang}", 303, PRIVATE)

    async def thanks(self, request: Request) -> Response:
        return self._over("thanks", locale_of(request), 200)

    async def _shown(self, token: str) -> Shown | None:
        return await self.db.ask(lambda tx: self.kind.look_up(tx, token))

    async def _keep(self, token: str, seen: str, signature: Signature) -> bool:
        """Write everything in one transaction; False if nothing waits any more.

        The file is written first, so that no row names a missing file. Its path is a hash of link
        and content: a repeated post leaves one file. A file that no row names is deleted.
        """
        name = hashlib.sha256(token.encode() + signature.content).hexdigest()
        path = f"signatures/{name}.{signature.ending}"
        await asyncio.to_thread(self.storage.write, path, signature.content)
        sent = await self.db.do(lambda tx: self.kind.write(tx, token, seen, signature, path))
        if not sent and not await self.db.ask(lambda tx: attachment.names(tx, path)):
            await asyncio.to_thread(self.storage.delete, path)
        return sent

    def _page(
        self,
        request: Request,
        shown: Shown,
        problem: str = "",
        *,
        status: int = 200,
        name: str = "",
        headers: Mapping[str, str] = PRIVATE,
    ) -> Response:
        """Show the page; `problem` is a key of `pages.signature.problem`."""
        locale = locale_of(request, shown.locale)
        return self.pages.html(
            "signature.html",
            locale,
            status=status,
            headers=headers,
            key=self._key,
            typed=self.kind.typed,
            form=shown,
            lines=[self.pages.catalogue.say(line, locale) for line in shown.lines],
            problem=problem,
            name=name[:MAX_NAME],
            csrf=signing.signature(request.path_params["token"], _CSRF),
        )

    def _key(self, name: str) -> str:
        """Return the key of a text: of this kind, else of forms."""
        own = f"{self.kind.id}.{name}"
        return own if f"{WORDS}.{own}" in self.pages.catalogue.entries else f"signature.{name}"

    def _too_often(self, request: Request, *limits: Limit) -> Response:
        later = {"Retry-After": str(max(limit.retry_after for limit in limits))}
        return self.pages.html(
            "notice.html",
            locale_of(request),
            status=429,
            headers=PRIVATE | later,
            notice=self._key("too_often"),
        )

    def _over(self, what: str, locale: str, status: int) -> Response:
        """Show a page on which nothing is left to do; it makes the tab forget the drawing."""
        return self.pages.html(
            "over.html", locale, status=status, headers=PRIVATE, notice=self._key(what)
        )
