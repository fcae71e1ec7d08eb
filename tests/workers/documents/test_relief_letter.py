"""The letter to a lender on paper: what can be read back from it, and what it withstands."""

from __future__ import annotations

import ctypes
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import date
from itertools import pairwise
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from pypdf import PdfReader

from models.infrastructure import pictures
from tests.workers.verification.samples import encoded, scene
from workers.documents.relief_letter import Letter, render

pytestmark = pytest.mark.slow

DOTS = 150 / 25.4  # a millimetre
PRINTED = date(2026, 11, 28)
CHECK = "https://izin-datang.jakarta.go.id/dokumen/KK-2026-000045"
DESK = "https://izin-datang.jakarta.go.id/kreditur/ABC234"
MARGIN = 22  # millimetres, left and right


def drawing() -> bytes:
    """A signature in blue on nothing, as the page for signing stores it."""
    image = Image.new("RGBA", (1200, 500), (0, 0, 0, 0))
    stroke = [(200 + step * 6, 250 + (step % 20) * 8 - step) for step in range(120)]
    ImageDraw.Draw(image).line(stroke, fill=(20, 30, 120, 255), width=9)
    return encoded(image, "PNG")


BARE = Letter(
    number="KK-2026-000045",
    city="Jakarta",
    written_on=PRINTED,
    lender="Bank Rakyat Indonesia",
    branch="",
    addressed_to="Pimpinan Cabang",
    applicant="Siti Aminah",
    address="Jl. Damai Raya No. 12, RT 005/RW 003, Cipete Utara, Jakarta Selatan",
    business="Warung makan di rumah",
    permit="",
    product="KUR",
    since="Maret 2024",
    reasons=("Pembeli sepi",),
    told="",
    arrears="1 sampai 3 bulan",
    remaining="Rp10.000.000 sampai Rp25.000.000",
    instalment=867_000,
    instalment_as="",
    can_pay=450_000,
    before=6_000_000,
    now=2_500_000,
    wishes=("Cicilan lebih kecil, waktu lebih lama",),
    papers=("KTP dan KK", "Buku angsuran"),
)
FULL = replace(
    BARE,
    branch="BRI Unit Cipulir",
    permit="IUMK-2026-3174-000123",
    reasons=("Pembeli sepi", "Ada keluarga yang sakit", "Harga bahan naik"),
    told="Suami saya sakit sejak Juni, jadi warung tutup dua bulan.",
    instalment_as="Rp200.000 seminggu",
    wishes=("Cicilan lebih kecil, waktu lebih lama", "Denda diringankan"),
    photo=encoded(scene(800, 600)),
    signature=drawing(),
    signed_on=date(2026, 11, 30),
    consented_on=date(2026, 12, 1),
    examples=((12, 1_450_000), (24, 800_000), (36, 590_000)),
    desk_url=DESK,
    pin="482915",
)
TEXTS = [one.name for one in fields(Letter) if one.type == "str" and one.name != "desk_url"]
LISTS = [one.name for one in fields(Letter) if one.type == "tuple[str, ...]"]


def typed(text: str, letter: Letter = FULL) -> Letter:
    """The letter with this text wherever somebody typed one; each line of the address differs."""
    texts: dict[str, Any] = dict.fromkeys(TEXTS, text) | {
        "lender": f"V{text}",
        "branch": f"M{text}",
    }
    lists: dict[str, Any] = {name: (text,) * 14 for name in LISTS}
    return replace(letter, **texts, **lists)


def made(letter: Letter, *, draft: bool = False, url: str = CHECK) -> bytes:
    return render(letter, url, PRINTED, draft=draft)


def read(letter: Letter, *, draft: bool = False, url: str = CHECK) -> list[str]:
    """Give the words of each of the three pages, with plain blanks."""
    pages = [
        one.extract_text()
        for one in PdfReader(io.BytesIO(made(letter, draft=draft, url=url))).pages
    ]
    assert len(pages) == 3
    assert not [c for c in "".join(pages) if unicodedata.category(c) == "Cf"]
    return [" ".join(words.split()) for words in pages]


def photographed(pdf: bytes) -> list[Image.Image]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [page.render(scale=150 / 72).to_pil() for page in document]


