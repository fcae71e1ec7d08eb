"""`izin poster`: writes a poster and cards for an area, or shows how many chats began at them."""

from __future__ import annotations

import argparse
import sys
from argparse import ArgumentParser
from datetime import date, datetime, timedelta
from pathlib import Path

from bot import chat_urls
from bot.settings import Settings
from cli.base import Refusal, is_public
from conversations import catalogue, posters
from conversations.messages import Say
from models import poster
from models.base import now
from models.infrastructure.wib import WIB
from models.reference import area, city_file
from models.startup import read_settings, transaction
from workers.documents.poster import Poster, render_cards, render_page

SHOWN = timedelta(days=30)  # of counts, unless a day is given
LOCALE = "id"  # of what is printed from the city file
FACTS = ("page", "landline", "address", "hours")  # of our office, in the city file


def add(parser: ArgumentParser) -> None:
    """Add the arguments to the parser."""
    parser.set_defaults(act=_poster)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        "--area", help="a kota 31.74, a kecamatan 31.74.05, a kelurahan 31.74.05.1001"
    )
    what.add_argument("--counts", action="store_true", help="show the chats of each area and day")
    parser.add_argument("--out", type=Path, default=Path(), help="the folder of the two PDFs")
    parser.add_argument("--since", type=date.fromisoformat, help="of counts: a day as 2026-11-01")


def _poster(given: argparse.Namespace) -> int:
    settings = read_settings(Settings)
    return _counts(given.since, settings) if given.counts else _write(given, settings)


def _write(given: argparse.Namespace, settings: Settings) -> int:
    content = _content(given.area, settings)
    name = posters.short(given.area)
    files = {f"poster-{name}.pdf": render_page(content), f"cards-{name}.pdf": render_cards(content)}
    for file, pdf in files.items():
        path = given.out / file
        try:
            path.write_bytes(pdf)
        except OSError as error:
            raise Refusal(f"{path} can't be written: {error.strerror}.") from error
        print(path)
    if not is_public(settings.public_url):
        print(
            f"PUBLIC_URL is {settings.public_url}, which leads nowhere outside this network: the "
            "QR codes do not open on people's phones. Set it, and write the poster again.",
            file=sys.stderr,
        )
    if not content.chats:
        print(
            "No channel is set here: the page of the poster has no button without one. Set "
            "TELEGRAM_BOT_TOKEN or TWILIO_ACCOUNT_SID before the poster is hung up.",
            file=sys.stderr,
        )
    return 0


def _content(code: str, settings: Settings) -> Poster:
    """Return what is printed for an area.

    Raises:
        Refusal: there is no such area.
    """
    place = _place_name(code)
    if place is None:
        raise Refusal(
            f"No such area: {code}. A kota is 31.74, a kecamatan 31.74.05, a kelurahan "
            "31.74.05.1001."
        )
    whatsapp, telegram = settings.whatsapp_account, settings.telegram_account
    chats = [("WhatsApp", chat_urls.spaced(whatsapp))] if whatsapp else []
    chats += [("Telegram", f"@{telegram}")] if telegram else []
    return Poster(
        place=place,
        url=f"{settings.public_url}{posters.PATH}/{posters.short(code)}",
        chats=tuple(chats),
        facts=_facts(settings),
        printed_on=datetime.now(WIB).date(),
    )


def _facts(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Return the facts of our office that the city file holds, by their label."""
    directory, words = city_file.read(settings.city_file).directory, catalogue.load()
    return tuple(
        (words.say(Say(f"common.office.{fact}"), LOCALE), said[LOCALE].removeprefix("https://"))
        for fact in FACTS
        if (said := directory.get(f"office.{fact}")) is not None
    )


def _place_name(code: str) -> str | None:
    """Return an area as people write it, with the one around it; None if there is none."""
    areas = area.load()
    found = areas.get(code)
    if found is None:
        return None
    around = [one for one in (found, areas.parent(found)) if one is not None]
    return ", ".join(
        one.name if one.level == "kota" else f"{one.level.capitalize()} {one.name}"
        for one in around
    )


def _counts(since: date | None, settings: Settings) -> int:
    with transaction(settings) as tx:
        first = since or now(tx).astimezone(WIB).date() - SHOWN
        for row in poster.counts(tx, first):
            name = _place_name(row.area_code) or "-"
            print(f"{row.on}\t{row.area_code}\t{name}\t{row.chats}")
    return 0
