"""The city file: what is filled in is read, and all that is wrong is named at once."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date
from pathlib import Path
from zipfile import ZipFile

import pytest

from models.reference import city_file
from models.reference.city_file import AUTHORITIES, EXAMPLE, KEYS, BadCityFile

ROOT = Path(__file__).parents[2]
FULL = Path(__file__).with_name("city_full.toml")
CHECKED = 'checked = 2026-11-20\nsource = "a letter"'


def written(folder: Path, text: str) -> Path:
    file = folder / "city.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(BadCityFile) as caught:
        city_file.read(written(folder, text))
    return str(caught.value).splitlines()


def test_the_example_has_every_row_and_none_is_filled_in() -> None:
    rows = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
    assert {f"{group}.{name}" for group, some in rows.items() for name in some} == set(KEYS)
    assert EXAMPLE.read_text(encoding="utf-8").startswith("# CONTOH")
    city = city_file.read()
    assert city.path == EXAMPLE
    assert city.directory == {} and city.empty() == list(KEYS)


def test_a_full_file_gives_every_fact_in_both_languages() -> None:
    city = city_file.read(FULL)
    assert city.empty() == []
    assert set(city.directory) == set(KEYS) - {"jaki.address"}
    assert city.directory["office.landline"] == {"id": "(021) 5550100", "en": "(021) 5550100"}
    assert city.directory["office.hours"] == {
        "id": "Senin-Jumat, 07.30-15.30 WIB",
        "en": "Monday to Friday, 07.30-15.30 WIB",
    }


def test_an_empty_file_and_missing_rows_are_empty_rows(tmp_path: Path) -> None:
    assert city_file.read(written(tmp_path, "")).empty() == list(KEYS)
    one = city_file.read(written(tmp_path, f'[bpom.phone]\nvalue = " 1500-999 "\n{CHECKED}'))
    assert one.directory == {"bpom.phone": {"id": "1500-999", "en": "1500-999"}}
    assert len(one.empty()) == len(KEYS) - 1


def test_what_does_not_exist_is_checked_and_not_told(tmp_path: Path) -> None:
    text = f'[jaki.phone]\nvalue = "-"\n{CHECKED}\n[jaki.address]\nid = "-"\nen = "-"\n{CHECKED}'
    city = city_file.read(written(tmp_path, text))
    assert city.directory == {}
    assert not {"jaki.phone", "jaki.address"} & set(city.empty())
    assert set(city.stale(date(2028, 1, 1))) == {"jaki.phone", "jaki.address"}


def test_a_row_is_stale_after_180_days_and_early_before_its_day() -> None:
    city = city_file.read(FULL)  # checked on 2026-11-20
    assert city.stale(date(2027, 5, 19)) == {}
    assert set(city.stale(date(2027, 5, 20))) == set(KEYS)
    assert city.early(date(2026, 11, 20)) == {}
    assert set(city.early(date(2026, 11, 19))) == set(KEYS)


@pytest.mark.parametrize(
    "number",
    ["112", "1500-999", "(021) 555 0100", "021-5550100", "+62 21 555 0100", "0812 3456 7890"],
)
def test_telephone_numbers(number: str, tmp_path: Path) -> None:
    city = city_file.read(written(tmp_path, f'[bpom.phone]\nvalue = "{number}"\n{CHECKED}'))
    assert city.directory["bpom.phone"]["id"] == number


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f'[bpom.phones]\nvalue = "112"\n{CHECKED}', "bpom.phones: there is no such row"),
        ('bpom = "112"', "bpom: there is no such row"),
        ('[bpom]\nphone = "112"', "bpom.phone: a table is needed: [bpom.phone]"),
        (f'[bpom.phone]\nnumber = "112"\n{CHECKED}', "bpom.phone: number is unknown; known are"),
        (f'[bpom.address]\nvalue = "Jl. A"\n{CHECKED}', "bpom.address: value is unknown"),
        (f"[bpom.phone]\nvalue = 112\n{CHECKED}", "bpom.phone: value is no text in quotes"),
        (f'[bpom.phone]\nvalue = "call us"\n{CHECKED}', "'call us' is no telephone number"),
        (f'[bpom.phone]\nvalue = "021 12"\n{CHECKED}', "'021 12' is no telephone number"),
        (f'[bpom.phone]\nvalue = "021 {"1" * 11}"\n{CHECKED}', "is no telephone number"),
        (f'[office.landline]\nvalue = "0812 3456 7890"\n{CHECKED}', "is a mobile number"),
        (f'[office.landline]\nvalue = "+62-812-3456789"\n{CHECKED}', "is a mobile number"),
        (f'[bpom.url]\nvalue = "http://a.go.id"\n{CHECKED}', "is no https address"),
        (f'[bpom.url]\nvalue = "https://a"\n{CHECKED}', "is no https address"),
        (f'[bpom.url]\nvalue = "https://u@a.go.id"\n{CHECKED}', "is no https address"),
        (f'[bpom.url]\nvalue = "https://a.go.id/x y"\n{CHECKED}', "is no https address"),
        (f'[bpom.url]\nvalue = "https://jаkarta.go.id"\n{CHECKED}', "is no https address"),
        (f'[bpom.url]\nvalue = "https://[a.go.id"\n{CHECKED}', "bpom.url: "),
        (f'[bpom.url]\nvalue = "https://a.go.id/{"a" * 99}"\n{CHECKED}', "at most 100"),
        (f'[office.email]\nvalue = "izin at example.go.id"\n{CHECKED}', "is no e-mail address"),
        (f'[office.email]\nvalue = "izin@localhost"\n{CHECKED}', "is no e-mail address"),
        (f'[office.email]\nvalue = "{"a" * 90}@example.go.id"\n{CHECKED}', "at most 100"),
        (f'[office.hours]\nid = "Senin"\n{CHECKED}', "office.hours: en is missing"),
        (f'[office.hours]\nid = "-"\nen = "Monday"\n{CHECKED}', "3 to 120 are needed"),
        (f'[office.hours]\nid = "Senin\\nRabu"\nen = "x"\n{CHECKED}', "id contains a line break"),
        (f'[office.hours]\nid = "Senin\u202e"\nen = "x"\n{CHECKED}', "an invisible character"),
        (f'[office.hours]\nid = "{"a" * 121}"\nen = "Mon"\n{CHECKED}', "3 to 120 are needed"),
        (f'[office.hours]\nid = "{"a" * 201}"\nen = "Mon"\n{CHECKED}', "at most 200"),
        ('[bpom.phone]\nvalue = "112"\nsource = "a"', "checked is not the day of the check"),
        (
            '[bpom.phone]\nvalue = "112"\nsource = "a"\nchecked = "2026-11-20"',
            "checked is not the day of the check",
        ),
        (
            '[bpom.phone]\nvalue = "112"\nsource = "a"\nchecked = 2026-11-20T09:00:00',
            "checked is not the day of the check",
        ),
        ('[bpom.phone]\nvalue = "112"\nchecked = 2026-11-20', "source is missing"),
        ('[bpom.phone]\nvalue = "112"\nchecked = 2026-11-20\nsource = 1', "source is no text"),
    ],
)
def test_a_broken_row_is_named_with_the_reason(row: str, why: str, tmp_path: Path) -> None:
    first, *found = problems(tmp_path, row)
    assert first == f"The city file {tmp_path / 'city.toml'} is not right:"
    assert len(found) == 1
    assert why in found[0]


def test_all_broken_rows_are_named_at_once(tmp_path: Path) -> None:
    text = f"""