def printed(pdf: bytes) -> list[Image.Image]:
    """Give the pages as a simple printer makes them: 150 dots an inch, each black or white."""
    return [page.convert("L").convert("1").convert("L") for page in photographed(pdf)]


def type_sizes(pdf: bytes) -> Iterator[tuple[str, float]]:
    """Give each letter of a document with the size of its type, in points."""
    raw = pypdfium2.raw
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            for at in range(text.count_chars()):
                matrix = raw.FS_MATRIX()
                raw.FPDFText_GetMatrix(text, at, ctypes.byref(matrix))
                scale = (matrix.a**2 + matrix.b**2) ** 0.5
                letter = chr(raw.FPDFText_GetUnicode(text, at))
                if letter.strip():
                    yield letter, raw.FPDFText_GetFontSize(text, at) * scale


def test_the_letter_says_who_asks_whom_for_what_and_why() -> None:
    letter, _, _ = read(FULL)
    for expected in (
        "Jakarta, 28 November 2026",
        "KK-2026-000045",
        "Permohonan keringanan (restrukturisasi) kredit",
        "Kepada Yth. Pimpinan Cabang Bank Rakyat Indonesia BRI Unit Cipulir di tempat",
        "Nama : Siti Aminah",
        "NIK : (diisi tangan)",
        "Nomor pinjaman : (diisi tangan)",
        "Nomor HP:",
        "RT 005/RW 003",
        "Usaha : Warung makan di rumah",
        "Nomor izin usaha : IUMK-2026-3174-000123",
        "Jenis pinjaman : KUR",
        "Pinjaman sejak : Maret 2024",
        "Sisa pinjaman : Rp10.000.000 sampai Rp25.000.000",
        "Cicilan : Rp200.000 seminggu (sekitar Rp867.000 sebulan)",
        "Tunggakan : 1 sampai 3 bulan",
        "Ada keluarga yang sakit",
        "“Suami saya sakit sejak Juni, jadi warung tutup dua bulan.”",
        "turun dari Rp6.000.000 menjadi Rp2.500.000 sebulan",
        "Sekarang saya sanggup membayar Rp450.000 sebulan.",
        "1. Cicilan lebih kecil, waktu lebih lama 2. Denda diringankan",
        "Saya bersedia memberi keterangan dan menerima kunjungan.",
        "Buku angsuran",
        "30 November 2026",
        "izin-datang.jakarta.go.id/dokumen/",
    ):
        assert expected in letter


def test_every_page_says_that_we_only_help_and_which_page_it_is() -> None:
    for number, words in enumerate(read(FULL), start=1):
        assert (
            "Disusun dengan bantuan layanan Izin Datang. Pemerintah tidak menjadi penjamin. "
            "Keputusan pada kreditur."
        ) in words
        assert f"KK-2026-000045, dicetak 28 November 2026, halaman {number} dari 3" in words


def test_the_second_page_shows_the_business_and_the_third_is_consent_and_receipt() -> None:
    _, business, consent = read(FULL)
    for expected in ("Turun 58 persen.", "cicilan 35 persen", "sanggup dibayar 18 persen"):
        assert expected in business
    assert "Contoh hitungan, bukan tawaran pemberi pinjaman" in business
    assert "24 bulan" in business and "Rp800.000" in business and "Foto usaha" in business
    for expected in (
        "Saya setuju Izin Datang",
        "Bank Rakyat Indonesia BRI Unit Cipulir",
        "Boleh ditarik kapan saja",
        "bicara dengan orang",
        "Disetujui pada : 1 Desember 2026",
        "PIN: 482 915",
        "kreditur/ABC234",
        "Diterima oleh",
        "Tanggal",
        "Cap",
    ):
        assert expected in consent
    for stays_with_the_lender in ("PIN", "kreditur/ABC234"):
        assert consent.index(stays_with_the_lender) < consent.index("Potong di garis ini")


def test_what_is_not_known_leaves_its_line_out() -> None:
    letter, business, consent = read(
        replace(BARE, since="", remaining="", arrears="", instalment=0)
    )
    for absent in (
        "izin usaha",
        "sejak",
        "Sisa",
        "Tunggakan",
        "Cicilan :",
        "“",
        "lebih dulu",
        "None",
    ):
        assert absent not in letter
    for absent in ("Contoh hitungan", "Foto", "menurut perjanjian", "None"):
        assert absent not in business
    for absent in ("PIN", "Untuk pemberi pinjaman", "Jawabannya", "None"):
        assert absent not in consent
    assert "Tanggal:" in letter and "Disetujui pada :" in consent


