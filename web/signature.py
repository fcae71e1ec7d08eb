"""The signature page: a person signs, on the officer's phone, what the officer filled in with them.

The officer gets its link in chat; the link is good for half an hour, and for one signature. A form
that was changed since it was shown is not sent: the page shows it anew.
"""

from __future__ import annotations

import asyncio
import binascii
import hashlib
import io
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

import structlog
from PIL import Image
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.assisted import of_form
from bot.buckets import Buckets
from casework import assisting, lenders
from casework.act import by_office
from conversations import services
from conversations.assisted_facts import AssistedFact
from conversations.words import is_latin, tidy
from models import assisted, attachment, person
from models.assisted import Assisted, AssistedState
from models.base import now
from models.infrastructure import pictures, quotas, signing
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from models.officer import Officer
from models.person import Person
from web.bodies import limited
from web.limits import Limit, visitor
from web.pages import PRIVATE, Pages, locale_of, refuse_other_sites

log = structlog.get_logger(__name__)

PATH = "/tanda-tangan"
MAX_NAME = 100  # characters
MAX_FIELDS = 12  # the page has five; some browser extensions add their own
MAX_FIELD = 512 * 1024  # bytes of one field: a drawing of a large screen has some 60 kB
MAX_BODY = 1024 * 1024
KEPT_WITHIN = (1200, 800)  # pixels
PNG = "data:image/png;base64,"
INK = 128  # a shade below it is ink
LEAST_INK = 0.0005  # of all pixels; a dot has less
LEAST_STROKE = 0.06  # of the picture's width: the least extent of what was drawn

LATER = {**PRIVATE, "Retry-After": "60"}

_CSRF = "signature.csrf"
_SEEN = "signature.seen"


