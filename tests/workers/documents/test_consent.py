"""The consent sheet on paper: what it says, and that both forms on it are whole."""

from __future__ import annotations

import io
from datetime import date

import pypdfium2  # type: ignore[import-untyped]
import pytest
from pypdf import PdfReader

from conversations import catalogue
from conversations.messages import Say
from workers.documents import consent

pytestmark = pytest.mark.slow

ON = date(2026, 11, 28)


def read(public_url: str = "https://izin.example") -> str:
    (page,) = PdfReader(io.BytesIO(consent.render(public_url, ON))).pages
    return " ".join(page.extract_text().split())


def test_it_says_twice_what_is_agreed_to_and_how_to_withdraw() -> None:
    words = read()
    for expected in (
        "Saya setuju petugas mengirimnya",
        "Nama pemilik usaha",
        "Nama usaha",
        "Tempat usaha",
        "Tanggal",
        "Tanda tangan pemilik",
        "cap jempol",
        "Nama petugas",
        "Nomor petugas",
        "hapus data",
        "Mau batal?",
        "izin.example",
        "Gratis",
    ):
        assert words.count(expected) == 2, expected


def test_the_sentence_is_the_one_that_the_chat_makes_officers_read_out() -> None:
    said = catalogue.load().say(Say("assisted.read_out", {"name": "x", "badge": "y"}), "id")
    heading, _, sentence = said.partition("\n")
    assert sentence.startswith("“") and sentence.endswith("”") and "\n" not in sentence
    words = read().replace(consent.NAME, "x").replace(consent.BADGE, "y")
    assert words.count(sentence) == 2 and heading not in words


@pytest.mark.parametrize("host", ["izin.example", f"{'izin-datang.' * 8}jakarta.go.id"])
def test_nothing_runs_over_the_edge_or_from_one_form_into_the_other(host: str) -> None:
    with pypdfium2.PdfDocument(consent.render(f"https://{host}", ON)) as document:
        page = document[0].render(scale=100 / 72).to_pil().convert("L")
    wide, high = page.size
    margin = round(wide * 12 / 210)
    for box in ((0, 0, margin, high), (wide - margin, 0, wide, high)):
        aside = page.crop(box).point(lambda shade: 255 if shade < 128 else 0)
        found = aside.getbbox()
        assert found is None or found[3] - found[1] <= 2, "only the line to cut along"
    first, second = page.crop((0, 0, wide, high // 2)), page.crop((0, high // 2, wide, high))
    for form in (first, second):
        ink = form.crop((0, 5, wide, form.height - 5)).point(lambda s: 255 if s < 128 else 0)
        assert ink.getbbox()[3] < form.height - high * 6 / 297


def test_the_same_day_gives_the_same_bytes() -> None:
    assert consent.render("https://izin.example", ON) == consent.render("https://izin.example", ON)
