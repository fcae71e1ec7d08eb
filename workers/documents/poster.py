"""Posters and cards for RW halls and markets: two A4 pages, whose QR codes open a chat."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workers.documents.typesetting import address, day, line, qr, typeset


@dataclass(frozen=True, slots=True)
class Poster:
    """The content of a poster and its cards; texts are printed as those of a permit are.

    `chats` are our accounts by channel, `facts` checked facts of our office by their label; nothing
    is printed for those that are missing.
    """

    place: str  # the area where it is hung up
    url: str  # of the landing page
    chats: tuple[tuple[str, str], ...]
    facts: tuple[tuple[str, str], ...]
    printed_on: date


def render_page(poster: Poster) -> bytes:
    """Typeset the poster.

    Raises:
        segno.DataOverflowError: the URL is too long for a QR code.
    """
    return typeset("poster.typ", _fields(poster), poster.printed_on)


def render_cards(poster: Poster) -> bytes:
    """Typeset the sheet of cards, to be cut out.

    Raises:
        segno.DataOverflowError: the URL is too long for a QR code.
    """
    return typeset("cards.typ", _fields(poster), poster.printed_on)


def _fields(poster: Poster) -> dict[str, object]:
    return {
        "place": line(poster.place),
        "url": address(poster.url),
        "qr": qr(poster.url),
        "chats": [(line(name), line(account)) for name, account in poster.chats],
        "facts": [(line(label), line(value)) for label, value in poster.facts],
        "printed_on": day(poster.printed_on),
    }
