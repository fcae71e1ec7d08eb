"""`izin doctor` on the city file: what is empty, stale or wrong, with the file to be mended."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from pathlib import Path

from cli import doctor
from cli.doctor.city import city_lines
from models.reference.city_file import EXAMPLE, KEYS

FULL = Path(__file__).parents[1] / "models" / "city_full.toml"  # checked on 2026-11-20
TODAY = date(2026, 11, 27)
KEY = b64encode(bytes(32)).decode()
SETTINGS = {
    "DATABASE_URL": "postgresql://izin@127.0.0.1:9/izin",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "STORAGE_URL": "file:///nowhere",
    "PUBLIC_URL": "https://izin.example.go.id",
    "ENCRYPTION_KEYS": f"k1:{KEY}",
    "INDEX_KEY": KEY,
}


def lines(path: Path | None, today: date = TODAY) -> list[str]:
    found = [*city_lines(str(path) if path else None, today)]
    assert {line.part for line in found} == {"city"}
    return [f"{line.state} {line.told}" for line in found]


def test_a_full_and_fresh_file_is_well() -> None:
    assert lines(FULL) == [f"ok all {len(KEYS)} facts were checked in 180 days"]


def test_without_the_setting_the_example_is_named() -> None:
    (line,) = lines(None)
    assert line.startswith("warn CITY_FILE is not set, so people are told no address")
    assert line.endswith(f"Copy {EXAMPLE}, fill in the copy, and set CITY_FILE to its path.")


def test_empty_rows_are_listed_by_their_office(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    text = FULL.read_text(encoding="utf-8")
    text = text.replace('"(021) 5550100"', '""').replace('"1500-999"', '""')
    file.write_text(text.replace('"https://bpom.example.go.id"', '""'), encoding="utf-8")
    (line,) = lines(file)
    assert line == (
        "warn people are not told what is empty: office (landline), bpom (phone, url). Fill these "
        f'rows of {file}, with "-" where there is no such fact. Then start izin serve (or izin '
        "poll) again."
    )


def test_a_row_that_was_checked_long_ago_is_listed_with_its_day_and_source(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    row = '[bpom.phone]\nvalue = "1500-999"\nchecked = 2026-05-30\nsource = "bpom.go.id"\n'
    file.write_text(row, encoding="utf-8")
    assert len(lines(file, date(2026, 11, 26))) == 1  # what is empty
    _, stale = lines(file, date(2026, 11, 27))
    assert stale == (
        "warn checked more than 180 days ago: bpom.phone (2026-05-30, bpom.go.id). Check again, "
        f"and enter the day in {file}. Then start izin serve (or izin poll) again."
    )


def test_a_day_that_is_still_to_come_is_told() -> None:
    (line,) = lines(FULL, date(2026, 11, 19))
    assert line.startswith("warn the day of the check is still to come: office.page (2026-11-20, ")
    assert line.endswith(f"Correct it in {FULL}.")


def test_a_wrong_file_fails_with_a_line_for_each_row(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text('[bpom.phone]\nvalue = "112"\n[kua.url]\nvalue = ""\n', encoding="utf-8")
    bpom, kua = lines(file)
    assert bpom.startswith("FAIL bpom.phone: checked is not the day of the check")
    assert kua == f"FAIL kua.url: there is no such row; see the example. Correct it in {file}."
    (missing,) = lines(tmp_path / "missing.toml")
    assert missing.endswith("No such file or directory. Correct CITY_FILE.")


def test_the_doctor_reads_the_file_of_the_settings_by_the_given_day() -> None:
    def told(path: str, today: date) -> str:
        found = doctor.examine(SETTINGS | {"CITY_FILE": path}, today=today)
        return str(next(line for line in found if line.part == "city"))

    assert (
        told(str(FULL), TODAY)
        == f"ok    city        all {len(KEYS)} facts were checked in 180 days"
    )
    assert "checked more than 180 days ago: office.page" in told(str(FULL), date(2027, 6, 1))
    assert "CITY_FILE is not set" in told("", TODAY)
