"""Where the lines of a sheet end: never within an RT/RW, a house number, its number or its page."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.workers.documents.test_iumk import SHEET
from workers.documents.iumk import render
from workers.documents.typesetting import TOGETHER, address, line, qr, typeset

pytestmark = pytest.mark.slow

DOTS = 100 / 25.4  # a millimetre in a picture of the page
KEPT = [
    "RT 005/RW 003",
    "RT.005/RW.003",
    "RT005/RW003",
    "RT 5 RW 3",
    "RT 5/3",
    "RT/RW 005/003",
    "RW 03",
    "No. 7",
    "no 7",
    "No.12-B",
    "No. 12A/3",
    "nomor 1024",
    "Blok C3",
    "Blok C",
    "Gg. 4",
    "Kav. 21",
    "Lt. 2",
    "IUMK-2026-3174-000123",
]
WORDS = ["Jl.", "Gang", "musala", "di", "depan", "warung", "Kebon", "sebelah", "Cipete", "🍜", "i"]
LONG = ["Kampungpertamburanlamabelakang" * 3, "W" * 23, "x" * 60, "jalan/kecil/sekali/di/belakang"]
BLANKS = [" ", "  ", "\u202f", "\u2009", "\u00a0", ", "]


def lines(pdf: bytes) -> list[str]:
    """Return the lines of the only page, as they are read, with plain spaces."""
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        text = document[0].get_textpage().get_text_range()
    return [one.replace("\u00a0", " ") for one in text.splitlines()]


def ink(pdf: bytes) -> Image.Image:
    """Return what is printed, white on black, at 100 dots per inch."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[0].render(scale=100 / 72).to_pil()
    return picture.convert("L").point(lambda dot: 255 if dot < 128 else 0)


def is_white(pdf: bytes, left: float, top: float, right: float, bottom: float) -> bool:
    """Whether nothing is printed in this rectangle of the page, in millimetres."""
    return ink(pdf).crop((left * DOTS, top * DOTS, right * DOTS, bottom * DOTS)).getbbox() is None


def plain_sheet(text: str, *, number: str = "LMP-2026-000123", host: str = "izin.example") -> bytes:
    """Return a plain sheet with this text in every line."""
    url = f"https://{host}/dokumen/{number}"
    fields = {
        "title": line(text),
        "number": line(number),
        "holder": line(text),
        "lines": [("Alamat", line(text, 220)), ("Tempat", line(text))],
        "issued_on": "17 Agustus 2026",
        "valid_until": None,
        "office": line(text),
        "signer_title": line(text),
        "check_url": url,
        "check_address": address(url),
        "qr": qr(url),
    }
    return typeset("plain_sheet.typ", fields, date(2026, 8, 17))


def addresses() -> st.SearchStrategy[tuple[str, list[str]]]:
    """Addresses of at most 200 characters, and what must not be parted in them."""
    part = st.tuples(st.sampled_from(WORDS + LONG + KEPT * 2), st.sampled_from(BLANKS))
    return st.lists(part, min_size=1, max_size=14).map(_joined)


def _joined(parts: list[tuple[str, str]]) -> tuple[str, list[str]]:
    text, kept = "", list[str]()
    for word, blank in parts:
        if len(text + word) > 200:
            break
        text += word + blank
        kept += [word] if word in KEPT else []
    return text, kept


@settings(max_examples=60, deadline=None)
@given(addresses())
@example(("Jalan Kebon Kacang Raya Dalam Belakang Masjid Besar depan RT 005/RW 003", [KEPT[0]]))
@example(("Jalan Kebon Kacang Raya Dalam Belakang Masjid Besar samping gang No. 7", ["No. 7"]))
def test_no_line_ends_within_a_house_number_or_an_rt(given_: tuple[str, list[str]]) -> None:
    text, kept = given_
    seen = lines(render(replace(SHEET, lines=(("Alamat", text),), business_name=text[:100])))
    for one in kept:
        assert any(one in line_ for line_ in seen), (one, seen)


@pytest.mark.parametrize("kept", KEPT)
def test_wherever_it_stands_it_is_on_one_line(kept: str) -> None:
    for before in range(40, 76, 2):
        text = ("kebon " * 20)[:before].strip() + f" {kept} belakang"
        address_, sheet = ("Alamat", text), replace(SHEET, lines=())
        seen = lines(render(replace(sheet, lines=(address_,))))
        assert any(kept in one for one in seen), (kept, before, seen)


@pytest.mark.parametrize("before", range(30, 110, 10))
def test_a_plain_sheet_keeps_them_together_too(before: int) -> None:
    seen = lines(plain_sheet(("kebon " * 20)[:before].strip() + " RT 005/RW 003 No. 7"))
    assert sum("RT 005/RW 003" in one for one in seen) == 6
    assert sum("No. 7" in one for one in seen) == 6


@pytest.mark.parametrize("serial", ["000123", "123456"])
@pytest.mark.parametrize(
    "host", ["a.id", "izin-datang.jakarta.go.id", "sangat-panjang-" * 4 + "x.id"]
)
def test_the_number_stands_on_one_line_and_in_one_piece_in_the_address(
    host: str, serial: str
) -> None:
    number = f"IUMK-2026-3174-{serial}"
    url = f"https://{host}/dokumen/{number}"
    on_permit = lines(render(replace(SHEET, number=number, check_url=url)))
    on_plain = lines(plain_sheet("Warung", number=number, host=host))
    for seen in (on_permit, on_plain):
        assert sum(number in one for one in seen) == 2  # as the number, and in the address
        assert any(one.endswith(number) and (host in one or one == number) for one in seen)


@pytest.mark.parametrize(
    "text",
    [
        "W" * 23,
        " ".join(["W" * 23] * 6),
        "No. 7 " * 33,
        "RT 005/RW 003 " * 14,
        "Kampung" * 28,
        "🍜" * 30 + "Gang\u202fMawar" * 10,
        "IUMK-2026-3174-000123 " * 9,
        "-" * 200,
        "/" * 200,
        ". " * 100,
        "( . “ " * 40,
    ],
)
def test_however_wide_the_words_nothing_leaves_the_column(text: str) -> None:
    permit = render(
        replace(
            SHEET,
            holder=text,
            business_name=text,
            number=text,
            office=text,
            signer_title=text,
            kbli=text,
            lines=tuple((label, text) for label, _ in SHEET.lines),
        )
    )
    for left, top, right, bottom in ((17, 20, 21, 277), (189, 20, 193, 277), (20, 279, 190, 281)):
        assert is_white(permit, left, top, right, bottom)
    sheet = plain_sheet(text)
    for left, top, right, bottom in ((13, 14, 24, 283), (186, 14, 197, 283), (14, 272, 196, 284)):
        assert is_white(sheet, left, top, right, bottom)


@given(st.text(max_size=240))
def test_what_is_kept_together_holds_no_place_to_break(text: str) -> None:
    for kept in (line(text + " RT 5 / RW 3", 300) or "").split(TOGETHER)[1::2]:
        assert " " not in kept and "\u200b" not in kept


@pytest.mark.parametrize("text", ["Kota No Nama", "Norma 7", "Blokir 3", "Ganggang", "START 5/3"])
def test_other_words_are_not_kept_together(text: str) -> None:
    assert line(text) == text
