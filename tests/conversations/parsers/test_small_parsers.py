"""Names, counts, telephones, codes, addresses, places and trades."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.address import rt_rw, street
from conversations.parsers.code import six_digits
from conversations.parsers.name import business_name, name
from conversations.parsers.numbers import whole, workers
from conversations.parsers.phone import phone
from conversations.parsers.place import kelurahan
from conversations.parsers.trade import business_type
from tests.conversations import city

FACTS = city.facts()

ANSWERS: list[tuple[Parser, str, Json]] = [
    (name(), "nama saya siti aminah", "Siti Aminah"),
    (name(), "SRI WAHYUNI BINTI SUKARJO", "Sri Wahyuni binti Sukarjo"),
    (name(), "nur'aini", "Nur'aini"),
    (name(), "Jefri D'Costa", "Jefri D'Costa"),
    (name(), "h. abdul malik", "H. Abdul Malik"),
    (name(), "Dr. Budi S.E.", "Dr. Budi S.E."),
    (name(), "halo, saya joko susilo.", "Joko Susilo"),
    (name(), "yati aja pak", "Yati"),
    (name(), "Siti aminah 👍", "Siti Aminah"),
    (name(), "bayarudin saleh", "Bayarudin Saleh"),
    (business_name(), "namanya Warung Berkah", "Warung Berkah"),
    (business_name(), "Toko 99", "Toko 99"),
    (business_name(), "Warung Tidak Ada Duanya", "Warung Tidak Ada Duanya"),
    (business_name(), "blm ada namanya pak", None),
    (business_name(), "-", None),
    (workers(), "2 orang", 2),
    (workers(), "sendiri aja", 1),
    (workers(), "berdua sama istri", 2),
    (workers(), "dibantu anak", 2),
    (workers(), "2 karyawan", 3),
    (workers(), "5 orang termasuk saya", 5),
    (workers(), "belum ada karyawan", 1),
    (workers(), "0", 1),
    (whole(1, 20), "dua belas", 12),
    (phone(), "62 812-3456-7890", "+6281234567890"),
    (phone(), "no hp 0812.3456.7890 ya", "+6281234567890"),
    (phone(), "081234567890 / 085712345678", "+6281234567890"),
    (phone(), "o812 3456 7890", "+6281234567890"),
    (phone(), "(021) 555 1234", "+62215551234"),
    (six_digits(), "kode: 482-915", "482915"),
    (six_digits(), "4 8 2 9 1 5", "482915"),
    (rt_rw(), "rw 3 rt 5", "005/003"),
    (rt_rw(), "RT.05/RW.03", "005/003"),
    (rt_rw(), "rt dua belas rw tiga", "012/003"),
    (rt_rw(), "005003", "005/003"),
    (rt_rw(), "kurang tau pak", None),
    (rt_rw(), "-", None),
    (street(), "  Jl. Mawar   No 5 ", "Jl. Mawar No 5"),
    (kelurahan(), "pluit", {"kelurahan": "31.72.01.1005"}),
]

REFUSALS: list[tuple[Parser, str, str]] = [
    (name(), "halo", "not_a_name"),
    (name(), "menu", "not_a_name"),
    (name(), "😀", "not_a_name"),
    (name(), "petugasnya kasar", "not_a_name"),
    (name(), "berapa biayanya", "not_a_name"),
    (name(), "budi 123", "name_with_digits"),
    (name(), "A", "name_too_short"),
    (name(at_most=10), "Siti Aminah binti Sulaiman", "name_too_long"),
    (business_name(), "X", "not_a_business_name"),
    (workers(), "banyak", "not_a_number"),
    (workers(), "2 sampai 3", "not_a_number"),
    (whole(1, 10), "11", "number_out_of_range"),
    (phone(), "ga punya", "no_phone"),
    (phone(), "0812345", "not_a_phone"),
    (six_digits(), "48291", "not_six_digits"),
    (rt_rw(), "rt 5", "not_rt_rw"),
    (rt_rw(), "rt 5 rw 1000", "rt_rw_out_of_range"),
    (street(), "gg", "street_too_short"),
    (street(at_most=5), "Jl. Mawar", "street_too_long"),
    (kelurahan(), "bekasi", "outside_jakarta"),
    (kelurahan(), "qwrtzx", "unknown_place"),
    (kelurahan(), "pulo gadung", "kelurahan_or_kecamatan"),
    (business_type(), "🙂", "unknown_trade"),
]


@pytest.mark.parametrize(("parser", "said", "answer"), ANSWERS)
def test_words_become_an_answer(parser: Parser, said: str, answer: Json) -> None:
    assert parser(said, FACTS) == answer


@pytest.mark.parametrize(("parser", "said", "reason"), REFUSALS)
def test_words_that_are_no_answer_are_refused(parser: Parser, said: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        parser(said, FACTS)
    assert refused.value.reason == reason


def test_a_name_of_two_places_is_asked_back() -> None:
    with pytest.raises(Refused) as refused:
        kelurahan()("sunter", FACTS)
    assert refused.value.reason == "which_kelurahan"
    assert {reading.label for reading in refused.value.readings} == {
        "Sunter Jaya, Tanjung Priok",
        "Sunter Agung, Tanjung Priok",
    }


def test_kinds_of_business_are_always_offered_with_the_owners_words() -> None:
    with pytest.raises(Refused) as refused:
        business_type(offers=2)("  jual nasi   uduk ", FACTS)
    assert refused.value.reason == "which_trade"
    assert len(refused.value.readings) == 2
    for reading in refused.value.readings:
        assert reading.answer["code"] == reading.value
        assert reading.answer["words"] == "jual nasi uduk"


@pytest.mark.parametrize(
    "parser", [name(), business_name(), workers(), phone(), six_digits(), rt_rw(), street()]
)
@given(said=st.text(max_size=40))
def test_any_text_is_an_answer_or_kindly_refused(parser: Parser, said: str) -> None:
    try:
        answer = parser(said, FACTS)
    except Refused:
        return
    assert answer is None or isinstance(answer, str | int)
