"""Assignment: a supervisor gives a visit that nobody took to an officer."""

from __future__ import annotations

from collections.abc import Mapping

from conversations.effects import Assign
from conversations.facts import Facts
from conversations.flow import Choose, Context, Ending, Flow, window_words
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Offer

UNASSIGNED = "unassigned"  # of models.lifecycle


def _summary(context: Context) -> Mapping[str, Value]:
    visit = context.facts.the_visit(context.subject)
    refusals = [
        Say("assignment.refusal", {"badge": badge, "reason": Say(f"visit.declined.{reason}")})
        for badge, reason in visit.refusals
    ]
    return {
        "number": visit.application_number,
        "owner": visit.owner_name,
        "place": visit.kelurahan,
        "window": window_words(visit.on, visit.starts, visit.ends),
        "refusals": Lines(tuple(refusals or [Say("assignment.nobody_asked")])),
    }


def _officers(context: Context) -> tuple[Offer, ...]:
    officers = tuple(
        Offer(
            str(officer.id),
            Say("assignment.officer_line", {"name": officer.name, "n": officer.load}),
            officer.id,
        )
        for officer in sorted(context.facts.officers, key=lambda o: (o.load, o.id))
        if officer.reachable
    )
    return (*officers[:9], Offer("menu", Say("common.to_menu"), "menu", "command"))


def _finish(context: Context) -> Ending:
    effect = Assign(int(context.subject), int(str(context.answers["officer"])))
    return Ending((effect,), (Say("assignment.done"),))


def _alive(subject: str, facts: Facts) -> bool:
    visit = facts.visit(subject)
    return visit is not None and visit.state == UNASSIGNED


def _shown(answer: Json, facts: Facts) -> Value:
    return str(answer)


FLOW = Flow(
    id="assignment",
    only="supervisor",
    form=False,
    interrupts=False,
    steps=(
        Choose(
            "officer", options=_officers, params=_summary, counted=False, rests=True, shows=_shown
        ),
    ),
    finish=_finish,
    alive=_alive,
)
