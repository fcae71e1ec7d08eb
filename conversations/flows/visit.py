"""Visit: the officer's steps from the offer to the door, and the script of the visit's purpose.

The steps before the visit's state in the database count as answered (`_prefill`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conversations import visits
from conversations.effects import (
    AcceptOffer,
    Arrive,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    MistypeCode,
    ProveCode,
)
from conversations.events import Event, Located, Said
from conversations.facts import Facts, VisitFact
from conversations.flow import Ending, Flow
from conversations.lifecycle import VisitState
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.code import six_digits
from conversations.script import FAILED, FINISH, Script
from conversations.session import Answers, Choice
from conversations.step import Context, Prompt, Step, When, Wrong, answered
from conversations.steps import Choose
from conversations.wording import window_words

FAR_KM = 1.0  # between the owner's pin and the officer's location
#: From a kelurahan's centroid, if the owner gave no pin; no kelurahan on land reaches further.
OUTSIDE_KM = 4.0
ISLANDS = "31.01"  # their kelurahan extend over the sea
PURPOSE = "purpose"  # an answer prefilled from the visit: it selects the script

#: The visit's state -> the steps that were answered before it.
_BEFORE: dict[str, tuple[str, ...]] = {
    VisitState.OFFERED: (),
    VisitState.ACCEPTED: ("offer",),
    VisitState.ON_THE_WAY: ("offer", "depart", "early"),
    VisitState.ARRIVED: ("offer", "depart", "early", "arrive", "far"),
}
_RECORDED: Mapping[str, Json] = {
    "offer": "accept",
    "depart": "go",
    "early": "yes",
    "arrive": {"km": None},
    "far": "known",
}


def _visit(context: Context) -> VisitFact:
    return context.facts.rounds.the_visit(context.subject)


def _prefill(subject: str, facts: Facts) -> Answers:
    visit = facts.rounds.visit(subject)
    if visit is None:
        return {}
    held = {step: _RECORDED[step] for step in _BEFORE.get(visit.state, ())}
    held[PURPOSE] = visit.purpose
    if visit.code_proved or not visit.hosted:
        held["code"] = "proved"
    if visit.on == facts.today:
        held["early"] = "yes"  # it is the agreed day: nothing to confirm
    return {**held, **SCRIPTS[visit.purpose].known(visit)}


def _alive(subject: str, facts: Facts) -> bool:
    visit = facts.rounds.visit(subject)
    return visit is not None and (visit.offered_to_me or visit.state in _BEFORE)


def _summary(context: Context) -> Mapping[str, Value]:
    visit = _visit(context)
    return {
        "number": visit.case_number,
        "window": window_words(visit.on, visit.starts, visit.ends),
        "owner": visit.host_name,
        "trade": visit.about,  # as the approved template names it
        "place": visit.place,
        "street": f"{visit.address}, " if visit.address else "",  # before the place
        "map": Say("visit.map", {"lat": str(visit.pin[0]), "lon": str(visit.pin[1])})
        if visit.pin
        else Say("visit.no_pin"),
        "note": SCRIPTS[visit.purpose].note(visit),
    }


def _photo(context: Context) -> str | None:
    return _visit(context).photo


def _accept(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (AcceptOffer(_visit(context).id),) if answer == "accept" else ()


def _decline(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (DeclineOffer(_visit(context).id, str(answer)),)


def _depart(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Record that the officer leaves, unless it is asked first whether it is meant.

    It is not asked if the page was opened on the agreed day, and the day has passed since.
    """
    visit = _visit(context)
    agreed = visit.on == context.facts.today or context.answers.get("early") == "yes"
    return (Depart(visit.id),) if answer == "go" and agreed else ()


