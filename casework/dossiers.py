"""Acts on a letter to a lender: read, changed, delivered, withdrawn, and asked after.

The case waits at a stage of its service's course while its owner or the lender acts
(`casework.waiting`). A task asks the owner again, and says when nobody answered.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from casework import course, inviting, reminding, tickets, waiting
from casework.act import Act
from conversations.dossiers import DISPUTED, NO_ANSWER, SILENT, TO_DESK, WITHDRAWN
from conversations.events import News
from conversations.lender_words import complaint
from conversations.messages import Say
from conversations.service import Waiting
from models import calendar, consent, document, dossier, lifecycle, task, ticket
from models import case as cases
from models.attachment import Attachment
from models.case import Case
from models.document import Document
from models.dossier import Dossier
from models.finding import Finding, Outcome
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState, NotAllowed
from models.officer import Officer

ERASE = "erase_letter"  # the kind of a task
COMPLAIN_AFTER = 20  # working days without an answer
KEPT = ("lender", "lender_kind", "branch", "business", "owner_name", "place")  # once withdrawn


# -- the draft -------------------------------------------------------------------------------------


def approve(act: Act, case_id: int) -> None:
    """Let the letter go on as its owner has read it: a time for the signature is chosen."""
    case = _waiting(act, case_id, "reading")
    act.note("letter.approved", f"case:{case.id}")
    course.advance(act, case)
    if not inviting.invite(act, case):
        act.reply("letter.approved")


def change(act: Act, case_id: int, step: str) -> None:
    """Ask the owner to answer one question of the letter again.

    Raises:
        NotAllowed: the form has no such step.
    """
    case = _waiting(act, case_id, "reading")
    if course.service_of(case).form.step(step) is None:
        raise NotAllowed(f"{step!r} of case {case.id} can't be changed")
    asked = Finding("supervisor", Outcome.FIX_BY_OWNER, "returned", step)
    course.find(act, case, asked)
    lifecycle.move(act.tx, case, CaseState.NEEDS_FIX, actor=act.actor)
    act.tell(case.person_id, News.FIX_NEEDED, case.id, opens=case.service)


def _waiting(act: Act, case_id: int, stage: str) -> Case:
    """Return the person's own case, which waits at this stage.

    Raises:
        NotAllowed: it is another person's, or waits for something else.
    """
    case = act.my_case(case_id)
    if case.state != CaseState.WAITING or case.stage != stage:
        raise NotAllowed(f"case {case.id} does not wait at {stage}")
    return case


# -- signed and delivered --------------------------------------------------------------------------


def to_desk(act: Act, case: Case) -> None:
    """Let supervisors take a signed letter to the lender's desk."""
    act.must_be_office()
    if case.state == CaseState.WAITING and case.stage == "delivery":
        tickets.wait(act, case, TO_DESK, Say("notices.letter_to_desk", {"number": case.number}))


def deliver(act: Act, case_id: int, receiver: str = "", receipt_id: int | None = None) -> None:
    """Note that a signed letter was delivered, by its owner or by the officer who carries it.

    Raises:
        NotAllowed: it is neither theirs nor theirs to carry, or was delivered before.
    """
    (case,) = cases.lock(act.tx, [case_id])
    row = dossier.open_for(act.tx, case.id)
    if not act.is_of(case.person_id):
        carried = row.carrier_id is not None and row.carrier_id == act.officer().id
        if not carried:
            raise NotAllowed(f"{act.actor} does not carry the letter of case {case.id}")
    if case.state != CaseState.WAITING or case.stage != "delivery":
        raise NotAllowed(f"the letter of case {case.id} is not to be delivered")
    photo = act.tx.get(Attachment, receipt_id) if receipt_id is not None else None
    if receipt_id is not None and (photo is None or not act.is_of(photo.person_id)):
        raise NotAllowed(f"file {receipt_id} is not {act.actor}'s")
    row.delivered_at, row.receiver, row.receipt_id = act.at, receiver or None, receipt_id
    if row.delivered_how != "desk":
        row.delivered_how = "owner" if act.is_of(case.person_id) else "officer"
    if not act.is_of(case.person_id):
        said = Say("notices.letter_delivered", {"number": case.number})
        act.tell(case.person_id, News.LETTER_DELIVERED, case.id, said)
    act.note("letter.delivered", f"case:{case.id}", how=row.delivered_how)
    tickets.goes_on(act, case, TO_DESK)
    course.advance(act, case)


