"""What people type at the questions of a form: absences, corrections, evasions, several sums."""

from __future__ import annotations

import pytest

from conversations.messages import Json
from conversations.parsers import Parser, Refused
from conversations.parsers.address import rt_rw, street
from conversations.parsers.amended import amended
from conversations.parsers.dates import days
from conversations.parsers.money import money
from conversations.parsers.name import business_name, name
from conversations.parsers.numbers import workers
from conversations.parsers.times import part_of_day
from tests.conversations import city

FACTS = city.facts()  # today is Monday 23 November 2026
MONDAY, TUE, WED, THU, FRI, MON = (
    "2026-11-23",
    "2026-11-24",
    "2026-11-25",
    "2026-11-26",
    "2026-11-27",
    "2026-11-30",
)
SALES = money(period="month")


def asked_back(parser: Parser, said: str) -> tuple[str, list[Json]]:
    with pytest.raises(Refused) as refused:
        parser(said, FACTS)
    return refused.value.reason, [reading.answer for reading in refused.value.readings]


@pytest.mark.parametrize(
    ("said", "suit"),
    [
        ("kamis saya ke dokter", [TUE, WED, FRI, MON]),
        ("selasa sy pengajian, rabu bisa", [WED]),
        ("rabu sama kamis saya ga ada", [TUE, FRI, MON]),
        ("besok saya masih di kampung", [WED, THU, FRI, MON]),
        ("jumat ada arisan, kamis aja", [THU]),
        ("selain selasa sama rabu", [THU, FRI, MON]),
        ("any day but friday", [TUE, WED, THU, MON]),
        ("jangan hari ini", [TUE, WED, THU, FRI, MON]),
        ("rabu eh kamis", [THU]),
        ("ga bisa selasa, bisanya jumat", [FRI]),
        ("senin jangan, selasa jangan", [WED, THU, FRI]),
        ("saya ke pasar tiap rabu", [TUE, THU, FRI, MON]),
        ("jangan lewat kamis", [MONDAY, TUE, WED, THU]),
        ("not before thursday", [THU, FRI, MON, "2026-12-01", "2026-12-02"]),
        ("libur hari kamis", [TUE, WED, FRI, MON]),
        ("selasa anak saya sakit, rabu aja", [WED]),
        ("i'm away on friday", [TUE, WED, THU, MON]),
        ("kamis pasaran jadi ga ada di rumah", [TUE, WED, FRI, MON]),
        # the person is there
        ("rabu saya di rumah", [WED]),
        ("rabu saya jualan", [WED]),
        ("rabu saya ada", [WED]),
        ("selasa atau rabu, jangan kamis", [TUE, WED]),
        ("kamis bisa", [THU]),
    ],
)
def test_days_on_which_somebody_is_away_do_not_suit(said: str, suit: list[str]) -> None:
    assert days()(said, FACTS) == suit


@pytest.mark.parametrize(
    ("said", "suit"),
    [
        ("pagi atau sore", ["morning", "afternoon"]),
        ("siang sama sore bisa", ["midday", "afternoon"]),
        ("jam 9 atau jam 4 sore", ["morning", "evening"]),
        ("jam 9 atau jam 3 sore", ["morning", "afternoon"]),
        ("jangan siang", ["morning", "afternoon"]),
        ("siang saya tidur", ["morning", "afternoon"]),
        ("pagi saya ke pasar", ["midday", "afternoon"]),
        ("ga bisa sore", ["morning", "midday"]),
        ("selain pagi dan siang", "afternoon"),
        ("jangan pagi, sore aja", "afternoon"),
        ("sibuk pagi", ["midday", "afternoon"]),
        ("jangan jam 12", ["morning", "afternoon"]),
        ("siang bolong jangan", ["morning", "afternoon"]),
        ("pagi eh sore", "afternoon"),
        ("pagi saya ke pasar, siang aja", "midday"),
        ("sore jangan malem", "afternoon"),
        ("sore atau malam", ["afternoon", "evening"]),
        ("kapan aja asal jangan pas isya", "any"),
        ("anytime but not at night", "any"),
        ("pagi siang sore", "any"),
        ("pagi saya jualan", "morning"),
        ("setelah jam 5", "evening"),
        ("buka sore", "evening"),
        ("saya jualan sore", "evening"),
        ("sore bisa", "afternoon"),
        ("jam 5 sore", "evening"),
        ("malem aja", "evening"),
        ("malam", "evening"),
        ("petang", "evening"),
        ("habis magrib bu", "evening"),
        ("abis isya", "evening"),
        ("jam 7 malem", "evening"),
        ("at night", "evening"),
        ("in the evening", "evening"),
        ("my stall opens in the evening", "evening"),
        ("jangan malam", "any"),
        ("pagi, siang, sore atau malam", "any"),
    ],
)
def test_parts_of_the_day_that_suit_are_kept(said: str, suit: Json) -> None:
    assert part_of_day()(said, FACTS) == suit


