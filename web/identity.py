"""The identity page: a form behind a one-time link, for the owner or the officer at the door."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import io
import re
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from datetime import date, datetime
from functools import partial

import structlog
from babel.dates import get_month_names
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.buckets import Buckets
from casework import identities
from casework.act import by_office
from conversations.facts import WIB, Facts
from conversations.nik import Nik
from conversations.parsers import Refused
from conversations.parsers.identity import nik
from conversations.words import is_latin, plain, tidy
from models import attachment, identity, person
from models.base import now
from models.infrastructure import pictures, quotas, signing
from models.infrastructure.database import Database
from models.infrastructure.encryption import blind_index
from models.infrastructure.storage import Storage
from models.person import Person
from models.reference import area, business_type
from web.bodies import limited
from web.limits import Limit, visitor
from web.pages import PRIVATE, Pages, locale_of, refuse_other_sites

log = structlog.get_logger(__name__)

MAX_NAME = 100  # characters
MAX_ADDRESS = 300
OLDEST = 120  # years

MAX_FIELD = 128 * 1024  # bytes of one field; a larger one is not parsed
MAX_SHOWN = 1000  # characters of a too long value that are shown again
MAX_FIELDS = 24  # the page has nine; some browser extensions add their own
MAX_PHOTO = 8 * 1024 * 1024  # bytes; a larger photo gets a message at its field
MAX_BODY = 24 * 1024 * 1024  # bytes; a larger body is refused
PHOTO_SIDE = 2000  # pixels: a KTP stays readable

LATER = {**PRIVATE, "Retry-After": "120"}

_CSRF = "identity.csrf"
_SURE = "identity.sure"


def routes(pages: Pages, *, db: Database, buckets: Buckets, storage: Storage) -> list[BaseRoute]:
    """Return the routes of the form and of the thank-you page."""
    form = _IdentityPage(
        pages,
        db,
        storage,
        Limit(buckets, "identity-link", quotas.IDENTITY_POSTS),
        Limit(buckets, "identity-from", quotas.IDENTITY_VISITS),
    )
    return [
        Route("/identitas/selesai", form.thanks),
        Route("/identitas/{token}", form.show),
        Route("/identitas/{token}", form.give, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _Link:
    """The facts that the page needs about a valid link."""

    for_another: bool  # an officer holds the link
    locale: str
    at: datetime  # time of the lookup, by the database's clock


@dataclass(frozen=True, slots=True)
class _Typed:
    """The fields as typed; the repr is empty, so no log shows them."""

    name: str = field(default="", repr=False)
    nik: str = field(default="", repr=False)
    day: str = field(default="", repr=False)
    month: str = field(default="", repr=False)
    year: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    sure: str = field(default="", repr=False)  # confirms an unusual NIK: see `_sure`


@dataclass(frozen=True, slots=True)
class _Photo:
    """The result of reading the photo; empty when no photo was chosen."""

    jpeg: bytes | None = field(default=None, repr=False)  # without metadata
    problem: str | None = None  # a key of `pages.identity.problem`


@dataclass(frozen=True, slots=True)
class _Given:
    """A valid identity."""

    name: str = field(repr=False)
    nik: str = field(repr=False)
    born_on: date = field(repr=False)
    address: str = field(repr=False)
    photo: bytes | None = field(repr=False)  # JPEG without metadata
    slip: str | None = None  # a likely typo that the sender confirmed: the card has it so


@dataclass(frozen=True, slots=True)
class _IdentityPage:
    pages: Pages
    db: Database
    storage: Storage
    tries: Limit
    visitors: Limit

    async def show(self, request: Request) -> Response:
        """Show the empty form; viewing it does not use up the link."""
        if not await self.visitors.allows(visitor(request)):
            return self._too_often(request, self.visitors)
        link = await self._link(request.path_params["token"])
        if link is None:
            return self._over("gone", locale_of(request), 410)
        return self._form(request, link, _Typed(), {})

    async def give(self, request: Request) -> Response:
        """Store the identity, or show the form again with its problems."""
        refuse_other_sites(request)
        token = request.path_params["token"]
        counted = ((self.tries, token), (self.visitors, visitor(request)))
        if refusing := [limit for limit, key in counted if not await limit.allows(key)]:
            return self._too_often(request, *refusing)
        link = await self._link(token)
        if link is None:
            return self._over("gone", locale_of(request), 410)
        try:
            async with limited(request, MAX_BODY).form(
                max_files=1, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD
            ) as form:
                if not _is_csrf(form.get("csrf"), token):
                    raise HTTPException(403)
                typed = _typed(form)
                photo = await pictures.alone(partial(_photo_of, form))
        except (HTTPException, UnicodeError) as error:
            return self._unreadable(request, link, error)
        problems, given = await asyncio.to_thread(_read, typed, photo, link)
        if given is None:
            return self._form(request, link, typed, problems)
        try:
            kept = await self._keep(token, given)
        except (OSError, OperationalError) as error:  # the file store or the database
            log.error("identity.not_kept", error=type(error).__name__)
            return self._form(request, link, typed, {}, note="later", status=503, headers=LATER)
        if not kept:
            return self._over("gone", locale_of(request), 410)
        lang = locale_of(request, link.locale)
        return RedirectResponse(f"/identitas/selesai?lang={lang}", 303, PRIVATE)

    def _unreadable(
        self, request: Request, link: _Link, error: HTTPException | UnicodeError
    ) -> Response:
        """Show the form after a post that can't be parsed: too large, or not a form."""
        status = error.status_code if isinstance(error, HTTPException) else 400
        match status:
            case 413:
                photo = {"photo": "photo_large"}
                return self._form(request, link, _Typed(), photo, status=status)
            case 400:
                long = isinstance(error, HTTPException) and "exceeded maximum size" in error.detail
                note = "too_long" if long else "unreadable"
                return self._form(request, link, _Typed(), {}, note=note, status=status)
            case _:
                raise error

    async def thanks(self, request: Request) -> Response:
        return self._over("thanks", locale_of(request), 200)

    async def _link(self, token: str) -> _Link | None:
        return await self.db.ask(lambda tx: _look_up(tx, token))

    async def _keep(self, token: str, given: _Given) -> bool:
        """Write everything in one transaction; False when the link was used meanwhile.

        The photo's file is written first, so that no row names a missing file. Its path is a hash
        of link and content: a repeated post leaves one file.
        """
        path = None
        if given.photo is not None:
            name = hashlib.sha256(token.encode() + given.photo).hexdigest()
            path = f"identities/{name}.jpg"
            await asyncio.to_thread(self.storage.write, path, given.photo)
        return await self.db.do(lambda tx: _write(tx, token, given, path))

    def _form(
        self,
        request: Request,
        link: _Link,
        typed: _Typed,
        problems: Mapping[str, str],
        *,
        note: str | None = None,
        status: int | None = None,
        headers: Mapping[str, str] = PRIVATE,
    ) -> Response:
        locale = locale_of(request, link.locale)
        return self.pages.html(
            "identity.html",
            locale,
            status=status or (422 if problems else 200),
            headers=headers,
            typed=_shown(typed),
            problems=problems,
            note=note,
            sure=_sure(typed) if problems.get("nik") in _may_be_so(link) else "",
            for_another=link.for_another,
            csrf=_csrf(request.path_params["token"]),
            months=get_month_names("wide", locale=locale),
        )

    def _too_often(self, request: Request, *limits: Limit) -> Response:
        later = {"Retry-After": str(max(limit.retry_after for limit in limits))}
        return self.pages.html(
            "notice.html",
            locale_of(request),
            status=429,
            headers=PRIVATE | later,
            notice="identity.too_often",
        )

    def _over(self, what: str, locale: str, status: int) -> Response:
        """Show a page on which nothing is left to do; it makes the tab forget what was typed."""
        return self.pages.html(
            "over.html", locale, status=status, headers=PRIVATE, notice=f"identity.{what}"
        )


