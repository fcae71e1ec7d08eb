"""Meeting place: a seller who moves about tells where the officer will find them at that time."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import AgreePlace
from conversations.facts import Facts, VisitFact
from conversations.flow import Ending, Flow
from conversations.lifecycle import MOVABLE
from conversations.messages import Say, Value
from conversations.spot import Spot
from conversations.step import Context
from conversations.wording import short_day

ID, WHERE = "meeting_place", "where"
SAME, UNKNOWN = "same", "unknown"


def _visit(subject: str, facts: Facts) -> VisitFact | None:
    return next((one for one in facts.mine.visits if str(one.id) == subject), None)


def _agreed(context: Context) -> str:
    visit = _visit(context.subject, context.facts)
    return visit.area_code if visit is not None else ""


def _when(context: Context) -> Mapping[str, Value]:
    visit = _visit(context.subject, context.facts)
    if visit is None:
        return {"when": ""}
    part = Say(f"common.part.{visit.part}")
    at: dict[str, Value] = {"day": short_day(visit.on), "part": part, "starts": visit.starts}
    return {"when": Say("common.window_short", at)}


def _finish(context: Context) -> Ending:
    answer = context.answers[WHERE]
    pin = answer["pin"]
    told = AgreePlace(int(context.subject), (pin[0], pin[1]) if pin else None, answer["words"])
    return Ending((told,), (Say("meeting_place.noted"),))


def _alive(subject: str, facts: Facts) -> bool:
    visit = _visit(subject, facts)
    return visit is not None and visit.state in MOVABLE


FLOW = Flow(
    ID,
    (Spot(WHERE, options=(SAME, UNKNOWN), ends=(SAME, UNKNOWN), agreed=_agreed, params=_when),),
    form=False,
    finish=_finish,
    alive=_alive,
)
