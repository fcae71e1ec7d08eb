"""Acts on a lender's answer: told by the owner, a supervisor or the lender, and what follows.

Two who tell different ends of the same matter are heard by a supervisor, who decides.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from casework import course, reminding, tickets, waiting
from casework.act import Act
from casework.documents import day
from conversations.dossiers import (
    AT_DESK,
    DISPUTED,
    NO_ANSWER,
    OPEN,
    OUTCOMES,
    RECORDED,
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

AWAITING = "awaiting"
STAGES = ("delivery", AWAITING, reminding.STAGE)  # at which an answer may come


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
    row = _open(act, case, By.OWNER)
    if not _take(act, case, row, By.OWNER, outcome, reason, terms):
        act.reply("lender_answer.disputed")
        return
    if outcome in RELIEF:
        _granted(act, case, row)
        if row.reminders is None:
            reminding.begin(act, case, row, wanted=reminds)


def record(act: Act, ticket_id: int, outcome: str, reason: str = "") -> None:
    """Record what a supervisor heard from the lender; it counts, whatever others told.

    Raises:
        NotAllowed: the ticket is about no letter, or in another area.
    """
    asked = act.tx.get_one(Case, ticket_id)
    found = cases.by_number(act.tx, str((readable(asked.answers) or {}).get("visit_of", "")))
    cases.lock(act.tx, sorted({asked.id} | ({found.id} if found is not None else set())))
    waits, row = ticket.lock(act.tx, ticket_id)
    if row.about not in RECORDED or row.closed_at is not None:
        raise NotAllowed(f"ticket {ticket_id} waits for no lender's answer")
    act.must_supervise(waits.area_code)
    if found is None:
        raise NotAllowed(f"ticket {ticket_id} names no case")
    case = act.tx.get_one(Case, found.id)
    if act.is_of(case.person_id):
        raise NotAllowed(f"case {case.id} is {act.actor}'s own")
    letter = _open(act, case, By.SUPERVISOR)
    tickets.goes_on(act, case, DISPUTED, SILENT)
    _take(act, case, letter, By.SUPERVISOR, outcome, reason, None)


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
    if not _take(act, case, row, By.LENDER, outcome, "", None):
        _say(act, case, Say("lender_answer.disputed"))
    return True


def desk_case(act: Act, code: str) -> Case | None:
    """Lock and return the case whose lender's page this code opens; None for an unknown code.

    Raises:
        NotAllowed: a person acts.
    """
    act.must_be_office()
    case_id = dossier.case_at_desk(act.tx, code)
    return cases.lock(act.tx, [case_id])[0] if case_id is not None else None


def desk_is_open(case: Case, row: Dossier, told: Iterable[LenderAnswer], at: datetime) -> bool:
    """Whether the lender may still answer: it has told no end yet, and nobody withdrew."""
    if row.withdrawn_at is not None or row.signed_at is None:
        return False
    ends = (one for one in told if one.outcome not in OPEN)
    return not any(one.by == By.LENDER for one in ends) and _waits(case, row, By.LENDER, at)


def _waits(case: Case, row: Dossier, by: By, at: datetime) -> bool:
    """Whether somebody may tell an answer: it is awaited, or what others told may be wrong."""
    if case.state == CaseState.WAITING:
        return case.stage in STAGES
    if case.state != CaseState.DONE or row.answered_at is None:
        return False
    others = row.outcome == NO_ANSWER or row.answered_by != by
    return others and at <= row.answered_at + REOPENS


def _open(act: Act, case: Case, by: By) -> Dossier:
    """Return the dossier of a (locked) case for which an answer may come.

    Raises:
        NotAllowed: nobody waits for one.
    """
    row = act.tx.get(Dossier, case.id)
    if row is None or row.withdrawn_at is not None:
        raise NotAllowed(f"case {case.id} has no letter")
    if not _waits(case, row, by, act.at):
        raise NotAllowed(f"case {case.id} waits for no answer")
    return row


def _take(
    act: Act,
    case: Case,
    row: Dossier,
    by: By,
    outcome: str,
    reason: str,
    terms: Mapping[str, Json] | None,
) -> bool:
    """Take an answer and do what it leads to; False if somebody else told another end.

    Then no answer counts until a supervisor records one. The same answer once more changes only
    the terms.
    """
    if not _record(act, case, row, by, outcome, reason, terms):
        row.outcome = row.answered_by = row.answered_at = row.reminders = None
        if case.state != CaseState.WAITING or case.stage != AWAITING:
            course.wait_at(act, case, AWAITING)
        return False
    _keep_terms(row, terms)
    if row.outcome != outcome:
        _follow(act, case, row, by, outcome, reason)
    elif by is By.SUPERVISOR:
        row.answered_by = by.value
    return True


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
    told = {one.by: one for one in _since_recorded(dossier.answers(act.tx, case.id))}
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


def _since_recorded(told: Sequence[LenderAnswer]) -> list[LenderAnswer]:
    """Return the ends that were told since a supervisor recorded one, and that one."""
    ends = [one for one in told if one.outcome not in OPEN]
    recorded = [at for at, one in enumerate(ends) if one.by == By.SUPERVISOR]
    return ends[recorded[-1] :] if recorded else ends


def _said(outcome: str, by: str) -> Say:
    told = {"outcome": Say(f"lender_answer.outcome.{outcome}"), "by": Say(f"lender_answer.by.{by}")}
    return Say("lender_answer.told", told)


def _keep_terms(row: Dossier, terms: Mapping[str, Json] | None) -> None:
    if terms:
        row.terms = dict(terms)


def _follow(act: Act, case: Case, row: Dossier, by: By, outcome: str, reason: str) -> None:
    """Do what an answer leads to, and tell the owner."""
    tickets.goes_on(act, case, SILENT, TO_DESK)
    row.delivered_at = row.delivered_at or act.at
    if outcome in OPEN:
        if case.state == CaseState.DONE or case.stage == "delivery":
            row.outcome = row.answered_by = row.answered_at = None
            course.wait_at(act, case, AWAITING)
        _say(act, case, Say(f"lender_answer.open.{outcome}", {"number": case.number}))
        return
    row.outcome, row.answered_by, row.answered_at = outcome, by.value, act.at
    if outcome in RELIEF:
        row.reminders = None
        course.wait_at(act, case, reminding.STAGE)
        if by is not By.OWNER:
            heard = Say("lender_answer.heard", {"told": _said(outcome, by.value)})
            said = (waiting.about(case), heard)
            act.tell(case.person_id, News.LENDER_ANSWERED, case.id, *said, opens="lender_answer")
        return
    if outcome == "refused":
        _say(act, case, _refusal(act, case, reason or "unsaid"))
        second = act.at + timedelta(days=SECOND)
        reminding.plan_second(act, case, second)
    else:
        _say(act, case, Say("lender_answer.paid_off"))
    if case.state != CaseState.DONE:
        lifecycle.move(act.tx, case, CaseState.DONE, actor=act.actor, reason=outcome)


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
