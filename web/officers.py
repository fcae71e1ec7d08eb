"""The public check of an officer, by the QR code of their badge.

It answers whether the badge is valid, and whether its officer has a visit in one kelurahan today:
never where, when or to whom. Nothing is written: a page that is opened changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot.buckets import Buckets
from bot.links import Links
from casework import badges
from casework.badges import PATH, Bearer
from casework.documents import day
from conversations import catalogue, reference
from conversations.facts import Directory
from models.base import now
from models.infrastructure import quotas
from models.infrastructure.database import Database
from models.reference import area
from models.reference.area_names import Area
from web import front
from web.limits import Limit
from web.pages import PRIVATE, Pages, locale_of

PICTURE_LIFE = timedelta(minutes=10)
MOST_CHOICES = 12  # a kecamatan has at most eleven kelurahan
MAX_TYPED = 200  # characters that are read

Problem = Literal["unknown", "outside", "which"]


def routes(
    pages: Pages, *, db: Database, buckets: Buckets, directory: Directory
) -> list[BaseRoute]:
    """Return the route of the check by badge; opening it and asking count as checks."""
    page = _OfficerPage(pages, db, Limit(buckets, "officer-from", quotas.CHECKS), directory)
    return [Route(f"{PATH}/{{token}}", page.show)]


@dataclass(frozen=True, slots=True)
class _Place:
    """A kelurahan that was asked for, or may be meant."""

    code: str
    name: str  # "Kel. Cipete Utara, Kec. Kebayoran Baru"


@dataclass(frozen=True, slots=True)
class _Read:
    """A text that was typed as a kelurahan, and how it was read."""

    typed: str = ""
    place: _Place | None = None
    problem: Problem | None = None
    choices: tuple[_Place, ...] = ()


@dataclass(frozen=True, slots=True)
class _OfficerPage:
    pages: Pages
    db: Database
    limit: Limit
    directory: Directory

    async def show(self, request: Request) -> Response:
        """Show whose badge it is and whether it is valid, and answer for one kelurahan."""
        locale = locale_of(request)
        visitor = request.client.host if request.client else ""
        if not await self.limit.allows(visitor):
            later = {"Retry-After": str(self.limit.retry_after)}
            raise HTTPException(429, headers={**PRIVATE, **later})
        token = request.path_params["token"]
        asked = _read(request.query_params.get("kelurahan", ""))
        place = asked.place.code if asked.place else None
        one, today, comes = await self.db.ask(lambda tx: _look_up(tx, token, place))
        valid = one is not None and one.state == "valid"
        return self.pages.html(
            "officer.html",
            locale,
            status=200 if one else 404,
            headers=PRIVATE,
            path=f"{PATH}/{token}",
            officer=one,
            state=one.state if one else "unknown",
            today=catalogue.day(today, locale),
            picture=_picture(one),
            asked=asked if valid else _Read(),
            comes=comes,
            complaints=front.facts(self.pages, self.directory, front.COMPLAINTS, locale),
        )


def _look_up(tx: Session, token: str, kelurahan: str | None) -> tuple[Bearer | None, date, bool]:
    """Return whose badge it is, the day in Jakarta, and whether they have a visit there today."""
    today = day(now(tx))
    one = badges.bearer(tx, token)
    if one is None or one.state != "valid" or kelurahan is None:
        return one, today, False
    return one, today, badges.visits_on(tx, one.officer_id, kelurahan, today)


def _picture(one: Bearer | None) -> str | None:
    """Return the address of the portrait, which works for some minutes."""
    if one is None or one.portrait is None:
        return None
    return Links("").to_picture(one.portrait, life=PICTURE_LIFE)


def _read(typed: str) -> _Read:
    """Read the name of a kelurahan as people write it, or the code of one that was chosen."""
    said = typed[:MAX_TYPED].strip()
    kept = reference.shown(said)
    if not kept:
        return _Read()
    areas = area.load()
    chosen = areas.get(said)
    found = (chosen,) if chosen else areas.find(said)
    meant = [one for one in found if one.level == "kelurahan"]
    above = {one.code for one in found if one.level == "kecamatan"}
    if len(meant) == 1 and not above:
        place = _place(meant[0])
        return _Read(place.name if chosen else kept, place)
    inside = [one for one in areas if one.parent_code in above]  # of a kecamatan that was named
    choices = [*meant, *(one for one in inside if one not in meant)]
    if choices:
        return _Read(kept, None, "which", tuple(map(_place, choices[:MOST_CHOICES])))
    return _Read(kept, None, "outside" if areas.outside(said) else "unknown")


def _place(one: Area) -> _Place:
    kecamatan = area.load().parent(one)
    return _Place(one.code, f"Kel. {one.name}" + (f", Kec. {kecamatan.name}" if kecamatan else ""))
