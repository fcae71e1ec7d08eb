"""Does a supervisor look at the case first? The service declares what flags it."""

from __future__ import annotations

from conversations.loans import HINTS
from models.finding import Finding, Outcome
from workers.verification.evidence import Evidence

NAME = "flags"

REASONS = frozenset(one.id for one in HINTS if one.flag)


def check(evidence: Evidence) -> Finding:
    """Return the first flag of the case; the finding holds the names of all, and no figure."""
    if not evidence.flags:
        return Finding(NAME, Outcome.OK)
    first, *others = evidence.flags
    return Finding(NAME, Outcome.NEEDS_A_PERSON, first, params={"others": others} if others else {})
