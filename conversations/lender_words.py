"""Words about a lender: where a complaint goes."""

from __future__ import annotations

from conversations.messages import Say
from conversations.session import Answers


def complaint(answers: Answers) -> Say:
    """Return where a complaint about the lender goes, after one to the lender itself."""
    kind = "kemenkop" if answers.get("lender_kind") == "cooperative" else "ojk"
    return Say(f"lender_answer.complaint.{kind}")
