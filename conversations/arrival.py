"""The arrival of an officer: shown by their location, or told with the reason why it is not.

The owner reads "has arrived" only if the location shows it; else what the officer says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import datetime, timedelta

from conversations.effects import Arrive, Effect
from conversations.events import Event, Located, Said
from conversations.facts import Facts, Place, Places, VisitFact
from conversations.messages import Json, Say, Value
from conversations.parsers import Reading, Refused
from conversations.script import FAILED
from conversations.session import Answers, Choice
from conversations.step import Context, Prompt, Step
from conversations.words import standardised

NEAR_KM = 0.3  # between the owner's pin and the officer's location: GPS among houses, and a gang
FAR_KM = 1.0  # the limit of answers that an earlier version stored
#: From a kelurahan's centroid, if the owner gave no pin; no kelurahan on land reaches further.
OUTSIDE_KM = 4.0
ISLANDS = "31.01"  # their kelurahan extend over the sea
RECENT = timedelta(minutes=15)  # a location sent before the tap that uses it
QUOTED = 120  # characters of an officer's reason in their own words
WORDS_OF_A_REASON = 3  # fewer words are asked back: "ya", "sudah di sini"

#: Why no location shows an arrival, as the owner is told it (`notices.says_arrived.says`).
REASONS = ("pin_wrong", "address", "gps", "signal")
NO_PIN, OWN_WORDS, NOT_YET = "no_pin", "words", "not_yet"


def meeting_at(places: Places, lat: float, lon: float, agreed: str) -> Place | None:
    """Return the kelurahan of a point where an officer can meet an owner; None if there is none.

    `agreed` is the kelurahan of the visit. The islands' kelurahan extend over the sea: nobody who
    is visited on land is met there.
    """
    if not places.in_jakarta(lat, lon):
        return None
    (nearest,) = places.nearest(lat, lon, limit=1)
    at_sea = nearest.code.startswith(ISLANDS) and not agreed.startswith(ISLANDS)
    return None if at_sea else nearest


def visit_of(context: Context) -> VisitFact:
    """Return the visit that the page is about."""
    return context.facts.rounds.the_visit(context.subject)


@dataclass(frozen=True, slots=True)
class Arrival(Step):
    """The officer's arrival: by location, compared with the owner's pin, or by a tap.

    The answer is {"km": distance or None, "sure": whether the next question is left out}, or
    "failed". `params` returns the values of the sentence.
    """

    _: KW_ONLY
    params: Callable[[Context], Mapping[str, Value]]
    counted: bool = False

    def prompt(self, context: Context) -> Prompt:
        tapped = {"km": None, "sure": not visit_of(context).hosted}  # nobody is told
        return Prompt(
            Say(context.key(self.id), self.params(context)),
            (
                Choice("here", Say(context.key(self.id, "here")), tapped, means="yes"),
                Choice(FAILED, Say(context.key(self.id, FAILED)), FAILED),
            ),
        )

    def read(self, event: Event, context: Context) -> Json:
        """Return the answer in a location, with the time at which it was sent."""
        if not isinstance(event, Located):
            if isinstance(event, Said):
                raise Refused("arrival_words")
            raise Refused("arrival_please")
        return {**compared(event, context), "at": context.facts.now.isoformat()}

    def picked(self, answer: Json, context: Context) -> Json:
        """Return the answer of a tap; a location that came long before it shows nothing."""
        if not isinstance(answer, dict) or "at" not in answer:
            return answer
        recent = context.facts.now - datetime.fromisoformat(answer["at"]) <= RECENT
        return answer if recent else {"km": None, "sure": not visit_of(context).hosted}

    def words(self, flow: str) -> tuple[str, ...]:
        return tuple(
            f"{flow}.{self.id}{end}" for end in ("", ".here", ".told", ".untold", f".{FAILED}")
        )


@dataclass(frozen=True, slots=True)
class Doubt(Step):
    """Asks for a location, or why none shows that the officer is there.

    The answer is {"why": reason, "km": distance or None}, with the "pin" of the location if there
    is one, and with "words" if they are the officer's
    own; or what `compared` returned of a location; "not_yet"; or "failed".
    """

    counted: bool = False

    def prompt(self, context: Context) -> Prompt:
        visit, km = visit_of(context), _km_told(context)
        params: dict[str, Value] = {
            "street": f"{visit.address}, " if visit.address else "",  # before the place
            "place": visit.place,
            "untold": Say(context.key(self.id, "untold")) if visit.hosted else "",
        }
        if km is not None:
            params["distance"] = distance(km)
        return Prompt(
            Say(context.key(self.id, *_case(visit, km)), params),
            tuple(self._choice(context, value, km) for value in _options(visit, km)),
            wish="location",
        )

    def _choice(self, context: Context, value: str, km: float | None) -> Choice:
        reason = value not in (NOT_YET, FAILED)
        answer: Json = {"why": value, "km": km, **_pin_told(context)} if reason else value
        label = Say(context.key(self.id, value))
        return Choice(value, label, answer, means="yes" if value == NO_PIN else "")

    def read(self, event: Event, context: Context) -> Json:
        if isinstance(event, Located):
            return compared(event, context)
        if not isinstance(event, Said):
            raise Refused("arrival_please")
        words = " ".join(event.text.split())[:QUOTED]
        if len(standardised(words).split()) < WORDS_OF_A_REASON or "?" in words:
            raise Refused("pick_one")
        told = {"km": _km_told(context), **_pin_told(context)}
        answer = {"why": OWN_WORDS, **told, "words": words}
        label = Say(context.key(self.id, "own"))
        raise Refused("arrival_reason", {"words": words}, readings=(Reading("own", label, answer),))

    def complete(self, answer: Json) -> bool:
        """Whether the officer is near, or told something."""
        return not isinstance(answer, dict) or "why" in answer or bool(answer["sure"])

    def words(self, flow: str) -> tuple[str, ...]:
        cases = ("unlocated", "outside", "pinless", "own", "untold")
        options = (NO_PIN, NOT_YET, f"{NOT_YET}.end", FAILED, *REASONS)
        key = f"{flow}.{self.id}"
        return (key, *(f"{key}.{end}" for end in (*cases, *options)))

    @property
    def takes_words(self) -> bool:
        return False


def _km_told(context: Context) -> float | None:
    """Return the distance of the latest location, in km; None if there is none."""
    given = (context.answers.get("far"), context.answers.get("arrive"))
    known = [one["km"] for one in given if isinstance(one, dict) and one["km"] is not None]
    return float(known[0]) if known else None


def _pin_told(context: Context) -> dict[str, Json]:
    """Return the latest location, as "pin"; nothing if there is none."""
    given = (context.answers.get("far"), context.answers.get("arrive"))
    return next(
        ({"pin": one["pin"]} for one in given if isinstance(one, dict) and "pin" in one), {}
    )


def _case(visit: VisitFact, km: float | None) -> tuple[str, ...]:
    """Return which of the question's sentences applies, as the end of its key."""
    if visit.pin is None:
        return ("pinless",) if km is None else ("outside",)
    return ("unlocated",) if km is None else ()


