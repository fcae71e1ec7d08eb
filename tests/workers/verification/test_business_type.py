"""The kind of business and its risk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.finding import Outcome
from models.reference.business_type import Risk
from tests.workers.verification.samples import KIND, Changed
from workers.verification import business_type


@pytest.mark.parametrize("code", ["", "other"])
def test_a_kind_the_owner_could_not_find_is_found_by_a_person(evidence: Changed, code: str) -> None:
    finding = business_type.check(evidence(trade_code=code, kind=None))
    assert (finding.outcome, finding.reason) == (
        Outcome.NEEDS_A_PERSON,
        business_type.KIND_NOT_CHOSEN,
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"trade_code": "99999", "kind": None},
        {"trade_version": "2020"},  # the same number may mean something else
        {"trade_code": "47112"},  # not what was looked up
    ],
)
def test_a_code_that_means_nothing_today_is_asked_again(
    evidence: Changed, changed: dict[str, object]
) -> None:
    finding = business_type.check(evidence(**changed))
    assert (finding.outcome, finding.reason, finding.step) == (
        Outcome.FIX_BY_OWNER,
        business_type.KIND_UNKNOWN,
        "trade",
    )


@pytest.mark.parametrize(
    ("code", "risk", "needs_verification", "ok"),
    [
        ("47112", "R", False, True),
        ("56101", "MR", False, True),
        ("53200", None, False, True),
        ("47721", "MT", False, False),
        ("11051", "T", False, False),
        ("96230", "R", True, False),
        ("11052", None, False, False),  # water refill and petrol, though the hint be missing
        ("47302", "R", False, False),
    ],
)
def test_a_risky_kind_goes_to_a_person(
    evidence: Changed, code: str, risk: Risk | None, needs_verification: bool, ok: bool
) -> None:
    kind = replace(KIND, code=code, risk=risk, needs_verification=needs_verification)
    finding = business_type.check(evidence(trade_code=code, kind=kind))
    assert finding.outcome is (Outcome.OK if ok else Outcome.NEEDS_A_PERSON)
    assert finding.reason == ("" if ok else business_type.KIND_NEEDS_VERIFICATION)


def test_an_unknown_risk_is_noted_but_holds_nobody_up(evidence: Changed) -> None:
    finding = business_type.check(evidence(kind=replace(KIND, risk=None)))
    assert finding.outcome is Outcome.OK
    assert finding.params == {"note": business_type.RISK_UNKNOWN}


def test_a_kind_that_is_not_open_to_micro_goes_to_a_person(evidence: Changed) -> None:
    kind = replace(KIND, open_to_micro=False)
    finding = business_type.check(evidence(kind=kind))
    assert (finding.outcome, finding.reason) == (
        Outcome.NEEDS_A_PERSON,
        business_type.KIND_NOT_FOR_MICRO,
    )
