"""A NIK's structure, as everybody reads it."""

from __future__ import annotations

from datetime import date

import pytest

from conversations.nik import PROVINCES, nik_of


@pytest.mark.parametrize("province", ["10", "20", "22", "37", "54", "66", "77", "83", "90", "97"])
def test_what_no_province_has_is_no_nik(province: str) -> None:
    found = nik_of(f"{province}74075705900012")
    assert found is not None and not found.area_known and not found.possible


@pytest.mark.parametrize("province", sorted(PROVINCES))
def test_a_nik_of_any_province_is_read(province: str) -> None:
    found = nik_of(f"{province}74075705900012")
    assert found is not None and found.possible
    assert found.birth == (17, 5, 90), "a woman"
    assert found.carries(date(1990, 5, 17)) and not found.carries(date(1990, 5, 18))


@pytest.mark.parametrize(
    ("birth", "possible"),
    [
        ("290200", True),  # 2000 was a leap year
        ("690204", True),
        ("290201", False),
        ("310490", False),
        ("720190", False),  # a woman on the 32nd
        ("000190", False),
        ("010090", False),
        ("401290", False),  # between the men's days and the women's
    ],
)
def test_a_day_of_birth_is_a_day(birth: str, possible: bool) -> None:
    found = nik_of(f"317407{birth}0012")
    assert found is not None and found.birth_possible is possible


def test_serial_numbers_begin_with_one() -> None:
    found = nik_of("3174075705900000")
    assert found is not None and found.birth_possible and not found.serial_given


@pytest.mark.parametrize("digits", ["", "317407570590001", "31740757059000123", "٣174075705900012"])
def test_anything_else_is_no_nik(digits: str) -> None:
    assert nik_of(digits) is None
