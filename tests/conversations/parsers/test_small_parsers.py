"""Names, counts, telephones, codes, addresses, places and trades."""

import pytest

from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.address import rt_rw, street
from conversations.parsers.code import six_digits
from conversations.parsers.name import business_name, name
from conversations.parsers.note import note
from conversations.parsers.numbers import whole, workers
from conversations.parsers.phone import of_contact, phone
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
    (name(), "saya Budi", "Budi"),
    (name(), "Siti Aminah ya", "Siti Aminah"),
    (name(), "siti, pak", "Siti"),
    (name(), "nama: siti", "Siti"),
    (name(), "Ibu Siti Aminah", "Siti Aminah"),
    (name(), "IBU SITI AMINAH", "Siti Aminah"),
    (name(), "bapak Ahmad", "Ahmad"),
    (name(), "Bpk. Budi Santoso", "Budi Santoso"),
    (name(), "nama saya ibu siti", "Siti"),
    (name(), "halo, saya ibu Siti pak", "Siti"),
    (name(), "pak Ahmad Dahlan", "Ahmad Dahlan"),
    (name(), "mas Joko", "Joko"),
    (name(), "Ibrahim", "Ibrahim"),
    (name(), "Masruri", "Masruri"),
    (name(), "abdi bernama Ujang", "Ujang"),
    (name(), "BUDI SANTOSO III", "Budi Santoso III"),
    (name(), "budi santoso iv", "Budi Santoso IV"),
    (name(), "RADEN MAS VIII", "Raden Mas VIII"),
    (name(), "SITI AMINAH, ST, MT", "Siti Aminah, ST, MT"),
    (name(), "siti aminah, s.pd.", "Siti Aminah, S.Pd."),
    (name(), "BUDI III, S.KOM, M.SI", "Budi III, S.Kom, M.Si"),
    (name(), "DR. IR. H. JOKO WIDODO, M.T., PH.D", "Dr. Ir. H. Joko Widodo, M.T., Ph.D"),
    (name(), "BUDI SH", "Budi SH"),
    (name(), "AHMAD DAHLAN, Ph.D", "Ahmad Dahlan, Ph.D"),
    (name(), "HENRY VIII BIN ALI", "Henry VIII bin Ali"),
    (name(), "siti aminah ,st", "Siti Aminah, ST"),
    (name(), "Sa\u02bfdiyah", "Sa'diyah"),
    (name(), "Ma\ua78cruf", "Ma'ruf"),
    (name(), "Nguye\u0302\u0303n A\u0301nh", "Nguyễn Ánh"),
    (name(), "X\u030cena", "X\u030cena"),
    (business_name(), "Abdi Karya", "Abdi Karya"),
    (business_name(), "Saya Jahit", "Saya Jahit"),
    (business_name(), "abdi karya", "abdi karya"),
    (business_name(), "Aku Kopi", "Aku Kopi"),
    (business_name(), "Gue Bakso", "Gue Bakso"),
    (business_name(), "Halo Laundry", "Halo Laundry"),
    (business_name(), "Oke Cell", "Oke Cell"),
    (business_name(), "Toko Mas", "Toko Mas"),
    (business_name(), "Sate Pak Min", "Sate Pak Min"),
    (business_name(), "Warung Mbak Ya", "Warung Mbak Ya"),
    (business_name(), "Sy Collection", "Sy Collection"),
    (business_name(), "nama usaha saya: Abadi", "Abadi"),
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
    (workers(), "saya dan 2 anak", 3),
    (workers(), "saya, istri dan 1 anak", 3),
    (workers(), "saya sama dua karyawan", 3),
    (workers(), "saya, istri, anak, adik", 4),
    (workers(), "saya, 2 adik dan 1 keponakan", 4),
    (workers(), "saya + 2", 3),
    (workers(), "saya, suami, 3 anak, dan 2 karyawan", 7),
    (workers(), "saya doang", 1),
    (workers(), "saya dan 2 orang", 3),
    (workers(), "saya sendiri dan istri", 2),
    (workers(), "istri saya dan 2 anak saya", 4),
    (workers(), "suami istri", 2),
    (workers(), "dibantu 2 orang", 3),
    (workers(), "3 pegawai dan istri", 5),
    (workers(), "tidak ada karyawan, cuma istri", 2),
    (workers(), "5 orang: saya, istri dan 3 anak", 5),
    (workers(), "bertiga dengan 2 anak", 3),
    (whole(1, 20), "dua belas", 12),
    (phone(), "62 812-3456-7890", "+6281234567890"),
    (phone(), "no hp 0812.3456.7890 ya", "+6281234567890"),
    (phone(), "081234567890 / 085712345678", "+6281234567890"),
    (phone(), "o812 3456 7890", "+6281234567890"),
    (phone(), "(021) 555 1234", "+62215551234"),
    (phone(), "0062812345678", "+62812345678"),
    (phone(), "+62 (0)812-3456-789", "+628123456789"),
    (phone(), "62 0812 3456 789", "+628123456789"),
    (phone(), "+62 - (0) - 812 3456 789", "+628123456789"),
    (phone(), "\u2068+62812345678\u2069", "+62812345678"),
    (six_digits(), "kode: 482-915", "482915"),
    (six_digits(), "4 8 2 9 1 5", "482915"),
    (six_digits(), "kodenya empat delapan dua sembilan satu lima ya", "482915"),
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
    (name(), "saya mau urus izin", "not_a_name"),
    (name(), "saya tidak punya ktp", "not_a_name"),
    (name(), "\u3164\u3164", "not_a_name"),
    (name(), "\u2800", "not_a_name"),
    (name(), "\u0301\u0301\u0301", "not_a_name"),
    (name(), "陳福生", "name_not_latin"),
    (name(), "สมชาย ใจดี", "name_not_latin"),
    (name(), "مُحَمَّد", "name_not_latin"),
    (name(), "Иван Петров", "name_not_latin"),
    (name(), "Siti 福", "name_not_latin"),
    (business_name(), "陳記", "business_not_latin"),
    (business_name(), "Toko 3174 cabang 0757 nomor 0590 blok 0012", "not_a_business_name"),
    (street(), "\u3164\u200b\u2800", "street_too_short"),
    (street(), "中山路 12 号", "street_not_latin"),
    (note(), "\u200b\u200b\u200b", "note_too_short"),
    (note(), "\u3164 \u2800 \u3164", "note_too_short"),
    (note(), "...", "note_too_short"),
    (phone(), "+888 0123 4567", "not_a_phone"),
    (name(at_most=10), "Siti Aminah binti Sulaiman", "name_too_long"),
    (business_name(), "X", "not_a_business_name"),
    (workers(), "banyak", "not_a_number"),
    (workers(), "2 sampai 3", "not_a_number"),
    (whole(1, 10), "11", "number_out_of_range"),
    (phone(), "ga punya", "no_phone"),
    (phone(), "0812345", "not_a_phone"),
    (six_digits(), "48291", "not_six_digits"),
    (six_digits(), "081234567890", "not_six_digits"),
    (six_digits(), "482913 atau 482915", "several_codes"),
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


