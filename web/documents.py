"""The public check of a document, by its QR code or number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.buckets import Buckets
from casework import lenders
from casework.documents import holder
from conversations import reference, services
from conversations.catalogue import Catalogue, day
from conversations.facts import WIB
from conversations.masking import masked
from conversations.messages import Say
from models import document
from models.base import now
from models.case import Case
from models.document import Document
from models.infrastructure import quotas
from models.infrastructure.database import Database
from models.infrastructure.encryption import readable
from web.limits import Limit
from web.pages import Pages, locale_of

SHORTLY = {"Cache-Control": "private, max-age=60"}
NOT_KEPT = {"Cache-Control": "no-store"}
PATH = "/dokumen"
PRINTED = "/izin"  # the path in the QR codes of earlier sheets, which stay in use for years


def routes(pages: Pages, *, db: Database, buckets: Buckets) -> list[BaseRoute]:
    """Return the routes of the check by number, and of its form."""
    limit = Limit(buckets, "document-from", quotas.CHECKS)
    page = _DocumentPage(pages, db, limit)
    return [
        route
        for path in (PATH, PRINTED)
        for route in (Route(path, page.ask), Route(f"{path}/{{number:path}}", page.show))
    ]


@dataclass(frozen=True, slots=True)
class _Shown:
    """The public facts of a document, in the reader's language."""

    number: str
    state: Literal["valid", "expired", "revoked"]
    head: str  # the state, in words
    told: str  # what the state means
    compare: str  # how to compare the sheet with this page
    name: str | None  # masked; empty when it was erased, None if its kind names nobody
    lines: tuple[tuple[str, str], ...]  # of its kind: label, value; "" for a value that is missing
    issued: tuple[str, str]  # label, date
    until: str  # "" if the document does not expire
    revoked: tuple[str, str] | None


@dataclass(frozen=True, slots=True)
class _DocumentPage:
    pages: Pages
    db: Database
    limit: Limit

    async def ask(self, request: Request) -> Response:
        """Show the form; redirect to the document's page if the number can be read."""
        typed = request.query_params.get("nomor", "")
        locale = locale_of(request)
        number = reference.document_number(typed, services.load().kinds())
        if number is not None:
            lang = f"?lang={locale}" if "lang" in request.query_params else ""
            return RedirectResponse(f"{PATH}/{number}{lang}", 303, NOT_KEPT)
        return self._form(locale, "unread", typed)

    async def show(self, request: Request) -> Response:
        """Show whether a document exists and is valid."""
        locale = locale_of(request)
        visitor = request.client.host if request.client else ""
        if not await self.limit.allows(visitor):
            later = {"Retry-After": str(self.limit.retry_after)}
            raise HTTPException(429, headers={**NOT_KEPT, **later})
        typed = request.path_params["number"]
        number = reference.document_number(typed, services.load().kinds())
        if number is None:
            return self._form(locale, "unread", typed, status=404)
        found = await self._look_up(number, locale)
        if found is None:
            return self._form(locale, "unknown", number, status=404)
        return self.pages.html(
            "document.html", locale, headers=SHORTLY, document=found, problem="", typed=""
        )

    def _form(self, locale: str, problem: str, typed: str, *, status: int = 200) -> Response:
        """Show the form with the number's problem and the typed text."""
        kept = reference.shown(typed)
        return self.pages.html(
            "document.html",
            locale,
            status=status,
            headers=NOT_KEPT,
            document=None,
            problem=problem if kept else "",
            typed=kept,
        )

    async def _look_up(self, number: str, locale: str) -> _Shown | None:
        words = self.pages.catalogue
        return await self.db.ask(lambda tx: _read(tx, number, locale, words))


def _read(tx: Session, number: str, locale: str, words: Catalogue) -> _Shown | None:
    row = document.by_number(tx, number)
    case = tx.get(Case, row.case_id) if row else None
    if row is None or case is None:
        return None
    declared = services.load()
    answers = readable(case.answers) or {}
    city = lenders.known(tx)
    state, owner = _state(row, now(tx)), declared.issuing(row.kind).id
    kind = declared.kind(row.kind)
    name = holder(tx, case) if kind.named else None

    def say(key: str) -> str:
        return words.say(Say(words.overridden(key, owner)), locale)

    return _Shown(
        number=row.number,
        state=state,
        head=say(f"pages.document.state.{state}"),
        told=say(f"pages.document.state.{state}.text"),
        compare=say("pages.document.compare"),
        name=masked(name) if name else name,
        lines=tuple(
            (words.say(Say(one.label), locale), words.value(one.value, locale) if one.value else "")
            for one in kind.printed(answers, city)
            if one.public
        ),
        issued=(say("pages.document.issued"), day(row.issued_on, locale)),
        until=day(row.valid_until, locale) if row.valid_until else "",
        revoked=(
            (say("pages.document.revoked"), day(row.revoked_at.astimezone(WIB).date(), locale))
            if row.revoked_at
            else None
        ),
    )


def _state(row: Document, at: datetime) -> Literal["valid", "expired", "revoked"]:
    if row.revoked_at is not None:
        return "revoked"
    over = row.valid_until is not None and row.valid_until < at.astimezone(WIB).date()
    return "expired" if over else "valid"
