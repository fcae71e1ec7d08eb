"""Told by a lender: a supervisor records what the lender answered by telephone."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.dossiers import OUTCOMES, RECORDED, REFUSED_FOR, RecordAnswer
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Say, Value
from conversations.step import Context, answered
from conversations.steps import Choose


def _number(context: Context) -> Mapping[str, Value]:
    return {"number": context.facts.desk.the_ticket(context.subject).visit_of}


def _finish(context: Context) -> Ending:
    outcome = str(context.answers["outcome"])
    told = RecordAnswer(int(context.subject), outcome, str(context.answers.get("reason") or ""))
    return Ending((told,), (Say("lender_told.noted"),))


def _alive(subject: str, facts: Facts) -> bool:
    ticket = facts.desk.ticket(subject)
    return ticket is not None and ticket.about in RECORDED


FLOW = Flow(
    id="lender_told",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "outcome",
            options=("none_yet", *OUTCOMES),
            params=_number,
            counted=False,
            rests=True,
            ends=("none_yet",),
        ),
        Choose("reason", options=REFUSED_FOR, when=answered("outcome", "refused"), counted=False),
    ),
    finish=_finish,
    alive=_alive,
)
