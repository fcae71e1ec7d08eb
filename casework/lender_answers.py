"""Acts on a lender's answer: told by the owner, a supervisor or the lender, and what follows.

Two who tell different ends of the same matter are heard by a supervisor, who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from casework import course, reminding, tickets, waiting
from casework.act import Act
from casework.documents import day
from conversations.dossiers import (
    AT_DESK,
    DISPUTED,
    MATTERS,
    NO_ANSWER,
    OPEN,
    OUTCOMES,
    REFUSED_FOR,
    RELIEF,
    REOPENS,
    SECOND,
    SILENT,
    TO_DESK,
)
from conversations.events import News
from conversations.lender_words import complaint
from conversations.messages import Json, Rupiah, Say, Value
from models import case as cases
from models import dossier, lifecycle, ticket
from models.case import Case
from models.dossier import By, Dossier, LenderAnswer
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState, NotAllowed

#: Stages of a letter at which an answer is taken.
ANSWERED_AT = ("delivery", "awaiting", "trust")


def tell(
    act: Act,
    case_id: int,
    outcome: str,
    reason: str = "",
    terms: Mapping[str, Json] | None = None,
    *,
    reminds: bool = False,
) -> None:
    """Take what the owner says that the lender answered; with the terms of a new contract.

    Raises:
        NotAllowed: it is another person's case, or no answer is awaited.
    """
    case = act.my_case(case_id)
    row = _open(act, case)
    if case.stage == "trust" and row.outcome == outcome:
        _keep_terms(row, terms)
        _granted(act, case, row)
        reminding.begin(act, case, row, wanted=reminds)
        return
    if not _record(act, case, row, By.OWNER, outcome, reason, terms):
        act.reply("lender_answer.disputed")
        return
    _keep_terms(row, terms)
    _follow(act, case, row, By.OWNER, outcome, reason)
    if outcome in RELIEF:
        reminding.begin(act, case, row, wanted=reminds)


def record(act: Act, ticket_id: int, outcome: str, reason: str = "") -> None:
    """Record what a supervisor heard from the lender; it counts, whatever others told.

    Raises:
        NotAllowed: the ticket is about no letter, or in another area.
    """
    waits, row = ticket.lock(act.tx, ticket_id)
    if row.about not in MATTERS:
        raise NotAllowed(f"ticket {ticket_id} is about no letter")
    act.must_supervise(waits.area_code)
    number = str((readable(waits.answers) or {}).get("visit_of", ""))
    found = cases.by_number(act.tx, number)
    if found is None:
        raise NotAllowed(f"ticket {ticket_id} names no case")
    (case,) = cases.lock(act.tx, [found.id])
    if act.is_of(case.person_id):
        raise NotAllowed(f"case {case.id} is {act.actor}'s own")
    letter = _open(act, case)
    _record(act, case, letter, By.SUPERVISOR, outcome, reason, None)
    tickets.goes_on(act, case, DISPUTED, SILENT)
    _follow(act, case, letter, By.SUPERVISOR, outcome, reason)


def at_desk(act: Act, code: str, outcome: str) -> bool:
    """Take what the lender pressed on its page; False if the page is not open any more.

    Raises:
        NotAllowed: the page has no such button.
    """
    act.must_be_office()
    if outcome not in AT_DESK:
        raise NotAllowed(f"{outcome!r} is not on the lender's page")
    case = desk_case(act, code)
    if case is None:
        return False
    row = dossier.open_for(act.tx, case.id)
    if not desk_is_open(case, row, dossier.answers(act.tx, case.id), act.at):
        return False
    _reopen(act, case, row)
    _arrived(act, case, row)
    known = row.outcome == outcome  # told by its owner, or a supervisor
    if _record(act, case, row, By.LENDER, outcome, "", None) and not known:
        _follow(act, case, row, By.LENDER, outcome, "")
    return True


def desk_case(act: Act, code: str) -> Case | None:
    """Lock and return the case whose lender's page this code opens."""
    case_id = dossier.case_at_desk(act.tx, code)
    return cases.lock(act.tx, [case_id])[0] if case_id is not None else None


def desk_is_open(case: Case, row: Dossier, told: Iterable[LenderAnswer], at: datetime) -> bool:
    """Whether the lender may still answer: it told no end itself, and nobody withdrew."""
    if row.withdrawn_at is not None or row.signed_at is None:
        return False
    if any(one.by == By.LENDER and one.outcome not in OPEN for one in told):
        return False
    if case.state == CaseState.DONE:
        return _comes_late(row, at)
    return case.state == CaseState.WAITING and case.stage in ANSWERED_AT


def _comes_late(row: Dossier, at: datetime) -> bool:
    closed = row.answered_at
    return row.outcome == NO_ANSWER and closed is not None and at <= closed + REOPENS


def _arrived(act: Act, case: Case, row: Dossier) -> None:
    """Note that a lender who answers has the letter: nobody is asked whether it was delivered."""
    if case.stage != "delivery":
        return
    row.delivered_at = act.at
    act.note("letter.delivered", f"case:{case.id}", how=row.delivered_how)
    tickets.goes_on(act, case, TO_DESK)
    course.advance(act, case)


