"""The public check of a permit: real or not, valid or not, and nothing else about its owner."""

import io
import re
import time
from dataclasses import replace
from datetime import date
from html import escape
from urllib.parse import quote

import httpx
import pytest
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from conversations import catalogue
from conversations.catalogue import day
from conversations.facts import WIB
from models import document, identity, person
from models.infrastructure.quotas import CHECKS
from tests import letters, world
from tests.clock import now
from tests.workers.documents.test_iumk import SHEET
from workers.documents.iumk import render


def issue(engine: Engine, issued_on: date, *, revoked: bool = False) -> str:
    """A permit of Siti Aminah's, by number."""
    with Session(engine) as tx, tx.begin():
        owner = person.meet(tx, "telegram", [("1", "id")])["1"]
        place = {"kelurahan": "31.74.07.1004", "pin": None}
        answers = world.answers(1, street="Jl. Rahasia 5", place=place)
        case = world.case(tx, owner, answers, number=f"26-{issued_on:%y%m%d}")
        row = world.issue(
            tx,
            case_id=case.id,
            person_id=owner,
            kota_code="31.74",
            issued_on=issued_on,
        )
        if revoked:
            row.revoked_at, row.revoked_because = now(), "Siti moved away"
        return row.number


@pytest.mark.parametrize("path", ["/izin", "/dokumen"])
async def test_the_address_of_earlier_sheets_leads_to_the_same_page(
    client: httpx.AsyncClient, engine: Engine, path: str
) -> None:
    number = issue(engine, date(now().year, 1, 5))
    page = await client.get(f"{path}/{number}")
    assert page.status_code == 200 and "Asli dan berlaku" in page.text
    form = await client.get(path)
    assert form.status_code == 200 and 'action="/dokumen"' in form.text


