"""The badge of an officer: a card of two A6 faces, to be cut out of an A4 sheet and folded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workers.documents.typesetting import UNDRAWN, address, day, line, qr, typeset


@dataclass(frozen=True, slots=True)
class BadgeCard:
    """The content of one badge; texts are printed as those of a permit are (`PermitSheet`)."""

    name: str
    badge: str
    portrait: bytes  # JPEG
    check_url: str
    printed_on: date


def render(card: BadgeCard) -> bytes:
    """Typeset the card; the QR code holds `check_url`.

    Raises:
        segno.DataOverflowError: the URL is too long for a QR code.
        typst.TypstError: the portrait is no picture, or the template has an error.
    """
    host = card.check_url.split("://")[-1].split("/")[0]
    fields = {
        "name": line(card.name) or UNDRAWN,
        "badge": line(card.badge) or UNDRAWN,
        "portrait": list(card.portrait),
        "check_url": card.check_url,
        "host": address(host),
        "qr": qr(card.check_url),
        "printed_on": day(card.printed_on),
    }
    return typeset("badge.typ", fields, card.printed_on)
