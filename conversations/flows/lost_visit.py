"""Lost visit: a supervisor ends a visit that is over and that its officer has not reported."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.messages import Say, Value
from conversations.step import Context
from conversations.steps import Choose
from conversations.ticketing import EndVisit
from conversations.wording import window_words


def _summary(context: Context) -> Mapping[str, Value]:
    visit = context.facts.desk.the_lost(context.subject)
    return {
        "number": visit.case_number,
        "owner": visit.host_name,
        "window": window_words(visit.on, visit.starts, visit.ends),
        "officer": f"{visit.officer_name or ''} ({visit.officer_badge or ''})",
        "state": Say(f"supervising.state.{visit.state}"),
    }


def _finish(context: Context) -> Ending:
    return Ending((EndVisit(int(context.subject)),))


def _alive(subject: str, facts: Facts) -> bool:
    return facts.desk.lost_visit(subject) is not None


FLOW = Flow(
    id="lost_visit",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "act",
            options=("end", "later"),
            params=_summary,
            counted=False,
            rests=True,
            ends=("later",),
            means={"end": "yes", "later": "no"},
        ),
    ),
    finish=_finish,
    alive=_alive,
)
