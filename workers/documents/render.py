"""The permit as a document: one A4 sheet, PDF/A-2b, the same bytes for the same sheet."""

import functools
import io
import json
import re
import threading
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import segno
import typst
from babel.dates import format_date
from babel.numbers import format_currency

TEMPLATE = Path(__file__).with_name("permit.typ")
LOCALE = "id_ID"
LONGEST = 160  # characters of one value; with more, the smallest type no longer fits the sheet
LONGEST_KIND = 200  # the longest title of KBLI 2025 has 199

# Characters that the sheet's font draws: Latin with all its accents, and typographic signs.
# PDF/A forbids missing glyphs, so anything else would stop the rendering.
DRAWN = re.compile(r"[ -~\u00a1-\u00ac\u00ae-\u024f\u1e00-\u1eff\u2010-\u2027\u2030-\u2037\u20ac]")
LONG_WORD = re.compile(r"\S{24,}")  # wider than the narrowest column: may break after any character
MAY_BREAK = "\u200b"  # tells the template where a line may end; it prints no sign there
ONE_AT_A_TIME = threading.Lock()  # a compiler refuses a second thread
UNDRAWN = "\u25a1"  # a letter of another script: an empty square, so that nobody overlooks it


@dataclass(frozen=True, slots=True)
class PermitSheet:
    """What stands on one permit.

    Texts are printed as they are, never read as markup. What the font cannot draw is left out
    (emoji) or becomes a square (letters of other scripts); beyond `LONGEST` characters a text
    ends in an ellipsis. Sums are whole rupiah. None leaves the line out, except where noted.
    """

    number: str  # "IUMK-2026-3174-000123"
    holder: str
    kbli_code: str  # KBLI 2025
    kbli_title: str
    premises: str  # in words: "Keliling / gerobak"
    kelurahan: str
    kecamatan: str
    city: str
    applied_on: date
    issued_on: date
    valid_until: date  # the last day on which the permit holds
    check_url: str
    masked_nik: str | None = None  # "3174••••••••0007"; None: the officer saw the card
    business_name: str | None = None
    street: str | None = None
    rt_rw: str | None = None  # "005/003"
    coordinates: tuple[float, float] | None = None  # latitude, longitude; WGS 84
    capital: int | None = None
    monthly_turnover: int | None = None
    workers: int | None = None
    office: str | None = None  # None: an example's, and CONTOH stands across the sheet
    signer_title: str | None = None  # the same


def render(sheet: PermitSheet) -> bytes:
    """Typeset the sheet as a PDF/A-2b of exactly one A4 page; the QR code holds `check_url`.

    Dated by `issued_on` and fed by nothing else, so it is safe to render again: same sheet, same
    bytes.

    Raises:
        segno.DataOverflowError: the address is too long for a QR code.
        typst.TypstError: the template is at fault.
    """
    fields = json.dumps(_fields(sheet))
    with ONE_AT_A_TIME:
        pdf = _compiler().compile(
            format="pdf",
            sys_inputs={"sheet": fields},
            pdf_standards="a-2b",
            timestamp=datetime.combine(sheet.issued_on, time(), UTC),
        )
    if not isinstance(pdf, bytes):
        raise TypeError(f"typst gave {type(pdf).__name__} for {TEMPLATE.name}, not one PDF")
    return pdf


@functools.cache
def _compiler() -> typst.Compiler:
    """Read fonts and template once a process: the first sheet takes twice as long as the others."""
    fonts = typst.Fonts(include_system_fonts=False)
    return typst.Compiler(TEMPLATE, font_paths=fonts, ignore_system_fonts=True)


def _fields(sheet: PermitSheet) -> dict[str, str | None]:
    """Everything the template prints, as text; the template knows no dates, sums or codes."""
    return {
        "number": _line(sheet.number),
        "holder": _line(sheet.holder) or UNDRAWN,
        "masked_nik": _line(sheet.masked_nik),
        "business_name": _line(sheet.business_name),
        "kbli_code": _line(sheet.kbli_code),
        "kbli_title": _line(sheet.kbli_title, LONGEST_KIND),
        "premises": _line(sheet.premises),
        "street": _line(sheet.street),
        "rt_rw": _line(sheet.rt_rw),
        "kelurahan": _line(sheet.kelurahan),
        "kecamatan": _line(sheet.kecamatan),
        "city": _line(sheet.city),
        "coordinates": sheet.coordinates and "{:.5f}, {:.5f}".format(*sheet.coordinates),
        "capital": _rupiah(sheet.capital),
        "monthly_turnover": _rupiah(sheet.monthly_turnover),
        "workers": None if sheet.workers is None else str(sheet.workers),
        "applied_on": _day(sheet.applied_on),
        "issued_on": _day(sheet.issued_on),
        "valid_until": _day(sheet.valid_until),
        "office": _line(sheet.office),
        "signer_title": _line(sheet.signer_title),
        "check_url": sheet.check_url,
        "check_address": _address(sheet.check_url),
        "qr": _qr(sheet.check_url),
    }


def _line(text: str | None, at_most: int = LONGEST) -> str | None:
    """Bring a text to one printable line; None if nothing printable is left of it."""
    drawn = "".join(map(_drawn, unicodedata.normalize("NFC", text or "")))
    line = " ".join(drawn.split())
    if len(line) > at_most:
        line = line[: at_most - 1].rstrip() + "…"
    return LONG_WORD.sub(lambda word: MAY_BREAK.join(word[0]), line) or None


def _address(url: str) -> str:
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


def _day(day: date) -> str:
    return format_date(day, "d MMMM y", locale=LOCALE)


def _rupiah(amount: int | None) -> str | None:
    if amount is None:
        return None
    return format_currency(amount, "IDR", "¤#,##0", locale=LOCALE, currency_digits=False)


def _qr(url: str) -> str:
    """Draw the code as SVG: white ground, and the four modules of quiet zone scanners need."""
    drawing = io.BytesIO()
    code = segno.make_qr(url, error="m")
    code.save(drawing, kind="svg", border=4, light="#fff", xmldecl=False, omitsize=True)
    return drawing.getvalue().decode()
