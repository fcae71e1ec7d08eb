"""Buttons that differ in what they do differ in their words, and fit WhatsApp."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import catalogue, flows
from conversations.facts import Facts, Locale
from conversations.parsers.choice import pick
from conversations.step import Context
from conversations.steps import Choose
from tests.conversations import city

FLOWS, WORDS = flows.load().by_id, catalogue.load()
LOCALES: tuple[Locale, ...] = ("id", "en")


def labels(flow: str, subject: str, facts: Facts) -> list[str]:
    """The words on the buttons of a flow's first question."""
    step = FLOWS[flow].steps[0]
    assert isinstance(step, Choose)
    choices = step.prompt(Context(flow, subject, {}, facts)).choices
    return [WORDS.say(choice.label, facts.me.locale) for choice in choices]


def fits(shown: Sequence[str]) -> bool:
    most = 20 if len(shown) <= 3 else 24
    return all(len(label) <= most for label in shown)


def officers(*known: tuple[str, str, int]) -> Facts:
    rows = tuple(city.officer(number, *one) for number, one in enumerate(known, 1))
    visit = city.visit(7, "unassigned")
    return city.facts(role="supervisor", visits=(visit,), officers=rows)


@pytest.mark.parametrize(
    "badges",
    [
        ("0417", "0418"),
        ("1", "2"),
        ("JP-12", "JP-13"),
        ("198503152010011004", "199001012022122015"),
        ("12345678", "12345679"),
        ("0417", "0418", "0419"),
        ("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K8", "K9", "K10"),
    ],
)
@pytest.mark.parametrize("name", ["Agus Setiawan", "Agus", "Muhammad Rizky Adi Pratama", "Ü"])
@pytest.mark.parametrize("load", [0, 7, 12])
def test_two_officers_of_one_name_are_told_apart(
    badges: tuple[str, ...], name: str, load: int
) -> None:
    shown = labels("assignment", "7", officers(*((name, badge, load) for badge in badges)))
    assert len(set(shown)) == len(shown) and fits(shown)
    for badge, label in zip(badges, shown, strict=False):
        assert label == "Menu utama" or badge[-7:] in label


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Agus Setiawan", "Agus", "Dewi", "Sri Wahyuningsih Rahayu Putri"]),
            st.from_regex(r"[A-Z]{0,3}[0-9]{1,18}", fullmatch=True),
            st.integers(0, 99),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda one: one[1],
    )
)
def test_officers_are_always_told_apart(known: list[tuple[str, str, int]]) -> None:
    shown = labels("assignment", "7", officers(*known))
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    ("typed", "picked"),
    [
        ("Rahmat Hidayat", 0),
        ("rahmat", 0),
        ("hidayat", 0),
        ("0417", 0),
        ("Dewi Lestari", 1),
        ("lestari", 1),
        ("0418", 1),
        ("2", 1),
        ("Agus", None),
    ],
)
def test_an_officer_is_picked_by_a_name_that_was_cut(typed: str, picked: int | None) -> None:
    known = (("Rahmat Hidayat", "0417", 3), ("Dewi Lestari", "0418", 5))
    shown = labels("assignment", "7", officers(*known))
    assert "…" in shown[0]
    assert pick(typed, tuple(shown)) == picked


def test_badges_that_end_alike_are_shown_in_full() -> None:
    alike = ("198503152010011004", "196603152010011004")
    shown = labels("assignment", "7", officers(*(("Agus", badge, 0) for badge in alike)))
    assert all(badge in label for badge, label in zip(alike, shown, strict=False))


@pytest.mark.parametrize("count", [2, 3, 5])
def test_two_owners_of_one_name_in_one_place_are_told_apart(count: int) -> None:
    visits = tuple(city.visit(n, case_id=n, case_number=f"26-{n:06d}") for n in range(count))
    shown = labels("officer_desk", "", city.facts(role="officer", visits=visits))
    assert len(set(shown)) == len(shown)
    assert all(f"26-{n:06d}" in label for n, label in zip(range(count), shown, strict=False))


def test_one_visit_is_named_by_its_place() -> None:
    (shown, *_) = labels("officer_desk", "", city.facts(role="officer", visits=(city.visit(1),)))
    assert "26-" not in shown


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("state", ["done", "accepted", "under_way", "needs_fix"])
@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_two_requests_are_told_apart(state: str, count: int, locale: Locale) -> None:
    number = "IUMK-2026-3174-{:06d}"
    cases = tuple(
        city.case(n, state, document=number.format(n) if state == "done" else None)
        for n in range(1, count + 1)
    )
    scheduled = state == "under_way"
    visits = tuple(city.visit(n, case_id=n) for n in range(1, count + 1) if scheduled)
    windows = (city.Hours(city.WEDNESDAY, "morning"),) if state == "accepted" else ()
    facts = city.facts(cases=cases, visits=visits, windows=windows, locale=locale)
    shown = labels("my_requests", "", facts)
    assert len(shown) > count
    assert len(set(shown)) == len(shown) and fits(shown)
