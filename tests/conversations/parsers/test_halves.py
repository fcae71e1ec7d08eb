"""Words about a part of a day are told from those about whole days."""

from __future__ import annotations

import pytest

from conversations.parsers import halves

PART = [
    "besok cuti setengah hari",
    "jumat cuti 1/2 hari",
    "sore ini izin",
    "besok pagi libur",
    "half day off tomorrow",
    "can I take the afternoon off",
    "izin besok jam 1 sampai jam 3",
    "besok izin sampai jam 12",
    "pulang cepat hari ini",
    "off tomorrow until 1pm",
]
WHOLE = [
    "besok cuti",
    "pagi pak, saya besok cuti",
    "selamat pagi, besok tidak masuk",
    "pagi, lusa libur",
    "dari tadi pagi demam, besok tidak masuk",
    "sakit sejak jam 3 pagi, hari ini tidak masuk",
    "besok seharian izin dari pagi sampai sore",
    "cuti tanggal 3 sampai 5",
    "full day off tomorrow, morning to evening",
]


@pytest.mark.parametrize("said", PART)
def test_a_part_of_a_day(said: str) -> None:
    assert halves.names_part(said)


@pytest.mark.parametrize("said", WHOLE)
def test_whole_days(said: str) -> None:
    assert not halves.names_part(said)


def test_half_a_day_that_something_took_is_no_leave() -> None:
    assert halves.names_half("besok setengah hari aja")
    assert not halves.names_half("nunggu setengah hari di sini")
    assert not halves.names_half("it took half a day")


@pytest.mark.parametrize("said", ["sore ini", "nanti sore izin", "off this afternoon"])
def test_a_part_of_this_day(said: str) -> None:
    assert halves.is_today(said)
    assert not halves.is_today("besok sore")