async def test_a_valid_permit_says_so_and_masks_its_owner(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    year = now().year
    number = issue(engine, date(year, 1, 5))
    page = await client.get(f"/dokumen/{number.lower()}")
    assert page.status_code == 200
    assert "Asli dan berlaku" in page.text
    for shown in (number, "Siti A*****", "Kebayoran Baru", f"5 Januari {year + 5}"):
        assert shown in page.text.replace(" 05 ", " 5 ")
    assert not re.search("Aminah|Rahasia", page.text)
    assert "max-age=60" in page.headers["cache-control"]


async def test_the_name_is_that_of_the_ktp(client: httpx.AsyncClient, engine: Engine) -> None:
    number = issue(engine, date(2026, 1, 5))
    with Session(engine) as tx, tx.begin():
        owner = person.meet(tx, "telegram", [("1", "id")])["1"]
        link = identity.open_link(tx, identity.link(tx, person_id=owner, holder_id=owner))
        assert link is not None
        identity.give(
            tx,
            link,
            name="Dewi Lestari",
            nik="3174074703840002",
            born_on=date(1984, 3, 7),
            address="Jl. Kebon Jeruk 12",
            ktp_attachment_id=None,
        )
    page = await client.get(f"/dokumen/{number}")
    assert "Dewi L******" in page.text
    assert not re.search("Lestari|3174074703840002|Jeruk|1984", page.text)


@pytest.mark.parametrize(
    ("issued_on", "revoked", "said"),
    [
        (date(2020, 1, 5), False, "Sudah lewat masa berlakunya"),
        (date(2026, 1, 5), True, "Sudah dicabut"),
        (date(2020, 1, 5), True, "Sudah dicabut"),
    ],
)
async def test_an_old_and_a_revoked_permit_say_so(
    client: httpx.AsyncClient, engine: Engine, issued_on: date, revoked: bool, said: str
) -> None:
    page = await client.get(f"/dokumen/{issue(engine, issued_on, revoked=revoked)}")
    assert said in page.text
    assert "moved away" not in page.text
    assert ("<dt>Dicabut</dt>" in page.text) == revoked
    if revoked:
        assert day(now().astimezone(WIB).date(), "id") in page.text


@pytest.mark.parametrize("lang", catalogue.LOCALES)
@pytest.mark.parametrize("revoked", [False, True])
async def test_a_letter_to_a_lender_is_real_or_withdrawn_and_names_nobody(
    client: httpx.AsyncClient, engine: Engine, lang: str, revoked: bool
) -> None:
    with Session(engine) as tx, tx.begin():
        row = letters.letter(tx)
        issued = document.by_number(tx, row.number)
        assert issued is not None
        issued.revoked_at = now() if revoked else None
    page = await client.get(f"/dokumen/{row.number}", params={"lang": lang})
    assert page.status_code == 200 and row.number in page.text
    said = {"id": ("Surat ini benar", "Surat ini sudah ditarik"), "en": ("is real", "withdrawn")}
    assert said[lang][revoked] in page.text
    assert day(now().astimezone(WIB).date(), lang) in page.text
    assert not letters.leaks(page.text)
    assert not re.search("Pemilik|Owner", page.text)


@pytest.mark.parametrize("number", ["IUMK-2026-3174-999999", "iumk 2026 3174 999999"])
async def test_an_unknown_number_is_not_found(client: httpx.AsyncClient, number: str) -> None:
    page = await client.get(f"/dokumen/{number}")
    assert page.status_code == 404
    assert "Nomor ini tidak ada" in page.text
    assert 'value="IUMK-2026-3174-999999"' in page.text
    assert 'nomor <span class="number">IUMK-2026-3174-999999</span>.' in page.text  # on one line


@pytest.mark.parametrize(
    "number", ["%3Cscript%3E", "' OR 1=1", "a" * 300, "X-1", "IUMK-2026-3174", "a/b", "%FF"]
)
async def test_an_address_without_a_number_says_so(client: httpx.AsyncClient, number: str) -> None:
    page = await client.get(f"/dokumen/{number}")
    assert page.status_code == 404
    assert "Nomor ini belum bisa kami baca" in page.text
    assert "<script>" not in page.text


WAYS = [
    "{} ",
    "iumk {1} {2} {3}",
    "IUMK{1}{2}{3}",
    "IUMK–{1}–{2}–{3}",
    "No. {}",
    "{}.",
    "{}\u200b",
    "\u2068{}\u2069",
    "ＩＵＭＫ－{1}－{2}－{3}",
    "https://izin.example/izin/{}?lang=en",
    "Nomor: IUMK / {1} / {2} / {3}",
]


@pytest.mark.parametrize("way", WAYS)
async def test_a_number_is_found_however_it_is_typed_or_addressed(
    client: httpx.AsyncClient, engine: Engine, way: str
) -> None:
    number = issue(engine, date(2026, 1, 5))
    typed = way.format(number, *number.split("-")[1:])
    answer = await client.get("/dokumen", params={"nomor": typed, "lang": "en"})
    assert answer.headers["location"] == f"/dokumen/{number}?lang=en"
    if "?" not in typed:
        page = await client.get("/dokumen/" + quote(typed, safe=""))
        assert page.status_code == 200 and number in page.text


@pytest.mark.parametrize("typed", ["//evil.example", "<b>", "IUMK-2026", "izin saya", "0417", "-"])
async def test_what_cannot_be_read_is_said_and_stays_in_the_form(
    client: httpx.AsyncClient, typed: str
) -> None:
    page = await client.get("/dokumen", params={"nomor": typed})
    assert page.status_code == 200
    assert "Nomor ini belum bisa kami baca" in page.text
    assert f'value="{escape(typed)}"' in page.text


@pytest.mark.parametrize("typed", ["", "  ", "\u200b"])
async def test_an_empty_form_is_only_the_form(client: httpx.AsyncClient, typed: str) -> None:
    page = await client.get("/dokumen", params={"nomor": typed})
    assert "belum bisa kami baca" not in page.text and "value=" not in page.text


async def test_the_address_on_the_sheet_leads_to_the_permit(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    number = issue(engine, date(2026, 1, 5))
    sheet = replace(SHEET, number=number, check_url=f"https://izin.example/dokumen/{number}")
    text = PdfReader(io.BytesIO(render(sheet))).pages[0].extract_text()
    copied = re.search(r"izin\.example(/\S*(?:\n\S+)?-\d{6})", text)
    assert copied is not None
    page = await client.get(copied[1].replace("\n", ""))
    assert page.status_code == 200 and number in page.text


async def test_it_speaks_english_too(client: httpx.AsyncClient, engine: Engine) -> None:
    page = await client.get(f"/dokumen/{issue(engine, date(2026, 1, 5))}?lang=en")
    assert "Real and valid" in page.text


async def test_numbers_cannot_be_tried_one_after_the_other(client: httpx.AsyncClient) -> None:
    unknown = "/dokumen/IUMK-2026-3174-000001"
    begun = time.monotonic()
    pages = [await client.get(unknown) for _ in range(2 * CHECKS.at_most)]
    codes = [page.status_code for page in pages]
    came_back = (time.monotonic() - begun) / CHECKS.interval
    assert codes[: CHECKS.at_most] == [404] * CHECKS.at_most
    assert set(codes) == {404, 429}
    assert codes.count(404) <= CHECKS.at_most + came_back
    refused = next(page for page in pages if page.status_code == 429)
    assert refused.headers["retry-after"] == f"{CHECKS.interval:.0f}"
    assert "muat ulang halaman ini" in refused.text
