"""Hand-over: the officer checks the KTP and the place, and hands the document over."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Effect, SendIdentityLink
from conversations.facts import VisitFact
from conversations.messages import Json, Lines, Say, Value
from conversations.script import FAILED, Script, always
from conversations.session import Answers
from conversations.step import Context
from conversations.steps import Choose, Upload


def _identity(visit: VisitFact) -> Say:
    """Tell whether the KTP's data are given, and what the checks found in them."""
    if not visit.identity_given:
        return Say("hand_over.identity_open")
    if not visit.identity_findings:
        return Say("hand_over.identity_given")
    found = tuple(Say(f"findings.{reason}.short") for reason in visit.identity_findings)
    return Say("hand_over.identity_flagged", {"reasons": Lines(found)})


def _noted(context: Context) -> Mapping[str, Value]:
    return {"identity": _identity(context.facts.rounds.the_visit(context.subject))}


def _known(context: Context) -> Mapping[str, Value]:
    """Tell also what will be printed, so that a mistake is seen before the document is issued."""
    visit = context.facts.rounds.the_visit(context.subject)
    return {"known": Lines((_identity(visit), *visit.printed))}


def _send_page(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (SendIdentityLink(visit_id=context.facts.rounds.the_visit(context.subject).id),)


def _fails(answers: Answers) -> bool:
    """The place is not as the owner described it."""
    return answers.get("place") == "different"


def _held(visit: VisitFact) -> Answers:
    return {"identity": "given"} if visit.identity_given else {}


SCRIPT = Script(
    purpose="hand_over",
    steps=(
        Choose("ktp", options=("seen", FAILED), counted=False, params=_noted),
        Choose("place", options=("as_described", "different"), counted=False),
        Upload("photo", at_most=1, counted=False, also=("none", FAILED)),
        Choose("identity", options=("page", FAILED), counted=False, stays={"page": _send_page}),
        Choose("hand_over", options=("yes", FAILED), counted=False, params=_known),
    ),
    outcome=always("handed_over"),
    note=_identity,
    fails=_fails,
    known=_held,
)
