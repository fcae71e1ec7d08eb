"""Visit: the officer's steps from the offer to the door, and the script of the visit's purpose.

The steps before the visit's state in the database count as answered (`_prefill`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from conversations import visits
from conversations.arrival import (
    NOT_YET,
    Arrival,
    Doubt,
    arrive,
    arrive_in_doubt,
    doubtful,
    visit_of,
)
from conversations.effects import (
    AcceptOffer,
    DeclineOffer,
    Depart,
    Effect,
    FailVisit,
    FinishVisit,
    MistypeCode,
    ProveCode,
    SpendCode,
)
from conversations.events import Event, Said
from conversations.facts import Facts
from conversations.flow import Ending, Flow
from conversations.lifecycle import VisitState
from conversations.mending import MEND
from conversations.messages import Json, Say, Value
from conversations.parsers import Refused
from conversations.parsers.code import six_digits
from conversations.script import FAILED, FINISH, Script
from conversations.session import Answers, Choice
from conversations.step import Context, Prompt, Stay, Step, When, Wrong, answered
from conversations.steps import Choose
from conversations.wording import window_words

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
    "arrive": {"km": None, "sure": True},
    "far": "known",
}


def _prefill(subject: str, facts: Facts) -> Answers:
    visit = facts.rounds.visit(subject)
    if visit is None:
        return {}
    held = {step: _RECORDED[step] for step in _BEFORE.get(visit.state, ())}
    held |= {PURPOSE: visit.purpose, MEND: visit.mend}
    if visit.code_proved or not visit.hosted:
        held["code"] = "proved"
    if visit.on == facts.today:
        held["early"] = "yes"  # it is the agreed day: nothing to confirm
    return {**held, **SCRIPTS[visit.purpose].known(visit)}


def _alive(subject: str, facts: Facts) -> bool:
    visit = facts.rounds.visit(subject)
    return visit is not None and (visit.offered_to_me or visit.state in _BEFORE)


def _summary(context: Context) -> Mapping[str, Value]:
    visit = visit_of(context)
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
        "told": Say("visit.depart.told" if visit.hosted else "visit.depart.untold"),
        "heard": Say(
            "visit.arrive.told" if visit.hosted else "visit.arrive.untold",
            {"owner": visit.host_name},
        ),
    }


def _photo(context: Context) -> str | None:
    return visit_of(context).photo


def _accept(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (AcceptOffer(visit_of(context).id),) if answer == "accept" else ()


def _decline(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (DeclineOffer(visit_of(context).id, str(answer)),)


def _depart(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Record that the officer leaves, unless it is asked first whether it is meant.

    It is not asked if the page was opened on the agreed day, and the day has passed since.
    """
    visit = visit_of(context)
    agreed = visit.on == context.facts.today or context.answers.get("early") == "yes"
    return (Depart(visit.id),) if answer == "go" and agreed else ()


def _depart_early(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (Depart(visit_of(context).id),) if answer == "yes" else ()


def _on_the_way(answers: Answers, facts: Facts) -> bool:
    """The officer has departed, and nothing has failed since."""
    gone = answers.get("depart") == "go" and answers.get("early") == "yes"
    return gone and not _failed(answers, facts)


def _failed(answers: Answers, facts: Facts) -> bool:
    """The officer said that it does not work."""
    return FAILED in answers.values()


def _cannot(answers: Answers, facts: Facts) -> bool:
    """The officer does not take the visit, or gives it back."""
    return answers.get("offer") == "decline" or answers.get("depart") == "cannot"


def _far(answers: Answers, facts: Facts) -> bool:
    """No location shows that the officer is at the place."""
    return _on_the_way(answers, facts) and doubtful(answers)


def _back(context: Context) -> Choice:
    """Return the way back from a visit that is about to fail."""
    return Choice("keep", Say("rounds_desk.keep"), ["keep", context.subject, None], "desk", "no")


def _compares(context: Context) -> bool:
    """Whether the visit's script compares data of an application."""
    return SCRIPTS[visit_of(context).purpose].compares


def _fail(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (FailVisit(visit_of(context).id, str(answer)),)


_WAITS = "waits"  # the question while the owner is asked whether the officer is there


@dataclass(frozen=True, slots=True)
class DoorCode(Step):
    """The six digits that only the owner knows; a wrong code uses up a try.

    After the last try the owner is asked whether the officer is there, and may give a new code.
    """

    counted: bool = False
    numeric: bool = True

    def prompt(self, context: Context) -> Prompt:
        choices = (Choice(FAILED, Say(context.key(self.id, FAILED)), FAILED),)
        part = (_WAITS,) if visit_of(context).code_spent else ()
        return Prompt(Say(context.key(self.id, *part), _summary(context)), choices)

    def read(self, event: Event, context: Context) -> Json:
        if not isinstance(event, Said):
            raise Refused("code_please")
        digits, visit = six_digits()(event.text, context.facts), visit_of(context)
        if visit.code_spent:
            raise Refused("code_waits")
        if digits == visit.code:
            return "proved"
        left = visit.code_tries_left - 1
        if left > 0:
            raise Wrong("wrong_code", {"left": left}, effects=(MistypeCode(visit.id),))
        if visit.code_renewed:
            raise Wrong("code_spent_again", {}, effects=(SpendCode(visit.id),), last=True)
        raise Stay(say=Say("refusals.code_spent"), effects=(SpendCode(visit.id),))

    def words(self, flow: str) -> tuple[str, ...]:
        parts = ("", f".{FAILED}", f".{_WAITS}", ".proved.said")
        return tuple(f"{flow}.{self.id}{part}" for part in parts)


def _prove(context: Context, answer: Json) -> tuple[Effect, ...]:
    return (ProveCode(visit_of(context).id),) if answer == "proved" else ()


def _finish(context: Context) -> Ending:
    visit = visit_of(context)
    script = SCRIPTS[visit.purpose]
    answers = context.answers
    again = script.ending(context)
    if again is not None:
        return again
    report = {step.id: answers[step.id] for step in script.steps if step.id in answers}
    return Ending((FinishVisit(visit.id, script.purpose, script.outcome(answers), report),))


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
FAILURES = ("nobody", "refused", "other_day", "wrong_place", "weather", "vehicle", "data_wrong")
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
        Arrival("arrive", when=_on_the_way, then=arrive, params=_summary),
        Doubt("far", when=_far, then=arrive_in_doubt, ends=(NOT_YET,)),
        DoorCode("code", when=_on_the_way, then=_prove),
        *(step for script in SCRIPTS.values() for step in _at_the_door(script)),
        Choose(
            "failure",
            options=FAILURES,
            when=_failed,
            then=_fail,
            counted=False,
            ends=FAILURES,
            offers={"data_wrong": _compares},
            beside={"keep": _back},
        ),
    ),
    finish=_finish,
    prefill=_prefill,
    alive=_alive,
    given=frozenset({PURPOSE, MEND}).union(*(script.given for script in SCRIPTS.values())),
    worded={
        step.id: script.purpose
        for script in SCRIPTS.values()
        for step in script.steps
        if step.id != FINISH
    },
)
