"""The public check of a permit, by its QR code or number; and the privacy page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from redis.asyncio import Redis
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from conversations import reference
from conversations.catalogue import day
from conversations.facts import WIB
from models import area, business_type, check, permit
from models.base import now
from models.case import Case
from models.database import Record
from models.encryption import readable
from models.identity import Identity
from models.permit import Permit
from models.person import Person
from web.limits import Limit
from web.pages import Pages, locale_of

SHORTLY = {"Cache-Control": "private, max-age=60"}
NOT_KEPT = {"Cache-Control": "no-store"}


def routes(pages: Pages, *, record: Record, redis: Redis) -> list[BaseRoute]:
    """The check by number, its small form, and what is kept about people."""
    limit = Limit(redis, "permit-from", at_most=check.MOST, within=check.WITHIN)
    page = _PermitPage(pages, record, limit)
    return [
        Route("/izin", page.ask),
        Route("/izin/{number:path}", page.show),
        Route("/privasi", page.privacy),
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
    revoked_on: date | None


@dataclass(frozen=True, slots=True)
class _PermitPage:
    pages: Pages
    record: Record
    limit: Limit

    async def ask(self, request: Request) -> Response:
        """The form to type a number into; a number given leads to its page."""
        typed = request.query_params.get("nomor", "")
        locale = locale_of(request)
        number = reference.permit_number(typed)
        if number is not None:
            lang = f"?lang={locale}" if "lang" in request.query_params else ""
            return RedirectResponse(f"/izin/{number}{lang}", 303, NOT_KEPT)
        return self._form(locale, "unread", typed)

    async def show(self, request: Request) -> Response:
        """Whether a permit is real and valid."""
        locale = locale_of(request)
        visitor = request.client.host if request.client else ""
        if not await self.limit.allows(visitor):
            return self.pages.html(
                "notice.html", locale, status=429, headers=NOT_KEPT, notice="permit.too_often"
            )
        typed = request.path_params["number"]
        number = reference.permit_number(typed)
        if number is None:
            return self._form(locale, "unread", typed, status=404)
        found = await self._look_up(number, locale)
        if found is None:
            return self._form(locale, "unknown", number, status=404)
        return self.pages.html(
            "permit.html",
            locale,
            headers=SHORTLY,
            permit=found,
            problem="",
            typed="",
            issued=day(found.issued_on, locale),
            until=day(found.valid_until, locale),
            revoked=day(found.revoked_on, locale) if found.revoked_on else "",
        )

    def _form(self, locale: str, problem: str, typed: str, *, status: int = 200) -> Response:
        """The form alone, with what is wrong about the number; what was typed stays in it."""
        kept = reference.shown(typed)
        return self.pages.html(
            "permit.html",
            locale,
            status=status,
            headers=NOT_KEPT,
            permit=None,
            problem=problem if kept else "",
            typed=kept,
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
    case = tx.get(Case, row.case_id) if row else None
    if row is None or case is None:
        return None
    areas = area.load()
    kelurahan = areas.get(case.area_code or "")
    kecamatan = areas.kecamatan_of(case.area_code or "")
    kind = (readable(case.answers) or {}).get("trade") or {}
    trade = business_type.load().get(kind.get("code", ""))
    label = (trade.label_en if locale == "en" else trade.label) if trade else ""
    return _Shown(
        number=row.number,
        state=_state(row, now(tx)),
        name=permit.masked(name) if (name := _name(tx, row, case)) else "",
        trade=label,
        kelurahan=kelurahan.name if kelurahan else "",
        kecamatan=kecamatan.name if kecamatan else "",
        issued_on=row.issued_on,
        valid_until=row.valid_until,
        revoked_on=row.revoked_at and row.revoked_at.astimezone(WIB).date(),
    )


def _state(row: Permit, at: datetime) -> Literal["valid", "expired", "revoked"]:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.valid_until < at.astimezone(WIB).date() else "valid"


def _name(tx: Session, row: Permit, case: Case) -> str:
    """The bearer's name: by their KTP, else as they gave it."""
    known = tx.query(Identity).filter_by(person_id=row.person_id).one_or_none()
    name = readable(known.name) if known is not None else None
    if name and name.strip():
        return name
    told = (readable(case.answers) or {}).get("owner_name")
    owner = tx.get(Person, row.person_id)
    return str(told or (readable(owner.name) if owner else None) or "").strip()
