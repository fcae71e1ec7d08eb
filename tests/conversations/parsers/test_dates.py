"""Days, as people name them, on a Monday in November."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.parsers import Refused
from conversations.parsers.dates import Kind, Named, day, days, read
from tests.conversations import city

FACTS = city.facts()
WORDS = (
    "senin jumat minggu malam depan ini tgl tanggal 5 31 0 99 29 februari desember / - 2026 "
    "besok lusa lagi dua hari bulan akhir awal sampai jangan atau , setelah sebelum"
)
MONDAY = date(2026, 11, 23)


def named(*days_of: str) -> tuple[date, ...]:
    """Days of November (or "12-05" of December, "1-05" of January) by their numbers."""
    found = []
    for text in days_of:
        month, _, on = text.rpartition("-")
        year = 2027 if month == "1" else 2026
        found.append(date(year, int(month or 11), int(on)))
    return tuple(found)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("hari ini", ["23"]),
        ("nanti sore", ["23"]),
        ("sesuk", ["24"]),
        ("besok jam 10", ["24"]),
        ("besok lusa", ["25"]),
        ("senen", ["30"]),
        ("senin depan", ["30"]),
        ("jumat depan", ["12-4"]),
        ("jumat besok", ["27"]),
        ("hari minggu depan", ["12-6"]),
        ("minggu depan hari rabu", ["12-2"]),
        ("malam jumat", ["26"]),
        ("senin malam", ["30"]),
        ("malming", ["28"]),
        ("tanggal 1", ["12-1"]),
        ("tgl dua puluh lima", ["25"]),
        ("tgl 5 bulan depan", ["12-5"]),
        ("sepuluh desember", ["12-10"]),
        ("5 des 2026", ["12-5"]),
        ("2026-12-05", ["12-5"]),
        ("29-11", ["29"]),
        ("1 januari", ["1-1"]),
        ("senin, 30/11/2026", ["30"]),
        ("3 hari lagi", ["26"]),
        ("dua minggu dari sekarang", ["12-7"]),
        ("rabu atau kamis", ["25", "26"]),
        ("cuti 24 sampai 26 des", ["12-24", "12-25", "12-26"]),
        ("24, 25 dan 26 desember", ["12-24", "12-25", "12-26"]),
        ("from 3rd to 5th of December", ["12-3", "12-4", "12-5"]),
        ("dec 24 until 26", ["12-24", "12-25", "12-26"]),
        ("24 dec until dec 26", ["12-24", "12-25", "12-26"]),
        ("31 des sampai 1 januari", ["12-31", "1-1"]),
        ("on the 24th and 25th", ["24", "25"]),
        ("from wednesday through friday", ["25", "26", "27"]),
        ("mulai besok sampai kamis", ["24", "25", "26"]),
        ("3 hari mulai besok", ["24", "25", "26"]),
        ("senin rabu", ["25", "30"]),
        ("sabtu minggu", ["28", "29"]),
        ("tgl 25 atau 27", ["25", "27"]),
        ("tgl 25-27", ["25", "26", "27"]),
        ("25 s/d 27 nov", ["25", "26", "27"]),
        ("senin sampai rabu", ["30", "12-1", "12-2"]),
        ("sebelum kamis", ["23", "24", "25"]),
        ("weekend depan", ["12-5", "12-6"]),
        ("besok atau kamis, jangan jumat", ["24", "26"]),
        ("5️⃣ desember", ["12-5"]),
        ("1️⃣2️⃣ desember", ["12-12"]),
        ("tgl 2️⃣7️⃣", ["27"]),
        ("3\u20e3 hari lagi", ["26"]),
        ("②⑤ november", ["25"]),
        ("٢٥ november", ["25"]),
        ("\u206825\u2069 november", ["25"]),
        ("tomorrow", ["24"]),
        ("next monday", ["30"]),
    ],
)
def test_days_are_read(said: str, wanted: list[str]) -> None:
    assert read(said, MONDAY) == Named("days", named(*wanted))


@pytest.mark.parametrize(
    ("said", "kind", "wanted"),
    [
        ("kemarin", "past", ["22"]),
        ("tgl 1 november", "past", ["1"]),
        ("31 november", "invalid", []),
        ("tgl 30 februari", "invalid", []),
        ("5/13", "invalid", []),
        ("tgl 0", "invalid", []),
        ("kapan aja", "any", []),
        ("ngikut petugas aja", "any", []),
        ("tiap hari ada", "any", []),
        ("sesegera mungkin", "asap", []),
        ("lebih cepat lebih baik", "asap", []),
        ("asal jangan minggu", "not", ["29"]),
        ("kapan saja kecuali jumat", "not", ["27"]),
        ("besok ga bisa", "not", ["24"]),
        ("libur 24-26 Des", "not", ["12-24", "12-25", "12-26"]),
        ("libur 24 sampai 26 desember", "not", ["12-24", "12-25", "12-26"]),
    ],
)
def test_what_is_no_day_says_why(said: str, kind: Kind, wanted: list[str]) -> None:
    assert read(said, MONDAY) == Named(kind, named(*wanted))


@pytest.mark.parametrize(
    "said", ["", "nanti", "ga tau", "habis panen", "5", "jam 10", "tahun depan"]
)
def test_other_words_name_no_day(said: str) -> None:
    assert read(said, MONDAY) is None


def test_a_weekday_is_never_today() -> None:
    assert read("senin", MONDAY) == Named("days", (MONDAY + timedelta(days=7),))


def test_one_day_is_an_iso_day() -> None:
    assert day()("besok", FACTS) == "2026-11-24"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("kemarin", "day_past"),
        ("32/12", "no_such_day"),
        ("sebulan lagi", "day_too_far"),
        ("rabu atau kamis", "which_day"),
        ("terserah", "not_a_day"),
        ("½ minggu lagi", "not_a_day"),
        ("2½ minggu lagi", "not_a_day"),
    ],
)
def test_one_day_is_refused_for_a_reason(said: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        day(at_most=14)(said, FACTS)
    assert refused.value.reason == reason


def test_several_days_are_welcome_where_days_are_asked() -> None:
    assert days()("besok atau kamis", FACTS) == ["2026-11-24", "2026-11-26"]


def test_any_day_and_the_soonest_are_any() -> None:
    assert days()("kapan saja", FACTS) == days()("secepatnya", FACTS) == "any"


@pytest.mark.parametrize(
    "said",
    [
        "in 99999999 days",
        "in 99999999 weeks",
        "99999999 hari lagi",
        "9999 minggu lagi",
        "1000 bulan lagi",
        "99999 hari ke depan",
        "99999999 hari yang lalu",
        "31-12-9999",
        "mulai 31-12-9999",
        "setelah 31/12/9999",
        "sebelum 01-01-0001",
        "0001-01-01",
        "0000-00-00",
        "tgl 99999999999999999999",
        "5 desember 9999",
        f"in {'9' * 4000} days",
        f"{'⑩' * 2500} hari lagi",
    ],
)
def test_a_day_beyond_the_calendar_is_no_day(said: str) -> None:
    for parser in (day(), days()):
        with pytest.raises(Refused) as refused:
            parser(said, FACTS)
        assert refused.value.reason == "no_such_day"


def test_a_day_that_does_not_suit_leaves_the_others_of_the_week() -> None:
    found = days()("jangan jumat", FACTS)
    assert len(found) == 4  # of the next seven, without the weekend
    assert "2026-11-27" not in found


@given(
    st.lists(
        st.sampled_from(WORDS.split()),
        max_size=7,
    ),
    st.dates(date(2024, 1, 1), date(2099, 12, 31)),
)
def test_any_words_on_any_day_are_read_without_harm(words: list[str], today: date) -> None:
    found = read(" ".join(words), today)
    if found is not None and found.kind == "days":
        assert found.days
        assert min(found.days) >= today
