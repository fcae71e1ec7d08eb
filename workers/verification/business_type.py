"""Is the kind of business known, and may a micro business start it at once?

Source: PP 28/2025 (risk-based licensing): low and medium-low risk need no verification first.
"""

from __future__ import annotations

from models.finding import Finding, Outcome
from workers.verification.evidence import Evidence

NAME = "business_type"
STEP = "trade"

KIND_NOT_CHOSEN = "kind_not_chosen"
KIND_UNKNOWN = "kind_unknown"
KIND_NEEDS_VERIFICATION = "kind_needs_verification"
KIND_NOT_FOR_MICRO = "kind_not_for_micro"
REASONS = frozenset({KIND_NOT_CHOSEN, KIND_UNKNOWN, KIND_NEEDS_VERIFICATION, KIND_NOT_FOR_MICRO})
RISK_UNKNOWN = "risk_unknown"  # a note in the params of an OK

NONE_CHOSEN = frozenset({"", "other"})
# Need verification before they start, whatever the table's hint: water refill, petrol.
VERIFIED_FIRST = frozenset({"11052", "47301", "47302"})
RISKY = frozenset({"MT", "T"})


def check(evidence: Evidence) -> Finding:
    """Judge the kind of business by its code, its version and its risk hint.

    Many harmless kinds have no hint. A missing hint passes: the officer learns the risk when
    obtaining the NIB.
    """
    code, kind = evidence.trade_code, evidence.kind
    if code in NONE_CHOSEN:
        return Finding(NAME, Outcome.NEEDS_A_PERSON, KIND_NOT_CHOSEN)
    if kind is None or (kind.code, kind.version) != (code, evidence.trade_version):
        return Finding(NAME, Outcome.FIX_BY_OWNER, KIND_UNKNOWN, STEP)
    if not kind.open_to_micro:
        params = {"code": code, "kind": kind.title}
        return Finding(NAME, Outcome.NEEDS_A_PERSON, KIND_NOT_FOR_MICRO, params=params)
    if code in VERIFIED_FIRST or kind.needs_verification or kind.risk in RISKY:
        params = {"code": code, "kind": kind.title}
        return Finding(NAME, Outcome.NEEDS_A_PERSON, KIND_NEEDS_VERIFICATION, params=params)
    return Finding(NAME, Outcome.OK, params={} if kind.risk else {"note": RISK_UNKNOWN})