@pytest.mark.parametrize(
    ("parser", "said", "readings"),
    [
        (name(), "Abdi Setiawan", ["Setiawan", "Abdi Setiawan"]),
        (name(), "abdi setiawan", ["Setiawan", "Abdi Setiawan"]),
        (name(), "Ni Luh Mas", ["Ni Luh", "Ni Luh Mas"]),
        (name(), "NI LUH MAS", ["Ni Luh", "Ni Luh Mas"]),
        (name(), "ibu Ni Luh Mas", ["Ni Luh", "Ni Luh Mas"]),
        (name(), "nama saya ni luh mas", ["Ni Luh", "Ni Luh Mas"]),
        (name(), "bu siti aminah", ["Siti Aminah", "Bu Siti Aminah"]),
        (name(), "nama saya pak budi", ["Budi", "Pak Budi"]),
        (name(), "Mas Agung", ["Agung", "Mas Agung"]),
        (name(), "bapak ahmad maksudi", ["Ahmad Maksudi"]),
        (name(), "saya budi", ["Budi", "Saya Budi"]),
        (name(), "Aku Wijaya", ["Wijaya", "Aku Wijaya"]),
        (name(), "Sy Muhammad Alkadrie", ["Muhammad Alkadrie", "Sy Muhammad Alkadrie"]),
        (name(), "Lee Min", ["Lee", "Lee Min"]),
        (name(), "Halo Simbolon", ["Simbolon", "Halo Simbolon"]),
        (name(), "nama siti", ["Siti", "Nama Siti"]),
        (name(), "Ahmad Maksudi", ["Ahmad Maksudi"]),
        (name(), "AHMAD MAKSUDI", ["Ahmad Maksudi"]),
        (name(), "Terima Kasih Zega", ["Terima Kasih Zega"]),
        (name(), "Denda Alamsyah", ["Denda Alamsyah"]),
        (name(), "Tarif Hidayat", ["Tarif Hidayat"]),
        (name(), "Selamat Pagi Sitorus", ["Selamat Pagi Sitorus"]),
        (name(), "Batal Siregar", ["Batal Siregar"]),
        (name(), "D", ["D"]),
        (name(), "y", ["Y"]),
        (business_name(), "Namanya Juga Usaha", ["Juga Usaha", "Namanya Juga Usaha"]),
        (business_name(), "Nama Baik Laundry", ["Baik Laundry", "Nama Baik Laundry"]),
    ],
)
def test_doubt_about_a_name_is_asked_back(parser: Parser, said: str, readings: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        parser(said, FACTS)
    assert [reading.answer for reading in refused.value.readings] == readings


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("0062812345678", "+62812345678"),
        ("+62 (0)812-3456-789", "+628123456789"),
        ("62 0812 3456 789", "+628123456789"),
        ("6208123456789", "+628123456789"),
        ("0812-3456 7890", "+6281234567890"),
        ("6281234567890", "+6281234567890"),
        ("+62 812 345", "+62812345"),
        ("6591234567", "+6591234567"),
        ("819012345678", "+819012345678"),
        ("001 415 555 2671", "+14155552671"),
        ("+888 0123 4567", None),
        ("88801234567", None),
        ("00888 0123 4567", None),
        ("0", None),
        ("", None),
    ],
)
def test_a_contacts_number_is_given_with_its_country(said: str, number: str | None) -> None:
    assert of_contact(said) == number


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
