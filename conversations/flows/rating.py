"""Rating: the owner rates the visit after the hand-over."""

from __future__ import annotations

from conversations.effects import RateVisit
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import CaseState
from conversations.messages import Say
from conversations.step import Context
from conversations.steps import Choose

STARS = ("1", "2", "3", "4", "5")  # in this order, so that a typed "5" is five stars


def _finish(context: Context) -> Ending:
    stars = int(str(context.answers["stars"]))
    return Ending((RateVisit(int(context.subject), stars),), (Say(f"rating.thanks.{stars}"),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    return case is not None and case.state == CaseState.DONE


FLOW = Flow(
    id="rating",
    form=False,
    interrupts=False,
    steps=(Choose("stars", options=STARS, counted=False, rests=True),),
    finish=_finish,
    alive=_alive,
)
