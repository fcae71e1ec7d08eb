"""The pages for everybody: the front page, and the privacy page. They need no database."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from bot import chat_urls
from conversations.engine.orders import OFFICER_PAYLOAD
from conversations.facts import Directory
from conversations.messages import Say
from web.pages import Pages, locale_of

FOUND = {"X-Robots-Tag": "all"}  # who looks for the service finds this page, not a copy of it

#: Facts of the city file on each page, in the order in which they are shown.
OFFICE = ("office.page", "office.landline", "office.address", "office.hours")
DATA = ("office.email", "office.landline", "office.address", "office.page")
COMPLAINTS = ("jaki.phone", "jaki.url")


def routes(
    pages: Pages, *, telegram: str | None, whatsapp: str | None, directory: Directory
) -> list[BaseRoute]:
    """Return the routes of the front page and the privacy page.

    `telegram` is the bot's name, `whatsapp` the number in E.164. A channel that is None, and a fact
    that is not in the directory, is not shown.
    """
    page = _Front(pages, telegram, whatsapp, directory)
    return [Route("/", page.show), Route("/privasi", page.privacy)]


@dataclass(frozen=True, slots=True)
class _Chat:
    """A channel on which people reach the service."""

    name: str
    account: str  # as people know it: a number, or a name with @
    begin: str  # URLs
    check: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact of the city file."""

    label: str
    value: str
    url: str  # "" if the value is no address


@dataclass(frozen=True, slots=True)
class _Front:
    pages: Pages
    telegram: str | None
    whatsapp: str | None
    directory: Directory

    async def show(self, request: Request) -> Response:
        """Show what the service is, how to begin, and how to check a permit or an officer."""
        locale = locale_of(request)
        return self.pages.html(
            "front.html",
            locale,
            headers=FOUND,
            chats=self._chats(locale),
            office=facts(self.pages, self.directory, OFFICE, locale),
            complaints=facts(self.pages, self.directory, COMPLAINTS, locale),
        )

    async def privacy(self, request: Request) -> Response:
        """Show the privacy page: which data is kept, why, how long, and people's rights."""
        locale = locale_of(request)
        parts = sorted({key.split(".")[0] for key in self.pages.group("privacy.part", "id")})
        office = facts(self.pages, self.directory, DATA, locale)
        return self.pages.html("privacy.html", locale, parts=parts, office=office)

    def _chats(self, locale: str) -> list[_Chat]:
        chats = list[_Chat]()
        if number := self.whatsapp:
            begin = chat_urls.whatsapp(number, self.pages.say("front.begin.words", locale))
            check = f"{self.pages.say('front.officer.words', locale)} "  # the badge is typed there
            chats.append(
                _Chat(
                    "WhatsApp", chat_urls.spaced(number), begin, chat_urls.whatsapp(number, check)
                )
            )
        if name := self.telegram:
            check = chat_urls.telegram(name, OFFICER_PAYLOAD)
            chats.append(_Chat("Telegram", f"@{name}", chat_urls.telegram(name), check))
        return chats


def facts(pages: Pages, directory: Directory, keys: Sequence[str], locale: str) -> list[Fact]:
    """Return those of these facts that are in the directory, labelled."""
    return [
        Fact(
            _label(pages, key, locale),
            said[locale].removeprefix("https://"),
            _url(key, said[locale]),
        )
        for key in keys
        if (said := directory.get(key)) is not None
    ]


def _label(pages: Pages, key: str, locale: str) -> str:
    group, _, name = key.partition(".")
    label = f"common.office.{name}" if group == "office" else f"common.authority.{group}"
    return pages.catalogue.say(Say(label), locale)


def _url(key: str, value: str) -> str:
    match key.rpartition(".")[2]:
        case "page" | "url":
            return value
        case "landline" | "phone":
            return f"tel:{re.sub(r'[^+0-9]', '', value)}"
        case "email":
            return f"mailto:{value}"
        case _:
            return ""
