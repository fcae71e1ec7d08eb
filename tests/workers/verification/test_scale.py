"""Capital, sales and workers of a micro business."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversations import scale as limits
from models.finding import Outcome
from tests.workers.verification.samples import Changed
from workers.verification import scale
from workers.verification.evidence import Evidence

JUTA, MILIAR = 10**6, 10**9


@pytest.mark.parametrize(
    ("capital", "turnover_year", "workers", "reason"),
    [
        (5 * JUTA, 72 * JUTA, 1, ""),
        (0, 0, 0, ""),  # nothing of one's own yet, nothing sold yet
        (10 * JUTA, 0, 2, ""),  # opens next week
        (MILIAR, 3 * MILIAR, 3, ""),  # micro by capital
        (3 * MILIAR, 2 * MILIAR, 3, ""),  # micro by sales
        (MILIAR + 1, 2 * MILIAR + 1, 3, scale.ABOVE_MICRO),
        (5 * JUTA, 16 * MILIAR, 3, scale.FIGURES_DISAGREE),
        (6 * MILIAR, 72 * JUTA, 3, scale.FIGURES_DISAGREE),
        (5 * JUTA, 900 * JUTA, 19, ""),
        (5 * JUTA, 900 * JUTA, 20, scale.MANY_WORKERS),
        (5, 72 * JUTA, 1, scale.CAPITAL_TOO_SMALL),
        (-1, 72 * JUTA, 1, scale.CAPITAL_TOO_SMALL),
        (5 * JUTA, 500, 1, scale.TURNOVER_TOO_SMALL),
        (5 * JUTA, -1, 0, scale.TURNOVER_TOO_SMALL),
        (5 * JUTA, 0, 10, scale.TURNOVER_TOO_SMALL),
        (5 * JUTA, 2 * JUTA, 10, scale.TURNOVER_TOO_SMALL),
        (5 * JUTA, 72 * JUTA, -1, scale.WORKERS_IMPOSSIBLE),
    ],
)
def test_figures_give_a_reason(
    evidence: Changed, capital: int, turnover_year: int, workers: int, reason: str
) -> None:
    given_figures = evidence(capital=capital, turnover_year=turnover_year, workers=workers)
    assert scale.check(given_figures).reason == reason


@given(
    st.integers(scale.LEAST_CAPITAL, scale.SMALL_CAPITAL),
    st.integers(10 * JUTA, scale.SMALL_TURNOVER),
    st.integers(0, 19),
)
def test_one_of_the_two_limits_of_the_law_is_enough(
    good: Evidence, capital: int, turnover_year: int, workers: int
) -> None:
    figures = replace(good, capital=capital, turnover_year=turnover_year, workers=workers)
    micro = capital <= MILIAR or turnover_year <= 2 * MILIAR
    assert (scale.check(figures).outcome is Outcome.OK) is micro


@given(st.integers(), st.integers(), st.integers())
def test_no_sum_of_the_owner_stands_in_a_finding(
    good: Evidence, capital: int, turnover_year: int, workers: int
) -> None:
    figures = replace(good, capital=capital, turnover_year=turnover_year, workers=workers)
    finding = scale.check(figures)
    known = {limits.MICRO_CAPITAL, limits.MICRO_TURNOVER, scale.MEDIUM_WORKERS}
    assert set(finding.params.values()) <= known
    assert (finding.step is not None) is (finding.outcome is Outcome.FIX_BY_OWNER)