@pytest.mark.parametrize(
    ("addressed_to", "lender", "branch", "said"),
    [
        ("Pimpinan", "BRI", "BRI Unit Cipulir", "Yth. Pimpinan BRI Unit Cipulir di tempat"),
        ("Pimpinan Cabang BRI", "BRI", "", "Yth. Pimpinan Cabang BRI di tempat"),
        ("Pimpinan", "Brilian", "BRI", "Yth. Pimpinan Brilian BRI di tempat"),
        ("", "Koperasi Maju", "koperasi maju", "Yth. koperasi maju di tempat"),
        ("", "", "", "Yth. □ di tempat"),
    ],
)
def test_the_lender_is_named_once(addressed_to: str, lender: str, branch: str, said: str) -> None:
    given_ = replace(BARE, addressed_to=addressed_to, lender=lender, branch=branch)
    assert said in read(given_)[0]


@pytest.mark.parametrize(
    ("before", "now", "can_pay", "letter", "business"),
    [
        (5, 5, 1, "tetap Rp5 sebulan", "Tidak berubah."),
        (0, 0, 0, "sedang tidak ada penjualan", "tidak bisa dibandingkan"),
        (5, 0, 0, "dulu Rp5 sebulan, dan sekarang tidak ada", "Turun 100 persen."),
        (0, 5, 1, "naik dari Rp0 menjadi Rp5", "Sebelumnya tidak ada penjualan."),
        (1_000, 3, 1, "turun dari Rp1.000 menjadi Rp3", "Turun lebih dari 99 persen."),
        (1_000, 999, 1, "turun dari Rp1.000", "Turun kurang dari 1 persen."),
        (3, 1_000, 1, "naik dari Rp3", "Naik lebih dari 332 kali lipatnya."),
        (5, 5, 0, "Sekarang saya belum sanggup membayar cicilan.", "dibayar 0 persen"),
    ],
)
def test_sums_are_told_in_words(
    before: int, now: int, can_pay: int, letter: str, business: str
) -> None:
    pages = read(replace(BARE, before=before, now=now, can_pay=can_pay))
    assert letter in pages[0] and business in pages[1]


def bar_lengths(before: int, now: int) -> tuple[int, int]:
    """The lengths in dots of the two bars of the turnover."""
    pdf = made(replace(BARE, before=before, now=now))
    grey, found = photographed(pdf)[1].convert("L"), list[int]()
    across = range(round(71 * DOTS), round(188 * DOTS))
    for label in ("Sebelum ada kesulitan", "Sekarang"):
        row = round(where(pdf, label) * DOTS)
        dots = [x for x in across if grey.getpixel((x, row - 14)) != 255]
        gap = next((at for at, x in enumerate(dots) if at and x - dots[at - 1] > 1), len(dots))
        found.append(gap)
    return found[0], found[1]


