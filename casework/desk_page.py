"""The lender's page: its content, the button that was pressed, and the letter itself.

The code on the letter's last page shows a number, initials and a date; the six digits beside it
open the letter. A code that opens nothing and the code of a closed case tell the same.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import select

from casework import lender_answers, waiting
from casework.act import Act
from casework.documents import day, holder
from conversations.dossiers import OPEN
from conversations.masking import initials
from models import dossier, task
from models.case import Case
from models.document import Document
from models.dossier import PIN_TRIES, By, Dossier, LenderAnswer
from models.lifecycle import CaseState


class State(StrEnum):
    """States of the page of a letter; one that is closed has no page."""

    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Refusal(StrEnum):
    """Reasons why the letter is not given."""

    GONE = "gone"  # closed or withdrawn meanwhile, or the code opens nothing
    SOON = "soon"  # signed, and not typeset yet
    WRONG = "wrong"
    SPENT = "spent"  # too many wrong tries


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the lender."""

    outcome: str
    on: date


@dataclass(frozen=True, slots=True)
class Desk:
    """The content of the page."""

    state: State
    number: str  # of the letter
    initials: str
    delivered_on: date | None
    withdrawn_on: date | None
    told: Told | None  # the last of the lender's answers
    answers: int  # of the lender so far: a page that shows fewer is out of date
    tries: int  # that are left for the six digits


@dataclass(frozen=True, slots=True)
class Letter:
    """The file of a letter."""

    path: str
    filename: str


@dataclass(frozen=True, slots=True)
class _Found:
    """The rows behind a page, and its state."""

    case: Case
    row: Dossier
    letter: Document
    told: tuple[LenderAnswer, ...]  # by the lender
    state: State

    @property
    def gives_letter(self) -> bool:
        return self.state is not State.WITHDRAWN


def look(act: Act, code: str) -> Desk | None:
    """Return what the page of a code shows; None if it opens nothing, or its case is closed.

    Raises:
        NotAllowed: a person acts.
    """
    act.must_be_office()
    case_id = dossier.case_at_desk(act.tx, code)
    found = _found(act, act.tx.get(Case, case_id or 0))
    if found is None:
        return None
    row, told = found.row, found.told
    withdrawn_at = row.withdrawn_at or found.letter.revoked_at
    return Desk(
        found.state,
        number=found.letter.number,
        initials=initials(holder(act.tx, found.case)) if found.gives_letter else "",
        delivered_on=day(row.delivered_at) if row.delivered_at else None,
        withdrawn_on=day(withdrawn_at) if withdrawn_at else None,
        told=Told(told[-1].outcome, day(told[-1].at)) if told else None,
        answers=len(told),
        tries=PIN_TRIES - row.pin_tries,
    )


def press(act: Act, code: str, outcome: str, seen: int) -> None:
    """Take the button that a lender pressed on a page which showed so many of its answers.

    One that was pressed twice, or on a page that is out of date, changes nothing.

    Raises:
        NotAllowed: the page has no such button.
    """
    act.must_be_office()
    found = _found(act, lender_answers.desk_case(act, code))
    if found is not None and found.state is State.OPEN and len(found.told) == seen:
        lender_answers.at_desk(act, code, outcome)


def fetch(act: Act, code: str, pin: str) -> Letter | Refusal:
    """Return the signed letter to whoever has its six digits; a wrong try is counted for good."""
    act.must_be_office()
    found = _found(act, lender_answers.desk_case(act, code))
    if found is None or not found.gives_letter:
        return Refusal.GONE
    row, letter = found.row, found.letter
    if row.pin_tries >= PIN_TRIES:
        return Refusal.SPENT
    if not hmac.compare_digest(pin.encode(), row.pin.encode()):
        row.pin_tries += 1
        act.note("letter.pin_wrong", f"case:{found.case.id}", tries=row.pin_tries)
        return Refusal.WRONG if row.pin_tries < PIN_TRIES else Refusal.SPENT
    if letter.path is None or task.is_pending(act.tx, waiting.signed_key(letter.id)):
        return Refusal.SOON  # the file is still the draft
    act.note("letter.downloaded", f"case:{found.case.id}")
    return Letter(letter.path, f"{letter.number}.pdf")


def _found(act: Act, case: Case | None) -> _Found | None:
    """Return the rows behind the page of a case; None if it has no page (any more).

    The same rows are asked for if there is no case: both take the same time.
    """
    case_id = case.id if case is not None else 0
    row = act.tx.get(Dossier, case_id)
    letter = act.tx.scalars(select(Document).where(Document.case_id == case_id)).one_or_none()
    told = tuple(one for one in dossier.answers(act.tx, case_id) if one.by == By.LENDER)
    if case is None or row is None or letter is None or row.signed_at is None:
        return None
    if row.withdrawn_at is not None or letter.revoked_at is not None:
        return _Found(case, row, letter, told, State.WITHDRAWN)
    if lender_answers.desk_is_open(case, row, told, act.at):
        return _Found(case, row, letter, told, State.OPEN)
    over = case.state in (CaseState.WAITING, CaseState.DONE)
    if over and any(one.outcome not in OPEN for one in told):
        return _Found(case, row, letter, told, State.ANSWERED)
    return None
