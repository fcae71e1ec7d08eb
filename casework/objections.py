"""Objections: an owner does not accept a rejection, and somebody else than its author reads it."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from casework import tickets
from casework.act import Act
from conversations.messages import Say, Value
from models import case as cases
from models import finding
from models import officer as officers
from models.case import Case
from models.finding import FindingRow
from models.infrastructure.wib import WIB
from models.lifecycle import CaseState, NotAllowed
from models.officer import Officer
from models.ticket import Ticket


def object_to(act: Act, case_id: int, words: str) -> None:
    """Open a ticket on the rejection of the owner's case; said again, its words are added.

    Supervisors of the area and the heads read it, but not who rejected, if there is another.

    Raises:
        NotAllowed: the case is not rejected, or the last day for an objection has passed.
    """
    case = act.my_case(case_id)
    (case,) = cases.lock(act.tx, [case.id])
    row = _refusal(act, case)
    until = date.fromisoformat(row.params["until"])
    if case.state != CaseState.REJECTED or until < act.at.astimezone(WIB).date():
        raise NotAllowed(f"case {case.id} can't be objected to")
    known = _open_on(act, case)
    if known is not None:
        opened, ticket = known
        tickets.add(act, opened.id, words)
    else:
        who = act.tx.get(Officer, row.params["by"]) if row.params["by"] else None
        opened, ticket = tickets.open_objection(act, case, words, _kept_from(act, case, who))
    what: dict[str, Value] = {
        "of": case.number,
        "number": opened.number,
        "by": ticket.answer_by.astimezone(WIB).date(),
    }
    act.reply("objection.known" if known else "objection.noted", **what)
    if known is None:
        tickets.tell_readers(act, opened, ticket, Say("notices.objection", what))


def _refusal(act: Act, case: Case) -> FindingRow:
    rows = (row for row in finding.latest(act.tx, [case.id]) if row.check == finding.REFUSAL)
    row = next(rows, None)
    if row is None:
        raise NotAllowed(f"case {case.id} was not rejected by a supervisor")
    return row


def _open_on(act: Act, case: Case) -> tuple[Case, Ticket] | None:
    """Return the open objection to this case."""
    found = act.tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(
            Case.person_id == case.person_id,
            Case.same_as == case.number,
            Ticket.about == tickets.OBJECTION,
            Ticket.closed_at.is_(None),
        )
        .limit(1)
    ).one_or_none()
    return (found[0], found[1]) if found is not None else None


def _kept_from(act: Act, case: Case, who: Officer | None) -> Officer | None:
    """Return who rejected the case, if somebody else can read the objection."""
    here = officers.supervisors_of(act.tx, case.area_code)
    others = {*here, *officers.heads(act.tx)} - {case.person_id}
    return who if who is not None and others - {who.person_id} else None