def where(pdf: bytes, label: str, page: int = 1) -> float:
    """The height of a label on a page, in millimetres from above."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[page].get_textpage()
        at, _ = text.search(label).get_next()
        _, bottom, _, top = text.get_charbox(at)
        return float((document[page].get_height() - (bottom + top) / 2) / 72 * 25.4)


def test_bars_begin_at_zero_and_have_the_lengths_of_their_sums() -> None:
    before, now = bar_lengths(6_000_000, 3_000_000)
    assert before > 400 and abs(now - before / 2) <= 4
    assert len(set(bar_lengths(7, 7))) == 1
    before, now = bar_lengths(100_000_000, 1_000_000)
    assert before > 400 and 4 <= now <= before / 50
    before, now = bar_lengths(10**12, 1)
    assert 0 < now < 12 < before, "a sum that is not zero is seen"
    before, now = bar_lengths(5_000_000, 0)
    assert before > 400 and now <= 6, "only the line where bars begin"


@pytest.mark.parametrize("draft", [True, False])
def test_a_draft_is_marked_on_each_page_and_can_still_be_read(draft: bool) -> None:
    pages = read(FULL, draft=draft)
    assert ["DRAF" in words for words in pages] == [draft] * 3
    assert ["Draf, belum untuk diserahkan." in words for words in pages] == [draft] * 3
    assert "Sekarang saya sanggup membayar Rp450.000 sebulan." in pages[0]
    with pypdfium2.PdfDocument(made(replace(BARE), draft=draft)) as document:
        page = document[2].render(scale=1).to_pil().convert("L")
    light = max(page.histogram()[200:255])  # dots of one grey: letters have many at their edges
    assert (light > 5_000) is draft


@pytest.mark.parametrize("draft", [True, False])
@pytest.mark.parametrize(
    "host", ["izin.example", "izin-datang.jakarta.go.id", f"{'izin-datang.' * 9}jakarta.go.id"]
)
def test_the_codes_are_read_from_a_black_and_white_print(host: str, draft: bool) -> None:
    check, desk = f"https://{host}/dokumen/KK-2026-000045", f"https://{host}/kreditur/ABC234"
    pages = printed(made(replace(FULL, desk_url=desk), draft=draft, url=check))
    codes = [zxingcpp.read_barcodes(page) for page in pages]
    assert [[code.text for code in found] for found in codes] == [[check], [], [desk]]
    for code in (codes[0][0], codes[2][0]):
        assert code.format == zxingcpp.BarcodeFormat.QRCode
        assert (code.position.top_right.x - code.position.top_left.x) / DOTS >= 27  # millimetres


def test_a_tap_opens_the_same_pages_as_the_codes() -> None:
    pages: Any = PdfReader(io.BytesIO(made(FULL))).pages
    links = [{one.get_object()["/A"]["/URI"] for one in page.get("/Annots", ())} for page in pages]
    assert links == [{CHECK}, set(), {DESK}]


def test_without_a_page_for_the_lender_there_is_no_code_for_it() -> None:
    pages = printed(made(replace(FULL, desk_url="", pin="")))
    assert [len(zxingcpp.read_barcodes(page)) for page in pages] == [1, 0, 0]


def test_it_is_three_a4_pages_of_pdf_a_2b_with_their_fonts_inside() -> None:
    reader = PdfReader(io.BytesIO(made(FULL)))
    assert len(reader.pages) == 3
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("2", "B")
    for page in reader.pages:
        assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
        resources: Any = page["/Resources"]
        for font in resources["/Font"].values():
            (descendant,) = font.get_object()["/DescendantFonts"]
            assert "/FontFile3" in descendant.get_object()["/FontDescriptor"]


def test_the_same_letter_is_the_same_file() -> None:
    assert made(FULL) == made(FULL) != made(BARE)


@pytest.mark.parametrize("draft", [True, False])
def test_there_is_no_colour(draft: bool) -> None:
    for page in photographed(made(FULL, draft=draft)):
        red, green, blue = page.convert("RGB").split()
        assert red.tobytes() == green.tobytes() == blue.tobytes()


LONG = ["W" * 2000, "Wiramihardja Kusumaningrat " * 80, "RT 005/RW 003 No. 7 " * 100, ". " * 1000]
HOSTILE = [
    *LONG,
    "🍜" * 2000,
    "عمرو عبد الله " * 150,
    "\u202eSiti\u2066 Aminah\u200f\r\n\u2028" * 100,
    "Siti\nAminah\n" * 200,
    "",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_is_typed_the_pages_keep_their_form(text: str) -> None:
    letter = typed(text)
    first, second, third = read(letter)
    assert "28 November 2026" in first and "Hormat saya," in first
    assert "saya ucapkan terima kasih" in first and "Foto usaha" in second and "Cap" in third
    pages = printed(made(letter))
    assert [code.text for code in zxingcpp.read_barcodes(pages[0])] == [CHECK]
    for page in pages:
        ink = page.point(lambda dot: 255 - dot)
        wide, high = ink.size
        edge = round((MARGIN - 0.5) * DOTS)
        for box in ((0, 0, edge, high), (wide - edge, 0, wide, high)):
            assert ink.crop(box).getbbox() is None
        assert ink.crop((0, round(high - 11 * DOTS), wide, high)).getbbox() is None


@pytest.mark.parametrize("text", LONG)
def test_however_long_the_values_nothing_is_printed_over_anything(text: str) -> None:
    pdf = made(replace(typed(text), number=FULL.number))
    on_the_first = ("terima kasih", "Hormat saya,", "30 November 2026", "Disusun dengan")
    on_the_second = ("Foto usaha", "Disusun dengan")
    on_the_third = ("Disetujui pada", "Untuk pemberi", "PIN:", "Potong di", "Diterima oleh")
    for page, labels in enumerate((on_the_first, on_the_second, on_the_third)):
        heights = [where(pdf, label, page) for label in labels]
        gaps = [below - above for above, below in pairwise(heights)]
        assert min(gaps) > 4, (labels, heights)  # millimetres


def test_long_names_of_people_and_lenders_stand_whole() -> None:
    name = "Raden Ajeng Siti Nurhaliza Kusumaningrat binti Haji Muhammad Akhmad Wiramihardja"
    lender = "Koperasi Simpan Pinjam dan Pembiayaan Syariah Baitul Maal wat Tamwil Umat Sejahtera"
    letter, business, consent = read(replace(FULL, applicant=name, lender=lender))
    assert name in letter and name in business and lender in letter
    assert consent.count(name) == consent.count(lender) == 2


@pytest.mark.parametrize("letter", [BARE, FULL, typed("W" * 2000), typed("Kebon jeruk " * 99)])
def test_no_type_is_smaller_than_ten_points(letter: Letter) -> None:
    assert min(size for _, size in type_sizes(made(letter, draft=True))) >= 9.99


@pytest.mark.parametrize(
    "text",
    [
        '#read("/etc/passwd")',
        "*bold*",
        "$x$",
        "#panic()",
        "= Judul",
        "`kode`",
        "<a> @b",
        "\\ // --",
    ],
)
def test_markup_in_a_value_is_only_letters(text: str) -> None:
    letter = replace(typed(text), reasons=(text,), wishes=(text,), papers=(text,))
    once = len(TEXTS) + len(LISTS) - 1  # the PIN is not on the first page
    assert read(letter)[0].count(text) == once + 2  # number and name stand there twice


@pytest.mark.parametrize("sides", [(3000, 40), (40, 3000), (400, 300)])
def test_a_photo_and_a_signature_of_any_shape_stay_in_their_place(sides: tuple[int, int]) -> None:
    content = encoded(Image.new("RGB", sides, (200, 30, 30)))
    letter = replace(FULL, photo=content, signature=content)
    assert ["Siti Aminah" in words for words in read(letter)] == [True] * 3
    assert printed(made(letter))[1].crop((0, 0, 200, 500)).getextrema()[0] == 0


def test_the_signature_is_on_the_letter_and_on_the_consent_once_it_is_given() -> None:
    def dark(letter: Letter) -> list[int]:
        return [sum(page.convert("L").histogram()[:128]) for page in photographed(made(letter))]

    unsigned = replace(FULL, signature=None, photo=None)
    signed = replace(unsigned, signature=drawing())
    blank = replace(unsigned, signature=encoded(Image.new("RGB", (600, 300), "white"), "PNG"))
    none_yet = replace(signed, consented_on=None)
    drawn = [page != other for page, other in zip(dark(signed), dark(unsigned), strict=True)]
    assert drawn == [True, False, True]
    assert dark(blank) == dark(unsigned)
    without = replace(unsigned, consented_on=None)
    drawn = [page != other for page, other in zip(dark(none_yet), dark(without), strict=True)]
    assert drawn == [True, False, False]


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_picture_is_refused(content: bytes) -> None:
    for letter in (replace(BARE, photo=content), replace(BARE, signature=content)):
        with pytest.raises(pictures.Unreadable):
            made(letter)


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_whatever_somebody_types_there_are_three_pages(text: str) -> None:
    read(typed(text))


@settings(max_examples=25, deadline=None)
@given(*[st.integers(0, 10**12)] * 4)
def test_whatever_the_sums_there_are_three_pages(
    before: int, now: int, instalment: int, can_pay: int
) -> None:
    read(replace(FULL, before=before, now=now, instalment=instalment, can_pay=can_pay))
