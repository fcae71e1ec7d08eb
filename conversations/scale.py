"""The limits of a micro business.

Source: PP 7/2021 art. 35: micro with a capital of at most Rp1 billion (without land and building)
or sales of at most Rp2 billion a year.
"""

from __future__ import annotations

MICRO_CAPITAL = 1_000_000_000  # rupiah, without land and building
MICRO_TURNOVER = 2_000_000_000  # rupiah a year


def above_micro(capital: int | None, turnover_year: int | None) -> bool:
    """Whether a business is larger than micro: both figures are above; None is not known."""
    return (capital or 0) > MICRO_CAPITAL and (turnover_year or 0) > MICRO_TURNOVER
