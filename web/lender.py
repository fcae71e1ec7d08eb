"""The lender's page: whoever has the code of a letter tells what became of it.

There is no login, so the page tells a number, initials and a date, and no more. Opening it changes
nothing, since scanners of mail open every link; an answer that ends the matter is asked for twice.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.buckets import Buckets
from casework import desk_page
from casework.act import Act, by_office
from casework.desk_page import Desk, Letter, Refusal, State
from conversations.catalogue import day
from conversations.commands import form_code
from conversations.dossiers import AT_DESK, OPEN
from models.infrastructure import quotas, signing
from models.infrastructure.database import Database
from models.infrastructure.storage import Storage
from web.bodies import limited
from web.limits import Limit, visitor
from web.pages import PRIVATE, Pages, locale_of, refuse_other_sites

log = structlog.get_logger(__name__)

PATH = "/kreditur"
ACTOR = "lender"  # in the audit
MAX_FIELDS = 12  # the page has four; some browser extensions add their own
MAX_BODY = 16 * 1024
LATER = {**PRIVATE, "Retry-After": "60"}
STATUS = {Refusal.WRONG: 422, Refusal.SPENT: 403, Refusal.SOON: 503}

_CSRF = "lender.csrf"
_SURE = "lender.sure"


def routes(pages: Pages, *, db: Database, buckets: Buckets, storage: Storage) -> list[BaseRoute]:
    """Return the routes of the page and of the letter."""
    page = _LenderPage(
        pages,
        db,
        storage,
        Limit(buckets, "lender-code", quotas.DESK_POSTS),
        Limit(buckets, "lender-from", quotas.DESK_VISITS),
    )
    return [
        Route(f"{PATH}/{{code}}/surat", page.give, methods=["POST"]),
        Route(f"{PATH}/{{code:path}}", page.show),
        Route(f"{PATH}/{{code:path}}", page.answer, methods=["POST"]),
    ]


@dataclass(frozen=True, slots=True)
class _LenderPage:
    pages: Pages
    db: Database
    storage: Storage
    tries: Limit
    visitors: Limit

    async def show(self, request: Request) -> Response:
        """Show the letter's number and the buttons; viewing it changes nothing."""
        if not await self.visitors.allows(visitor(request)):
            return self._too_often(request, self.visitors)
        code = _code(request)
        desk = await self._look(code)
        return self._page(request, code, desk) if desk else self._gone(request)

    async def answer(self, request: Request) -> Response:
        """Take an answer; one that ends the matter is asked for once more."""
        code, form = await self._posted(request)
        if isinstance(form, Response):
            return form
        desk = await self._look(code)
        if desk is None:
            return self._gone(request)
        outcome, seen = _text(form, "answer"), _text(form, "seen")
        if outcome not in AT_DESK or not re.fullmatch(r"[0-9]{1,4}", seen):
            raise HTTPException(400, headers=PRIVATE)
        if desk.state is not State.OPEN or int(seen) != desk.answers:
            return self._back(request, code)
        about = f"{code}/{outcome}/{seen}"
        sure = outcome in OPEN or signing.is_signature(form.get("sure"), about, _SURE)
        if not sure:
            sure_of = signing.signature(about, _SURE)
            return self._page(request, code, desk, asked=outcome, sure=sure_of)
        cause = f"lender:{desk.number}:{seen}"
        await self.db.do(
            lambda tx: desk_page.press(by_office(tx, ACTOR, cause), code, outcome, int(seen))
        )
        return self._back(request, code)

    async def give(self, request: Request) -> Response:
        """Give the letter as a PDF to whoever types its six digits."""
        code, form = await self._posted(request)
        if isinstance(form, Response):
            return form
        digits = re.sub(r"[\s.-]", "", _text(form, "pin"))
        if not re.fullmatch(r"[0-9]{6}", digits):
            return await self._refused(request, code, "digits", 422)
        found = await self.db.do(lambda tx: desk_page.fetch(_act(tx), code, digits))
        if isinstance(found, Letter):
            return await self._letter(request, code, found)
        if found is Refusal.GONE:
            return self._gone(request)
        return await self._refused(request, code, found.value, STATUS[found])

    async def _posted(self, request: Request) -> tuple[str, FormData | Response]:
        """Return the code and the form of a post from our own page, or the answer to another.

        Raises:
            HTTPException: 403 another site's form, or 400, 413 one that can't be read.
        """
        refuse_other_sites(request)
        code = _code(request)
        counted = ((self.visitors, visitor(request)), (self.tries, code))
        if refusing := [limit for limit, key in counted if not await limit.allows(key)]:
            return code, self._too_often(request, *refusing)
        try:
            form = await limited(request, MAX_BODY).form(max_files=0, max_fields=MAX_FIELDS)
        except UnicodeError as error:
            raise HTTPException(400, headers=PRIVATE) from error
        if not signing.is_signature(form.get("csrf"), code, _CSRF):
            raise HTTPException(403, headers=PRIVATE)
        return code, form

    async def _look(self, code: str) -> Desk | None:
        return await self.db.ask(lambda tx: desk_page.look(_act(tx), code))

    async def _letter(self, request: Request, code: str, letter: Letter) -> Response:
        try:
            content = await asyncio.to_thread(self.storage.read, letter.path)
        except FileNotFoundError:  # withdrawn at this moment
            return self._gone(request)
        except OSError as error:
            log.warning("lender.storage_away", error=type(error).__name__)
            return await self._refused(request, code, Refusal.SOON.value, 503)
        named = {"Content-Disposition": f'attachment; filename="{letter.filename}"'}
        return Response(content, media_type="application/pdf", headers={**PRIVATE, **named})

    async def _refused(self, request: Request, code: str, problem: str, status: int) -> Response:
        """Show the page again; `problem` is a key of `pages.lender.problem`."""
        desk = await self._look(code)
        if desk is None:
            return self._gone(request)
        headers = LATER if status == 503 else PRIVATE
        return self._page(request, code, desk, problem=problem, status=status, headers=headers)

    def _page(
        self,
        request: Request,
        code: str,
        desk: Desk,
        *,
        asked: str = "",
        sure: str = "",
        problem: str = "",
        status: int = 200,
        headers: Mapping[str, str] = PRIVATE,
    ) -> Response:
        """Show the page; `asked` is the answer that is asked for once more."""
        locale = locale_of(request)
        return self.pages.html(
            "lender.html",
            locale,
            status=status,
            headers=headers,
            path=f"{PATH}/{code}",
            desk=desk,
            dates={
                name: day(on, locale) if on else ""
                for name, on in (
                    ("delivered", desk.delivered_on),
                    ("withdrawn", desk.withdrawn_on),
                    ("told", desk.told.on if desk.told else None),
                )
            },
            answers=AT_DESK,
            asked=asked,
            sure=sure,
            problem=problem,
            csrf=signing.signature(code, _CSRF),
        )

    def _back(self, request: Request, code: str) -> Response:
        """Show the page as it is now; reloading it posts nothing."""
        lang = "?lang=en" if locale_of(request) == "en" else ""
        return RedirectResponse(f"{PATH}/{code}{lang}", 303, PRIVATE)

    def _gone(self, request: Request) -> Response:
        """Say the same of a wrong code, of one that is over, and of one that isn't valid yet."""
        return self.pages.html(
            "notice.html", locale_of(request), status=404, headers=PRIVATE, notice="lender.gone"
        )

    def _too_often(self, request: Request, *limits: Limit) -> Response:
        later = {"Retry-After": str(max(limit.retry_after for limit in limits))}
        return self.pages.html(
            "notice.html",
            locale_of(request),
            status=429,
            headers=PRIVATE | later,
            notice="lender.too_often",
        )


def _act(tx: Session) -> Act:
    return by_office(tx, ACTOR, "page")


def _code(request: Request) -> str:
    """Return the code as it is stored; "" for what can't be one, which no letter has."""
    return form_code(request.path_params["code"]) or ""


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""