def _open(act: Act, case: Case) -> Dossier:
    """Return the dossier of a (locked) case for which an answer may come.

    Raises:
        NotAllowed: nobody waits for one.
    """
    row = act.tx.get(Dossier, case.id)
    if row is None:
        raise NotAllowed(f"case {case.id} has no letter")
    _reopen(act, case, row)
    if case.state != CaseState.WAITING or case.stage not in ANSWERED_AT:
        raise NotAllowed(f"case {case.id} waits for no answer")
    return row


def _reopen(act: Act, case: Case, row: Dossier) -> None:
    """Let a case wait again that was closed because nobody answered."""
    if case.state == CaseState.DONE and _comes_late(row, act.at):
        lifecycle.move(act.tx, case, CaseState.WAITING, actor=act.actor)


def _record(
    act: Act,
    case: Case,
    row: Dossier,
    by: By,
    outcome: str,
    reason: str,
    terms: Mapping[str, Json] | None,
) -> bool:
    """Write an answer; False, with a matter for supervisors, if somebody else told another end."""
    if outcome not in OUTCOMES or (reason and reason not in REFUSED_FOR):
        raise NotAllowed(f"{outcome!r} is no answer of a lender")
    told = {one.by: one for one in dossier.answers(act.tx, case.id) if one.outcome not in OPEN}
    others = [one for one in told.values() if one.by != by and one.outcome != outcome]
    act.tx.add(
        LenderAnswer(
            case_id=case.id,
            by=by.value,
            outcome=outcome,
            reason=reason or None,
            details=dict(terms) if terms else None,
            at=act.at,
        )
    )
    act.note("lender.answered", f"case:{case.id}", by=by.value, outcome=outcome)
    if by is By.SUPERVISOR or outcome in OPEN or not others:
        return True
    said: dict[str, Value] = {
        "number": case.number,
        "one": _said(others[-1].outcome, others[-1].by),
        "other": _said(outcome, by.value),
    }
    tickets.wait(act.for_office(), case, DISPUTED, Say("notices.letter_disputed", said))
    return False


def _said(outcome: str, by: str) -> Say:
    told = {"outcome": Say(f"lender_answer.outcome.{outcome}"), "by": Say(f"lender_answer.by.{by}")}
    return Say("lender_answer.told", told)


def _keep_terms(row: Dossier, terms: Mapping[str, Json] | None) -> None:
    if terms:
        row.terms = dict(terms)


def _follow(act: Act, case: Case, row: Dossier, by: By, outcome: str, reason: str) -> None:
    """Do what an answer leads to, and tell the owner."""
    tickets.goes_on(act, case, SILENT)
    if outcome in OPEN:
        number = {"number": case.number}
        _say(act, case, Say(f"lender_answer.open.{outcome}", number))
        return
    row.outcome, row.answered_by, row.answered_at = outcome, by.value, act.at
    row.delivered_at = row.delivered_at or act.at
    if outcome in RELIEF:
        if by is By.OWNER:
            _granted(act, case, row)
        course.wait_at(act, case, "trust")
        if by is not By.OWNER:
            heard = Say("lender_answer.heard", {"told": _said(outcome, by.value)})
            said = (waiting.about(case), heard)
            act.tell(case.person_id, News.LENDER_ANSWERED, case.id, *said, opens="lender_answer")
        return
    if outcome == "refused":  # it stays open: the lender may think again
        course.wait_at(act, case, "awaiting")
        case.due_at = act.at + timedelta(days=SECOND)
        reminding.plan_second(act, case, case.due_at)
        _say(act, case, _refusal(act, case, reason or "unsaid"))
        return
    _say(act, case, Say("lender_answer.paid_off"))
    lifecycle.move(act.tx, case, CaseState.DONE, actor=act.actor, reason=outcome)
    case.due_at = None


def _refusal(act: Act, case: Case, reason: str) -> Say:
    params: dict[str, Value] = {
        "next": Say(f"lender_answer.refused.{reason}"),
        "second": Say("common.day", {"day": day(act.at + timedelta(days=SECOND))}),
        "complaint": complaint(readable(case.answers) or {}),
    }
    return Say("lender_answer.refused", params)


def _granted(act: Act, case: Case, row: Dossier) -> None:
    """Say what the relief means in rupiah a month, and what to read before signing."""
    terms = reminding.terms_of(row)
    lines: list[Say] = []
    if terms is not None and terms.instalment is not None:
        lines.append(Say("lender_answer.terms", {"sum": Rupiah(terms.instalment)}))
    if terms is not None and terms.months is not None:
        lines.append(Say("lender_answer.terms_months", {"months": terms.months}))
    if terms is not None and terms.first_due is not None:
        on = Say("common.day", {"day": terms.first_due})
        lines.append(Say("lender_answer.terms_due", {"day": on}))
    said: Value = ""
    for line in lines:
        said = line if not said else Say("common.joined", {"one": said, "two": line})
    outcome = Say(f"lender_answer.outcome.{row.outcome}")
    _say(act, case, Say("lender_answer.relief", {"outcome": outcome, "terms": said}))


def _say(act: Act, case: Case, say: Say) -> None:
    """Answer the owner, or tell them what somebody else told us."""
    if act.is_of(case.person_id):
        act.reply(say.key, **say.params)
    else:
        act.tell(case.person_id, News.LENDER_ANSWERED, case.id, waiting.about(case), say)
