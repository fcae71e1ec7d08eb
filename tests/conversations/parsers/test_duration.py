"""Lengths of time are read as people write them."""

from __future__ import annotations

import pytest

from conversations.parsers.duration import minutes


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("telat setengah jam macet", 30),
        ("20 mnt", 20),
        ("30 menitan lagi", 30),
        ("dua puluh menit", 20),
        ("sejam", 60),
        ("1 jam 15 menit", 75),
        ("satu setengah jam", 90),
        ("1,5 jam", 90),
        ("seperempat jam lagi", 15),
        ("10-15 menit", 15),
        ("half an hour", 30),
        ("about an hour", 60),
        ("25 mins late", 25),
        ("2 jam", 120),
        ("bentar lagi", None),
        ("telat", None),
        ("temen saya aja yg jam 3", None),
        ("jam 10 30 menit lagi", 30),
        ("24 jam", None),
        ("telat 20", None),
    ],
)
def test_minutes_are_read(said: str, expected: int | None) -> None:
    assert minutes(said) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [("telat 20", 20), ("20", 20), ("jam 3", None), ("telat 1", None), ("2 atau 30", None)],
)
def test_a_number_alone_is_minutes_where_they_are_asked(said: str, expected: int | None) -> None:
    assert minutes(said, bare=True) == expected
