"""Sixteen digits are noticed and hidden, however they are written."""

import re
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.events import (
    Event,
    Happened,
    Located,
    Said,
    SharedContact,
    Started,
    Tapped,
    Unreadable,
    Uploaded,
    Withheld,
)
from conversations.parsers import Refused
from conversations.parsers.identity import contains_identity_number, nik, redact
from conversations.withholding import withheld
from conversations.words import MARK, bare, plain
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
        "3171\u200b2345\n6789 0123",
        "３１７１２３４５６７８９０１２３",
        "3174 - 0757 - 0590 - 0012",
        "3174-0757/0590.0012",
        "(3174)(0757)(0590)(0012)",
        "3174 => 0757 => 0590 => 0012",
        "3174|0757|0590|0012",
        "3174 🙏 0757 🙏 0590 🙏 0012",
        "3174 *** 0757 +++ 0590 ~~~ 0012",
        "3171 - 2345/6789.0123",
        "3️⃣1️⃣7️⃣4️⃣ 0️⃣7️⃣5️⃣7️⃣ 0590 0012",
        "٣١٧٤٠٧٥٧٠٥٩٠٠٠١٢",
        "3174\u20680757\u20690590\u31640012",
        "3I74O757O59OOO12",
        "3174 O757 O59O OO12",
        "nik: 3l74-o757-o59o-oo12",
        "3174О757О5900012",
        "3174x0757x0590x0012",
        "３１７４ー０７５７ー０５９０ー００１２",
    ],
)
def test_an_identity_number_is_noticed_and_nothing_of_it_is_left(said: str) -> None:
    assert contains_identity_number(said)
    assert not any(letter.isdecimal() for letter in redact(said))


def test_sixteen_digits_in_words_are_noticed() -> None:
    said = "tiga satu tujuh empat nol tujuh lima tujuh nol lima sembilan nol nol nol satu dua"
    assert contains_identity_number(said)
    assert contains_identity_number(said.replace("nol", "0"))
    assert "tujuh" not in redact(said)
    assert not contains_identity_number(said.removesuffix(" dua"))


@pytest.mark.parametrize(
    "event",
    [
        Said("3174 - 0757 - 0590 - 0012"),
        Said("Toko 3174|0757|0590|0012", edited=True),
        Started("3174075705900012"),
        Started("nik-3174-0757-0590-0012"),
        Tapped("business_permit", "", "capital", 3, "3174075705900012"),
        Unreadable("3174075705900012"),
        SharedContact("3174075705900012", own=True),
    ],
)
def test_an_identity_number_is_withheld_whatever_brings_it(event: Event) -> None:
    assert withheld(event) == Withheld()


@pytest.mark.parametrize("kind", ["photo", "document", "voice"])
def test_a_caption_that_is_an_identity_number_is_dropped_and_the_file_kept(
    kind: Literal["photo", "document", "voice"],
) -> None:
    event = Uploaded(7, kind, "KTP 3174 : 0757 : 0590 : 0012")
    assert withheld(event) == replace(event, caption="", withheld=True)
    told = replace(event, caption="uang untuk Budi, KTP saya 3174 : 0757 : 0590 : 0012")
    kept = replace(event, caption=f"uang untuk Budi, KTP saya {MARK}", withheld=True)
    assert withheld(told) == kept


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (
            "NIK saya 3174075705900012, petugas Budi minta uang 200 ribu",
            "NIK saya [•••], petugas Budi minta uang 200 ribu",
        ),
        ("petugas minta 3174075705900012, 200 ribu", "petugas minta [•••], 200 ribu"),
        ("3174 0757 0590 0012 200 ribu diminta", "[•••] 200 ribu diminta"),
        ("petugas Budi\nNIK 3174\n0757\n0590\n0012\nminta", "petugas Budi\nNIK [•••]\nminta"),
        ("telepon saya 0812 3456 7890 3171 2345 0590 0123", "telepon saya 0812 3456 7890 [•••]"),
        (
            "hp saya +62 812 3456 7890, NIK 3174.0757.0590.0012 dan KK 3174-0757-0590-0013",
            "hp saya +62 812 3456 7890, NIK [•••] dan KK [•••]",
        ),
        (
            "transfer ke kartu 4567 1234 5678 9012 0812 3456 7890 hari ini",
            "transfer ke kartu [•••] 0812 3456 7890 hari ini",
        ),
        ("kartu 4567 1234 5678 9012 345 hari senin", "kartu [•••] hari senin"),
        (
            "di -6.175110,106.865036 3174-0757-0590-0012 ada petugas",
            "di -6.175110,106.865036 [•••] ada petugas",
        ),
        ("petugas Budi catat 3I74O757O59OOO12 tadi", "petugas Budi catat [•••] tadi"),
        (
            "kodenya 482913 nik tiga satu tujuh empat nol tujuh lima tujuh nol lima sembilan nol"
            " nol nol satu dua, petugas baik",
            "kodenya 482913 nik [•••], petugas baik",
        ),
        ("17-05-1990 3174075705900012 lahir di Tebet", "17-05-1990 [•••] lahir di Tebet"),
        ("3171 2345 6789 0123 3271 2345 6789 0123 petugas marah", "[•••] petugas marah"),
    ],
)
def test_the_number_alone_is_left_out_of_words_that_say_more(said: str, kept: str) -> None:
    assert withheld(Said(said, message="7")) == Said(kept, message="7", withheld=True)
    assert withheld(Said(kept)) == Said(kept)


