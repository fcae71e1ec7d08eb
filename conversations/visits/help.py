"""Help: the officer meets somebody who may want help, and fills in a service's form with them.

Either they asked for the visit, and the officer has their code; or somebody else told us of the
place, and the officer offers help: `met` and the steps after it are asked at such a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from conversations.assisting import BeginForm
from conversations.effects import Effect, FailVisit
from conversations.facts import Facts, VisitFact, Window
from conversations.flow import Ending
from conversations.messages import Json, Say, Value
from conversations.parsers import Reading
from conversations.parsers.referred import permit_number
from conversations.parsers.slots import slot
from conversations.referrals import (
    IsSamePlace,
    LeaveToThem,
    LeaveUnsafe,
    MayTell,
    PostponeVisit,
    TellOnward,
)
from conversations.script import FAILED, Script
from conversations.session import Answers, Choice
from conversations.step import Context, When, answered
from conversations.steps import Ask, Choose, Locate
from conversations.wording import form_choice, window_label

TOLD, PERHAPS = "told", "perhaps"  # answers that the database holds: see `_known`
SHOWN = 6  # windows at once

#: The outcome of a visit that was asked for, by what the owner wishes.
OUTCOMES = {
    "now": "filled_in",
    "has_permit": "has_permit",
    "not_wanted": "not_wanted",
    "impossible": "impossible",
}
#: The outcome of a visit to a place that somebody told us of.
MET = {
    "now": "filled_in",
    "self": "filling_self",
    "later": "later",
    "has_permit": "has_permit",
    "not_wanted": "not_wanted",
    "nobody": "nobody",
    "not_found": "not_found",
    "moved": "moved",
    "impossible": "impossible",
    "unsafe": "unsafe",
}
_ENDED = ("nobody", "not_found", "unsafe")  # by the act itself
_CLOSED = ("has_permit", "not_wanted", "moved", "impossible")  # after a question or two
_HELPED = ("now", "self")


def _visit(context: Context) -> VisitFact:
    return context.facts.rounds.the_visit(context.subject)


def _known(visit: VisitFact) -> Answers:
    """Whether somebody else told us of the place, and another referral that may be the same."""
    if not visit.told:
        return {}
    return {TOLD: True, PERHAPS: [list(one) for one in visit.perhaps_same[:1]]}


def _asked_for(answers: Answers, facts: Facts) -> bool:
    """The owner asked for the visit."""
    return TOLD not in answers


def _told(answers: Answers, facts: Facts) -> bool:
    """Somebody else told us of the place."""
    return TOLD in answers


def _met(*wishes: str) -> When:
    """Return that somebody was met at a place of which we were told, with one of these wishes."""
    return answered("met", *wishes)


def _filled_in(answers: Answers, facts: Facts) -> bool:
    """The form is filled in, by the officer or by the host alone."""
    return answers.get("wish") == "now" or answers.get("met") in _HELPED


def _leaves(answers: Answers, facts: Facts) -> bool:
    """The visit ends without a form."""
    asked = answers.get("wish") in OUTCOMES and answers.get("wish") != "now"
    return asked or answers.get("met") in _CLOSED


def _has_twin(answers: Answers, facts: Facts) -> bool:
    """Another referral may be about the same place, and the officer has seen it."""
    return bool(answers.get(PERHAPS)) and answers.get("met") in (*_HELPED, "later", *_CLOSED)


def _begin(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Open the form, in the officer's chat."""
    return (BeginForm(_visit(context).id, other=answer in ("other", "another")),)


def _went(context: Context, answer: Json) -> tuple[Effect, ...]:
    visit = _visit(context)
    match answer:
        case "nobody" | "not_found":
            return (FailVisit(visit.id, str(answer)),)
        case "unsafe":
            return (LeaveUnsafe(visit.id),)
        case "self":
            return (LeaveToThem(visit.id),)
    return ()


def _allows(context: Context, answer: Json) -> tuple[Effect, ...]:
    """Let those who told us know; then the form opens, so that its question is the last one."""
    visit = _visit(context)
    told = (MayTell(visit.id),) if answer == "yes" else ()
    return (*told, BeginForm(visit.id)) if context.answers.get("met") == "now" else told


def _is_same(context: Context, answer: Json) -> tuple[Effect, ...]:
    (twin,) = context.answers[PERHAPS]
    return (IsSamePlace(_visit(context).id, twin[0], answer == "yes"),)


def _twin(context: Context) -> Mapping[str, Value]:
    (twin,) = context.answers[PERHAPS]
    return {"number": str(twin[1])}


def _heard(context: Context) -> Mapping[str, Value]:
    """Whether the host is told that the visit is over; nobody has a chat at a place told of."""
    return {"heard": Say("help.leaving.told" if _visit(context).told else "help.leaving.asked")}


