"""The supervisors' first page: the matters that need a supervisor, and why."""

from __future__ import annotations

from conversations.effects import Concern
from conversations.facts import CaseFact, Desk, TicketFact
from conversations.flow import Flow
from conversations.messages import Lines, Say, Value
from conversations.session import Choice
from conversations.step import Context
from conversations.steps import Choose

SHOWN = 8  # of each queue, to fit a phone's screen


def _lines(context: Context) -> dict[str, Value]:
    facts = context.facts
    late, cases = _late(facts.desk)
    urgent, tickets = _urgent(facts.desk)
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
    flags = [
        Say(
            "supervisor_desk.flag",
            {"name": f.name, "badge": f.badge, "why": Say(f"flag.short.{f.kind}")},
        )
        for f in facts.desk.flags[:SHOWN]
    ]
    lines = (
        *map(_ticket, urgent),
        *map(_case, late),
        *map(_ticket, tickets),
        *lost,
        *failed,
        *map(_case, cases),
        *stuck,
        *to_call,
        *flags,
        *portraits,
        *unreachable,
    ) or (Say("supervisor_desk.all_well"),)
    return {"name": facts.me.name or "", "lines": Lines(tuple(lines))}


def _late(desk: Desk) -> tuple[tuple[CaseFact, ...], tuple[CaseFact, ...]]:
    """Return the cases that are overdue, and the others."""
    cases = desk.cases[:SHOWN]
    return tuple(a for a in cases if a.overdue), tuple(a for a in cases if not a.overdue)


def _urgent(desk: Desk) -> tuple[tuple[TicketFact, ...], tuple[TicketFact, ...]]:
    """Return the tickets of officers in danger, and the others."""
    tickets = desk.tickets[:SHOWN]
    urgent = tuple(t for t in tickets if t.about == Concern.DANGER)
    return urgent, tuple(t for t in tickets if t.about != Concern.DANGER)


def _case(case: CaseFact) -> Say:
    """Return the line of a case that waits for a decision."""
    reason = (
        Say(f"findings.{case.reasons[0]}.short")
        if case.reasons
        else Say("supervisor_desk.no_reason")
    )
    about: dict[str, Value] = {"number": case.number, "reason": reason}
    if case.decide_by is None:
        return Say("supervisor_desk.application", {**about, "since": case.submitted_at})
    key = "supervisor_desk.place_overdue" if case.overdue else "supervisor_desk.place"
    return Say(key, {**about, "by": case.decide_by})


def _ticket(ticket: TicketFact) -> Say:
    """Return the line of a matter that waits for an answer."""
    return Say(
        "supervisor_desk.ticket_overdue" if ticket.overdue else "supervisor_desk.ticket",
        {
            "number": ticket.number,
            "about": Say(f"ticket.about.{ticket.about}"),
            "by": ticket.close_by if ticket.answered else ticket.answer_by,
        },
    )


def _matters(context: Context) -> tuple[Choice, ...]:
    facts = context.facts
    late, cases = _late(facts.desk)
    urgent, asking = _urgent(facts.desk)
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
    flags = tuple(
        Choice(
            f"flag-{f.id}",
            Say(f"flag.label.{f.kind}", {"badge": f.badge}),
            ["flag", str(f.id)],
            "open",
        )
        for f in facts.desk.flags[:SHOWN]
    )
    return (
        *map(_answer, urgent),
        *map(_review, late),
        *map(_answer, asking),
        *lost,
        *failed,
        *map(_review, cases),
        *visits,
        *calls,
        *flags,
        *portraits,
        Choice("citizen", Say("supervisor_desk.citizen"), ["welcome", ""], "open"),
        Choice("refresh", Say("supervisor_desk.refresh"), "menu", "command"),
    )


def _review(case: CaseFact) -> Choice:
    label = Say("supervisor_desk.review", {"number": case.number})
    return Choice(f"review-{case.id}", label, [case.page, str(case.id)], "open")


def _answer(ticket: TicketFact) -> Choice:
    label = Say("supervisor_desk.answer", {"number": ticket.number})
    return Choice(f"ticket-{ticket.id}", label, ["ticket", str(ticket.id)], "open")


FLOW = Flow(
    id="supervisor_desk",
    home="supervisor",
    form=False,
    steps=(Choose("menu", options=_matters, params=_lines, counted=False, rests=True),),
)
