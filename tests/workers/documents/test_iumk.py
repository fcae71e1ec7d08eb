"""The permit on paper: what can be read back from it, and what it withstands."""

import io
import unicodedata
from dataclasses import fields, replace
from datetime import date
from typing import Any

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from workers.documents.iumk import PermitSheet, render
from workers.documents.typesetting import DRAWN, LONGEST

pytestmark = pytest.mark.slow

SHEET = PermitSheet(
    number="IUMK-2026-3174-000123",
    holder="Siti Nurhaliza binti Akhmad",
    masked_nik="3174••••••••0007",
    business_name="Warung “Bu Siti” & Anak",
    lines=(
        ("Jenis usaha", "Rumah atau warung makan"),
        ("Tempat usaha", "Keliling"),
        ("Alamat", "Jl. Tebet Barat Dalam Raya No. 12, RT 003/RW 004"),
        ("Kelurahan", "Tebet Barat, Tebet, Jakarta Selatan"),
        ("Skala", "Usaha mikro"),
    ),
    kbli="56102, Rumah/warung makan",
    coordinates=(-6.22841, 106.85012),
    applied_on=date(2026, 8, 12),
    issued_on=date(2026, 8, 17),
    valid_until=date(2031, 8, 16),
    check_url="https://izin.example/periksa/7K3M9QXD22FA",
)
TEXTS = [
    field.name
    for field in fields(PermitSheet)
    if field.name != "check_url" and field.type in (str, str | None)
]


def read(sheet: PermitSheet) -> str:
    """Give the words of the only page, with plain blanks."""
    reader = PdfReader(io.BytesIO(render(sheet)))
    (page,) = reader.pages
    words = page.extract_text()
    hidden = [c for c in words + str(reader.metadata) if unicodedata.category(c) == "Cf"]
    assert not hidden, "whoever copies a word copies these as well"
    return words.replace("\u00a0", " ")


def photograph(sheet: PermitSheet) -> Image.Image:
    """Give the page as a scanner would see it, at 100 dots per inch."""
    with pypdfium2.PdfDocument(render(sheet)) as document:
        picture: Image.Image = document[0].render(scale=100 / 72).to_pil()
    return picture.convert("L")


def with_every_text(text: str) -> PermitSheet:
    texts: dict[str, Any] = dict.fromkeys(TEXTS, text)
    return replace(SHEET, lines=tuple((label, text) for label, _ in SHEET.lines), **texts)


def test_the_sheet_says_who_may_do_what_where_and_until_when() -> None:
    words = read(SHEET)
    for expected in (
        "IUMK-2026-3174-000123",
        "Siti Nurhaliza binti Akhmad",
        "Warung “Bu Siti” & Anak",
        "Jenis usaha Rumah atau warung makan",
        "KBLI 2025 56102, Rumah/warung makan",
        "Tempat usaha Keliling",
        "Alamat Jl. Tebet Barat Dalam Raya No. 12, RT 003/RW 004",
        "Kelurahan Tebet Barat, Tebet, Jakarta Selatan",
        "Skala Usaha mikro",
        "-6.22841, 106.85012",
        "3174••••••••0007",
        "12 Agustus 2026",
        "17 Agustus 2026",
        "16 Agustus 2031",
        "izin.example/periksa/7K3M9QXD22FA",
        "GRATIS",
    ):
        assert expected in words


def test_what_is_not_known_leaves_no_empty_line() -> None:
    words = read(replace(SHEET, masked_nik=None, business_name=None, coordinates=None, lines=()))
    assert "KTP diperiksa langsung oleh petugas" in words
    for absent in ("Titik lokasi", "Skala", "Alamat", "None", "none"):
        assert absent not in words


def test_only_an_example_is_marked_as_one() -> None:
    issued = replace(SHEET, office="Unit Pelayanan Tebet", signer_title="Kepala Unit")
    words = read(issued)
    assert "CONTOH" not in words
    assert "Unit Pelayanan Tebet" in words and "Kepala Unit" in words
    assert "CONTOH" in read(replace(issued, office=None))
    assert "CONTOH" in read(replace(issued, signer_title=None))


def test_nothing_claims_a_signature_that_is_not_there() -> None:
    words = read(SHEET).casefold()
    assert "tanda tangan" not in words and "ditandatangani" not in words


def test_it_is_one_a4_page_of_pdf_a_2b_with_its_fonts_inside() -> None:
    reader = PdfReader(io.BytesIO(render(SHEET)))
    (page,) = reader.pages
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (595, 842)
    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("2", "B")
    assert "IUMK-2026-3174-000123" in str(xmp.dc_title)
    fonts: Any = page["/Resources"]
    for font in fonts["/Font"].values():
        (descendant,) = font.get_object()["/DescendantFonts"]
        assert "/FontFile3" in descendant.get_object()["/FontDescriptor"]


def test_a_phone_reads_the_code_and_a_tap_opens_the_same_address() -> None:
    (code,) = zxingcpp.read_barcodes(photograph(SHEET))
    assert code.text == SHEET.check_url
    assert code.format == zxingcpp.BarcodeFormat.QRCode
    (page,) = PdfReader(io.BytesIO(render(SHEET))).pages
    annotations: Any = page["/Annots"]
    links = {annotation.get_object()["/A"]["/URI"] for annotation in annotations}
    assert links == {SHEET.check_url}


