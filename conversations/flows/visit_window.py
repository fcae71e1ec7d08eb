"""Visit window: the owner of a verified case chooses when the officer comes."""

from __future__ import annotations

from collections.abc import Mapping, Set
from datetime import date

from conversations.effects import ChooseWindow
from conversations.facts import Facts, VisitFact, Window
from conversations.flow import Ending, Flow
from conversations.lifecycle import SETTLED, CaseState
from conversations.messages import Json, Say, Value
from conversations.parsers import Reading
from conversations.parsers.slots import slot
from conversations.session import Answers, Choice
from conversations.spot import Spot, place
from conversations.step import Context
from conversations.steps import Choose
from conversations.wording import short_day, window_label, window_words

SHOWN = 6  # windows at once; more would not fit a small screen


def _windows(context: Context) -> tuple[Choice, ...]:
    case = context.facts.case(context.subject)
    answers = case.answers if case is not None else {}
    free = _free(context)
    parts = _wanted(answers, {w.part for w in free})
    choices = [
        Choice(value := _value(w), _label(w), value)
        for w in sorted(free, key=lambda w: _rank(w, answers, parts))[:SHOWN]
    ]
    if _agreed(context.subject, context.facts) is not None:
        keep = Choice("keep", Say(context.key("window", "keep")), "keep", means="no")
        choices.append(keep)
    return (*choices, Choice("later", Say(context.key("window", "later")), "later"))


def _read(text: str, context: Context) -> Json:
    """Read a day and an hour against the free windows, and the one that is agreed."""
    agreed = _agreed(context.subject, context.facts)
    offered: list[Window | VisitFact] = [*_free(context), *([agreed] if agreed else [])]
    offered.sort(key=lambda w: (w.on, w.starts))

    def answer(window: Window | VisitFact) -> str:
        return "keep" if window is agreed else _value(window)

    def reading(window: Window | VisitFact) -> Reading:
        return Reading(_value(window), _label(window), answer(window))

    return answer(slot(text, offered, context.facts.today, reading))


def _value(window: Window | VisitFact) -> str:
    """Return a window as the choice of it is stored: "2026-11-26.morning"."""
    return f"{window.on.isoformat()}.{window.part}"


def _free(context: Context) -> tuple[Window, ...]:
    return context.facts.mine.choosable(int(context.subject))


def _agreed(subject: str, facts: Facts) -> VisitFact | None:
    """Return the visit that another time is chosen for; None if none is agreed yet."""
    case = facts.case(subject)
    return facts.mine.agreed(case.id) if case is not None else None


def _stands(subject: str, facts: Facts) -> dict[str, Value]:
    """Return the time that is agreed, and the request if there are several."""
    agreed = _agreed(subject, facts)
    window = window_words(agreed.on, agreed.starts, agreed.ends) if agreed is not None else ""
    return {"window": window, "of": _of(subject, facts)}


def _of(subject: str, facts: Facts) -> Value:
    """Return the number of the request, if the owner has another one that is open."""
    waits = [case for case in facts.mine.cases if case.state not in SETTLED]
    number = next((case.number for case in waits if str(case.id) == subject), "")
    return Say("visit_window.of", {"number": number}) if number and len(waits) > 1 else ""


def _asked(context: Context) -> Mapping[str, Value]:
    stands = _stands(context.subject, context.facts)
    keeps: Value = Say("visit_window.keeps", stands) if stands["window"] else _unmet(context)
    return {"keeps": keeps, "of": stands["of"]}


def _unmet(context: Context) -> Value:
    """Say that nobody comes in the evening, to an owner who asked for it."""
    case = context.facts.case(context.subject)
    wanted = case.answers.get("preferred_part") if case is not None else None
    there = any(window.part == "evening" for window in _free(context))
    return Say("visit_window.no_evening") if wanted == "evening" and not there else ""


def _label(window: Window | VisitFact) -> Say:
    return window_label(window.on, window.part, window.starts)


def _wanted(answers: Answers, there: Set[str]) -> Set[str]:
    """Return the parts of the day that the owner prefers, of those in which somebody comes.

    "Sore" is the afternoon and the evening; without evenings, the afternoon is nearest to one.
    """
    wanted = answers.get("preferred_part", "any")
    parts = {str(part) for part in (wanted if isinstance(wanted, list) else [wanted])}
    if "afternoon" in parts:
        parts.add("evening")
    if "evening" in parts and "evening" not in there:
        parts.add("afternoon")
    return parts


def _rank(window: Window, answers: Answers, parts: Set[str]) -> tuple[bool, bool, date]:
    """Sort windows: the ones that the owner prefers first, then the soonest."""
    wanted_days = answers.get("preferred_days")
    other_day = isinstance(wanted_days, list) and window.on.isoformat() not in wanted_days
    other_part = parts.isdisjoint({"any", window.part})
    return other_day, other_part, window.on


def _finish(context: Context) -> Ending:
    answer = str(context.answers["window"])
    stands = _stands(context.subject, context.facts)
    if answer == "later":
        return Ending(says=(_none_suits(context, stands),))
    if answer == "keep":
        return Ending(says=(Say("visit_window.window.keep.end", stands),))
    on, part = answer.split(".")
    spot = context.answers.get("spot") or place(None)
    pin = (spot["pin"][0], spot["pin"][1]) if spot["pin"] else None
    chosen = ChooseWindow(
        int(context.subject), date.fromisoformat(on), part, pin, str(spot["words"])
    )
    return Ending((chosen,))


def _none_suits(context: Context, stands: Mapping[str, Value]) -> Say:
    """Tell whoever takes none of the times that were shown how it goes on."""
    free = _free(context)
    if not stands["window"]:
        return Say("visit_window.window.later.end")
    if len(free) <= SHOWN:
        return Say("visit_window.none_suits", stands)
    return Say("visit_window.none_suits_yet", {**stands, "last": max(w.on for w in free)})


def _left(subject: str, facts: Facts) -> tuple[Say, ...]:
    """Say that the time stands to somebody who gives the choice of another one up."""
    agreed = _agreed(subject, facts) is not None
    return (Say("visit_window.stands", _stands(subject, facts)),) if agreed else ()


def _alive(subject: str, facts: Facts) -> bool:
    case = facts.case(subject)
    if case is None or not facts.mine.choosable(case.id):
        return False
    return case.state == CaseState.ACCEPTED or _agreed(subject, facts) is not None


def _closed(subject: str, facts: Facts) -> tuple[Say, ...]:
    """Say that no other time is free, and that the one agreed stands."""
    agreed = _agreed(subject, facts) is not None
    return (Say("visit_window.none_free", _stands(subject, facts)),) if agreed else ()


def _shown(answer: Json, facts: Facts) -> Value:
    on, _, part = str(answer).partition(".")
    day = short_day(date.fromisoformat(on))
    return Say("visit_window.chosen", {"day": day, "part": Say(f"common.part.{part}")})


FLOW = Flow(
    id="visit_window",
    form=False,
    steps=(
        Choose(
            "window",
            options=_windows,
            counted=False,
            rests=True,
            params=_asked,
            shows=_shown,
            reads=_read,
        ),
        Spot("spot", optional=True, agreed=lambda context: ""),
    ),
    finish=_finish,
    left=_left,
    closed=_closed,
    alive=_alive,
)
