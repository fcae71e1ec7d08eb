"""Objections: an owner does not accept a rejection, and somebody else than its author decides."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import course, tickets
from casework.act import Act
from conversations.events import News
from conversations.messages import Say, Value
from models import case as cases
from models import finding, lifecycle
from models import officer as officers
from models.case import Case
from models.finding import Finding, FindingRow, Outcome
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
        opened, ticket = tickets.open_objection(act, case, words, kept_from(act.tx, case))
    what: dict[str, Value] = {
        "of": case.number,
        "number": opened.number,
        "by": ticket.answer_by.astimezone(WIB).date(),
    }
    act.reply("objection.known" if known else "objection.noted", **what)
    if known is None:
        tickets.tell_readers(act, opened, ticket, Say("notices.objection", what))


def decide(act: Act, case_id: int, words: str, *, upheld: bool) -> None:
    """Close an objection with a supervisor's words; one that is upheld opens the rejected case.

    The case waits for a decision again, of somebody else than who rejected it, if there is another.
    It stays closed if its owner has asked for the same again meanwhile.

    Raises:
        NotAllowed: the ticket is closed, no objection, or not for the supervisor who acts.
    """
    number = act.tx.get_one(Case, case_id).same_as
    rejected = cases.by_number(act.tx, number) if number is not None else None
    if rejected is None:
        raise NotAllowed(f"case {case_id} objects to no case")
    cases.lock(act.tx, [rejected.id, case_id])
    opened, row, _ = tickets.mine(act, case_id)
    if row.about != tickets.OBJECTION:
        raise NotAllowed(f"ticket {case_id} is no objection")
    newer = cases.asked_again(act.tx, rejected)
    what: dict[str, Value] = {"number": opened.number, "of": rejected.number, "newer": newer or ""}
    how = "dismissed"
    if upheld:
        how = "renewed" if newer else "upheld"
    act.reply(f"ticket.objection.{how}", **what)
    result = Say(f"notices.objection_{how}", what)
    tickets.close(act, case_id, words, founded=upheld, result=result)
    if how == "upheld":
        _reopen(act, rejected)


def _reopen(act: Act, case: Case) -> None:
    """Let a (locked) rejected case wait for a decision again, and tell who may decide."""
    lifecycle.move(act.tx, case, CaseState.IN_REVIEW, actor=act.actor, reason="objection_upheld")
    upheld = Finding(finding.UPHELD, Outcome.NEEDS_A_PERSON, "objection_upheld")
    course.find(act, case, upheld)
    say = Say("notices.case_reopened", {"number": case.number})
    for person_id in _deciders(act.tx, case, kept_from(act.tx, case)):
        if not act.is_of(person_id):
            act.tell(person_id, News.REVIEW_NEEDED, case.id, say, opens="review")


def kept_from(tx: Session, case: Case) -> Officer | None:
    """Return who rejected a case, if somebody else can read the objection and decide again."""
    row = _refusal_of(tx, case)
    by = row.params.get("by") if row is not None else None
    who = tx.get(Officer, by) if by else None
    return who if who is not None and _others(tx, case, who) else None


def _others(tx: Session, case: Case, who: Officer) -> set[int]:
    """Return the people who may decide on a case: its owner and `who` are not among them."""
    here = officers.supervisors_of(tx, case.area_code)
    return {*here, *officers.heads(tx)} - {case.person_id, who.person_id or 0}


def _deciders(tx: Session, case: Case, kept: Officer | None) -> list[int]:
    """Return whom to tell that a case waits again: the area's supervisors, or else the heads."""
    but = {case.person_id, kept.person_id if kept is not None else None}
    here = [one for one in officers.supervisors_of(tx, case.area_code) if one not in but]
    return here or [one for one in officers.heads(tx) if one not in but]


def _refusal_of(tx: Session, case: Case) -> FindingRow | None:
    rows = (row for row in finding.latest(tx, [case.id]) if row.check == finding.REFUSAL)
    return next(rows, None)


def _refusal(act: Act, case: Case) -> FindingRow:
    row = _refusal_of(act.tx, case)
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
