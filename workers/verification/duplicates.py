"""Has the same person asked for the same business before?"""

from __future__ import annotations

from models.finding import Finding, Outcome
from workers.verification.evidence import Evidence

NAME = "duplicates"

SAME_BUSINESS_ASKED = "same_business_asked"
REASONS = frozenset({SAME_BUSINESS_ASKED})


def check(evidence: Evidence) -> Finding:
    """Find other open or permitted cases of this person for this trade and kelurahan.

    One person may have two stalls of a kind in one kelurahan, so a person decides.
    """
    numbers = sorted(set(evidence.same_person_open))
    if not numbers:
        return Finding(NAME, Outcome.OK)
    return Finding(
        NAME, Outcome.NEEDS_A_PERSON, SAME_BUSINESS_ASKED, params={"numbers": ", ".join(numbers)}
    )
