"""Visit window: the owner of a verified case chooses when the officer comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from conversations.effects import ChooseWindow
from conversations.facts import Facts, VisitFact, Window
from conversations.flow import Ending, Flow
from conversations.lifecycle import MOVABLE, CaseState
from conversations.messages import Json, Say, Value
from conversations.parsers import Reading
from conversations.parsers.slots import slot
from conversations.session import Answers, Choice
from conversations.step import Context
from conversations.steps import Choose
from conversations.wording import short_day, window_words

SHOWN = 6  # windows at once; more would not fit a small screen


def _windows(context: Context) -> tuple[Choice, ...]:
    case = context.facts.case(context.subject)
    answers = case.answers if case is not None else {}
    choices = [
        Choice(value := f"{w.on.isoformat()}.{w.part}", _label(w), value)
        for w in sorted(_free(context), key=lambda w: _rank(w, answers))[:SHOWN]
    ]
    last = "keep" if _agreed(context.facts, context.subject) else "later"
    return (*choices, Choice(last, Say(context.key("window", last)), last))


def _read(text: str, context: Context) -> Json:
    """Read a day and an hour against the free windows."""
    free = sorted(_free(context), key=lambda w: (w.on, w.starts))
    readings = [Reading(v := f"{w.on.isoformat()}.{w.part}", _label(w), v) for w in free]
    return slot(text, readings, free, context.facts.today).answer


def _free(context: Context) -> tuple[Window, ...]:
    free = context.facts.mine.windows.get(int(context.subject), ())
    agreed = _agreed(context.facts, context.subject)
    return tuple(
        one for one in free if agreed is None or (one.on, one.starts) != (agreed.on, agreed.starts)
    )


def _agreed(facts: Facts, subject: str) -> VisitFact | None:
    """Return the visit that another time is chosen for; None if none is agreed yet."""
    case = facts.case(subject)
    return next(
        (
            visit
            for visit in facts.mine.visits
            if case is not None and visit.case_number == case.number and visit.state in MOVABLE
        ),
        None,
    )


def _keeps(context: Context) -> Mapping[str, Value]:
    agreed = _agreed(context.facts, context.subject)
    if agreed is None:
        return {"keeps": ""}
    window = window_words(agreed.on, agreed.starts, agreed.ends)
    return {"keeps": Say("visit_window.keeps", {"window": window})}


def _label(window: Window) -> Say:
    return Say(
        "common.window_short",
        {
            "day": short_day(window.on),
            "part": Say(f"common.part.{window.part}"),
            "starts": window.starts,
        },
    )


def _rank(window: Window, answers: Answers) -> tuple[bool, bool, date]:
    """Sort windows: the ones that the owner prefers first, then the soonest."""
    wanted_days = answers.get("preferred_days")
    other_day = isinstance(wanted_days, list) and window.on.isoformat() not in wanted_days
    wanted = answers.get("preferred_part", "any")
    wanted_parts = wanted if isinstance(wanted, list) else [wanted]
    other_part = not {"any", window.part}.intersection(wanted_parts)
    return other_day, other_part, window.on


def _finish(context: Context) -> Ending:
    on, part = str(context.answers["window"]).split(".")
    return Ending((ChooseWindow(int(context.subject), date.fromisoformat(on), part),))


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    chooses = case is not None and case.state == CaseState.ACCEPTED
    return (chooses or _agreed(facts, subject) is not None) and bool(
        facts.mine.windows.get(int(subject))
    )


def _shown(answer: Json, facts: Facts) -> Value:
    return str(answer)


FLOW = Flow(
    id="visit_window",
    form=False,
    steps=(
        Choose(
            "window",
            options=_windows,
            counted=False,
            rests=True,
            ends=("later", "keep"),
            params=_keeps,
            shows=_shown,
            reads=_read,
        ),
    ),
    finish=_finish,
    alive=_alive,
)