@pytest.mark.parametrize(
    "said",
    ["jam 8 malem", "jam 19.30", "jam 10 malam", "jam 12 malam", "9 pm", "jam 2 malam"],
)
def test_officers_do_not_come_at_night(said: str) -> None:
    assert asked_back(part_of_day(), said) == ("only_by_day", [])


def test_a_greeting_names_no_time() -> None:
    assert asked_back(part_of_day(), "selamat malam")[0] == "not_a_part_of_day"


@pytest.mark.parametrize(
    ("said", "sum_"),
    [
        ("3 jt, dapetnya 200rb sehari", 3_000_000),
        ("4 juta, omset 5 juta sebulan", 4_000_000),
        ("modal 2 juta hasilnya 100rb per hari", 2_000_000),
        ("1 juta modal, 150 ribu sehari", 1_000_000),
        ("2 jt. untungnya 50rb tiap hari", 2_000_000),
        ("half a million", 500_000),
        ("two and a half million", 2_500_000),
        ("about three million", 3_000_000),
        ("a hundred thousand", 100_000),
        ("twenty five million", 25_000_000),
        ("dibawah 3 juta", 3_000_000),
        ("Rp 1.500", 1_500),
        ("1.500 rupiah", 1_500),
        ("15.000", 15_000),
    ],
)
def test_a_capital_is_read_beside_the_sales(said: str, sum_: int) -> None:
    assert money()(said, FACTS) == sum_


@pytest.mark.parametrize(
    ("said", "sum_"),
    [
        ("modal 3 jt, dapetnya 200rb sehari", 5_200_000),
        ("setaun 24 juta", 2_000_000),
        ("36 juta setaun", 3_000_000),
        ("half a million a day", 13_000_000),
        ("sehari 200rb", 5_200_000),
        ("100rb sehari", 2_600_000),
        ("5 juta", 5_000_000),
        ("belum ada penjualan", 0),
    ],
)
def test_sales_are_read_beside_the_capital(said: str, sum_: int) -> None:
    assert SALES(said, FACTS) == sum_


@pytest.mark.parametrize(
    ("parser", "said", "reason", "readings"),
    [
        (money(), "2.000", "ambiguous_money", [2_000, 2_000_000]),
        (money(), "1500", "ambiguous_money", [1_500, 1_500_000]),
        (money(), "kira2 2.500", "ambiguous_money", [2_500, 2_500_000]),
        (money(), "dengkul doang", "confirm_sum", [0]),
        (money(), "modal nekat pak", "confirm_sum", [0]),
        (money(), "200rb sehari", "confirm_sum", [200_000]),
        (money(), "modal awal 1 juta sekarang 3 juta", "which_sum", [1_000_000, 3_000_000]),
        (money(), "gerobak 2 juta, bahan 500 ribu", "which_sum", [2_000_000, 500_000]),
        (SALES, "sehari laku 20 mangkok 10 ribu", "which_sum", [5_200_000, 260_000]),
        (SALES, "10 porsi sehari, harganya 15rb", "which_sum", [3_900_000, 390_000]),
        (SALES, "20 bungkus 5rb sehari", "which_sum", [2_600_000, 130_000]),
        (SALES, "5rb, laku 30 potong sehari", "which_sum", [3_900_000, 130_000]),
        (SALES, "kadang 100 kadang 300 sehari", "which_sum", [2_600_000, 7_800_000]),
        (SALES, "ga nentu, 50 sampai 100 sehari", "which_sum", [1_300_000, 2_600_000]),
        (money(), "30 atau 40", "which_sum", [30_000, 40_000, 30_000_000, 40_000_000]),
        (SALES, "rugi terus", "sales_not_profit", []),
        (SALES, "belum balik modal", "sales_not_profit", []),
        (SALES, "masih nombok", "sales_not_profit", []),
        (SALES, "rugi 500rb", "confirm_sum", [500_000]),
    ],
)
def test_a_sum_in_doubt_is_asked_back(
    parser: Parser, said: str, reason: str, readings: list[int]
) -> None:
    assert asked_back(parser, said) == (reason, readings)


