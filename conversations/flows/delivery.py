"""Delivery: whoever took a signed letter to the lender tells who received it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dossiers import TellDelivered
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.long_numbers import guarded
from conversations.messages import Say, Value
from conversations.parsers.loan import branch
from conversations.step import Context, answered
from conversations.steps import Ask, Choose, Upload

STAGE = "delivery"


def _number(context: Context) -> Mapping[str, Value]:
    return {"number": _of(context.subject, context.facts)}


def _of(subject: str, facts: Facts) -> str:
    """Return the number of the case: the owner's, or of a letter that the officer carries."""
    case = facts.case(subject)
    return case.number if case is not None else facts.rounds.letters.get(subject, "-")


def _finish(context: Context) -> Ending:
    photo = context.answers.get("receipt")
    ids = photo["ids"] if isinstance(photo, dict) else []
    told = TellDelivered(
        int(context.subject),
        str(context.answers.get("receiver") or ""),
        ids[0] if ids else None,
    )
    return Ending((told,), (Say("delivery.noted"),))


def _alive(subject: str, facts: Facts) -> bool:
    if subject in facts.rounds.letters:
        return True
    case = facts.case(subject)
    return case is not None and case.state == CaseState.WAITING and case.stage == STAGE


_FLOW = Flow(
    id="delivery",
    form=False,
    steps=(
        Choose(
            "delivered",
            options=("yes", "not_yet"),
            means={"yes": "yes", "not_yet": "no"},
            params=_number,
            counted=False,
            rests=True,
            ends=("not_yet",),
        ),
        Upload("receipt", at_most=1, also=("none",), counted=False),
        Ask(
            "receiver",
            parse=branch(unknown=("delivery", "receiver")),
            options={"unknown": None},
            when=answered("receipt", "none"),
            counted=False,
        ),
    ),
    finish=_finish,
    alive=_alive,
)
FLOW = guarded(_FLOW)
