"""What operators print for officers: a badge whose code leads to a page of ours."""

from __future__ import annotations

import io
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp
from pypdf import PdfReader
from sqlalchemy import select

from casework import badges
from casework.badges import Bearer
from models.audit import AuditEntry
from models.officer import Officer
from models.portrait import Portrait
from tests.bot.conftest import Izin
from tests.bot.town import BOSS, OFFICER, Town
from tests.workers.verification.samples import encoded, scene


@pytest.fixture
async def photographed(
    town: Town, izin: Izin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder with the portrait of the officer 0417, in which badges are written."""
    monkeypatch.setenv("STORAGE_URL", f"file://{tmp_path}")
    monkeypatch.chdir(tmp_path)
    await town.staff(OFFICER, "0417")
    photo = tmp_path / "rahmat.jpg"
    photo.write_bytes(encoded(scene(900, 1200)))
    assert (await izin("officers", "photo", "0417", str(photo)))[0] == 0
    return tmp_path


def code(pdf: Path) -> str:
    with pypdfium2.PdfDocument(pdf.read_bytes()) as document:
        (found,) = zxingcpp.read_barcodes(document[0].render(scale=2).to_pil())
    return str(found.text)


def bearer(town: Town, url: str) -> Bearer | None:
    return town.read(lambda tx: badges.bearer(tx, url.rpartition("/")[2]))


async def test_a_badge_leads_to_the_page_of_its_officer(
    town: Town, izin: Izin, photographed: Path
) -> None:
    status, out, told = await izin("officers", "badge", "no. 417")
    assert (status, out.strip(), told) == (0, "badge-0417.pdf", "")
    pdf = photographed / "badge-0417.pdf"
    words = PdfReader(io.BytesIO(pdf.read_bytes())).pages[0].extract_text()
    assert "Petugas 0417" in words and "CEK PETUGAS 0417" in words
    url = code(pdf)
    assert url.startswith("https://izin.example/petugas/") and len(url) < 90
    one = bearer(town, url)
    assert one is not None and (one.badge, one.state) == ("0417", "valid")
    assert one.portrait == "portraits/1.jpg"


async def test_the_same_card_can_be_printed_again_until_it_is_lost(
    town: Town, izin: Izin, photographed: Path
) -> None:
    codes = list[str]()
    for more in ((), (), ("--lost",)):
        out = photographed / f"{len(codes)}.pdf"
        status, said, told = await izin("officers", "badge", "0417", "--out", str(out), *more)
        assert (status, said.strip()) == (0, str(out))
        assert ("not valid any more" in told) == bool(more)
        codes.append(code(out))
    assert codes[0] == codes[1] != codes[2]
    states = [one and one.state for one in (bearer(town, url) for url in codes)]
    assert states == ["replaced", "replaced", "valid"]
    rows = town.read(
        lambda tx: tx.scalars(select(AuditEntry).filter_by(action="officer.card_printed")).all()
    )
    assert [(row.actor, row.details["card"]) for row in rows] == [
        ("command", 1),
        ("command", 1),
        ("command", 2),
    ]


async def test_who_visits_nobody_gets_no_badge(town: Town, izin: Izin, photographed: Path) -> None:
    await town.staff(BOSS, "0003", role="supervisor")
    await izin("officers", "invite", "--name", "Budi", "--badge", "0418", "--areas", "31.74")
    for badge, why in (
        ("0003", "only officers visit"),
        ("0418", "has not joined yet"),
        ("0999", "Nobody has the badge 0999"),
    ):
        status, _, told = await izin("officers", "badge", badge)
        assert status == 1 and why in told
    await izin("officers", "end", "0417")
    status, _, told = await izin("officers", "badge", "0417")
    assert status == 1 and "has ended" in told
    assert not list(photographed.glob("*.pdf"))


async def test_without_a_portrait_it_says_what_to_do(
    town: Town, izin: Izin, photographed: Path
) -> None:
    await town.staff("another", "0419")
    status, _, told = await izin("officers", "badge", "0419")
    assert status == 1
    assert "izin officers photo 0419 FILE" in told and "foto saya" in told


async def test_what_fails_leaves_the_earlier_card_valid(
    town: Town, izin: Izin, photographed: Path
) -> None:
    status, _, told = await izin(
        "officers", "badge", "0417", "--lost", "--out", str(photographed / "no/such/folder.pdf")
    )
    assert status == 1 and "can't be written" in told
    path = town.read(lambda tx: tx.scalars(select(Portrait.path)).one())
    (photographed / (path or "")).unlink()
    status, _, told = await izin("officers", "badge", "0417", "--lost")
    assert status == 1 and "can't be read" in told
    assert town.read(lambda tx: tx.scalars(select(Officer.card)).one()) == 1


async def test_a_name_in_other_letters_is_told_of(
    town: Town, izin: Izin, photographed: Path
) -> None:
    await izin("officers", "invite", "--name", "张伟", "--badge", "0417", "--areas", "31.74")
    status, out, told = await izin("officers", "badge", "0417")
    assert status == 0 and out and "are squares: 张伟" in told