@pytest.mark.parametrize(
    "host",
    [
        "a.id",
        "izin.example",
        "127.0.0.1:8000",
        "izin-datang.jakarta.go.id",
        "izin-datang.jakarta-selatan.go.id:8443",
        "pelayanan-perizinan-terpadu.kantor-wilayah.jakartaselatan.go.id",
        "a" * 63 + ".id",
        "sangat-panjang-" * 4 + "x.go.id",
        "izin.example/depan",
        "izin.example/depan/" + "y" * 40,
    ],
)
def test_the_check_address_is_copied_in_one_piece(host: str) -> None:
    sheet = replace(SHEET, check_url=f"https://{host}/izin/{SHEET.number}")
    wanted = sheet.check_url.removeprefix("https://")
    assert wanted in read(sheet).replace("/\n", "/")
    with pypdfium2.PdfDocument(render(sheet)) as document:  # as browsers read it
        seen = document[0].get_textpage().get_text_range()
    assert wanted in seen.replace("/\r\n", "/")
    assert "\u200b" not in seen and "\ufffe" not in seen


@pytest.mark.parametrize("url", ["https://a.id/1", SHEET.check_url, "https://a.id/" + "x" * 120])
def test_the_code_is_three_centimetres_wide_in_four_modules_of_white(url: str) -> None:
    page = photograph(replace(SHEET, check_url=url))
    (code,) = zxingcpp.read_barcodes(page)
    assert code.text == url
    extra: Any = code.extra
    corner, far = code.position.top_left, code.position.bottom_right
    width = far.x - corner.x
    assert width / 100 * 25.4 >= 30
    modules = 17 + 4 * int(extra["Version"])
    quiet = int(4 * width / modules) - 2  # two dots for the blurred edges
    around = (corner.x - quiet, corner.y - quiet, far.x + quiet, far.y + quiet)
    bare = page.copy()
    bare.paste(255, (corner.x - 1, corner.y - 1, far.x + 2, far.y + 2))
    assert bare.crop(around).getextrema() == (255, 255)


def test_the_same_sheet_is_the_same_file_whatever_was_rendered_between() -> None:
    first = render(SHEET)
    other = render(replace(SHEET, holder="Budi"))
    assert render(SHEET) == first != other


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
def test_markup_in_a_name_is_only_letters(text: str) -> None:
    assert read(with_every_text(text)).count(text) == len(TEXTS) + len(SHEET.lines)


@pytest.mark.parametrize("text", ["W" * 5000, "Wiramihardja Kusumaningrat " * 200])
def test_however_long_the_values_nothing_leaves_the_page(text: str) -> None:
    sheet = with_every_text(text)
    words = read(sheet)
    assert words.count("…") == len(TEXTS) + len(SHEET.lines)
    for kept in ("16 Agustus 2031", "12 Agustus 2026", "Ketentuan", "Asli atau palsu", "GRATIS"):
        assert kept in words
    ink = photograph(sheet).point(lambda dot: 255 if dot < 128 else 0)
    dots = 100 / 25.4  # a millimetre; between text column and frame there is only white
    for left, top, right, bottom in ((17, 20, 21, 277), (189, 20, 193, 277), (20, 279, 190, 281)):
        assert ink.crop((left * dots, top * dots, right * dots, bottom * dots)).getbbox() is None


def test_the_longest_kind_of_business_is_printed_in_full() -> None:
    title = " ".join(["Perdagangan"] * 16) + " eceran"  # 198 characters
    assert title in " ".join(read(replace(SHEET, kbli=title)).split())


@pytest.mark.parametrize(
    ("typed", "printed"),
    [
        ("Bu Siti 🍜👩🏽‍🍳", "Bu Siti"),
        ("𝓢𝓲𝓽𝓲 Ⓐ", "Siti A"),
        ("José Nguyễn Đặng", "José Nguyễn Đặng"),
        ("Rene\u0301", "René"),
        ("张 Wei", "□ Wei"),
        ("🍜", "□"),
        ("Siti\u202e\u200b Aminah\x00\ud800", "Siti Aminah"),
        ("Siti\r\n\tAminah  ", "Siti Aminah"),
        ("S\u0337\u0321iti", "Siti"),
    ],
)
def test_a_name_outside_the_font_becomes_something_sensible(typed: str, printed: str) -> None:
    assert f"kepada\n{printed}\nWarung" in read(replace(SHEET, holder=typed))


def test_a_business_named_by_an_emoji_alone_has_no_name() -> None:
    assert read(replace(SHEET, business_name="🍜")) == read(replace(SHEET, business_name=None))


def test_the_font_draws_every_character_that_is_let_through() -> None:
    # PDF/A refuses a missing glyph, so rendering at all is the proof.
    let_through = [chr(code) for code in range(0x10000) if DRAWN.match(chr(code))]
    assert len(let_through) > 800
    for start in range(0, len(let_through), LONGEST):
        render(replace(SHEET, lines=(("", "".join(let_through[start : start + LONGEST])),)))


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=()), max_size=200))
def test_whatever_somebody_types_there_is_one_page(typed: str) -> None:
    read(replace(SHEET, holder=typed, business_name=typed, lines=(("Alamat", typed),)))
