"""Sixteen digits are noticed and hidden, however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.parsers import Refused
from conversations.parsers.identity import contains_identity_number, nik, redact
from tests.conversations import city

FACTS = city.facts()


@pytest.mark.parametrize(
    "said",
    [
        "3171234567890123",
        "NIK3171234567890123",
        "nik saya 3171 2345 6789 0123 ya",
        "3171.2345.6789.0123",
        "3171, 2345, 6789, 0123",
        "317123-450590-0123",
        "317123 450590-0123",
        "3 1 7 1 2 3 4 5 6 7 8 9 0 1 2 3",
        "3171234567890123/3271234567890123",
        "3171234567890123 3271234567890123",
        "31712345678901234",
        "0812 3456 7890 3171 2345 0590 0123",
        "3171\u200b2345\n6789 0123",
        "３１７１２３４５６７８９０１２３",
    ],
)
def test_an_identity_number_is_noticed_and_nothing_of_it_is_left(said: str) -> None:
    assert contains_identity_number(said)
    assert not any(letter.isdecimal() for letter in redact(said))


@pytest.mark.parametrize(
    "said",
    [
        "081234567890",
        "+62 812 3456 7890",
        "081234567890 081298765432",
        "0812 3456 7890, 0813 1122 3344",
        "Rp 1.000.000.000.000.000",
        "10.000 20.000 30.000 1",
        "2026-11-23 09.00-11.00 12",
        "RT 005 RW 003 nomor 12, 0812 3456 7890",
        "IUMK-2026-3174-000123",
        "5 juta",
    ],
)
def test_sums_telephones_and_hours_are_left_as_they_are(said: str) -> None:
    assert not contains_identity_number(said)
    assert redact(said) == said


@given(
    st.integers(10**15, 10**16 - 1),
    st.sampled_from(("", " ", "-", ".", " - ")),
    st.sampled_from((1, 2, 4, 8)),
    st.sampled_from(("", "nik: ", "ini ya pak ")),
)
def test_no_uniform_way_to_write_it_escapes(number: int, sign: str, size: int, lead: str) -> None:
    digits = str(number)
    written = sign.join(digits[at : at + size] for at in range(0, 16, size))
    if sign != " - ":  # three signs between two digits: no longer one number
        assert contains_identity_number(lead + written)


@pytest.mark.parametrize("said", ["3171235205900001", "3171 2352 0590 0001", "3171232902040001"])
def test_a_nik_is_given_as_its_digits(said: str) -> None:
    assert nik()(said, FACTS) == said.replace(" ", "")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("317123520590000", "nik_not_sixteen"),
        ("nik saya", "nik_not_sixteen"),
        ("3171233113900001", "nik_not_possible"),  # month 13
        ("3171237205900001", "nik_not_possible"),  # day 72
        ("3171232902010001", "nik_not_possible"),  # no 29 February in 2001 or 1901
        ("3171235205900000", "nik_not_possible"),  # serial 0000
        ("0071235205900001", "nik_not_possible"),  # no such province
    ],
)
def test_a_nik_that_cannot_be_is_refused(said: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        nik()(said, FACTS)
    assert refused.value.reason == reason
