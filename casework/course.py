"""The course of a case: where it goes next, and who is told that it is their turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from casework.act import Act
from conversations.messages import Say
from models import case as cases
from models import finding, lifecycle
from models.case import Case
from models.lifecycle import CaseState


def verified(act: Act, case: Case) -> None:
    """Move a (locked) case to verified and have its owner invited to choose a window."""
    lifecycle.move(act.tx, case, CaseState.ACCEPTED, actor=act.actor)
    cases.plan_windows(act.tx, case)


def ask_again(act: Act, case: Case, says: Iterable[Say]) -> None:
    """Send a (locked) case back to its owner, with what is to be answered again."""
    lifecycle.move(act.tx, case, CaseState.NEEDS_FIX, actor=act.actor)
    opens = case.service
    act.tell(case.person_id, "fix_needed", case.id, *says, opens=opens)


def to_review(act: Act, case: Case) -> None:
    """Put a (locked) case before the supervisors of its area, and tell its owner."""
    lifecycle.move(act.tx, case, CaseState.IN_REVIEW, actor=act.actor)
    number = {"number": case.number}
    act.tell_supervisors(
        case.kelurahan_code,
        "review_needed",
        case.id,
        Say("notices.review_needed", number),
        opens="review",
    )
    in_review = Say("notices.in_review", number)
    act.tell(case.person_id, "in_review", case.id, in_review)


def find(
    act: Act,
    case: Case,
    check: str,
    outcome: str,
    reason: str = "",
    *,
    step: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Write a finding about the present answers; a check's first word on them stands."""
    row = {
        "case_id": case.id,
        "check": check,
        "answers_version": case.answers_version,
        "outcome": outcome,
        "reason": reason,
        "step": step,
        "params": dict(params or {}),
    }
    finding.write(act.tx, [row])
