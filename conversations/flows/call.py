"""Call: a supervisor calls a person who can't be reached in chat."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Called
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Lines, Say, Value
from conversations.step import Context
from conversations.steps import Choose


def _summary(context: Context) -> Mapping[str, Value]:
    call = context.facts.desk.the_call(context.subject)
    return {
        "number": call.number,
        "name": call.name,
        "phone": call.phone or Say("call.no_phone"),
        "reasons": Lines(tuple(Say(f"call.reason.{reason}") for reason in call.reasons)),
    }


def _finish(context: Context) -> Ending:
    return Ending((Called(int(context.subject)),), (Say("call.done"),))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.call(subject) is not None


FLOW = Flow(
    id="call",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "call",
            options=("called", "later"),
            params=_summary,
            counted=False,
            rests=True,
            ends=("later",),
            means={"called": "yes", "later": "no"},
        ),
    ),
    finish=_finish,
    alive=_alive,
)