@pytest.mark.parametrize(
    ("said", "count"),
    [
        ("saya, istri, sama 2 orang", 4),
        ("saya + suami + 1 orang", 3),
        ("saya istri dan 3 orang lain", 5),
        ("suami saya, saya, 1 orang", 3),
        ("me, my wife and 2 others", 4),
        ("karyawan belum ada", 1),
        ("pegawai ga punya", 1),
        ("just me", 1),
        ("nobody else", 1),
        ("no employees", 1),
        ("bareng adek", 2),
        ("sama temen", 2),
        ("saya, ibu, sama adik", 3),
        ("just me and my husband", 2),
        ("my two sons and me", 3),
        # the number is the total
        ("saya, istri, 2 orang", 2),
        ("saya sama istri 2 orang", 2),
        ("3 orang: saya, suami dan anak", 3),
    ],
)
def test_people_beside_those_named_are_counted(said: str, count: int) -> None:
    assert workers()(said, FACTS) == count


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ("saya, mas Budi, dan 1 orang", [2, 3]),
        ("saya dan suami, kadang 1 orang", [1, 2, 3]),
        ("saya, istri, 3 orang", [2, 3, 5]),
        ("4 orang, saya sama istri", [2, 4]),
    ],
)
def test_a_count_that_disagrees_is_asked_back(said: str, counts: list[int]) -> None:
    reason, readings = asked_back(workers(), said)
    assert reason == "which_count" and readings == counts


@pytest.mark.parametrize(
    ("said", "corrected"),
    [
        ("Jl Kemang 3 eh 13", "Jl Kemang 13"),
        ("Gang Haji Salim 3 eh Gang Haji Salam 3", "Gang Haji Salam 3"),
        ("rt 2 eh rt 3 rw 9", "rt 3 rw 9"),
        ("Jl Nawi no 12 ralat no 21", "Jl Nawi no 21"),
        ("Jl Nawi 12 bukan, 21", "Jl Nawi 21"),
        ("Jl Nawi 5 maksudnya 6 dekat pasar", "Jl Nawi 6 dekat pasar"),
        ("blok c no 4, ralat blok d no 5", "blok d no 5"),
        ("gang 3 no 7, eh maaf no 8", "gang 3 no 8"),
        ("Budi, eh salah, Budiman", "Budiman"),
        ("rt 1 rw 2 eh rw 4", "rt 1 rw 4"),
        ("Jl Salah Satu 3", None),
        ("depan Toko Bukan Main", None),
        ("Gang Leher 3", None),
        ("eh", None),
    ],
)
def test_a_text_that_corrects_itself_has_the_later_value(said: str, corrected: str | None) -> None:
    assert amended(said) == corrected


def test_a_corrected_address_is_asked_back_and_a_corrected_rt_is_taken() -> None:
    typed = "Jl Kemang 3 eh 13"
    assert asked_back(street(), typed) == ("confirm_street", ["Jl Kemang 13", typed])
    assert street()("Gang Eh 5", FACTS) == "Gang Eh 5"
    assert rt_rw()("rt 2 eh 3 rw 9", FACTS) == "003/009"
    assert rt_rw()("2/9 eh 3/9", FACTS) == "003/009"


@pytest.mark.parametrize(
    "said",
    [
        "ga tau pak", "belum tau", "lupa", "skip aja", "sama kaya tadi", "yang tadi", "kan udah",
        "sesuai ktp", "nanti saya kasih tau", "ntar aja", "di situ", "rumah saya", "bebas aja",
        "i don't know", "nanti saya kirim lokasi", "udah saya kirim",
        "same as before", "later", "ga ada jalannya", "udah share loc",
    ],
)  # fmt: skip
def test_words_that_name_no_place_are_no_address(said: str) -> None:
    assert asked_back(street(), said) == ("street_needed", [])


