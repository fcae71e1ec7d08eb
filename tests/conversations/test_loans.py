"""Hints on what is usual for a loan, the flags among them, and an example of three terms."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from conversations.loans import HINTS, TENORS, hints, tenors
from conversations.services.credit_relaxation import SERVICE

TODAY = date(2026, 11, 28)
#: A loan to which no hint applies.
PLAIN: dict[str, Any] = {
    "lender_kind": "bank",
    "lender": {"id": "mandiri", "name": "Mandiri"},
    "product": "working",
    "since": "2024-03",
    "arrears": "to_3",
    "remaining": "to_10",
    "instalment": 1_000_000,
    "before": 9_000_000,
    "now": 4_000_000,
    "can_pay": 900_000,
    "wish": {"picked": ["smaller"], "done": True},
    "talked": "no",
}
CHANGED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("early", {"arrears": "none"}),
    ("early", {"arrears": "under_1"}),
    ("few_paid", {"product": "kur", "since": "2026-06"}),
    ("few_paid", {"lender": {"id": "bri", "name": "BRI"}, "since": "2026-11"}),
    ("longer_first", {"can_pay": 300_000}),
    ("longer_first", {"can_pay": 800_000}),
    ("late", {"arrears": "over_6"}),
    ("many_times", {"talked": "twice"}),
    ("many_times", {"talked": "more_often"}),
    ("more_debt", {"wish": {"picked": ["rate", "more_credit"], "done": True}}),
    ("cooperative", {"lender_kind": "cooperative"}),
    ("heavy", {"now": 1_800_000}),
)
#: Close to a limit, and on the other side of it.
NONE: tuple[dict[str, Any], ...] = (
    {},
    {"product": "kur", "since": "2026-05"},
    {"lender": {"id": "bri", "name": "BRI"}, "since": None},
    {"since": "2026-11"},
    {"can_pay": 299_999},
    {"can_pay": 800_001},
    {"now": 1_800_001},
    {"before": 0, "now": 0},
    {"can_pay": 0},
    {"talked": "once"},
    {"instalment": 0},
    {"wish": {"picked": ["any"], "done": True}},
)


def named(**changed: Any) -> list[str]:
    return [one.id for one in hints({**PLAIN, **changed}, TODAY)]


@pytest.mark.parametrize(("hint", "changed"), CHANGED)
def test_a_hint_is_given_where_it_applies(hint: str, changed: dict[str, Any]) -> None:
    assert named(**changed) == [hint]


@pytest.mark.parametrize("changed", NONE)
def test_no_hint_is_given_where_none_applies(changed: dict[str, Any]) -> None:
    assert named(**changed) == []


def test_who_sells_and_pays_nothing_has_stopped() -> None:
    assert named(now=0, can_pay=0) == ["stopped", "heavy"]


def test_more_debt_without_arrears_is_no_warning() -> None:
    wish = {"picked": ["more_credit"], "done": True}
    assert named(wish=wish, arrears="none") == ["early"]


def test_every_hint_is_tried_here_and_has_a_source() -> None:
    assert {one for one, _ in CHANGED} | {"stopped"} == {one.id for one in HINTS}
    assert all(one.source for one in HINTS)


def test_a_supervisor_looks_first_at_what_is_grave() -> None:
    grave = {one.id for one in HINTS if one.flag}
    assert grave == {"stopped", "late", "many_times", "heavy"}
    for hint, changed in CHANGED:
        flagged = SERVICE.flags({**PLAIN, **changed}, TODAY)
        assert flagged == ((hint,) if hint in grave else ())


def test_nothing_told_gives_no_hint() -> None:
    assert hints({}, TODAY) == ()
    assert tenors({}) == ()


def test_three_terms_are_an_example_without_interest() -> None:
    told = {**PLAIN, "can_pay": 500_000}
    assert tenors(told) == ((12, 833_334), (24, 416_667), (36, 277_778))
    assert [months for months, _ in tenors(told)] == list(TENORS)


@pytest.mark.parametrize(
    "changed",
    [{"remaining": "more"}, {"remaining": "unknown"}, {"can_pay": 0}, {"can_pay": 1_000_000}],
)
def test_terms_are_not_shown_where_they_make_no_sense(changed: dict[str, Any]) -> None:
    assert tenors({**PLAIN, "can_pay": 500_000, **changed}) == ()
