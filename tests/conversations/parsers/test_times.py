"""Times of a day for a visit."""

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.parsers import Refused
from conversations.parsers.times import Hours, part_of_day, read
from tests.conversations import city

FACTS = city.facts()
WORDS = (
    "jam setengah 0 1 9 12 24 25 99 .30 - sampai pagi siang sore malam kurang lewat 15 "
    "seperempat sebelum habis magrib am pm dua belas"
)


def hours(text: str) -> Hours:
    """Read "09:00", "09:00-11:00", "09:00-" (from) and "-09:00" (until)."""
    starts, dash, ends = text.partition("-")
    first = time.fromisoformat(starts) if starts else None
    last = time.fromisoformat(ends) if ends else None
    return Hours("times", first, last if dash else first)


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("jam 10", "10:00"),
        ("jam 1", "13:00"),
        ("jam sebelas siang", "11:00"),
        ("jam 12 malam", "00:00"),
        ("setengah tiga", "14:30"),
        ("jam setengah sepuluh pagi", "09:30"),
        ("setengah satu", "12:30"),
        ("jam 3 kurang 10", "14:50"),
        ("jam 2 lewat seperempat", "14:15"),
        ("pkl 15.00 wib", "15:00"),
        ("2pm", "14:00"),
        ("2", "14:00"),
        ("jam 9 sampai jam 11", "09:00-11:00"),
        ("antara jam 9 dan 11", "09:00-11:00"),
        ("jam 2½", "14:30"),
        ("jam 9¼", "09:15"),
        ("jam 2️⃣ siang", "14:00"),
        ("jam 11-1", "11:00-13:00"),
        ("9 - 11 pagi", "09:00-11:00"),
        ("08.00 - 10.00", "08:00-10:00"),
        ("sblm jam 12", "-12:00"),
        ("paling lambat jam 3", "-15:00"),
        ("abis jam 4", "16:00-"),
        ("jam 4 sore ke atas", "16:00-"),
        ("ba'da maghrib", "18:00-19:00"),
        ("habis lohor", "12:30-14:00"),
        ("setelah sholat jumat", "13:00-15:00"),
        ("malam habis isya", "19:00-21:00"),
    ],
)
def test_times_are_read(said: str, wanted: str) -> None:
    assert read(said) == hours(wanted)


@pytest.mark.parametrize("said", ["jam 26", "jam 10.60", "25.00"])
def test_a_time_that_is_none_is_invalid(said: str) -> None:
    assert read(said) == Hours("invalid")


@pytest.mark.parametrize("said", ["", "besok", "nanti saya kabari", "ga tau", "3 hari lagi"])
def test_other_words_name_no_time(said: str) -> None:
    assert read(said) is None


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("pagi aja", "morning"),
        ("isuk", "morning"),
        ("jam 9", "morning"),
        ("sebelum jam 10", "morning"),
        ("siang", "midday"),
        ("habis dzuhur", "midday"),
        ("jam 2", "midday"),
        ("sore", "afternoon"),
        ("abis ashar", "afternoon"),
        ("pagi siang sore bisa", "any"),
        ("bebas", "any"),
    ],
)
def test_a_part_of_the_day_follows_from_the_words(said: str, part: str) -> None:
    assert part_of_day()(said, FACTS) == part


@pytest.mark.parametrize(
    ("said", "reason"), [("ya", "not_a_part_of_day"), ("jam 25", "no_such_time")]
)
def test_a_part_of_the_day_is_refused_for_a_reason(said: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        part_of_day()(said, FACTS)
    assert refused.value.reason == reason


@given(
    st.lists(
        st.sampled_from(WORDS.split()),
        max_size=7,
    )
)
def test_any_words_are_read_without_harm(words: list[str]) -> None:
    found = read(" ".join(words))
    if found is not None and found.kind == "times":
        assert found.starts or found.ends
