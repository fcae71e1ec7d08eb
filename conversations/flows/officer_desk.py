"""The officers' first page: their open visits, soonest first."""

from __future__ import annotations

from collections import Counter

from conversations.facts import VisitFact
from conversations.flow import Flow
from conversations.messages import Lines, Say, Value
from conversations.session import Choice
from conversations.step import Context
from conversations.steps import Choose
from conversations.wording import form_choice, short_day

VISITS, FORMS = 8, 3  # buttons, at most


def _lines(context: Context) -> dict[str, Value]:
    today = [v for v in context.facts.rounds.visits if v.on == context.facts.today]
    later = [v for v in context.facts.rounds.visits if v.on != context.facts.today]
    lines = [Say("officer_desk.today", {"n": len(today)}), *map(_line, today)]
    if later:
        lines += [Say("officer_desk.later", {"n": len(later)}), *map(_line, later)]
    return {"name": context.facts.me.name or "", "lines": Lines(tuple(lines))}


def _line(visit: VisitFact) -> Say:
    return Say(
        "officer_desk.line",
        {
            "window": Say(
                "common.window_short",
                {
                    "day": short_day(visit.on),
                    "part": Say(f"common.part.{visit.part}"),
                    "starts": visit.starts,
                },
            ),
            "owner": visit.host_name,
            "place": visit.place,
            "state": Say(f"officer_desk.state.{visit.state}"),
        },
    )


def _visits(context: Context) -> tuple[Choice, ...]:
    shown = context.facts.rounds.visits[:VISITS]
    alike = Counter((visit.host_name, visit.place) for visit in shown)
    visits = tuple(
        Choice(
            f"visit-{visit.id}",
            _label(visit, alone=alike[visit.host_name, visit.place] == 1),
            ["visit", str(visit.id)],
            "open",
        )
        for visit in shown
    )
    return (
        *visits,
        *map(form_choice, context.facts.rounds.assisted[:FORMS]),
        Choice("new", Say(context.key("menu", "new")), ["new_business", ""], "open"),
        Choice("citizen", Say(context.key("menu", "citizen")), ["welcome", ""], "open"),
        Choice("help", Say(context.key("menu", "help")), "help", "command"),
    )


def _label(visit: VisitFact, *, alone: bool) -> Say:
    """Return a button's label; owners of the same name and place are distinguished by number."""
    if alone:
        return Say("officer_desk.open", {"owner": visit.host_name, "place": visit.place})
    number = visit.case_number
    return Say("officer_desk.open_alike", {"owner": visit.host_name, "number": number})


FLOW = Flow(
    id="officer_desk",
    home="officer",
    form=False,
    steps=(Choose("menu", options=_visits, params=_lines, counted=False, rests=True),),
)