def _look_up(tx: Session, token: str) -> _Link | None:
    found = identity.open_link(tx, token)
    holder = tx.get(Person, found.holder_id) if found else None
    if found is None or holder is None:
        return None
    return _Link(found.holder_id != found.person_id, holder.locale, now(tx))


def _write(tx: Session, token: str, given: _Given, path: str | None) -> bool:
    found = identity.open_link(tx, token, lock=True)
    if found is None:
        return False
    owner, holder = found.person_id, found.holder_id
    person.lock(tx, [owner])
    kept = None
    if given.photo is not None and path is not None:
        kept = attachment.of_page(tx, owner, "photo", "image/jpeg", given.photo, path)
    act = by_office(tx, f"person:{holder}", f"identity_link:{found.token_hash.hex()}")
    identities.give(
        act,
        found,
        name=given.name,
        nik=given.nik,
        born_on=given.born_on,
        address=given.address,
        attachment_id=kept,
        slip=given.slip,
    )
    return True


# Reading the form


def _typed(form: FormData) -> _Typed:
    def text(name: str) -> str:
        value = form.get(name, "")
        if not isinstance(value, str):
            return ""
        return tidy(value.encode(errors="replace").decode())  # lone surrogates can't be stored

    return _Typed(*map(text, ("name", "nik", "day", "month", "year", "address", "sure")))


