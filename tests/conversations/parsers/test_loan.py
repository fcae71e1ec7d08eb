"""What people tell of a loan: how long they are behind, what is left, and long numbers."""

from __future__ import annotations

import pytest

from conversations.parsers import Refused
from conversations.parsers.loan import left, long_number, long_sum, months_within, overdue
from tests.conversations import city

FACTS = city.facts()  # of Monday, 23 November 2026


@pytest.mark.parametrize(
    ("said", "band"),
    [
        ("telat 10 hari", "under_1"),
        ("dua minggu", "under_1"),
        ("belum sebulan", "under_1"),
        ("sebulan", "to_3"),
        ("nunggak 2 bulan", "to_3"),
        ("3 bulan", "to_3"),
        ("3 bulan lebih", "to_4"),
        ("4 bln", "to_4"),
        ("lima bulan", "to_6"),
        ("setengah tahun", "to_6"),
        ("setengah tahun lebih", "over_6"),
        ("sejak agustus", "to_4"),
        ("since 2024", "over_6"),
        ("three weeks", "under_1"),
        ("a year", "over_6"),
        ("almost a month", "under_1"),
    ],
)
def test_a_length_of_time_is_a_band(said: str, band: str) -> None:
    assert overdue()(said, FACTS) == band


@pytest.mark.parametrize("said", ["lancar", "bulan ini masih kebayar", "sepi", "2"])
def test_other_words_name_no_length_of_time(said: str) -> None:
    with pytest.raises(Refused, match="pick_one"):
        overdue()(said, FACTS)


@pytest.mark.parametrize(
    ("said", "band"),
    [
        ("3 jt lagi", "under_5"),
        ("kurang dari 5 juta", "under_5"),
        ("tinggal 8 jutaan", "to_10"),
        ("lebih dari 10 juta", "to_25"),
        ("15", "to_25"),
        ("about 40 million", "to_50"),
        ("120jt", "to_500"),
        ("1 miliar", "more"),
    ],
)
def test_a_sum_that_is_left_is_a_band(said: str, band: str) -> None:
    assert left()(said, FACTS) == band


def test_words_without_a_sum_name_no_band() -> None:
    with pytest.raises(Refused, match="pick_one"):
        left()("masih banyak", FACTS)


@pytest.mark.parametrize(
    ("said", "number", "as_sum"),
    [
        ("norek 1234567890", True, True),
        ("no pinjaman 0012-01-000123-53-1", True, True),
        ("0012 01 000123 53 1", True, True),
        ("0012.01.000123.53.1", True, True),
        ("rek bri 12345678", True, True),
        ("12345678901", True, True),
        ("Jl. Damai 5 RT 005/003, 12150", False, False),
        ("500.000 - 1.000.000", False, False),
        ("1.500.000.000", True, False),
        ("10.000.000-12.000.000", True, False),
        ("850000", False, False),
        ("Maret 2024", False, False),
    ],
)
def test_the_number_of_a_loan_is_told_from_a_sum(said: str, number: bool, as_sum: bool) -> None:
    assert (long_number(said), long_sum(said)) == (number, as_sum)


@pytest.mark.parametrize(
    ("said", "months"),
    [("acc! jadi 24 bulan", 24), ("extended to three years", 36), ("disetujui", None)],
)
def test_months_are_read_beside_other_words(said: str, months: int | None) -> None:
    assert months_within(said) == months
