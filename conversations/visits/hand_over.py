"""Hand-over: the officer checks the KTP and the place, and hands the document over."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Effect, SendIdentityLink
from conversations.facts import Facts, VisitFact
from conversations.mending import MEND, OPEN, BeginMend
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


def _mend(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Open what differs, in the officer's chat."""
    return (BeginMend(context.facts.rounds.the_visit(context.subject).id),)


def _mendable(context: Context) -> bool:
    return context.facts.rounds.the_visit(context.subject).mendable


def _is_written(context: Context) -> bool:
    return context.facts.rounds.the_visit(context.subject).mend != "checking"


def _is_mended(answers: Answers, facts: Facts) -> bool:
    """The case is being corrected."""
    return answers.get(MEND) in OPEN


def _how_mended(context: Context) -> Mapping[str, Value]:
    visit = context.facts.rounds.the_visit(context.subject)
    return {"state": Say(f"hand_over.mending.{visit.mend or OPEN[0]}")}


def _held(visit: VisitFact) -> Answers:
    identity = {"identity": "given"} if visit.identity_given else {}
    return identity | ({"place": "mended"} if visit.mend == "sent" else {})


SCRIPT = Script(
    purpose="hand_over",
    steps=(
        Choose("ktp", options=("seen", FAILED), counted=False, params=_noted),
        Choose(
            "place",
            options=("as_described", "different", FAILED),
            counted=False,
            stays={"different": _mend},
            offers={"different": _mendable},
        ),
        Upload("photo", at_most=1, counted=False, also=("none", FAILED)),
        Choose("identity", options=("page", FAILED), counted=False, stays={"page": _send_page}),
        Choose(
            "mending",
            options=("form", FAILED),
            when=_is_mended,
            counted=False,
            rests=True,
            stays={"form": _mend},
            offers={"form": _is_written},
            params=_how_mended,
        ),
        Choose(
            "hand_over",
            options=("yes", "different", FAILED),
            counted=False,
            stays={"different": _mend},
            offers={"different": _mendable},
            params=_known,
        ),
    ),
    outcome=always("handed_over"),
    note=_identity,
    known=_held,
)
