"""The landing page of a code, with which the owner takes over what others filled in for them.

An officer shows it, or it comes with a forwarded message; its QR code leads to the same page. It
looks nothing up: the page of a wrong or old code is the same, and the chat says what is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import segno
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot import chat_urls
from bot.buckets import Buckets
from conversations.commands import form_code
from conversations.engine.orders import CODE_PAYLOAD
from models.infrastructure import quotas
from web.limits import Limit, visitor
from web.pages import PRIVATE, Pages, locale_of

PATH = "/k"


def routes(
    pages: Pages, *, buckets: Buckets, public_url: str, telegram: str | None, whatsapp: str | None
) -> list[BaseRoute]:
    """Return the route of the page.

    `telegram` is the bot's name, `whatsapp` the number in E.164. A channel that is None has no
    button.
    """
    limit = Limit(buckets, "code-from", quotas.ASSISTED_VISITS)
    page = _CodePage(pages, limit, public_url, telegram, whatsapp)
    return [Route(f"{PATH}/{{code:path}}", page.show)]


@dataclass(frozen=True, slots=True)
class _CodePage:
    pages: Pages
    limit: Limit
    public_url: str
    telegram: str | None
    whatsapp: str | None

    async def show(self, request: Request) -> Response:
        """Show the code, a button for each channel, and the QR code of this page."""
        locale = locale_of(request)
        if not await self.limit.allows(visitor(request)):
            later = {"Retry-After": str(self.limit.retry_after)}
            raise HTTPException(429, headers={**PRIVATE, **later})
        code = form_code(request.path_params["code"])
        if code is None:
            return self.pages.html(
                "notice.html", locale, status=404, headers=PRIVATE, notice="code.malformed"
            )
        shown = f"{code[:3]} {code[3:]}"
        return self.pages.html(
            "code.html",
            locale,
            headers=PRIVATE,
            chats=self._chats(code, self.pages.say("code.words", locale, code=shown)),
            shown=shown,
            qr=_qr(f"{self.public_url}{PATH}/{code}"),
        )

    def _chats(self, code: str, words: str) -> list[tuple[str, str]]:
        """Return (channel, URL that sends the code there)."""
        chats = []
        if self.whatsapp:
            chats.append(("WhatsApp", chat_urls.whatsapp(self.whatsapp, words)))
        if self.telegram:
            chats.append(("Telegram", chat_urls.telegram(self.telegram, f"{CODE_PAYLOAD}{code}")))
        return chats


def _qr(url: str) -> str:
    """Return a QR code as a data URI: white ground, and the quiet zone that scanners need."""
    return segno.make_qr(url, error="m").svg_data_uri(
        border=4, light="#fff", xmldecl=False, omitsize=True
    )
