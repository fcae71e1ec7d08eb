"""Typesetting: a sheet of A4 as PDF/A-2b, the same bytes for the same fields."""

from __future__ import annotations

import functools
import io
import json
import re
import threading
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path

import segno
import typst
from babel.dates import format_date
from babel.numbers import format_currency

TEMPLATES = Path(__file__).parent
LOCALE = "id_ID"
LONGEST = 160  # characters of one value; with more, the smallest type no longer fits the sheet

# Characters that the sheet's font draws: Latin with all its accents, and typographic signs.
# PDF/A forbids missing glyphs, so anything else would stop the rendering.
DRAWN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2010-\u2027\u2030-\u2037\u20ac]")
LONG_WORD = re.compile(r"\S{24,}")  # wider than the narrowest column: may break after any character
MAY_BREAK = "\u200b"  # tells the template where a line may end; it prints no sign there
ONE_AT_A_TIME = threading.Lock()  # a compiler refuses a second thread
UNDRAWN = "\u25a1"  # a letter of another script: an empty square, so that nobody overlooks it


def typeset(template: str, fields: Mapping[str, object], issued_on: date) -> bytes:
    """Fill a template of this folder, such as "iumk.typ"; gives a PDF/A-2b of exactly one A4 page.

    `fields` are JSON, already brought to what the font can draw (`line`). The document is dated by
    `issued_on` and fed by nothing else, so it is safe to make again: same fields, same bytes.

    Raises:
        typst.TypstError: the template is at fault.
    """
    with ONE_AT_A_TIME:
        pdf = _compiler(template).compile(
            format="pdf",
            sys_inputs={"sheet": json.dumps(fields)},
            pdf_standards="a-2b",
            timestamp=datetime.combine(issued_on, time(), UTC),
        )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__} for {template}, not one PDF")
    return pdf


@functools.cache
def _compiler(template: str) -> typst.Compiler:
    """Read fonts and template once a process: the first sheet takes twice as long as the others."""
    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(TEMPLATES / template, font_paths=fonts, ignore_system_fonts=True)


def line(text: str | None, at_most: int = LONGEST) -> str | None:
    """Bring a text to one printable line; None if nothing printable is left of it."""
    drawn = "".join(map(_drawn, unicodedata.normalize("NFC", text or "")))
    line = " ".join(drawn.split())
    if len(line) > at_most:
        line = line[: at_most - 1].rstrip() + "…"
    return LONG_WORD.sub(lambda word: MAY_BREAK.join(word[0]), line) or None


def address(url: str) -> str:
    """Give an address to be typed or copied: its lines end behind a "/" only."""
    return re.sub(r"(?<=/)(?=.)", MAY_BREAK, re.sub(r"^https?://", "", url))


def _drawn(character: str) -> str:
    """Give what the font can draw in place of one character.

    Letters dressed up as symbols ("𝓢", "Ⓢ") become plain ones. Emoji, joiners, marks that
    belong to no letter and marks that turn the direction of writing vanish.
    """
    if DRAWN.match(character):
        return character
    if character.isspace():
        return " "
    plain = "".join(DRAWN.findall(unicodedata.normalize("NFKC", character)))
    if plain.strip():
        return plain
    return UNDRAWN if unicodedata.category(character)[0] in "LN" else ""


def day(day: date) -> str:
    return format_date(day, "d MMMM y", locale=LOCALE)


def rupiah(amount: int | None) -> str | None:
    if amount is None:
        return None
    return format_currency(amount, "IDR", "¤#,##0", locale=LOCALE, currency_digits=False)


def qr(url: str) -> str:
    """Draw the code as SVG: white ground, and the four modules of quiet zone scanners need."""
    drawing = io.BytesIO()
    code = segno.make_qr(url, error="m")
    code.save(drawing, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True)
    return drawing.getvalue().decode()
