"""Instalment: a reminder after relief was granted, and the owner's answer to it."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dossiers import AnswerReminder
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.long_numbers import guarded
from conversations.messages import Say, Value
from conversations.step import Context
from conversations.steps import Choose

STAGE = "trust"


def _number(context: Context) -> Mapping[str, Value]:
    return {"number": context.facts.the_case(context.subject).number}


def _finish(context: Context) -> Ending:
    said = str(context.answers["ready"])
    return Ending((AnswerReminder(int(context.subject), said),), (Say(f"instalment.noted.{said}"),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    return case is not None and case.state == CaseState.WAITING and case.stage == STAGE


_FLOW = Flow(
    id="instalment",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "ready",
            options=("yes", "not_yet", "stop"),
            means={"yes": "yes", "not_yet": "no"},
            params=_number,
            counted=False,
            rests=True,
        ),
    ),
    finish=_finish,
    alive=_alive,
)
FLOW = guarded(_FLOW)
