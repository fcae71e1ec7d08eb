"""The consent sheet: two forms on an A4 page, which officers carry for people without a phone.

Its photo is the evidence with which an officer sends what such a person agreed to.
"""

from __future__ import annotations

from datetime import date

from conversations import catalogue
from conversations.messages import Say
from workers.documents.typesetting import address, line, typeset

LOCALE = "id"  # sheets are in Indonesian
NAME, BADGE = "_" * 22, "_" * 8  # to be written by hand
LONGEST = 400  # characters of the sentence that is read out


def render(public_url: str, printed_on: date) -> bytes:
    """Typeset the sheet, with the sentence that the chat makes officers read out."""
    blank = Say("assisted.read_out", {"name": NAME, "badge": BADGE})
    _, _, read_out = catalogue.load().say(blank, LOCALE).partition("\n")
    host = public_url.split("://")[-1].split("/")[0]
    fields = {"read_out": line(read_out, LONGEST), "host": address(host)}
    return typeset("consent.typ", fields, printed_on)
