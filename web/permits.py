"""The public check of a permit, by its QR code or number; and the privacy page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from redis.asyncio import Redis
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from conversations.catalogue import day
from conversations.facts import WIB
from models import area, business_type, permit
from models.application import Application
from models.base import now
from models.database import Record
from models.encryption import readable
from models.identity import Identity
from models.permit import Permit
from models.person import Person
from web.limits import Limit
from web.pages import Pages, locale_of

CHECKS = 60  # in ten minutes from one address: enough for a market, too few to list all numbers
SHORTLY = {"Cache-Control": "private, max-age=60"}
NOT_KEPT = {"Cache-Control": "no-store"}

_NUMBER = re.compile(r"[A-Z0-9-]{1,40}")


def routes(pages: Pages, *, record: Record, redis: Redis) -> list[BaseRoute]:
    """The check by number, its small form, and what is kept about people."""
    limit = Limit(redis, "permit-from", at_most=CHECKS, within=timedelta(minutes=10))
    check = _PermitPage(pages, record, limit)
    return [
        Route("/izin", check.ask),
        Route("/izin/{number}", check.show),
        Route("/privasi", check.privacy),
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """All that anybody may know of a permit."""

    number: str
    state: Literal["valid", "expired", "revoked"]
    name: str  # masked; empty when it was erased
    trade: str
    kelurahan: str
    kecamatan: str
    issued_on: date
    valid_until: date


@dataclass(frozen=True, slots=True)
class _PermitPage:
    pages: Pages
    record: Record
    limit: Limit

    async def ask(self, request: Request) -> Response:
        """The form to type a number into; a number given leads to its page."""
        number = _tidy(request.query_params.get("nomor", ""))
        locale = locale_of(request)
        if _NUMBER.fullmatch(number):
            lang = f"?lang={locale}" if "lang" in request.query_params else ""
            return RedirectResponse(f"/izin/{number}{lang}", 303, NOT_KEPT)
        return self.pages.html("permit.html", locale, permit=None, number="", missing=False)

    async def show(self, request: Request) -> Response:
        """Whether a permit is real and valid."""
        locale = locale_of(request)
        visitor = request.client.host if request.client else ""
        if not await self.limit.allows(visitor):
            return self.pages.html(
                "notice.html", locale, status=429, headers=NOT_KEPT, notice="permit.too_often"
            )
        number = _tidy(request.path_params["number"])
        found = await self._look_up(number, locale) if _NUMBER.fullmatch(number) else None
        if found is None:
            return self.pages.html(
                "permit.html",
                locale,
                status=404,
                headers=NOT_KEPT,
                permit=None,
                number=number[:40],
                missing=True,
            )
        return self.pages.html(
            "permit.html",
            locale,
            headers=SHORTLY,
            permit=found,
            number=number,
            missing=False,
            issued=day(found.issued_on, locale),
            until=day(found.valid_until, locale),
        )

    async def privacy(self, request: Request) -> Response:
        """What is kept about people, why, how long, and what they can ask."""
        locale = locale_of(request)
        parts = sorted({key.split(".")[0] for key in self.pages.group("privacy.part", "id")})
        return self.pages.html("privacy.html", locale, parts=parts)

    async def _look_up(self, number: str, locale: str) -> _Shown | None:
        return await self.record.ask(lambda tx: _read(tx, number, locale))


def _read(tx: Session, number: str, locale: str) -> _Shown | None:
    row = permit.by_number(tx, number)
    application = tx.get(Application, row.application_id) if row else None
    if row is None or application is None:
        return None
    areas = area.load()
    kelurahan = areas.get(application.kelurahan_code or "")
    kecamatan = areas.kecamatan_of(application.kelurahan_code or "")
    trade = business_type.load().get(application.trade_code or "")
    label = (trade.label_en if locale == "en" else trade.label) if trade else ""
    return _Shown(
        number=row.number,
        state=_state(row, now(tx)),
        name=permit.masked(name) if (name := _name(tx, row, application)) else "",
        trade=label,
        kelurahan=kelurahan.name if kelurahan else "",
        kecamatan=kecamatan.name if kecamatan else "",
        issued_on=row.issued_on,
        valid_until=row.valid_until,
    )


def _state(row: Permit, at: datetime) -> Literal["valid", "expired", "revoked"]:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.valid_until < at.astimezone(WIB).date() else "valid"


def _name(tx: Session, row: Permit, application: Application) -> str:
    """The bearer's name: by their KTP, else as they gave it."""
    known = tx.query(Identity).filter_by(person_id=row.person_id).one_or_none()
    name = readable(known.name) if known is not None else None
    if name and name.strip():
        return name
    told = (readable(application.answers) or {}).get("owner_name")
    owner = tx.get(Person, row.person_id)
    return str(told or (readable(owner.name) if owner else None) or "").strip()


def _tidy(number: str) -> str:
    """A number as people type it: small letters, blanks."""
    return re.sub(r"\s", "", number).upper()
