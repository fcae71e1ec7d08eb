"""The course of a case: where it goes next, and who is told that it is their turn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from casework.act import Act
from conversations.messages import Say
from models import application as applications
from models import finding, lifecycle
from models.application import Application
from models.lifecycle import ApplicationState


def verified(act: Act, application: Application) -> None:
    """Move a (locked) case to verified and have its owner invited to choose a window."""
    lifecycle.move(act.tx, application, ApplicationState.VERIFIED, actor=act.actor)
    applications.plan_windows(act.tx, application)


def ask_again(act: Act, application: Application, says: Iterable[Say]) -> None:
    """Send a (locked) case back to its owner, with what is to be answered again."""
    lifecycle.move(act.tx, application, ApplicationState.NEEDS_FIX, actor=act.actor)
    opens = application.service
    act.tell(application.person_id, "fix_needed", application.id, *says, opens=opens)


def to_review(act: Act, application: Application) -> None:
    """Put a (locked) case before the supervisors of its area, and tell its owner."""
    lifecycle.move(act.tx, application, ApplicationState.IN_REVIEW, actor=act.actor)
    number = {"number": application.number}
    act.tell_supervisors(
        application.kelurahan_code,
        "review_needed",
        application.id,
        Say("notices.review_needed", number),
        opens="review",
    )
    in_review = Say("notices.in_review", number)
    act.tell(application.person_id, "in_review", application.id, in_review)


def find(
    act: Act,
    application: Application,
    check: str,
    outcome: str,
    reason: str = "",
    *,
    step: str | None = None,
    params: Mapping[str, Any] | None = None,
) -> None:
    """Write a finding about the present answers; a check's first word on them stands."""
    row = {
        "application_id": application.id,
        "check": check,
        "answers_version": application.answers_version,
        "outcome": outcome,
        "reason": reason,
        "step": step,
        "params": dict(params or {}),
    }
    finding.write(act.tx, [row])