def _shown(typed: _Typed) -> _Typed:
    """Return the typed fields, cut to MAX_SHOWN, to show them again."""
    return _Typed(*(value[:MAX_SHOWN] for value in astuple(typed)))


def _photo_of(form: FormData) -> _Photo:
    """Read the uploaded photo; until it is called, the upload stays in the form's spool file."""
    upload = form.get("photo")
    content = upload.file.read(MAX_PHOTO + 1) if isinstance(upload, UploadFile) else b""
    if not content:
        return _Photo()
    if len(content) > MAX_PHOTO:
        return _Photo(problem="photo_large")
    try:
        return _Photo(_plain_jpeg(content))
    except pictures.TooLarge:
        return _Photo(problem="photo_pixels")
    except pictures.Unreadable:
        return _Photo(problem="photo_unreadable")


def _plain_jpeg(content: bytes) -> bytes:
    """Re-encode the picture upright, without metadata (location, device).

    Raises:
        pictures.TooLarge, pictures.Unreadable.
    """
    out = io.BytesIO()
    picture = pictures.read(content, "RGB", (PHOTO_SIDE, PHOTO_SIDE))
    picture.image.save(out, "JPEG", quality=88)
    return out.getvalue()


def _read(typed: _Typed, photo: _Photo, link: _Link) -> tuple[dict[str, str], _Given | None]:
    """Validate the form: return an identity, or problems by field, in the page's order.

    A problem is a key of `pages.identity.problem`.
    """
    problems: dict[str, str] = {}
    if not len(typed.name) <= MAX_NAME or not re.search(r"[^\W\d_]", typed.name):
        problems["name"] = "name"  # one letter is enough: some cards have no more
    elif not is_latin(typed.name):
        problems["name"] = "name_not_latin"
    born_on = _birth_date(typed, link.at)
    digits, slip = _slip(typed.nik, born_on, link.at)
    if slip and not (slip in _may_be_so(link) and _is_sure(typed)):
        problems["nik"] = slip
    if born_on is None:
        problems["born"] = "born"
    if not 5 <= len(typed.address) <= MAX_ADDRESS:
        problems["address"] = "address"
    if photo.problem:
        problems["photo"] = photo.problem
    if problems or born_on is None:
        if photo.jpeg:
            problems["photo"] = "photo_again"  # a browser does not send it twice
        return problems, None
    return {}, _Given(typed.name, digits, born_on, typed.address, photo.jpeg, slip)


def _birth_date(typed: _Typed, at: datetime) -> date | None:
    parts = (typed.year, typed.month, typed.day)
    if not all(re.fullmatch(r"[0-9]{1,4}", part) for part in parts):
        return None
    try:
        born_on = date(*map(int, parts))
    except ValueError:
        return None
    today = at.astimezone(WIB).date()
    return born_on if today.year - OLDEST <= born_on.year and born_on < today else None


def _slip(typed: str, born_on: date | None, at: datetime) -> tuple[str, str | None]:
    """Return a NIK's digits, and the reason why they look like a typo."""
    try:
        digits: str = nik()(typed, Facts(at, area.load(), business_type.load()))
    except Refused as refused:
        return re.sub(r"[^0-9]", "", plain(typed)), refused.reason
    if born_on and not Nik(digits).carries(born_on):
        return digits, "nik_date_differs"
    return digits, None


def _may_be_so(link: _Link) -> frozenset[str]:
    """Return the likely typos that may be confirmed; an officer, who sees the card, has more."""
    certain = {"nik_date_differs"}
    return frozenset(certain | {"nik_not_possible"} if link.for_another else certain)


def _csrf(token: str) -> str:
    return signing.signature(token, _CSRF)


def _is_csrf(given: object, token: str) -> bool:
    return signing.is_signature(given, token, _CSRF) or _of_earlier_version(given, token, _CSRF)


def _sure(typed: _Typed) -> str:
    """Return the checkbox's value: it confirms only this NIK with this date."""
    return signing.signature(_sure_of(typed), _SURE)


def _is_sure(typed: _Typed) -> bool:
    of = _sure_of(typed)
    return signing.is_signature(typed.sure, of, _SURE) or _of_earlier_version(typed.sure, of, _SURE)


def _sure_of(typed: _Typed) -> str:
    digits = re.sub(r"[^0-9]", "", typed.nik)
    date_typed = (part.lstrip("0") for part in (typed.day, typed.month, typed.year))
    return "/".join((digits, *date_typed))


def _of_earlier_version(given: object, text: str, purpose: str) -> bool:
    """Whether the value was made by a version before 26 November 2026.

    A form lives as long as its link: a day. Delete this in the first version that cannot be
    upgraded from such versions directly.
    """
    ours = blind_index(text, purpose).hex()
    return hmac.compare_digest(str(given).encode(errors="replace"), ours.encode())
