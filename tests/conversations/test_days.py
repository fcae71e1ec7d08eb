"""Days that owners name: only such as officers work on, across the ends of months and years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from conversations.facts import WIB, Facts
from conversations.parsers import Refused
from conversations.parsers.dates import days
from models.calendar import Calendar
from tests.conversations import city

PARSE = days()


def on(today: date, *closed: date) -> Facts:
    now = datetime(today.year, today.month, today.day, 9, tzinfo=WIB)
    return replace(city.facts(), now=now, calendar=Calendar(dict.fromkeys(closed, False)))


@pytest.mark.parametrize(
    ("text", "today"),
    [
        ("24 desember", date(2026, 12, 7)),
        ("tgl 24", date(2026, 12, 7)),
        ("24/12", date(2026, 12, 7)),
        ("besok", date(2026, 12, 23)),
        ("kamis", date(2026, 12, 21)),
        ("25 desember", date(2026, 12, 7)),
        ("24 dan 25 desember", date(2026, 12, 7)),
        ("1 januari", date(2026, 12, 21)),
        ("31 desember", date(2026, 12, 21)),
        ("lusa", date(2026, 12, 29)),
        ("sabtu", date(2026, 11, 23)),
        ("weekend", date(2026, 11, 23)),
        ("16 februari", date(2026, 2, 2)),
        ("20 maret", date(2026, 3, 2)),
        ("15 mei", date(2026, 5, 4)),
        ("28 mei", date(2026, 5, 4)),
        ("selain senin selasa rabu kamis jumat", date(2026, 11, 23)),
    ],
)
def test_a_day_on_which_nobody_works_is_said_to_be_none(text: str, today: date) -> None:
    with pytest.raises(Refused) as refused:
        PARSE(text, on(today, date(2026, 12, 31)))
    assert refused.value.reason == "no_working_day"


@pytest.mark.parametrize(
    ("text", "today", "kept"),
    [
        ("24 sampai 28 desember", date(2026, 12, 7), ["2026-12-28"]),
        ("23 atau 24 desember", date(2026, 12, 7), ["2026-12-23"]),
        ("jumat atau sabtu", date(2026, 11, 23), ["2026-11-27"]),
        ("28 desember sampai 4 januari", date(2026, 12, 21), ["2026-12-28", "2026-12-29"]),
        ("tgl 31", date(2026, 11, 30), None),
        ("tgl 6", date(2026, 12, 31), ["2027-01-06"]),
        ("4 januari", date(2026, 12, 31), ["2027-01-04"]),
        ("besok lusa", date(2027, 1, 2), ["2027-01-04"]),
        ("tgl 31 bulan ini", date(2026, 11, 23), None),
        ("tgl 5 bulan ini", date(2026, 11, 23), None),
        ("tgl 30 bulan depan", date(2026, 1, 30), None),
        ("tgl 26 bulan ini", date(2026, 11, 23), ["2026-11-26"]),
    ],
)
def test_the_other_days_are_kept_across_months_and_years(
    text: str, today: date, kept: list[str] | None
) -> None:
    known = on(today, date(2026, 12, 30), date(2026, 12, 31))
    if kept is None:
        with pytest.raises(Refused):
            PARSE(text, known)
    else:
        found = PARSE(text, known)
        assert found[: len(kept)] == kept
        assert all(known.calendar.works(date.fromisoformat(day)) for day in found)


def test_christmas_eve_said_on_new_years_eve_has_passed() -> None:
    with pytest.raises(Refused) as refused:
        PARSE("24 desember", on(date(2026, 12, 31)))
    assert refused.value.reason == "day_past"


def test_any_day_stays_any_day() -> None:
    assert PARSE("kapan saja", on(date(2026, 12, 24))) == "any"
