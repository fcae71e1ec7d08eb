"""The simple cash book: one A4 page on which an owner notes three months by hand."""

from __future__ import annotations

from datetime import date

from workers.documents.typesetting import address, day, typeset


def render(printed_on: date, public_url: str) -> bytes:
    """Typeset the blank; `public_url` tells where our chat is found."""
    fields = {
        "host": address(public_url.split("://")[-1].split("/")[0]),
        "printed_on": day(printed_on),
    }
    return typeset("cash_book.typ", fields, printed_on)
