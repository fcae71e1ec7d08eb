"""`izin poster`: the two files for an area, and the counts."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from models import poster
from models.infrastructure.database import pipeline
from tests.bot.conftest import Izin

pytestmark = pytest.mark.slow

FULL = Path(__file__).parents[1] / "models" / "city_full.toml"


def words(file: Path) -> str:
    return " ".join(PdfReader(file).pages[0].extract_text().split())


@pytest.fixture
def channels(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "TELEGRAM_BOT_TOKEN": "123456:ABC-def",
        "TELEGRAM_BOT_USERNAME": "izin_datang_bot",
        "TELEGRAM_WEBHOOK_SECRET": "s" * 32,
        "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
        "TWILIO_AUTH_TOKEN": "0" * 32,
        "TWILIO_WHATSAPP_FROM": "+628001234567",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("channels")
@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("31.74", "Jakarta Selatan"),
        ("31.74.05", "Kecamatan Kebayoran Lama, Jakarta Selatan"),
        ("31.74.05.1006", "Kelurahan Kebayoran Lama Selatan, Kecamatan Kebayoran Lama"),
    ],
)
async def test_a_poster_and_cards_are_written(
    izin: Izin, tmp_path: Path, code: str, place: str
) -> None:
    short = code.replace(".", "")
    files = [tmp_path / f"{kind}-{short}.pdf" for kind in ("poster", "cards")]
    said = await izin("poster", "--area", code, "--out", str(tmp_path))
    assert said == (0, "".join(f"{file}\n" for file in files), "")
    assert place in words(files[0])
    assert "+62 800 1234 567" in words(files[0]) and "@izin_datang_bot" in words(files[0])
    assert all(f"izin.example/p/{short}" in words(file) for file in files)


@pytest.mark.usefixtures("channels")
async def test_facts_of_the_office_come_from_the_city_file_alone(
    izin: Izin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file, there in ((None, False), (FULL, True)):
        if file is not None:
            monkeypatch.setenv("CITY_FILE", str(file))
        await izin("poster", "--area", "31.74", "--out", str(tmp_path))
        said = words(tmp_path / "poster-3174.pdf")
        for fact in ("(021) 5550100", "Gedung Contoh", "izin.example.go.id/tentang", "07.30-15.30"):
            assert (fact in said) == there


async def test_what_would_make_a_poster_useless_is_said(
    izin: Izin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PUBLIC_URL", "http://localhost:8000")
    status, _, told = await izin("poster", "--area", "31.74", "--out", str(tmp_path))
    assert status == 0 and "PUBLIC_URL" in told and "No channel is set" in told


@pytest.mark.parametrize("code", ["31", "31.79", "317405", "", "x", "31.74.05.9999"])
async def test_an_unknown_area_is_refused(izin: Izin, tmp_path: Path, code: str) -> None:
    status, out, told = await izin("poster", "--area", code, "--out", str(tmp_path))
    assert (status, out) == (1, "") and "No such area" in told
    assert not list(tmp_path.iterdir())


async def test_a_folder_that_is_not_there_is_refused(izin: Izin, tmp_path: Path) -> None:
    status, _, told = await izin("poster", "--area", "31.74", "--out", str(tmp_path / "no"))
    assert status == 1 and "can't be written" in told


async def test_counts_are_shown_by_day_and_area(izin: Izin, engine: Engine) -> None:
    old, new = date(2026, 10, 1), date(2026, 11, 28)
    with Session(engine) as tx, tx.begin(), pipeline(tx) as execute:
        poster.count(execute, {("31.74.05", new): 3, ("31.74", new): 1, ("99.99", old): 2})
    status, out, _ = await izin("poster", "--counts", "--since", "2026-01-01")
    assert status == 0
    assert out.splitlines() == [
        "2026-10-01\t99.99\t-\t2",
        "2026-11-28\t31.74\tJakarta Selatan\t1",
        "2026-11-28\t31.74.05\tKecamatan Kebayoran Lama, Jakarta Selatan\t3",
    ]
    _, out, _ = await izin("poster", "--counts", "--since", "2026-11-28")
    assert len(out.splitlines()) == 2