@pytest.mark.parametrize(
    "said",
    [
        "Gang Skip 2", "Jalan Nanti Damai 3", "Gang Bebas 4", "rumah saya pager ijo",
        "depan masjid", "near the mosque", "ga tau nomornya, gang kelinci 5",
        "rumah pak RT 5", "sebelah warung bu siti",
        "gang lupa", "Jl. Terserah No 2",
    ],
)  # fmt: skip
def test_an_address_may_hold_such_words(said: str) -> None:
    assert street()(said, FACTS) == said


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("ga tau", None),
        ("terserah aja", None),
        ("belom kepikiran", None),
        ("nanti dulu", None),
        ("apa ya", None),
        ("not yet", None),
        ("no name yet", None),
        ("i don't have one", None),
        ("kosongin aja", None),
        ("haven't decided", None),
        ("nope", None),
        ("Tanpa Nama Coffee", "Tanpa Nama Coffee"),
        ("tulis aja warung siti", "warung siti"),
        ("dinamain Kopi Senja", "Kopi Senja"),
        ("Toko Terserah Anda", "Toko Terserah Anda"),
        ("Nanti Coffee", "Nanti Coffee"),
        ("Lupa Lapar", "Lupa Lapar"),
        ("warung bebas", "warung bebas"),
        ("sate pak min", "sate pak min"),
    ],
)
def test_a_business_without_a_name_has_none(said: str, named: str | None) -> None:
    assert business_name()(said, FACTS) == named


@pytest.mark.parametrize(
    ("said", "reason", "readings"),
    [
        ("warung bu siti aja", "which_business_name", ["warung bu siti", "warung bu siti aja"]),
        ("kasih nama toko budi aja deh", "which_business_name", ["toko budi", "toko budi aja deh"]),
        (
            "namanya seblak ani saja",
            "which_business_name",
            ["seblak ani", "namanya seblak ani saja"],
        ),
        ("toko a eh toko b", "which_business_name", ["toko b", "toko a eh toko b"]),
        ("ikut nama saya", "owners_name", []),
        ("kasih aja nama saya", "owners_name", []),
        ("pakai nama sendiri", "owners_name", []),
        ("same as my name", "owners_name", []),
        ("sama kayak tadi", "not_a_business_name", []),
        ("kan udah", "not_a_business_name", []),
    ],
)
def test_a_business_name_in_doubt_is_asked_back(
    said: str, reason: str, readings: list[str]
) -> None:
    assert asked_back(business_name(), said) == (reason, readings)


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("Ani, Eh Bukan, Anita", "Anita"),
        ("rudi eh rudianto", "Rudianto"),
        ("Siti, maksudnya Sitti", "Sitti"),
        ("Dewi bukan Devi", "Dewi"),
        ("Budi (bukan Budiman)", "Budi"),
        ("iyah", "Iyah"),
        ("Uda", "Uda"),
        ("sukma", "Sukma"),
        ("bagus", "Bagus"),
        ("lapor sitepu", "Lapor Sitepu"),
        ("izin tarigan", "Izin Tarigan"),
        ("dah liana", "Dah Liana"),
        ("Okay, Sure", "Okay, Sure"),
    ],
)
def test_a_name_in_doubt_is_asked_back_with_its_reading(said: str, read: str) -> None:
    assert asked_back(name(), said) == ("confirm_name", [read])


@pytest.mark.parametrize(
    "said",
    [
        "okay fine", "Ok Siap", "alright", "yes", "ga tau", "terserah", "sesuai ktp",
        "lapor pungli",
        "lapor petugas", "mau lapor", "rumah saya pager ijo", "gang mawar", "depan masjid",
        "start business permit",
    ],
)  # fmt: skip
def test_words_that_are_no_name_are_refused(said: str) -> None:
    assert asked_back(name(), said) == ("not_a_name", [])


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("M. Yusuf", "M. Yusuf"),
        ("a. rahman", "A. Rahman"),
        ("siti nurhalimah binti ahmad", "Siti Nurhalimah binti Ahmad"),
        ("Salma", "Salma"),
        ("Salah Udin", "Salah Udin"),
        ("Taufik H", "Taufik H"),
        ("Sukma Wijaya", "Sukma Wijaya"),
        ("Gangsar", "Gangsar"),
    ],
)
def test_names_stay_names(said: str, read: str) -> None:
    assert name()(said, FACTS) == read


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("siti amina pake h", "Siti Aminah"),
        ("nur hasana (h nya di belakang)", "Nur Hasanah"),
        ("siti, s nya satu", "Siti"),
        ("muhammad m-nya satu", "Muhamad"),
        ("ana dobel n", "Anna"),
        ("rahmat pakai ch", "Rachmat"),
        ("adi pake h di depan", "Hadi"),
        ("aminah ga pake h", "Amina"),
        ("dewi pake v bukan w", "Devi"),
        ("sofia with an f not ph", "Sofia"),
        ("joko susilo ejaan lama", "Joko Susilo"),
        ("panggil aja bu ning", "Ning"),
    ],
)
def test_how_a_name_is_spelled_is_no_part_of_it_and_it_is_asked_back(said: str, meant: str) -> None:
    assert asked_back(name(), said) == ("confirm_name", [meant])
