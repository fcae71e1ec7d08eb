"""The table of checks: what runs again when, and who is asked."""

from __future__ import annotations

import pytest

from models.finding import Outcome
from tests.workers.verification.samples import Changed, photo
from workers.verification import CHECKS, examine, resting_on
from workers.verification.evidence import MAX_FIXES, Evidence


def test_a_sound_case_passes_every_check(good: Evidence) -> None:
    findings = examine(good, CHECKS, fixes={})
    assert [finding.check for finding in findings] == list(CHECKS)
    assert all(finding.outcome is Outcome.OK and not finding.reason for finding in findings)


def test_only_the_named_checks_run(good: Evidence) -> None:
    assert [finding.check for finding in examine(good, ("scale",), fixes={})] == ["scale"]


@pytest.mark.parametrize(
    ("answered", "again"),
    [
        ({"identity"}, ("identity", "duplicates")),
        ({"place"}, ("duplicates", "place")),
        ({"trade"}, ("duplicates", "business_type")),
        ({"turnover", "place_photo"}, ("scale", "photo")),
        ({"business_name"}, ()),
    ],
)
def test_a_changed_answer_runs_only_what_rests_on_it(
    answered: set[str], again: tuple[str, ...]
) -> None:
    assert resting_on(answered, of=CHECKS) == again


def test_no_two_checks_share_a_reason() -> None:
    reasons = [reason for check in CHECKS.values() for reason in check.reasons]
    assert len(reasons) == len(set(reasons))


BROKEN: dict[str, dict[str, object]] = {
    "place": {"kelurahan_code": "31.99.99.9999"},
    "business_type": {"kind": None},
    "scale": {"turnover_year": 500},
    "photo": {"photos": (photo(b"no picture"),)},
}


@pytest.mark.parametrize("name", BROKEN)
def test_the_step_asked_again_is_one_that_the_check_rests_on(name: str, evidence: Changed) -> None:
    (finding,) = examine(evidence(**BROKEN[name]), (name,), fixes={})
    assert finding.outcome is Outcome.FIX_BY_OWNER
    assert finding.step in CHECKS[name].depends_on
    assert finding.reason in CHECKS[name].reasons


def test_the_owner_is_not_asked_the_same_for_ever(evidence: Changed) -> None:
    broken = evidence(photos=(photo(b"no picture"),))
    asked = [examine(broken, ("photo",), fixes={"photo": n})[0] for n in range(MAX_FIXES + 1)]
    assert [finding.outcome for finding in asked] == [
        *[Outcome.FIX_BY_OWNER] * MAX_FIXES,
        Outcome.NEEDS_A_PERSON,
    ]
    assert asked[-1].reason == asked[0].reason
    assert asked[-1].step is None


def test_what_is_sound_stays_sound_however_often_it_was_asked(good: Evidence) -> None:
    findings = examine(good, CHECKS, fixes=dict.fromkeys(CHECKS, 9))
    assert all(finding.outcome is Outcome.OK for finding in findings)


def test_evidence_shows_no_personal_words_in_a_log(good: Evidence) -> None:
    shown = repr(good)
    for secret in ("Siti", "3174015203870001", "1987", "Damai", "nasi uduk", "72000000"):
        assert secret not in shown
