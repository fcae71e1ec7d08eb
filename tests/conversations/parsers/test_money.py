"""Sums of rupiah: what the words say, and what a question takes of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.facts import Facts
from conversations.messages import Rupiah, Say
from conversations.parsers import Refused
from conversations.parsers.money import Amount, Period, money, read
from tests.conversations import city

FACTS = city.facts()
WORDS = (
    "5 1,5 2.500 jt juta rb ribu setengah koma dua tiga ratus puluh belas - / sampai Rp m "
    "goceng lebih kurang sehari antara dan ,- . eh 0 ratusan se 1/2"
)


@pytest.mark.parametrize(
    ("said", "sum_"),
    [
        ("300 ribu", 300_000),
        ("300k", 300_000),
        ("Rp 750.000,00", 750_000),
        ("Rp. 5 jt,-", 5_000_000),
        ("17,5jt", 17_500_000),
        ("2½ juta", 2_500_000),
        ("2 1/2 juta", 2_500_000),
        ("12½ ribu", 12_500),
        ("1¾jt", 1_750_000),
        ("¾ juta", 750_000),
        ("2¼ juta", 2_250_000),
        ("1⅓ juta", 1_333_333),
        ("3⅛ juta", 3_125_000),
        ("Rp2½ juta", 2_500_000),
        ("2\u2064½ juta", 2_500_000),
        ("1⁄2 juta", 500_000),
        ("5️⃣ juta", 5_000_000),
        ("modal - 5 juta", 5_000_000),
        ("5000 dolar = 75 juta rupiah", 75_000_000),
        ("setengah juta", 500_000),
        ("1/2 juta", 500_000),
        ("3/4 juta", 750_000),
        ("dua juta setengah", 2_500_000),
        ("tujuh setengah juta", 7_500_000),
        ("satu koma lima juta", 1_500_000),
        ("tiga juta lima ratus", 3_500_000),
        ("sejuta dua ratus", 1_200_000),
        ("seratus dua puluh lima ribu", 125_000),
        ("tigaratus ribu", 300_000),
        ("2jt250rb", 2_250_000),
        ("5 000 000", 5_000_000),
        ("2 milyar", 2_000_000_000),
        ("10m", 10_000_000_000),
        ("seceng", 1_000),
        ("noban", 20_000),
        ("seket ewu", 50_000),
        ("sekitar 5 jutaan", 5_000_000),
        ("kira2 2 jt an", 2_000_000),
        ("kurang lebih 3 juta", 3_000_000),
        ("modal awal cuma 500rb bu", 500_000),
        ("2 orang, modal 5 juta", 5_000_000),
        ("5 juta eh 6 juta", 6_000_000),
        ("Rp5.000.000 (lima juta rupiah)", 5_000_000),
        ("500 perak", 500),
        ("nol", 0),
        ("belum jualan", 0),
        ("ga punya modal", 0),
    ],
)
def test_a_sum_is_read(said: str, sum_: int) -> None:
    assert read(said) == Amount(sum_, sum_)


@pytest.mark.parametrize(
    "said",
    ["", "banyak", "ratusan ribu", "tidak menentu", "ga tau", "3 orang", "jam 5", "081234567890"],
)
def test_words_without_a_sum_are_none(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(
    ("said", "low", "high"),
    [
        ("500rb-1jt", 500_000, 1_000_000),
        ("500-700rb", 500_000, 700_000),
        ("antara 2 dan 3 juta", 2_000_000, 3_000_000),
        ("2 s/d 3 jt", 2_000_000, 3_000_000),
        ("dua tiga juta", 2_000_000, 3_000_000),
        ("lima enam ratus ribu", 500_000, 600_000),
        ("1,5-2 juta", 1_500_000, 2_000_000),
        ("kadang 100rb kadang 200rb", 100_000, 200_000),
        ("ga sampe 1 juta", None, 1_000_000),
        ("paling banyak 2 juta", None, 2_000_000),
        ("<5jt", None, 5_000_000),
        ("minimal 1jt", 1_000_000, None),
        ("10jt lebih", 10_000_000, None),
        ("10 juta ke atas", 10_000_000, None),
    ],
)
def test_ranges_and_bounds_are_read(said: str, low: int | None, high: int | None) -> None:
    assert read(said) == Amount(low, high)


@pytest.mark.parametrize(
    ("said", "period"),
    [
        ("sehari 300rb", "day"),
        ("harian 300rb", "day"),
        ("300rb per minggu", "week"),
        ("300rb/bln", "month"),
        ("tiap bulan 300rb", "month"),
        ("300rb setahun", "year"),
    ],
)
def test_a_period_is_heard(said: str, period: Period) -> None:
    assert read(said) == Amount(300_000, 300_000, period)


@pytest.mark.parametrize(
    ("said", "readings"),
    [
        ("50", (50, 50_000)),
        ("lima ratus", (500, 500_000)),
        ("gopek", (500, 500_000)),
        ("2,5", (2_500, 2_500_000)),
        ("2.500 juta", (2_500_000, 2_500_000_000)),
    ],
)
def test_what_may_mean_two_sums_has_two_readings(said: str, readings: tuple[int, int]) -> None:
    assert read(said) == Amount(readings=readings)


def test_a_bare_number_is_asked_back_in_thousands_and_millions() -> None:
    with pytest.raises(Refused) as refused:
        money()("500", FACTS)
    assert refused.value.reason == "ambiguous_money"
    assert [(r.value, r.label, r.answer) for r in refused.value.readings] == [
        ("500000", Say("common.sum", {"sum": Rupiah(500_000)}), 500_000),
        ("500000000", Say("common.sum", {"sum": Rupiah(500_000_000)}), 500_000_000),
    ]


@pytest.mark.parametrize(
    ("said", "reason", "readings"),
    [
        ("-5 juta", "confirm_sum", [5_000_000]),
        ("−5 juta", "confirm_sum", [5_000_000]),
        ("➖5 juta", "confirm_sum", [5_000_000]),
        ("modal: -5 juta", "confirm_sum", [5_000_000]),
        ("-Rp1.500.000", "confirm_sum", [1_500_000]),
        ("Rp -5 juta", "confirm_sum", [5_000_000]),
        ("minus 5 juta", "confirm_sum", [5_000_000]),
        ("negatif 300rb", "confirm_sum", [300_000]),
        ("rugi 2 juta", "confirm_sum", [2_000_000]),
        ("utang 10 juta", "confirm_sum", [10_000_000]),
        ("5000 dolar", "not_rupiah", []),
        ("$5000", "not_rupiah", []),
        ("US$ 5,000", "not_rupiah", []),
        ("5000 USD", "not_rupiah", []),
        ("€300", "not_rupiah", []),
        ("5 ribu ringgit", "not_rupiah", []),
        ("RM 5000", "not_rupiah", []),
        ("200 ribu yen", "not_rupiah", []),
        ("¥50000", "not_rupiah", []),
        ("2000 riyal", "not_rupiah", []),
        ("5000 dolar atau 6000 dolar", "not_rupiah", []),
        ("2 x 500rb", "which_sum", [1_000_000, 500_000]),
        ("2x500rb", "which_sum", [1_000_000, 500_000]),
        ("2 × 500.000", "which_sum", [1_000_000, 500_000]),
        ("500rb x 2", "which_sum", [1_000_000, 500_000]),
        ("500rb * 30 hari", "which_sum", [15_000_000, 500_000]),
        ("dua kali 500 ribu", "which_sum", [1_000_000, 500_000]),
        ("500rb dikali 3", "which_sum", [1_500_000, 500_000]),
        ("500rb 2x sebulan", "which_sum", [1_000_000, 500_000]),
        ("4 porsi x 15.000", "which_sum", [60_000, 15_000]),
        ("3 @ 200rb", "which_sum", [600_000, 200_000]),
        ("5 juta minus", "confirm_sum", [5_000_000]),
        ("300 singapore dollar", "not_rupiah", []),
        ("1,5 x 2 juta", "confirm_sum", [2_000_000]),
        ("setengah x 2 juta", "confirm_sum", [2_000_000]),
        ("3 kali sehari 100rb", "confirm_sum", [100_000]),
        ("10 ribu per porsi, 50 porsi sehari", "confirm_sum", [10_000]),
        ("3 gerobak masing-masing 2 juta", "confirm_sum", [2_000_000]),
        ("1 juta dibagi 2", "confirm_sum", [1_000_000]),
        ("1jt/2", "confirm_sum", [1_000_000]),
        ("10% dari 5 juta", "confirm_sum", [5_000_000]),
        ("2+3 juta", "confirm_sum", [3_000_000]),
        ("5jt + 2jt", "which_sum", [5_000_000, 2_000_000]),
    ],
)
def test_a_sum_that_something_beside_it_changes_is_asked_back(
    said: str, reason: str, readings: list[int]
) -> None:
    with pytest.raises(Refused) as refused:
        money()(said, FACTS)
    assert refused.value.reason == reason
    assert [reading.answer for reading in refused.value.readings] == readings


def test_a_reading_beyond_the_limit_is_not_offered() -> None:
    assert money(at_most=10_000_000)("500", FACTS) == 500_000


def test_a_range_is_asked_back_with_its_middle() -> None:
    with pytest.raises(Refused) as refused:
        money()("2-3jt", FACTS)
    assert refused.value.reason == "which_sum"
    assert [r.answer for r in refused.value.readings] == [2_000_000, 2_500_000, 3_000_000]


@pytest.mark.parametrize(
    ("said", "sum_"),
    [
        ("300rb/hari", 7_800_000),
        ("60jt setahun", 5_000_000),
        ("1,2jt seminggu", 5_200_000),
        ("5jt sebulan", 5_000_000),
        ("5jt", 5_000_000),
    ],
)
def test_a_sum_for_another_period_is_converted_to_a_month(said: str, sum_: int) -> None:
    assert money(period="month")(said, FACTS) == sum_


def test_a_bound_stands_for_the_sum() -> None:
    assert money()("kurang dari 1 juta", FACTS) == 1_000_000


def test_a_sum_out_of_range_says_both_limits() -> None:
    with pytest.raises(Refused) as refused:
        money(at_least=1000, at_most=5000)("5 juta", FACTS)
    assert refused.value.reason == "money_out_of_range"
    assert refused.value.params == {"at_least": Rupiah(1000), "at_most": Rupiah(5000)}


@given(st.integers(1_000, 10**12 - 1))
def test_a_sum_written_out_is_read_back(sum_: int) -> None:
    dotted = f"{sum_:,}".replace(",", ".")
    for said in (f"Rp{dotted}", f"Rp {dotted},-", f"{sum_}", f"{sum_:,}"):
        assert read(said) == Amount(sum_, sum_)


@given(
    st.lists(
        st.sampled_from(WORDS.split()),
        max_size=7,
    )
)
def test_any_words_are_a_sum_or_kindly_refused(words: list[str]) -> None:
    facts: Facts = FACTS
    try:
        sum_ = money(period="month")(" ".join(words), facts)
    except Refused as refused:
        assert len(refused.readings) != 1 or refused.reason == "confirm_sum"
    else:
        assert isinstance(sum_, int) and 0 <= sum_ <= 10**12
