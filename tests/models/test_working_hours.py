"""Working hours: words that name them, and the same words again."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.working_hours import NEVER, OFFICE, HoursRefused, Part, Week, read, together

SLOTS = st.frozensets(st.tuples(st.integers(0, 6), st.sampled_from(Part)))
MONDAY, SATURDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 28), date(2026, 11, 29)


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (OFFICE, OFFICE),
        ("mon-fri morning,midday,afternoon; sat,sun evening", None),
        ("Senin-Jumat pagi, siang, sore; Sabtu, Minggu petang", f"{OFFICE}; sat,sun evening"),
        ("monday - wednesday morning\nwed evening", "mon,tue morning; wed morning,evening"),
        ("fri-mon evening", "mon,fri-sun evening"),
        ("sat evening;", "sat evening"),
        ("sun,mon,wed,tue morning midday", "mon-wed,sun morning,midday"),
        (" NONE ", NEVER),
    ],
)
def test_hours_are_read_and_written_in_one_form(words: str, written: str | None) -> None:
    assert str(read(words)) == (written or words)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "Hours are missing"),
        (" ; ", "Hours are missing"),
        ("mon-fri", "lacks the parts of the day"),
        ("evening", "lacks the days"),
        ("mon-fri 08.00-16.00", "'08.00-16.00' is neither"),
        ("mon-fry morning", "'mon-fry' is neither"),
        ("mo morning", "'mo' is neither"),
        ("everyday morning", "'everyday' is neither"),
        ("mon-wed-fri morning", "'mon-wed-fri' is neither"),
    ],
)
def test_what_cannot_be_read_is_named_with_an_example(words: str, says: str) -> None:
    with pytest.raises(HoursRefused, match=says) as refused:
        read(words)
    assert "Example: --hours" in str(refused.value)


@given(SLOTS)
def test_what_is_written_is_read_again(slots: frozenset[tuple[int, Part]]) -> None:
    assert read(str(Week(slots))) == Week(slots)


@given(SLOTS, SLOTS)
def test_somebody_works_when_one_of_them_does(
    one: frozenset[tuple[int, Part]], other: frozenset[tuple[int, Part]]
) -> None:
    assert together([Week(one), Week(other)]) == Week(one | other)


def test_a_week_holds_its_parts_of_its_days() -> None:
    week = read("mon-fri morning; sat,sun evening")
    assert week.holds(MONDAY, "morning") and not week.holds(MONDAY, "evening")
    assert week.holds(SATURDAY, "evening") and week.holds(SUNDAY, "evening")
    assert not read(NEVER).holds(MONDAY, "morning")
    assert week.on(5) == (Part.EVENING,) and week.on(0) == (Part.MORNING,)
