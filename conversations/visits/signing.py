"""Signing: the officer looks for the papers of a letter, and its owner signs it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dossiers import AskForLetterSignature
from conversations.effects import Effect
from conversations.facts import Facts, VisitFact
from conversations.messages import Json, Lines, Say, Value
from conversations.script import FAILED, Script, always
from conversations.session import Answers, Choice
from conversations.several import Several, picked
from conversations.step import Context, answered
from conversations.steps import Choose, Upload

NOTHING = "nothing"
ALL = "papers"  # an answer that the database holds: the papers of this letter


def _visit(context: Context) -> VisitFact:
    return context.facts.rounds.the_visit(context.subject)


def _papers(context: Context) -> tuple[Choice, ...]:
    """Return a choice for each paper of the letter, and one for none of them."""
    return _choices(context, _visit(context).papers)


def _missing(context: Context) -> tuple[Choice, ...]:
    """Return a choice for each paper that is not there, and one for none of them."""
    there = picked(context.answers.get("there"))
    return _choices(context, tuple(one for one in _visit(context).papers if one not in there))


def _choices(context: Context, papers: tuple[str, ...]) -> tuple[Choice, ...]:
    service = _visit(context).service
    named = (Choice(one, Say(f"{service}.paper.{one}"), one) for one in papers)
    return (*named, Choice(NOTHING, Say("signing.there.nothing"), NOTHING))


def _some_missing(answers: Answers, facts: Facts) -> bool:
    """Not all papers are there."""
    there = picked(answers.get("there"))
    return any(one not in there for one in answers.get(ALL, ()))


def _send_page(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (AskForLetterSignature(_visit(context).id),)


def _held(visit: VisitFact) -> Answers:
    signed = {"sign": "screen"} if visit.signed else {}
    return {ALL: list(visit.papers), **signed}


def _note(visit: VisitFact) -> Say:
    """Tell the officer alone, from the departure on, what is signed, with its figures."""
    return Say(
        "signing.note",
        {"what": Say(f"{visit.service}.{visit.purpose}"), "figures": Lines(visit.confided)},
    )


def _figures(context: Context) -> Mapping[str, Value]:
    return {"figures": Lines(_visit(context).confided)}


SCRIPT = Script(
    purpose="signing",
    steps=(
        Several(
            "there",
            options=_papers,
            at_most=12,
            alone=frozenset({NOTHING}),
            counted=False,
        ),
        Several(
            "later",
            options=_missing,
            at_most=12,
            alone=frozenset({NOTHING}),
            when=_some_missing,
            counted=False,
        ),
        Choose(
            "sign",
            options=("paper", "screen", FAILED),
            stays={"screen": _send_page},
            params=_figures,
            counted=False,
        ),
        Upload(
            "signed_page", at_most=1, when=answered("sign", "paper"), counted=False, also=(FAILED,)
        ),
        Choose("signed", options=("yes", FAILED), counted=False),
    ),
    outcome=always("signed"),
    note=_note,
    known=_held,
    given=frozenset({ALL}),
    compares=False,
)
