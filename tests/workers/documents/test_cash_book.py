"""The blank cash book: three whole months on one page, and what to write where."""

from __future__ import annotations

import io
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest
from pypdf import PdfReader

from tests.workers.documents.test_relief_letter import printed, type_sizes
from workers.documents import cash_book

pytestmark = pytest.mark.slow

ON = date(2026, 11, 28)
URLS = ["https://izin.example", f"https://{'izin-datang.' * 8}jakarta.go.id"]


def words(url: str = URLS[0]) -> str:
    (page,) = PdfReader(io.BytesIO(cash_book.render(ON, url))).pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    return " ".join(page.extract_text().split())


def test_it_has_three_months_of_31_days_with_their_sums() -> None:
    said = words()
    for once in ("Buku kas sederhana", "Nama pemilik", "tanda tangan", "Dicetak 28 November 2026"):
        assert said.count(once) == 1
    for thrice in ("Bulan", "Masuk Keluar", "Jumlah", "Sisa", "Cicilan dibayar", " 30 31 "):
        assert said.count(thrice) == 3, thrice


def test_no_numbers_of_cards_or_loans_are_to_be_written_on_it() -> None:
    assert "Jangan tulis NIK, nomor rekening, atau nomor pinjaman" in words()


@pytest.mark.parametrize("url", URLS)
def test_nothing_runs_over_the_edge_and_no_type_is_small(url: str) -> None:
    pdf = cash_book.render(ON, url)
    assert url.removeprefix("https://") in words(url)
    (page,) = printed(pdf)
    ink = page.point(lambda dot: 255 - dot)
    wide, high = ink.size
    edge = round(wide * 13 / 210)
    for box in (
        (0, 0, edge, high),
        (wide - edge, 0, wide, high),
        (0, high - edge // 2, wide, high),
    ):
        assert ink.crop(box).getbbox() is None
    assert min(size for _, size in type_sizes(pdf)) >= 9.99


def test_there_is_no_colour_and_the_same_day_gives_the_same_bytes() -> None:
    pdf = cash_book.render(ON, URLS[0])
    assert pdf == cash_book.render(ON, URLS[0])
    with pypdfium2.PdfDocument(pdf) as document:
        red, green, blue = document[0].render(scale=1).to_pil().convert("RGB").split()
    assert red.tobytes() == green.tobytes() == blue.tobytes()
