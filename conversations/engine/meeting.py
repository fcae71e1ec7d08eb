"""Meeting: a location that an owner sends on the day of the visit tells the officer where to go."""

from __future__ import annotations

from conversations.arrival import meeting_at
from conversations.effects import SendPlace
from conversations.engine import drafts
from conversations.engine.builder import TurnBuilder
from conversations.events import Located
from conversations.lifecycle import VisitState
from conversations.messages import Say

_COMING = frozenset({VisitState.ACCEPTED, VisitState.ON_THE_WAY, VisitState.ARRIVED})


def located(turn: TurnBuilder, here: Located) -> bool:
    """Tell the officer of today's visit the place, unless the open question asks for one."""
    step, facts = turn.asked_step(), turn.facts
    if facts.me.desk != "owner" or (step is not None and step.takes_place):
        return False
    today = (v for v in facts.mine.visits if v.on == facts.today and v.state in _COMING)
    visit = next(today, None)
    if visit is None:
        return False
    turn.lasting = True
    if meeting_at(facts.places, here.lat, here.lon, visit.area_code) is None:
        drafts.digress(turn, Say("common.place_outside", {"place": visit.place}))
        return True
    turn.effects.append(SendPlace(visit.id, (round(here.lat, 6), round(here.lon, 6))))
    return True
