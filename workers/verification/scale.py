"""Is the business micro, and are its figures possible?

Source: PP 7/2021 art. 35: micro with a capital of at most Rp1 billion (without land and building)
or sales of at most Rp2 billion a year; small up to Rp5 billion or Rp15 billion.
"""

from __future__ import annotations

from conversations.scale import MICRO_CAPITAL, MICRO_TURNOVER, above_micro
from models.finding import Finding, Outcome
from workers.verification.evidence import Evidence

NAME = "scale"

ABOVE_MICRO = "above_micro"
FIGURES_DISAGREE = "figures_disagree"
MANY_WORKERS = "many_workers"
CAPITAL_TOO_SMALL = "capital_too_small"
TURNOVER_TOO_SMALL = "turnover_too_small"
WORKERS_IMPOSSIBLE = "workers_impossible"
REASONS = frozenset(
    {
        ABOVE_MICRO,
        FIGURES_DISAGREE,
        MANY_WORKERS,
        CAPITAL_TOO_SMALL,
        TURNOVER_TOO_SMALL,
        WORKERS_IMPOSSIBLE,
    }
)

SMALL_CAPITAL = 5_000_000_000
SMALL_TURNOVER = 15_000_000_000
MEDIUM_WORKERS = 20  # BPS counts 1-4 as micro, 5-19 as small; PP 7/2021 does not count heads
# A smaller sum is a wrong unit ("5" for 5 juta). Zero is valid: no own capital, nothing sold yet.
LEAST_CAPITAL = 10_000
LEAST_TURNOVER = 100_000  # a year
LEAST_TURNOVER_A_WORKER = 500_000  # a year, from two workers on
WORKERS_BEFORE_SALES = 4  # the most workers of a business without sales
LEFT_TO_OFFICER = "left_to_officer"  # a note in the params of an OK


def check(evidence: Evidence) -> Finding:
    """Judge capital, yearly turnover and workers; the finding does not contain the sums.

    An answer that the owner left to the officer passes.
    """
    capital, turnover, workers = evidence.capital, evidence.turnover_year, evidence.workers
    if workers is not None and workers < 0:
        return _fix(WORKERS_IMPOSSIBLE, "workers")
    if capital is not None and (capital < 0 or 0 < capital < LEAST_CAPITAL):
        return _fix(CAPITAL_TOO_SMALL, "capital")
    if turnover is not None and _turnover_too_small(turnover, workers or 0):
        return _fix(TURNOVER_TOO_SMALL, "turnover")
    if above_micro(capital, turnover):
        limits = {"capital": MICRO_CAPITAL, "turnover": MICRO_TURNOVER}
        return Finding(NAME, Outcome.NEEDS_A_PERSON, ABOVE_MICRO, params=limits)
    if (capital or 0) > SMALL_CAPITAL or (turnover or 0) > SMALL_TURNOVER:
        return Finding(NAME, Outcome.NEEDS_A_PERSON, FIGURES_DISAGREE)  # medium by one of the two
    if (workers or 0) >= MEDIUM_WORKERS:
        params = {"workers": MEDIUM_WORKERS}
        return Finding(NAME, Outcome.NEEDS_A_PERSON, MANY_WORKERS, params=params)
    left = None in (capital, turnover, workers)
    return Finding(NAME, Outcome.OK, params={"note": LEFT_TO_OFFICER} if left else {})


def _turnover_too_small(turnover: int, workers: int) -> bool:
    if turnover == 0:
        return workers > WORKERS_BEFORE_SALES
    least = max(LEAST_TURNOVER, LEAST_TURNOVER_A_WORKER * workers if workers >= 2 else 0)
    return turnover < least


def _fix(reason: str, step: str) -> Finding:
    return Finding(NAME, Outcome.FIX_BY_OWNER, reason, step)
