"""The same person asking twice."""

from __future__ import annotations

from models.finding import Outcome
from tests.workers.verification.samples import Changed
from workers.verification import duplicates
from workers.verification.evidence import Evidence


def test_a_first_case_has_no_twin(good: Evidence) -> None:
    assert duplicates.check(good).outcome is Outcome.OK


def test_a_second_case_for_the_same_business_goes_to_a_person(evidence: Changed) -> None:
    twice = evidence(same_person_open=("26-000812", "26-000044", "26-000812"))
    finding = duplicates.check(twice)
    assert (finding.outcome, finding.reason) == (
        Outcome.NEEDS_A_PERSON,
        duplicates.SAME_BUSINESS_ASKED,
    )
    assert finding.params == {"numbers": "26-000044, 26-000812"}