def _windows(context: Context) -> tuple[Choice, ...]:
    times = map(_reading, _visit(context).windows[:SHOWN])
    named = (Choice(one.value, one.label, one.answer) for one in times)
    return (*named, Choice("any", Say("help.again.any"), "any"))


def _reading(window: Window) -> Reading:
    value = f"{window.on.isoformat()}.{window.part}"
    return Reading(value, window_label(window.on, window.part, window.starts), value)


def _time(text: str, context: Context) -> Json:
    """Read a day and an hour against the free windows."""
    facts = context.facts
    return _reading(slot(text, _visit(context).windows, facts.today, _reading)).answer


def _moved(context: Context, answer: Json) -> tuple[Effect, ...]:
    complete = isinstance(answer, dict) and answer.get("kelurahan") is not None
    return (TellOnward(_visit(context).id, answer),) if complete else ()


def _where(context: Context) -> Mapping[str, Value]:
    """Where the form is filled in: in the officer's chat, or on the host's phone."""
    theirs = context.answers.get("met") == "self"
    return {"where": Say("help.filling.theirs" if theirs else "help.filling.here")}


def _filling(context: Context) -> tuple[Choice, ...]:
    """Return the forms that were begun at this visit, and how it goes on or ends."""
    begun = [one for one in context.facts.rounds.assisted if str(one.visit_id) == context.subject]
    ends = (
        Choice("another", Say("help.filling.another"), "another"),
        Choice("yes", Say("help.filling.yes"), "yes"),
        Choice(FAILED, Say("help.filling.failed"), FAILED),
    )
    return (*map(form_choice, begun), *ends)


def _back(context: Context) -> Choice:
    """Return the way back to what the owner wishes."""
    asked = "met" if TOLD in context.answers else "wish"
    return Choice("back", Say("help.leaving.back"), asked, "edit", "no")


def _wants_after_all(context: Context) -> Choice:
    """Return the way back to what the host wishes."""
    return Choice("back", Say("help.why_not.back"), "met", "edit", "no")


def _outcome(answers: Answers) -> str:
    met = answers.get("met")
    return MET[str(met)] if met is not None else OUTCOMES[str(answers["wish"])]


def _ending(context: Context) -> Ending | None:
    """Book the time that the host chose; without one, another part of a day is tried."""
    again, visit = context.answers.get("again"), _visit(context)
    if again is None:
        return None
    if again == "any":
        return Ending((FailVisit(visit.id, "other_day"),))
    on, _, part = str(again).partition(".")
    return Ending((PostponeVisit(visit.id, date.fromisoformat(on), part),))


def _note(visit: VisitFact) -> Say:
    return visit.advice or Say(f"{visit.service}.{visit.purpose}")


SCRIPT = Script(
    purpose="help",
    steps=(
        Choose("wish", options=(*OUTCOMES, FAILED), when=_asked_for, counted=False),
        Choose(
            "whom",
            options=("host", "other"),
            when=answered("wish", "now"),
            then=_begin,
            counted=False,
        ),
        Choose("met", options=tuple(MET), when=_told, then=_went, ends=_ENDED, counted=False),
        Choose(
            "same",
            options=("yes", "no"),
            when=_has_twin,
            then=_is_same,
            params=_twin,
            counted=False,
        ),
        Choose(
            "may_tell",
            options=("yes", "no"),
            when=_met(*_HELPED),
            then=_allows,
            counted=False,
            means={},  # it is the owner's to allow: "udah" is no yes of theirs
        ),
        Choose("again", options=_windows, when=_met("later"), counted=False, reads=_time),
        Ask(
            "permit_number",
            parse=permit_number(),
            options={"none": None},
            when=_met("has_permit"),
            counted=False,
        ),
        Choose(
            "why_not",
            options=("tax", "eviction", "no_need", "busy", "unsaid"),
            beside={"back": _wants_after_all},
            when=_met("not_wanted"),
            counted=False,
        ),
        Choose("moved_to", options=("known", "unknown"), when=_met("moved"), counted=False),
        Locate("new_place", when=answered("moved_to", "known"), then=_moved, counted=False),
        Choose(
            "why_impossible",
            options=("green_zone", "not_micro", "outside", "forbidden"),
            when=_met("impossible"),
            counted=False,
        ),
        Choose(
            "filling",
            options=_filling,
            params=_where,
            when=_filled_in,
            counted=False,
            rests=True,
            stays={"another": _begin},
        ),
        Choose(
            "leaving",
            options=("yes", FAILED),
            beside={"back": _back},
            when=_leaves,
            counted=False,
            params=_heard,
        ),
    ),
    outcome=_outcome,
    note=_note,
    known=_known,
    ending=_ending,
    given=frozenset({TOLD, PERHAPS}),
    compares=False,
)
