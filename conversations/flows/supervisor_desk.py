"""The supervisors' first page: the matters that need a supervisor, and why."""

from __future__ import annotations

from conversations.flow import Flow
from conversations.messages import Lines, Say, Value
from conversations.session import Choice
from conversations.step import Context
from conversations.steps import Choose

SHOWN = 8  # of each queue, to fit a phone's screen


def _lines(context: Context) -> dict[str, Value]:
    facts = context.facts
    waiting = [
        Say(
            "supervisor_desk.application",
            {
                "number": a.number,
                "since": a.submitted_at,
                "reason": Say(f"findings.{a.reasons[0]}.short")
                if a.reasons
                else Say("supervisor_desk.no_reason"),
            },
        )
        for a in facts.desk.cases[:SHOWN]
    ]
    stuck = [
        Say(
            "supervisor_desk.visit",
            {"number": v.case_number, "day": v.on, "place": v.place},
        )
        for v in facts.desk.visits[:SHOWN]
    ]
    unreachable = [
        Say("supervisor_desk.unreachable", {"name": o.name, "badge": o.badge})
        for o in facts.desk.officers
        if not o.reachable
    ]
    to_call = [
        Say(
            "supervisor_desk.to_call",
            {"number": c.number, "name": c.name, "reason": Say(f"call.short.{c.reasons[0]}")},
        )
        for c in facts.desk.calls[:SHOWN]
    ]
    asking = [
        Say(
            "supervisor_desk.ticket_overdue" if t.overdue else "supervisor_desk.ticket",
            {
                "number": t.number,
                "about": Say(f"ticket.about.{t.about}"),
                "by": t.close_by if t.answered else t.answer_by,
            },
        )
        for t in facts.desk.tickets[:SHOWN]
    ]
    failed = [
        Say("supervisor_desk.set_aside", {"number": m.id, "name": m.name, "since": m.since})
        for m in facts.desk.asides[:SHOWN]
    ]
    lost = [
        Say(
            "supervisor_desk.lost",
            {"number": v.case_number, "day": v.on, "officer": v.officer_name or "-"},
        )
        for v in facts.desk.lost[:SHOWN]
    ]
    portraits = [
        Say("supervisor_desk.portrait", {"name": p.name, "badge": p.badge})
        for p in facts.desk.portraits[:SHOWN]
    ]
    lines = (*asking, *lost, *failed, *waiting, *stuck, *to_call, *portraits, *unreachable) or (
        Say("supervisor_desk.all_well"),
    )
    return {"name": facts.me.name or "", "lines": Lines(tuple(lines))}


def _matters(context: Context) -> tuple[Choice, ...]:
    facts = context.facts
    reviews = tuple(
        Choice(
            f"review-{a.id}",
            Say("supervisor_desk.review", {"number": a.number}),
            [a.page, str(a.id)],
            "open",
        )
        for a in facts.desk.cases[:SHOWN]
    )
    visits = tuple(
        Choice(
            f"assign-{v.id}",
            Say("supervisor_desk.assign", {"number": v.case_number}),
            ["assignment", str(v.id)],
            "open",
        )
        for v in facts.desk.visits[:SHOWN]
    )
    calls = tuple(
        Choice(
            f"call-{c.id}",
            Say("supervisor_desk.call", {"number": c.number}),
            ["call", str(c.id)],
            "open",
        )
        for c in facts.desk.calls[:SHOWN]
    )
    tickets = tuple(
        Choice(
            f"ticket-{t.id}",
            Say("supervisor_desk.answer", {"number": t.number}),
            ["ticket", str(t.id)],
            "open",
        )
        for t in facts.desk.tickets[:SHOWN]
    )
    lost = tuple(
        Choice(
            f"lost-{v.id}",
            Say("supervisor_desk.end", {"number": v.case_number}),
            ["lost_visit", str(v.id)],
            "open",
        )
        for v in facts.desk.lost[:SHOWN]
    )
    failed = tuple(
        Choice(
            f"aside-{m.id}",
            Say("supervisor_desk.retry", {"number": m.id}),
            ["set_aside", str(m.id)],
            "open",
        )
        for m in facts.desk.asides[:SHOWN]
    )
    portraits = tuple(
        Choice(
            f"portrait-{p.id}",
            Say("supervisor_desk.see_portrait", {"badge": p.badge}),
            ["portrait", str(p.id)],
            "open",
        )
        for p in facts.desk.portraits[:SHOWN]
    )
    return (
        *tickets,
        *lost,
        *failed,
        *reviews,
        *visits,
        *calls,
        *portraits,
        Choice("citizen", Say("supervisor_desk.citizen"), ["welcome", ""], "open"),
        Choice("refresh", Say("supervisor_desk.refresh"), "menu", "command"),
    )


FLOW = Flow(
    id="supervisor_desk",
    home="supervisor",
    form=False,
    steps=(Choose("menu", options=_matters, params=_lines, counted=False, rests=True),),
)