[office.landline]
value = "no number"
{CHECKED}
[bpom.phone]
value = "1500-999"
{CHECKED}
[samsat.url]
value = "samsat.go.id"
{CHECKED}
[kua.phone]
value = "112"
{CHECKED}
"""
    found = problems(tmp_path, text)[1:]
    assert [line.partition(":")[0] for line in found] == [
        "office.landline",
        "samsat.url",
        "kua.phone",
    ]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"[office.landline\n", "is not TOML in UTF-8"),
        (b"[office.hours]\nid = '\xff'", "is not TOML in UTF-8"),
        (b"#" * 100_001, "is larger than 100000 bytes"),
    ],
)
def test_a_file_that_is_no_city_file(content: bytes, why: str, tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_bytes(content)
    with pytest.raises(BadCityFile, match=why):
        city_file.read(file)


def test_a_file_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(BadCityFile, match=r"No such file or directory\. Correct CITY_FILE\."):
        city_file.read(tmp_path / "city.toml")
    with pytest.raises(BadCityFile, match="can't be read"):
        city_file.read(tmp_path)


def test_every_authority_has_the_same_rows() -> None:
    for authority in AUTHORITIES:
        assert {f"{authority}.{name}" for name in ("phone", "url", "address")} <= set(KEYS)


@pytest.mark.processes
def test_the_wheel_holds_the_example(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = tmp_path.glob("*.whl")
    with ZipFile(wheel) as content:
        assert "models/reference/city.toml" in content.namelist()
