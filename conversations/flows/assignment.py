"""Assignment: a supervisor offers a visit that has no officer to one of their choice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from conversations.effects import Assign
from conversations.facts import Facts, OfficerFact
from conversations.flow import Ending, Flow
from conversations.lifecycle import VisitState
from conversations.messages import Json, Lines, Say, Value
from conversations.session import Answers, Choice
from conversations.step import Context
from conversations.steps import Choose
from conversations.supervision import absence_of
from conversations.wording import window_words

SHOWN = 9  # officers, least busy first; with "to the menu", as many as a list holds
MAX_BUTTONS = 3  # "to the menu" included; WhatsApp shows more as a list
MAX_BUTTON, MAX_ITEM = 20, 24  # characters on a button, and of an item on a list
MAX_BADGE = 8  # characters of a badge on a button; a whole NIP leaves no room for a name
LEAST_NAME = 4


def _summary(context: Context) -> Mapping[str, Value]:
    visit = context.facts.desk.the_visit(context.subject)
    refusals = [
        Say("assignment.refusal", {"badge": badge, "reason": Say(f"visit.declined.{reason}")})
        for badge, reason in visit.refusals
    ]
    return {
        "number": visit.case_number,
        "owner": visit.host_name,
        "place": visit.place,
        "window": window_words(visit.on, visit.starts, visit.ends),
        "refusals": Lines(tuple(refusals or [Say("assignment.nobody_asked")])),
    }


def _officers(context: Context) -> tuple[Choice, ...]:
    visit = context.facts.desk.the_visit(context.subject)
    free = sorted(
        (officer for officer in context.facts.desk.officers if officer.reachable),
        key=lambda o: (not o.comes(visit.on, visit.part), o.load, o.id),
    )[:SHOWN]
    ends = Counter(_shortened(officer.badge) for officer in free)
    most = MAX_BUTTON if len(free) < MAX_BUTTONS else MAX_ITEM
    officers = tuple(
        Choice(str(o.id), _label(o, most, whole=ends[_shortened(o.badge)] > 1), o.id) for o in free
    )
    return (*officers, Choice("menu", Say("common.to_menu"), "menu", "command"))


def _label(officer: OfficerFact, most: int, *, whole: bool) -> Say:
    """Return a button's label, with the badge, since names may be equal; cut unless `whole`."""
    badge = officer.badge if whole else _shortened(officer.badge)
    room = max(most - len(f" {badge} ({officer.load})"), LEAST_NAME)
    name = officer.name if len(officer.name) <= room else officer.name[: room - 1].rstrip() + "…"
    return Say("assignment.officer_line", {"name": name, "badge": badge, "n": officer.load})


def _shortened(badge: str) -> str:
    return badge if len(badge) <= MAX_BADGE else "…" + badge[1 - MAX_BADGE :]


def _is_away(answers: Answers, facts: Facts) -> bool:
    """The chosen officer has said that they do not work on the day of the visit."""
    one, on = _chosen(answers, facts), str(answers.get("on") or "")
    return one is not None and on in map(date.isoformat, one.away)


def _is_off(answers: Answers, facts: Facts) -> bool:
    """The visit is outside the chosen officer's hours, who has noted no absence that day."""
    one, on = _chosen(answers, facts), str(answers.get("on") or "")
    if one is None or not on or _is_away(answers, facts):
        return False
    return not one.duty.holds(date.fromisoformat(on), str(answers.get("part") or ""))


def _chosen(answers: Answers, facts: Facts) -> OfficerFact | None:
    return next((one for one in facts.desk.officers if one.id == answers.get("officer")), None)


def _on(subject: str, facts: Facts) -> Answers:
    visit = facts.desk.visit(subject)
    if visit is None:
        return {"on": ""}
    return {"on": visit.on.isoformat(), "part": visit.part}


def _absence(context: Context) -> Mapping[str, Value]:
    visit = context.facts.desk.the_visit(context.subject)
    one = _chosen(context.answers, context.facts)
    return absence_of(one, visit) if one is not None else {}


def _finish(context: Context) -> Ending:
    effect = Assign(int(context.subject), int(str(context.answers["officer"])))
    return Ending((effect,), (Say("assignment.done"),))


def _alive(subject: str, facts: Facts) -> bool:
    visit = facts.desk.visit(subject)
    return visit is not None and visit.state == VisitState.UNASSIGNED


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
        Choose(
            "away",
            options=("yes", "no"),
            params=_absence,
            when=_is_away,
            counted=False,
            ends=("no",),
        ),
        Choose(
            "off",
            options=("yes", "no"),
            params=_absence,
            when=_is_off,
            counted=False,
            ends=("no",),
        ),
    ),
    finish=_finish,
    prefill=_on,
    given=frozenset({"on", "part"}),
    alive=_alive,
)
