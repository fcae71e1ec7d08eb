"""Posters and cards on paper: what is read back from a black and white print, and what fits."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from models.reference import area
from workers.documents.poster import Poster, render_cards, render_page

pytestmark = pytest.mark.slow

DOTS = 150 / 25.4  # a millimetre
CARDS = 10
POSTER = Poster(
    place="Kelurahan Cipete Utara, Kecamatan Kebayoran Baru",
    url="https://izin.example.go.id/p/3174071010",
    chats=(("WhatsApp", "+62 800 1234 567"), ("Telegram", "@izin_datang_bot")),
    facts=(("Telepon kantor", "(021) 5550100"),),
    printed_on=date(2026, 11, 28),
)
HOST = "pelayanan-perizinan-terpadu.kantor-wilayah.jakartaselatan.go.id"
LONGEST = replace(
    POSTER,
    place="Kecamatan Kepulauan Seribu Selatan, Kepulauan Seribu",
    url=f"https://{HOST}/p/3101021001",
    chats=(("WhatsApp", "+628123456789012"), ("Telegram", f"@{'W' * 32}")),
    facts=(
        ("Halaman resmi", "w" * 100),
        ("Telepon kantor", "(021) 5550100 " * 8),
        ("Alamat kantor", "Gedung Perkantoran lantai tiga " * 4),
        ("Jam buka kantor", "Senin sampai Jumat, 07.30-15.30 WIB, " * 3),
    ),
)
BARE = replace(POSTER, chats=(), facts=())
CONTENTS = {"usual": POSTER, "longest": LONGEST, "bare": BARE}
Render = Callable[[Poster], bytes]


def words(pdf: bytes) -> str:
    """The words of the only page, with plain blanks."""
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    text = page.extract_text()
    assert not [c for c in text if unicodedata.category(c) == "Cf"]
    return " ".join(text.split())


def printed(pdf: bytes) -> Image.Image:
    """The page as a simple printer makes it: 150 dots an inch, each black or white."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture: Image.Image = document[0].render(scale=150 / 72).to_pil()
    return picture.convert("L").convert("1")


def codes(pdf: bytes) -> list[zxingcpp.Barcode]:
    return list(zxingcpp.read_barcodes(printed(pdf).convert("L")))


def side(code: zxingcpp.Barcode) -> float:
    """The side of a code in millimetres, without its quiet zone."""
    return float(code.position.top_right.x - code.position.top_left.x) / DOTS


def test_the_poster_says_who_comes_that_it_is_free_and_how_to_check() -> None:
    said = words(render_page(POSTER))
    for expected in (
        "Punya usaha kecil tanpa izin? Kami datang, gratis.",
        "We come to you, free of charge.",
        "Bukan penertiban.",
        "no eviction",
        "cek petugas dan nomor kartunya",
        "lapor pungli",
        "Cipete Utara",
        "izin.example.go.id/p/3174071010",
        "+62 800 1234 567",
        "(021) 5550100",
        "Dicetak 28 November 2026",
    ):
        assert expected in said


def test_a_card_says_the_same_in_short() -> None:
    said = words(render_cards(POSTER))
    for expected in ("Kami datang, gratis.", "Bukan penertiban.", "cek petugas", "No eviction"):
        assert said.count(expected) == CARDS


def test_nothing_is_told_that_the_office_has_not_filled_in() -> None:
    said = words(render_page(BARE))
    assert "+62" not in said and "@" not in said and "kantor" not in said


@pytest.mark.parametrize("poster", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize(
    ("render", "number", "least"),
    [(render_page, 1, 30), (render_cards, CARDS, 18)],
    ids=["poster", "cards"],
)
def test_each_code_is_read_from_a_black_and_white_print(
    render: Render, number: int, least: float, poster: Poster
) -> None:
    found = codes(render(poster))
    assert [code.text for code in found] == [poster.url] * number
    assert all(side(code) >= least for code in found)
    assert {code.format for code in found} == {zxingcpp.BarcodeFormat.QRCode}
    assert {code.ec_level for code in found} <= {"M", "Q", "H"}


@pytest.mark.parametrize("render", [render_page, render_cards])
def test_it_is_one_a4_page_of_pdf_a_2b(render: Render) -> None:
    reader = PdfReader(io.BytesIO(render(POSTER)))
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("2", "B")


def ink(pdf: bytes) -> Callable[[float, float, float, float], bool]:
    """Whether there is ink in a box of the page: left, top, right, bottom in millimetres."""
    page = printed(pdf).convert("L").point(lambda dot: 255 - dot)

    def inside(*box: float) -> bool:
        left, top, right, bottom = (int(edge * DOTS) for edge in box)
        return page.crop((left, top, right, bottom)).getbbox() is not None

    return inside


def names() -> list[str]:
    """The longest name of each level, and the one with the longest word."""
    known = [one.name for one in area.load()]
    return sorted({max(known, key=len), max(known, key=lambda name: max(map(len, name.split())))})


@pytest.mark.parametrize("poster", CONTENTS.values(), ids=CONTENTS)
def test_all_words_stay_on_the_poster(poster: Poster) -> None:
    pdf = render_page(poster)
    there = ink(pdf)
    assert not there(0, 28, 14, 297) and not there(196, 28, 210, 297)  # beside the margins
    assert not there(0, 291, 210, 297)  # below the last line
    assert "Dicetak 28 November 2026" in words(pdf)
    assert poster.url.removeprefix("https://") in words(pdf).replace(" ", "")


@pytest.mark.parametrize("name", names())
def test_the_longest_names_stand_whole_in_the_band(name: str) -> None:
    place = f"Kelurahan {name}, Kecamatan {name}"
    pdf = render_page(replace(POSTER, place=place))
    assert place in words(pdf)
    page = printed(pdf)
    left, top, right, bottom = (int(edge * DOTS) for edge in (196, 1, 209, 26))
    assert page.convert("L").crop((left, top, right, bottom)).getextrema()[0] == 0


@pytest.mark.parametrize("poster", CONTENTS.values(), ids=CONTENTS)
def test_all_words_stay_on_their_cards(poster: Poster) -> None:
    pdf = render_cards(poster)
    there = ink(pdf)
    for row in range(5):
        top = 11 + row * 55
        for left in (15, 105):
            right, bottom = left + 90, top + 55
            assert not there(left + 1, top + 11, left + 3.5, bottom - 1), (row, left)
            assert not there(right - 3.5, top + 11, right - 1, bottom - 1), (row, left)
            assert not there(left + 1, bottom - 2, right - 1, bottom - 0.5), (row, left)
