"""Reads which line of the list in sight was picked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations.parsers.choice import pick

TRADES = (
    "Warung makan di rumah",
    "Makanan gerobak/tenda",
    "Katering rumahan",
    "Tidak ada yang cocok",
)
PLACES = ("Cipete Utara", "Gandaria Utara", "Pulo", "Kelurahan lain")


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ("2", 1),
        ("2️⃣", 1),
        ("(2)", 1),
        ("nomor dua", 1),
        ("yang nomer 2 ya bang", 1),
        ("yg pertama", 0),
        ("ke-3", 2),
        ("ketiga", 2),
        ("yang terakhir", 3),
        ("paling bawah", 3),
        ("2 eh salah yg 1", 0),
        ("2 eh bukan, 3", 2),
        ("2 bukan 1", 1),
        ("bukan 2 tapi 3", 2),
        ("katring", 2),
        ("gerobak", 1),
        ("warung", 0),
        ("ga ada yang cocok", 3),
    ],
)
def test_what_was_picked_is_found(said: str, index: int) -> None:
    assert pick(said, TRADES) == index


@pytest.mark.parametrize(
    "said", ["", "0", "5", "12", "1 dan 2", "2 salah", "makan", "siti", "batal", "jual nasi uduk"]
)
def test_what_is_unclear_is_no_pick(said: str) -> None:
    assert pick(said, TRADES) is None


@pytest.mark.parametrize(
    ("said", "index"), [("gandaria", 1), ("cipete utara", 0), ("utara", None), ("lain", 3)]
)
def test_a_part_of_a_label_picks_only_if_it_is_unmistakable(said: str, index: int | None) -> None:
    assert pick(said, PLACES) == index


@given(st.integers(0, 8), st.integers(1, 9))
def test_every_number_shown_can_be_typed(index: int, shown: int) -> None:
    labels = tuple(f"Pilihan {chr(65 + at) * 4}" for at in range(shown))
    assert pick(str(index + 1), labels) == (index if index < shown else None)


@given(st.text(max_size=30))
def test_any_text_picks_one_of_the_list_or_nothing(said: str) -> None:
    found = pick(said, TRADES)
    assert found is None or 0 <= found < len(TRADES)
