"""Officer there: the owner is asked whether the officer stands at the door, after wrong codes."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import ConfirmOfficer, DenyOfficer, Effect
from conversations.facts import Facts, VisitFact
from conversations.flow import Ending, Flow
from conversations.messages import Value
from conversations.step import Context
from conversations.steps import Choose


def _visit(subject: str, facts: Facts) -> VisitFact | None:
    return next((one for one in facts.mine.visits if str(one.id) == subject), None)


def _alive(subject: str, facts: Facts) -> bool:
    visit = _visit(subject, facts)
    return visit is not None and visit.code_spent


def _summary(context: Context) -> Mapping[str, Value]:
    visit = _visit(context.subject, context.facts)
    return {
        "number": visit.case_number if visit else "",
        "name": (visit.officer_name if visit else None) or "",
        "badge": (visit.officer_badge if visit else None) or "",
    }


def _finish(context: Context) -> Ending:
    visit_id = int(context.subject)
    there = context.answers["there"] == "yes"
    effect: Effect = ConfirmOfficer(visit_id) if there else DenyOfficer(visit_id)
    return Ending((effect,))


FLOW = Flow(
    id="officer_there",
    form=False,
    steps=(Choose("there", options=("yes", "no"), params=_summary, counted=False),),
    finish=_finish,
    alive=_alive,
)
