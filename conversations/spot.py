"""Spot: the step that asks where a visit's officer finds the owner: a pin in Jakarta, or words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass

from conversations import lexicon
from conversations.arrival import meeting_at
from conversations.events import Event, Located, Said
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.evasions import evasion
from conversations.parsers.note import note
from conversations.session import Choice
from conversations.step import Context, Prompt, Step, words_of

LONGEST = 200  # characters of a place in words
FEW_WORDS = 5  # of a message that names one of the choices; longer ones tell a place


def place(pin: tuple[float, float] | None, words: str = "") -> Json:
    """Return a place as a step's answer."""
    return {"pin": list(pin) if pin is not None else None, "words": words}


@dataclass(frozen=True, slots=True)
class Spot(Step):
    """A place told by a pin or in words: {"pin": [lat, lon] or None, "words": str}.

    `options` are the other answers; "unknown" among them is also given in other words. `agreed`
    returns the kelurahan of the visit, and `params` the values of the sentence.
    """

    _: KW_ONLY
    options: tuple[str, ...] = ()
    agreed: Callable[[Context], str]
    params: Callable[[Context], Mapping[str, Value]] = lambda context: {}
    counted: bool = False
    rests: bool = True

    def prompt(self, context: Context) -> Prompt:
        choices = tuple(Choice(o, Say(context.key(self.id, o)), o) for o in self.options)
        return Prompt(Say(context.key(self.id), self.params(context)), choices, wish="location")

    def read(self, event: Event, context: Context) -> Json:
        places = context.facts.places
        if isinstance(event, Located):
            if meeting_at(places, event.lat, event.lon, self.agreed(context)) is None:
                raise Refused("outside_jakarta")
            return place((round(event.lat, 6), round(event.lon, 6)))
        if not isinstance(event, Said):
            raise Refused("place_please")
        listed = lexicon.options(context.flow, self.id)
        ranked = listed.rank(event.text) if listed is not None else []
        if ranked and len(event.text.split()) <= FEW_WORDS:
            return ranked[0].name
        if "unknown" in self.options and evasion(event.text) == "unknown":
            return "unknown"
        if places.outside(event.text):
            raise Refused("outside_jakarta")
        return place(None, str(note(at_most=LONGEST)(event.text, context.facts)))

    def show(self, answer: Json, context: Context) -> Value:
        """Return the place in words, or the kelurahan of the pin."""
        pin = answer["pin"]
        if not pin:
            return str(answer["words"])
        nearest = meeting_at(context.facts.places, pin[0], pin[1], self.agreed(context))
        return Say("common.this_location", {"place": nearest.name if nearest is not None else "-"})

    def words(self, flow: str) -> tuple[str, ...]:
        return words_of(flow, self.id, self.options, self.counted, self.ends)

    @property
    def takes_place(self) -> bool:
        return True