def _options(visit: VisitFact, km: float | None) -> tuple[str, ...]:
    if visit.pin is None:
        return (NO_PIN, NOT_YET, FAILED) if km is None else (NOT_YET, "address", "gps", FAILED)
    cause = "signal" if km is None else "gps"
    return (NOT_YET, "pin_wrong", "address", cause, FAILED)


def compared(here: Located, context: Context) -> Json:
    """Compare a location with the visit's place: {"km": distance or None, "sure": it is near}.

    "pin" is the location itself.

    Without a pin, a location that is not in another part of the city is as good as any.

    Raises:
        Refused: it moves; officers also share such a one when they leave for the visit.
    """
    if here.live:
        raise Refused("moving_location")
    visit = visit_of(context)
    km = _distance(visit, (here.lat, here.lon), context.facts)
    sure = km is None or (visit.pin is not None and km <= NEAR_KM)
    return {"km": km, "sure": sure, "pin": [here.lat, here.lon]}


def doubtful(answers: Answers) -> bool:
    """Whether the arrival was told and no location shows it."""
    arrived = answers.get("arrive")
    if not isinstance(arrived, dict):
        return False
    km = arrived.get("km")
    return not arrived.get("sure", km is None or km <= FAR_KM)


def arrive(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Record an arrival that needs no further question."""
    if not isinstance(answer, dict) or doubtful(context.answers):
        return ()
    return (_arrive(context, answer),)


def arrive_in_doubt(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Record the arrival of an officer who sent a location, or said why none shows it."""
    if answer in REASONS:  # picked at a question of an earlier version
        return (Arrive(visit_of(context).id, _km_told(context), str(answer)),)
    if not isinstance(answer, dict):
        return ()
    if "why" in answer:
        words = answer.get("words", "")
        return (Arrive(visit_of(context).id, answer["km"], answer["why"], words, _pin(answer)),)
    return (_arrive(context, answer),) if answer["sure"] else ()


def _arrive(context: Context, answer: Mapping[str, Json]) -> Arrive:
    visit = visit_of(context)
    unseen = visit.hosted and visit.pin is None
    return Arrive(visit.id, answer["km"], NO_PIN if unseen else None, pin=_pin(answer))


def _pin(answer: Mapping[str, Json]) -> tuple[float, float] | None:
    """Return the location in an answer; None if there is none, as in one of an earlier version."""
    pin = answer.get("pin")
    return (float(pin[0]), float(pin[1])) if pin else None


def distance(km: float) -> Say:
    """Return a distance in words: by 50 metres below a kilometre, else by 100."""
    metres = round(km * 20) * 50
    if metres < 1000:
        return Say("common.metres", {"n": max(metres, 50)})
    whole, tenth = divmod(round(km * 10), 10)
    return Say("common.kilometres", {"whole": whole, "tenth": tenth})


def _distance(visit: VisitFact, here: tuple[float, float], facts: Facts) -> float | None:
    """Return the km from the owner's pin; without one, from the kelurahan if over `OUTSIDE_KM`.

    None if there is no pin and nothing shows that the officer is elsewhere.
    """
    if visit.pin:
        return round(km_between(visit.pin, here), 2)
    code = visit.area_code
    if code.startswith(ISLANDS) or facts.places.get(code) is None:
        return None
    km = facts.places.distance_km(*here, code)
    return round(km, 2) if km > OUTSIDE_KM else None


def km_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance in km on a plane, accurate to a metre at the size of a city."""
    degree = 111.2  # km
    north = (one[0] - other[0]) * degree
    east = (one[1] - other[1]) * degree * 0.9942  # cos(6.2 degrees south)
    return float((north**2 + east**2) ** 0.5)