def routes(pages: Pages, *, db: Database, buckets: Buckets, storage: Storage) -> list[BaseRoute]:
    """Return the routes of the page and of its thank-you page."""
    page = _SignaturePage(
        pages,
        db,
        storage,
        Limit(buckets, "signature-link", quotas.SIGNATURE_POSTS),
        Limit(buckets, "signature-from", quotas.ASSISTED_VISITS),
    )
    return [
        Route(f"{PATH}/selesai", page.thanks),
        Route(f"{PATH}/{{token}}", page.show),
        Route(f"{PATH}/{{token}}", page.sign, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """The content of the page: a form that waits."""

    fact: AssistedFact
    officer: str
    badge: str
    locale: str  # the person's
    seen: str  # stands for what is shown: another one once the form is changed


@dataclass(frozen=True, slots=True)
class _Signature:
    """The file of a signature: a drawing, or a typed name."""

    content: bytes = field(repr=False)
    content_type: str
    ending: str


@dataclass(frozen=True, slots=True)
class _SignaturePage:
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

    async def _signed(self, request: Request, shown: _Shown, form: FormData) -> Response:
        token = request.path_params["token"]
        if not signing.is_signature(form.get("csrf"), token, _CSRF):
            raise HTTPException(403)
        if form.get("seen") != shown.seen:
            return self._page(request, shown, "changed", status=409)
        read = await pictures.alone(partial(_read, form))
        if isinstance(read, str):
            return self._page(request, shown, read, status=422, name=_text(form, "name"))
        try:
            sent = await self._keep(token, shown.seen, read)
        except (OSError, OperationalError) as error:  # the file store or the database
            log.error("signature.not_kept", error=type(error).__name__)
            return self._page(request, shown, "later", status=503, headers=LATER)
        if not sent:
            return self._over("gone", locale_of(request), 410)
        lang = locale_of(request, shown.locale)
        return RedirectResponse(f"{PATH}/selesai?lang={lang}", 303, PRIVATE)

    async def thanks(self, request: Request) -> Response:
        return self._over("thanks", locale_of(request), 200)

    async def _shown(self, token: str) -> _Shown | None:
        return await self.db.ask(lambda tx: _look_up(tx, token))

    async def _keep(self, token: str, seen: str, signature: _Signature) -> bool:
        """Write everything in one transaction; False if the form does not wait any more.

        The file is written first, so that no row names a missing file. Its path is a hash of link
        and content: a repeated post leaves one file. A file that no row names is deleted.
        """
        name = hashlib.sha256(token.encode() + signature.content).hexdigest()
        path = f"signatures/{name}.{signature.ending}"
        await asyncio.to_thread(self.storage.write, path, signature.content)
        sent = await self.db.do(lambda tx: _write(tx, token, seen, signature, path))
        if not sent and not await self.db.ask(lambda tx: attachment.names(tx, path)):
            await asyncio.to_thread(self.storage.delete, path)
        return sent

    def _page(
        self,
        request: Request,
        shown: _Shown,
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
            form=shown,
            lines=[self.pages.catalogue.say(line, locale) for line in shown.fact.brief],
            problem=problem,
            name=name[:MAX_NAME],
            csrf=signing.signature(request.path_params["token"], _CSRF),
        )

    def _too_often(self, request: Request, *limits: Limit) -> Response:
        later = {"Retry-After": str(max(limit.retry_after for limit in limits))}
        return self.pages.html(
            "notice.html",
            locale_of(request),
            status=429,
            headers=PRIVATE | later,
            notice="signature.too_often",
        )

    def _over(self, what: str, locale: str, status: int) -> Response:
        """Show a page on which nothing is left to do; it makes the tab forget the drawing."""
        return self.pages.html(
            "over.html", locale, status=status, headers=PRIVATE, notice=f"signature.{what}"
        )


def _look_up(tx: Session, token: str) -> _Shown | None:
    """Return what a token's form shows; None if it is not waiting, or the token is not good now."""
    form_id = _form_of(tx, token)
    form = tx.get(Assisted, form_id) if form_id is not None else None
    officer = tx.get(Officer, form.officer_id) if form is not None else None
    if form is None or officer is None or not officer.active:
        return None
    if form.state != AssistedState.WAITING:
        return None
    fact = of_form(tx, lenders.known(tx), form, services.load())
    owner = tx.get_one(Person, form.person_id)
    return _Shown(fact, officer.name, officer.badge, owner.locale, _seen(form))


def _form_of(tx: Session, token: str) -> int | None:
    """Return the form that a token is for, if the token has not expired."""
    match signing.signed(token, assisting.SIGNING):
        case [int(form_id), int(ends)] if now(tx).timestamp() < ends:
            return form_id
    return None


def _seen(form: Assisted) -> str:
    """Stand for what a form says now: it says something else only after it was moved."""
    return signing.signature(f"{form.id}:{form.person_id}:{form.moved_at.isoformat()}", _SEEN)


def _write(tx: Session, token: str, seen: str, signature: _Signature, path: str) -> bool:
    shown = _look_up(tx, token)
    if shown is None:
        return False
    person.lock(tx, [shown.fact.person_id])
    form = assisted.lock(tx, shown.fact.id)
    if form.state != AssistedState.WAITING or _seen(form) != seen:
        return False
    evidence_id = attachment.of_page(
        tx,
        form.person_id,
        attachment.SIGNATURE,
        signature.content_type,
        signature.content,
        path,
    )
    officer = tx.get_one(Officer, form.officer_id)
    act = by_office(tx, f"person:{officer.person_id}", f"form:{form.id}:signed")
    return assisting.confirm_by_signature(act, form, evidence_id)


# Reading the form


def _read(form: FormData) -> _Signature | str:
    """Return the signature, or a key of `pages.signature.problem`."""
    drawing, name = _text(form, "drawing"), tidy(_text(form, "name"))
    if drawing:
        try:
            content = _drawn(drawing)
        except (pictures.TooLarge, pictures.Unreadable, binascii.Error, ValueError):
            return "unreadable"
        if content is not None:
            return _Signature(content, "image/png", "png")
    agrees = form.get("agree") == "yes"
    if not name:
        return "name" if agrees else "empty"
    if len(name) > MAX_NAME or not re.search(r"[^\W\d_]", name) or not is_latin(name):
        return "name"
    if not agrees:
        return "agree"
    return _Signature(f"{name}\n[x] Saya setuju\n".encode(), "text/plain", "txt")


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def _drawn(data: str) -> bytes | None:
    """Return a drawing as a grey PNG without metadata; None if nothing is drawn.

    Raises:
        pictures.TooLarge, pictures.Unreadable, binascii.Error, ValueError: it is no such drawing.
    """
    if not data.startswith(PNG):
        raise ValueError("no PNG")
    content = b64decode(data.removeprefix(PNG), validate=True)
    if pictures.kind(content) != "PNG":
        raise ValueError("another kind of picture")
    image = pictures.read(content, "L", KEPT_WITHIN).image
    if not _has_ink(image):
        return None
    out = io.BytesIO()
    image.save(out, "PNG", optimize=True)
    return out.getvalue()


def _has_ink(image: Image.Image) -> bool:
    """Whether more than a dot was drawn."""
    ink = image.point(lambda shade: 255 if shade < INK else 0)
    box = ink.getbbox()
    if box is None:
        return False
    left, top, right, bottom = box
    much = ink.histogram()[255] >= LEAST_INK * image.width * image.height
    return much and max(right - left, bottom - top) >= LEAST_STROKE * image.width
