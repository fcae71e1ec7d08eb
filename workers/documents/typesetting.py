"""Typesetting: renders A4 pages as PDF/A-2b; equal fields give equal bytes."""

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

TEMPLATES = Path(__file__).parent
LOCALE = "id_ID"
LONGEST = 160  # characters of one value; longer texts do not fit the sheet in the smallest type

# Characters that the sheet's font has: Latin with all its accents, and typographic signs.
# PDF/A forbids missing glyphs, so any other character makes the rendering fail.
DRAWN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2010-\u2027\u2030-\u2037\u20ac]")
LONG_WORD = re.compile(r"\S{24,}")  # wider than the narrowest column: may break after any character
# Signs in a row: no line may break before or after one, not even at the spaces between them.
SIGNS = re.compile(r"""(?:[]!?.,:;/()[{}'"‘’“”«»…] ){5,}""")
MAY_BREAK = "\u200b"  # zero-width space: a line may break here
NO_BREAK = "\u00a0"  # a space at which no line breaks
TOGETHER = "\u2060"  # word joiner, before and after what stands on one line
_HOUSE = r"\d{1,4}[A-Z]?(?:[/-]\w{1,4})?"
#: No line break may part these: RT and RW, a house number, a document's number.
KEPT = re.compile(
    r"\bRT ?/ ?RW[ .:]{0,2}\d{1,3} ?/ ?\d{1,3}\b"
    r"|\bRT[ .:]{0,2}\d{1,3}(?:[ ,]{0,2}/? ?(?:RW[ .:]{0,2})?\d{1,3})?\b|\bRW[ .:]{0,2}\d{1,3}\b"
    rf"|\b(?:No|Nomor|Nmr|Nr)[ .:]{{0,2}}{_HOUSE}\b"
    rf"|\b(?:Blok|Blk|Kav|Kavling|Gang|Gg|Lantai|Lt|KM)[ .:]{{0,2}}(?:{_HOUSE}|[A-Z]\d{{0,3}})\b"
    r"|\b[A-Z]{2,8}(?:-\d{1,6}){2,3}\b",
    re.IGNORECASE,
)
ONE_AT_A_TIME = threading.Lock()  # a typst compiler cannot be used by two threads
UNDRAWN = "\u25a1"  # replaces a letter of another script: a visible empty square


def typeset(template: str, fields: Mapping[str, object], issued_on: date) -> bytes:
    """Fill a template of this folder, such as "iumk.typ"; return a PDF/A-2b of A4 pages.

    `fields` must be JSON values, with texts already reduced to what the font can draw (`line`).
    The PDF's date is `issued_on`: the same arguments give the same bytes.

    Raises:
        typst.TypstError: the template has an error.
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
    """Cache fonts and template for the process: the first sheet takes twice as long as others."""
    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(TEMPLATES / template, font_paths=fonts, ignore_system_fonts=True)


def line(text: str | None, at_most: int = LONGEST) -> str | None:
    """Reduce a text to one printable line; None if nothing printable is left."""
    drawn = "".join(map(_drawn, unicodedata.normalize("NFC", text or "")))
    line = SIGNS.sub(lambda run: run[0].replace(" ", ""), " ".join(drawn.split()))
    if len(line) > at_most:
        line = line[: at_most - 1].rstrip() + "…"
    parts, end = [], 0
    for kept in KEPT.finditer(line):
        parts += [_breakable(line[end : kept.start()]), _unbroken(kept[0])]
        end = kept.end()
    return "".join([*parts, _breakable(line[end:])]) or None


def _breakable(words: str) -> str:
    return LONG_WORD.sub(lambda word: MAY_BREAK.join(word[0]), words)


def _unbroken(words: str) -> str:
    return f"{TOGETHER}{words.replace(' ', NO_BREAK)}{TOGETHER}"


def address(url: str) -> str:
    """Return a URL for people to type: without its scheme, with line breaks only after a "/"."""
    return re.sub(r"(?<=/)(?=.)", MAY_BREAK, re.sub(r"^https?://", "", url))


def _drawn(character: str) -> str:
    """Return what the font can draw in place of one character.

    Letters styled as symbols ("𝓢", "Ⓢ") become plain ones. Emoji, joiners, combining marks without
    a letter and bidirectional marks are removed.
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


def qr(url: str) -> str:
    """Return a QR code as SVG: white ground, and the quiet zone of four modules scanners need."""
    drawing = io.BytesIO()
    code = segno.make_qr(url, error="m")
    code.save(drawing, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True)
    return drawing.getvalue().decode()
