"""Meeting place: a seller who moves about tells where the officer will find them at that time."""

from __future__ import annotations

from dataclasses import dataclass

from conversations import lexicon
from conversations.arrival import meeting_at
from conversations.effects import AgreePlace
from conversations.events import Event, Located, Said
from conversations.facts import Facts, VisitFact
from conversations.flow import Ending, Flow
from conversations.lifecycle import MOVABLE
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.evasions import evasion
from conversations.parsers.note import note
from conversations.session import Choice
from conversations.step import Context, Prompt, Step, words_of
from conversations.wording import short_day

ID, WHERE = "meeting_place", "where"
SAME, UNKNOWN = "same", "unknown"
FEW_WORDS = 5  # of a message that names one of the choices; longer ones tell a place


def _visit(subject: str, facts: Facts) -> VisitFact | None:
    return next((one for one in facts.mine.visits if str(one.id) == subject), None)


@dataclass(frozen=True, slots=True)
class Spot(Step):
    """A place told by a pin in Jakarta or in words: {"pin": [lat, lon] or None, "words": str}."""

    counted: bool = False
    rests: bool = True
    ends: tuple[Json, ...] = (SAME, UNKNOWN)

    def prompt(self, context: Context) -> Prompt:
        visit = _visit(context.subject, context.facts)
        when: Say | str = ""
        if visit is not None:
            part = Say(f"common.part.{visit.part}")
            at: dict[str, Value] = {
                "day": short_day(visit.on),
                "part": part,
                "starts": visit.starts,
            }
            when = Say("common.window_short", at)
        choices = (
            Choice(SAME, Say("meeting_place.where.same"), SAME),
            Choice(UNKNOWN, Say("meeting_place.where.unknown"), UNKNOWN),
        )
        return Prompt(Say("meeting_place.where", {"when": when}), choices, wish="location")

    def read(self, event: Event, context: Context) -> Json:
        places = context.facts.places
        if isinstance(event, Located):
            visit = _visit(context.subject, context.facts)
            agreed = visit.area_code if visit is not None else ""
            if meeting_at(places, event.lat, event.lon, agreed) is None:
                raise Refused("outside_jakarta")
            return {"pin": [round(event.lat, 6), round(event.lon, 6)], "words": ""}
        if not isinstance(event, Said):
            raise Refused("place_please")
        listed = lexicon.options(ID, self.id)
        ranked = listed.rank(event.text) if listed is not None else []
        if ranked and len(event.text.split()) <= FEW_WORDS:
            return ranked[0].name
        if evasion(event.text) == "unknown":
            return UNKNOWN
        if places.outside(event.text):
            raise Refused("outside_jakarta")
        return {"pin": None, "words": note(at_most=200)(event.text, context.facts)}

    def words(self, flow: str) -> tuple[str, ...]:
        return words_of(flow, self.id, (SAME, UNKNOWN), self.counted, self.ends)

    @property
    def takes_place(self) -> bool:
        return True


def _finish(context: Context) -> Ending:
    answer = context.answers[WHERE]
    pin = answer["pin"]
    told = AgreePlace(int(context.subject), (pin[0], pin[1]) if pin else None, answer["words"])
    return Ending((told,), (Say("meeting_place.noted"),))


def _alive(subject: str, facts: Facts) -> bool:
    visit = _visit(subject, facts)
    return visit is not None and visit.state in MOVABLE


FLOW = Flow(ID, (Spot(WHERE),), form=False, finish=_finish, alive=_alive)
