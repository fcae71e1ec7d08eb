"""The badge on paper: what can be read back from it, and what it withstands."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from PIL import Image
from pypdf import PdfReader

from tests.workers.verification.samples import encoded, scene
from workers.documents.badge import BadgeCard, render

pytestmark = pytest.mark.slow

DOTS = 150 / 25.4  # a millimetre
CARD = BadgeCard(
    name="Rahmat Hidayat",
    badge="0417",
    portrait=encoded(scene(600, 800)),
    check_url=f"https://izin.example/petugas/WzEyLDFd.{'xY9-_' * 9}",
    printed_on=date(2026, 11, 28),
)


def read(card: BadgeCard) -> str:
    """Give the words of the only page, with plain blanks."""
    (page,) = PdfReader(io.BytesIO(render(card))).pages
    words = page.extract_text()
    assert not [c for c in words if unicodedata.category(c) == "Cf"]
    return " ".join(words.split())


def photograph(card: BadgeCard) -> Image.Image:
    with pypdfium2.PdfDocument(render(card)) as document:
        picture: Image.Image = document[0].render(scale=150 / 72).to_pil()
    return picture


def test_it_says_who_comes_and_how_to_check() -> None:
    words = read(CARD)
    for expected in (
        "Rahmat Hidayat",
        "Petugas Izin Datang",
        "Pemprov DKI Jakarta",
        "pindai kode QR, atau ketik CEK PETUGAS 0417 di chat resmi Izin Datang",
        "izin.example",
        "Kartu bisa ditiru",
        "OTP",
        "Dicetak 28 November 2026",
    ):
        assert expected in words
    assert words.count("GRATIS") == 2  # on both faces


def test_a_phone_reads_the_code_and_the_portrait_is_there() -> None:
    page = photograph(CARD)
    (code,) = zxingcpp.read_barcodes(page)
    assert code.text == CARD.check_url and code.format == zxingcpp.BarcodeFormat.QRCode
    assert (code.position.top_right.x - code.position.top_left.x) / DOTS >= 30  # millimetres
    black = replace(CARD, portrait=encoded(Image.new("RGB", (600, 800), "black")))
    where = [int(side * DOTS) for side in (55, 60, 90, 105)]
    face = page.convert("L").crop((where[0], where[1], where[2], where[3]))
    other = photograph(black).convert("L").crop((where[0], where[1], where[2], where[3]))
    assert face.getextrema() != other.getextrema() == (0, 0)


def test_it_is_one_flat_a4_page_of_pdf_a_2b() -> None:
    reader = PdfReader(io.BytesIO(render(CARD)))
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (842, 595)
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("2", "B")


@pytest.mark.parametrize(
    "text", ['#read("/etc/passwd")', "*bold*", "$x$", "#panic()", "`kode`", "<a> @b"]
)
def test_markup_in_a_name_is_only_letters(text: str) -> None:
    assert text in read(replace(CARD, name=text))


@pytest.mark.parametrize(
    "name", ["W" * 5000, "Wiramihardja Kusumaningrat " * 200, "张伟", "🍜", "Nguyễn Đặng", ""]
)
@pytest.mark.parametrize("badge", ["1", "WWWWWW12345678901234", "JP-19850412201003 1 001"])
def test_whatever_the_name_nothing_leaves_the_faces(name: str, badge: str) -> None:
    host = "pelayanan-perizinan-terpadu.kantor-wilayah.jakartaselatan.go.id"
    card = replace(CARD, name=name, badge=badge, check_url=f"https://{host}/petugas/{'x' * 60}")
    words = read(card)
    assert words.count("GRATIS") == 2 and host in words
    page = photograph(card)
    assert [code.text for code in zxingcpp.read_barcodes(page)] == [card.check_url]
    ink = page.convert("L").point(lambda dot: 255 if dot < 128 else 0)
    # Between the columns of text and the faces' edges, and around the fold, there is only white.
    for left, top, right, bottom in ((44, 49, 49, 165), (143, 49, 153, 165), (248, 49, 253, 165)):
        box = (int(left * DOTS), int(top * DOTS), int(right * DOTS), int(bottom * DOTS))
        assert ink.crop(box).getbbox() is None, (left, name)