def withdraw(act: Act, case: Case) -> None:
    """Withdraw the consent to pass a letter on: it is void, and our copies of it are erased.

    Once it was delivered, a supervisor calls the lender's desk; an officer who carries it is told
    to bring it back. Call it after the case has moved.
    """
    if course.service_of(case).waits:
        answers = readable(case.answers) or {}
        case.answers = {step: answers[step] for step in KEPT if step in answers}
    row = act.tx.get(Dossier, case.id)
    if row is None:
        return
    row.withdrawn_at = act.at
    consent.take_back(act.tx, case.person_id, waiting.passes_on(case))
    act.note("consent.taken_back", f"person:{case.person_id}", purpose=waiting.passes_on(case))
    carrier = _carrier(act, row)
    if carrier is not None:
        said = Say("notices.letter_not_carried", {"number": case.number})
        act.tell(carrier.person_id, News.STAGE_BEGAN, case.id, said)
    void(act, case)
    if row.delivered_at is not None:
        matter = Say("notices.letter_withdrawn", {"number": case.number})
        tickets.wait(act.for_office(), case, WITHDRAWN, matter)
    tickets.goes_on(act, case, SILENT, TO_DESK, DISPUTED)


def void(act: Act, case: Case) -> None:
    """Revoke the letters of a (locked) case, and plan to erase their files. Idempotent."""
    for letter in act.tx.scalars(select(Document).where(Document.case_id == case.id)):
        if letter.revoked_at is None:
            document.revoke(act.tx, letter, reason="-", actor=act.actor)
        task.plan(act.tx, ERASE, letter.id, f"{ERASE}:{letter.id}")


def _carrier(act: Act, row: Dossier) -> Officer | None:
    """Return the officer who carries a letter that is not delivered yet."""
    if row.carrier_id is None or row.delivered_at is not None:
        return None
    return act.tx.get_one(Officer, row.carrier_id)


def is_of(run_key: str, case: Case) -> bool:
    """Whether a task to ask again was planned at the case's present stage."""
    return run_key == waiting.run_key(case)


# -- asked after -----------------------------------------------------------------------------------


def follow_up(act: Act, case: Case, stage: Waiting) -> datetime | None:
    """Ask the owner of a (locked) case again; return when to do so next, None for never.

    They are asked at most once a working day, however late that is, and not while a supervisor
    finds out what the lender answered. After the last time a letter that was not delivered is a
    matter for supervisors; one that the lender did not answer is closed until somebody tells an
    answer, and so is one whose owner told no terms.
    """
    act.must_be_office()
    row = dossier.open_for(act.tx, case.id)
    if row.outcome is not None and stage.id != reminding.STAGE:
        return None
    if stage.id == reminding.STAGE and row.reminders is not None:
        return None
    days = calendar.load(act.tx)
    next_day = waiting.morning(days, act.at, 1)
    if ticket.open_on(act.tx, case.person_id, DISPUTED, case.number) is not None:
        return next_day
    if row.asked >= len(stage.asks):
        _gives_up(act, case)
        return None
    row.asked = max(row.asked + 1, waiting.due(days, case, stage, act.at))
    asked = stage.asks[row.asked - 1]
    says = [waiting.about(case)]
    if stage.id == "awaiting" and asked >= COMPLAIN_AFTER:
        says.append(
            Say("lender_answer.silent", {"complaint": complaint(readable(case.answers) or {})})
        )
    if stage.id == "awaiting" and row.delivered_how == "desk":
        matter = Say("notices.letter_unanswered", {"number": case.number})
        tickets.wait(act, case, SILENT, matter)
    opens = "lender_answer" if stage.id == reminding.STAGE else stage.opens
    act.tell(case.person_id, News.STAGE_WAITS, case.id, *says, opens=opens)
    carrier = _carrier(act, row)
    if carrier is not None and carrier.active:
        act.tell(carrier.person_id, News.STAGE_BEGAN, case.id, opens="delivery")
    further = stage.asks[row.asked] if row.asked < len(stage.asks) else stage.within.days
    return max(next_day, waiting.morning(days, case.moved_at, further))


def _gives_up(act: Act, case: Case) -> None:
    """Nobody answered for a long time: close the case, or let supervisors call its owner."""
    if case.stage == "awaiting":
        row = dossier.open_for(act.tx, case.id)
        row.outcome, row.answered_at = NO_ANSWER, act.at
        lifecycle.move(act.tx, case, CaseState.DONE, actor=act.actor, reason=NO_ANSWER)
        tickets.goes_on(act, case, SILENT)
        said = Say("notices.letter_no_answer", {"number": case.number})
        act.tell(case.person_id, News.STAGE_WAITS, case.id, said)
        return
    if case.stage == reminding.STAGE:
        reminding.end(act, case)
        return
    matter = Say("notices.letter_stopped", {"number": case.number})
    tickets.wait(act, case, SILENT, matter)