@pytest.mark.parametrize(
    "around",
    [
        "{}", "nik saya {}", "ini nik saya ya pak {}", "nomor kartu keluarga saya {} ya bu",
        "my NIK is {}", "here is my ID card number: {}", "NIK istri saya {}", "Warung {}", "ya {}",
    ],
)  # fmt: skip
def test_words_that_hardly_say_more_are_withheld_with_the_number(around: str) -> None:
    said = Said(around.format("3174075705900012"), message="7")
    assert withheld(said) == Withheld(message="7")


@given(
    st.text(max_size=40),
    st.sampled_from(("3174075705900012", "3174 0757 0590 0012", "3174-0757/0590.0012")),
    st.text(max_size=40),
)
def test_no_words_around_keep_the_number(before: str, number: str, after: str) -> None:
    said = withheld(Said(f"{before} {number} {after}"))
    left = said.text if isinstance(said, Said) else ""
    assert "3174075705900012" not in re.sub(r"\D", "", left)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Siti Aminah, NIK saya [•••]", "Siti Aminah"),
        ("nomor KTP: [•••] Siti Aminah", "Siti Aminah"),
        ("500 ribu, my NIK is [•••], sendiri", "500 ribu , sendiri"),
        ("Jl. Damai no 3", "Jl. Damai no 3"),
    ],
)
def test_readers_of_short_answers_do_not_see_where_it_stood(said: str, read: str) -> None:
    assert bare(said) == read
    assert plain(said) == read.lower()


@pytest.mark.parametrize(
    "event",
    [
        Said("modal 5 juta, HP 0812 3456 7890"),
        Started("join-3174abc"),
        Uploaded(7, "photo", "warung saya, 081234567890"),
        Located(-6.1751101, 106.8272001),
        Happened("news", "81", {"parts": ["3174075705900012"]}),
    ],
)
def test_anything_else_is_kept_as_it_is(event: Event) -> None:
    assert withheld(event) is event


@pytest.mark.parametrize(
    "said",
    [
        "081234567890",
        "-6.175110, 106.865036",
        "15.000 20.000 30.000 5",
        "11/12/2026 09:00 - 10:30",
        "31-12-2026 09.00-11.00",
        "12.12.2026, 09.00 s/d 10.30",
        "+62 812 3456 7890, 021",
        "081234567890 - 081298765432",
        "Gang Mawar 12, RT 05 RW 03, 0812 3456 7890",
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
    st.sampled_from(("", " ", "-", ".", " - ", "|", " :: ", "_", " / ", "🙏")),
    st.sampled_from((1, 2, 4, 8)),
    st.sampled_from(("", "nik: ", "ini ya pak ")),
)
def test_no_uniform_way_to_write_it_escapes(number: int, sign: str, size: int, lead: str) -> None:
    digits = str(number)
    written = sign.join(digits[at : at + size] for at in range(0, 16, size))
    assert contains_identity_number(lead + written)


@given(
    st.lists(st.text("-/.,:;|*+~_()<>= 🙏\u2068\u200b", max_size=4), min_size=3, max_size=3),
    st.sampled_from(("3174075705900012", "1271234504850003", "7371124112010009")),
)
def test_no_signs_between_hide_it(signs: list[str], number: str) -> None:
    groups = [number[at : at + 4] for at in range(0, 16, 4)]
    written = groups[0] + "".join(
        sign + group for sign, group in zip(signs, groups[1:], strict=True)
    )
    assert contains_identity_number(written)


@pytest.mark.parametrize("said", ["3171235205900001", "3171 2352 0590 0001", "3171232902040001"])
def test_a_nik_is_given_as_its_digits(said: str) -> None:
    assert nik()(said, FACTS) == said.replace(" ", "")


@pytest.mark.parametrize(
    "around",
    [
        *"\u2068\u2066\u2069\u061c\u180e\u200b\u3164\u2800\ufe0f\U000e0041",
        "'",
        "“",
        "(",
        "*",
        "`",
        "#",
    ],
)
def test_a_nik_is_taken_from_among_signs(around: str) -> None:
    assert nik()(f"{around}3171235205900001{around}", FACTS) == "3171235205900001"


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
