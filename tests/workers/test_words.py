"""Whatever a check may find, there are words for it."""

from __future__ import annotations

from conversations import catalogue
from workers.verification import CHECKS
from workers.verification.run import NOT_CHECKED, PHOTO_NOT_FETCHED, SECOND_LOOK


def test_every_reason_has_words_for_supervisors() -> None:
    by_hand = {one.reason for one in (NOT_CHECKED, PHOTO_NOT_FETCHED, SECOND_LOOK)}
    reasons = by_hand.union(*(check.reasons for check in CHECKS.values()))
    assert [r for r in sorted(reasons) if not catalogue.load().has(f"findings.{r}.short")] == []


def test_every_reason_of_a_check_has_words_for_owners() -> None:
    reasons = frozenset().union(*(check.reasons for check in CHECKS.values()))
    assert [r for r in sorted(reasons) if not catalogue.load().has(f"findings.{r}")] == []