def _depart_early(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (Depart(_visit(context).id),) if answer == "yes" else ()


def _on_the_way(answers: Answers, facts: Facts) -> bool:
    """The officer has departed, and nothing has failed since."""
    gone = answers.get("depart") == "go" and answers.get("early") == "yes"
    return gone and not _failed(answers, facts)


def _failed(answers: Answers, facts: Facts) -> bool:
    """The officer said that it does not work."""
    script = SCRIPTS.get(str(answers.get(PURPOSE)))
    return FAILED in answers.values() or (script is not None and script.fails(answers))


def _cannot(answers: Answers, facts: Facts) -> bool:
    """The officer does not take the visit, or gives it back."""
    return answers.get("offer") == "decline" or answers.get("depart") == "cannot"


def _far(answers: Answers, facts: Facts) -> bool:
    """The officer is not where the owner's pin is."""
    arrived = answers.get("arrive")
    km = arrived.get("km") if isinstance(arrived, dict) else None
    return _on_the_way(answers, facts) and km is not None and km > FAR_KM


def _fail(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (FailVisit(_visit(context).id, str(answer)),)


@dataclass(frozen=True, slots=True)
class Arrival(Step):
    """The officer's arrival: by location, compared with the owner's pin, or by a tap.

    The answer is {"km": distance or None}, or "failed".
    """

    counted: bool = False

    def prompt(self, context: Context) -> Prompt:
        return Prompt(
            Say(context.key(self.id), _summary(context)),
            (
                Choice("here", Say(context.key(self.id, "here")), {"km": None}, means="yes"),
                Choice(FAILED, Say(context.key(self.id, FAILED)), FAILED),
            ),
        )

    def read(self, event: Event, context: Context) -> Json:
        if not isinstance(event, Located):
            if isinstance(event, Said):
                raise Refused("arrival_words")
            raise Refused("arrival_please")
        if event.live:  # officers also share it when they leave for the visit
            raise Refused("moving_location")
        return {"km": _distance(_visit(context), (event.lat, event.lon), context.facts)}

    def words(self, flow: str) -> tuple[str, ...]:
        return tuple(f"{flow}.{self.id}{end}" for end in ("", ".here", f".{FAILED}"))


def _distance(visit: VisitFact, here: tuple[float, float], facts: Facts) -> float | None:
    """Return the km from the owner's pin; without one, from the kelurahan if over `OUTSIDE_KM`.

    None if there is no pin and nothing shows that the officer is elsewhere.
    """
    if visit.pin:
        return round(_km(visit.pin, here), 2)
    code = visit.area_code
    if code.startswith(ISLANDS) or facts.places.get(code) is None:
        return None
    km = facts.places.distance_km(*here, code)
    return round(km, 2) if km > OUTSIDE_KM else None


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance in km on a plane, accurate to a metre at the size of a city."""
    degree = 111.2  # km
    north = (one[0] - other[0]) * degree
    east = (one[1] - other[1]) * degree * 0.9942  # cos(6.2 degrees south)
    return float((north**2 + east**2) ** 0.5)


def _arrive(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Record the arrival; far from the pin, only after the officer has confirmed it."""
    if not isinstance(answer, dict) or _far(context.answers, context.facts):
        return ()
    return (Arrive(_visit(context).id, answer["km"]),)


def _arrive_far(context: Context, answer: Json) -> tuple[Effect, ...]:
    if answer not in {"pin_wrong", "gps"}:
        return ()
    return (Arrive(_visit(context).id, context.answers["arrive"]["km"]),)


@dataclass(frozen=True, slots=True)
class DoorCode(Step):
    """The six digits that only the owner knows; a wrong code uses up a try."""

    counted: bool = False
    numeric: bool = True

    def prompt(self, context: Context) -> Prompt:
        choices = (Choice(FAILED, Say(context.key(self.id, FAILED)), FAILED),)
        return Prompt(Say(context.key(self.id), _summary(context)), choices)

    def read(self, event: Event, context: Context) -> Json:
        if not isinstance(event, Said):
            raise Refused("code_please")
        digits, visit = six_digits()(event.text, context.facts), _visit(context)
        if digits == visit.code:
            return "proved"
        left = visit.code_tries_left - 1
        if left <= 0:
            raise Wrong("code_spent", {}, effects=(FailVisit(visit.id, "wrong_code"),), last=True)
        raise Wrong("wrong_code", {"left": left}, effects=(MistypeCode(visit.id),))

    def words(self, flow: str) -> tuple[str, ...]:
        return (f"{flow}.{self.id}", f"{flow}.{self.id}.{FAILED}")


def _prove(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (ProveCode(_visit(context).id),) if answer == "proved" else ()


def _finish(context: Context) -> Ending:
    visit = _visit(context)
    script = SCRIPTS[visit.purpose]
    report = {step.id: context.answers[step.id] for step in script.steps}
    return Ending((FinishVisit(visit.id, script.outcome, report),))


def _at_the_door(script: Script) -> Iterator[Step]:
    """Yield the steps of a script, asked only at visits for its purpose."""
    for step in script.steps:
        yield replace(step, when=_asked(script.purpose, step.when))


def _asked(purpose: str, when: When) -> When:
    def at_the_door(answers: Answers, facts: Facts) -> bool:
        applies = answers.get(PURPOSE) == purpose and _on_the_way(answers, facts)
        return applies and when(answers, facts)

    at_the_door.__doc__ = f"The officer is there, for this purpose: {purpose}."
    return at_the_door


SCRIPTS = visits.load()
FAILURES = ("nobody", "refused", "wrong_place", "weather", "vehicle", "data_wrong")
REASONS = ("too_far", "area", "full", "sick", "vehicle", "weather", "other")  # to decline a visit

FLOW = Flow(
    id="visit",
    only="officer",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "offer",
            options=("accept", "decline"),
            then=_accept,
            counted=False,
            rests=True,
            means={"accept": "yes", "decline": "no"},
            params=_summary,
            picture=_photo,
        ),
        Choose(
            "depart",
            options=("go", "cannot"),
            when=answered("offer", "accept"),
            then=_depart,
            counted=False,
            rests=True,
            means={"go": "yes"},
            params=_summary,
            picture=_photo,
        ),
        Choose(
            "declined",
            options=REASONS,
            when=_cannot,
            then=_decline,
            counted=False,
            ends=REASONS,
        ),
        Choose(
            "early",
            options=("yes", "no"),
            when=answered("depart", "go"),
            then=_depart_early,
            counted=False,
            ends=("no",),
            params=_summary,
        ),
        Arrival("arrive", when=_on_the_way, then=_arrive),
        Choose(
            "far",
            options=("not_yet", "pin_wrong", "gps", FAILED),
            when=_far,
            then=_arrive_far,
            counted=False,
            ends=("not_yet",),
        ),
        DoorCode("code", when=_on_the_way, then=_prove),
        *(step for script in SCRIPTS.values() for step in _at_the_door(script)),
        Choose("failure", options=FAILURES, when=_failed, then=_fail, counted=False, ends=FAILURES),
    ),
    finish=_finish,
    prefill=_prefill,
    alive=_alive,
    given=frozenset({PURPOSE}),
    worded={
        step.id: script.purpose
        for script in SCRIPTS.values()
        for step in script.steps
        if step.id != FINISH
    },
)
