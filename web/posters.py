"""The landing page of a poster: a button for each chat, which then knows the poster's area.

It looks nothing up and counts nothing: the chat does, when somebody begins it. The page of a wrong
or old code is the same; its buttons open the chat as the front page's do.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot import chat_urls
from conversations import posters
from web.pages import Pages, locale_of


def routes(pages: Pages, *, telegram: str | None, whatsapp: str | None) -> list[BaseRoute]:
    """Return the route of the page.

    `telegram` is the bot's name, `whatsapp` the number in E.164. A channel that is None has no
    button.
    """
    page = _PosterPage(pages, telegram, whatsapp)
    return [Route(f"{posters.PATH}/{{code:path}}", page.show)]


@dataclass(frozen=True, slots=True)
class _PosterPage:
    pages: Pages
    telegram: str | None
    whatsapp: str | None

    async def show(self, request: Request) -> Response:
        """Show what the service is, a button for each chat, and how to check an officer."""
        locale = locale_of(request)
        area_code = posters.area_code(request.path_params["code"])
        return self.pages.html("poster.html", locale, chats=self._chats(area_code, locale))

    def _chats(self, area_code: str | None, locale: str) -> list[tuple[str, str, str]]:
        """Return (channel, its account as people read it, URL that begins the chat)."""
        words, start = self.pages.say("front.begin.words", locale), ""
        if area_code is not None:
            written = posters.short(area_code)
            start = f"{posters.PAYLOAD}{written}"
            words = self.pages.say("poster.words", locale, code=written)
        chats = []
        if number := self.whatsapp:
            url = chat_urls.whatsapp(number, words)
            chats.append(("WhatsApp", chat_urls.spaced(number), url))
        if name := self.telegram:
            chats.append(("Telegram", f"@{name}", chat_urls.telegram(name, start)))
        return chats
