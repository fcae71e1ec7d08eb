"""Mended: the owner is asked whether the officer's corrections at the door are right."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.assisted_facts import MendFact
from conversations.effects import Effect
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.mending import ConfirmMend, RefuseMend
from conversations.messages import Lines, Say, Value
from conversations.step import Context
from conversations.steps import Choose


def _mend(subject: str, facts: Facts) -> MendFact | None:
    return next((one for one in facts.mine.mends if str(one.id) == subject), None)


def _alive(subject: str, facts: Facts) -> bool:
    return _mend(subject, facts) is not None


def _closed(subject: str, facts: Facts) -> tuple[Say, ...]:
    return (Say("mended.closed"),)


def _summary(context: Context) -> Mapping[str, Value]:
    mend = _mend(context.subject, context.facts)
    if mend is None:
        return {}
    return {
        "name": mend.officer,
        "badge": mend.badge,
        "number": mend.number,
        "changes": Lines(mend.changes),
        "printed": Lines(mend.printed),
    }


def _finish(context: Context) -> Ending:
    form_id = int(context.subject)
    right = context.answers["changes"] == "yes"
    effect: Effect = ConfirmMend(form_id) if right else RefuseMend(form_id)
    return Ending((effect,))


FLOW = Flow(
    id="mended",
    form=False,
    steps=(
        Choose("changes", options=("yes", "no"), params=_summary, counted=False, confirms=True),
    ),
    finish=_finish,
    alive=_alive,
    closed=_closed,
)
