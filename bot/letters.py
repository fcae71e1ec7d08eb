"""Letters to lenders in chat: what a turn knows of them, and the acts of its effects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from sqlalchemy import select
from sqlalchemy.orm import Session

from casework import dossiers, lender_answers, reminding, signing
from casework.act import Act
from casework.documents import day
from conversations.dossiers import (
    REOPENS,
    AboutLetter,
    AnswerReminder,
    ApproveLetter,
    AskForLetterSignature,
    ChangeLetter,
    DossierFact,
    RecordAnswer,
    TellAnswer,
    TellDelivered,
)
from models import dossier
from models.case import Case
from models.dossier import Dossier


def carry_out(act: Act, effect: AboutLetter, public_url: str) -> None:
    """Call the act of one effect about a letter."""
    match effect:
        case ApproveLetter(case_id):
            dossiers.approve(act, case_id)
        case ChangeLetter(case_id, step):
            dossiers.change(act, case_id, step)
        case TellDelivered(case_id, receiver, receipt_id):
            dossiers.deliver(act, case_id, receiver, receipt_id)
        case TellAnswer(case_id, outcome, reason, terms, reminds):
            lender_answers.tell(act, case_id, outcome, reason, terms, reminds=reminds)
        case RecordAnswer(ticket_id, outcome, reason):
            lender_answers.record(act, ticket_id, outcome, reason)
        case AnswerReminder(case_id, said):
            reminding.answer(act, case_id, said)
        case AskForLetterSignature(visit_id):
            signing.ask(act, visit_id, public_url)
        case _:
            assert_never(effect)


def fact(row: Dossier | None) -> DossierFact | None:
    """Return the way of a letter, as its owner sees it."""
    if row is None:
        return None
    closed = row.answered_at
    return DossierFact(
        outcome=row.outcome or "",
        by=row.answered_by or "",
        terms=reminding.terms_of(row),
        asked_for_reminders=row.reminders is not None,
        step=row.reminders or 0,
        reopens_until=day(closed + REOPENS) if closed is not None else None,
    )


def is_drawn(row: Dossier | None) -> bool:
    """Whether the owner signed on the officer's phone."""
    return row is not None and row.signature_id is not None


def carried_by(tx: Session, officer_id: int) -> Mapping[str, str]:
    """Return the letters that an officer carries to a lender: the case's number, by its id."""
    ids = dossier.carried_by(tx, officer_id)
    if not ids:
        return {}
    rows = tx.execute(select(Case.id, Case.number).where(Case.id.in_(ids)))
    return {str(case_id): number for case_id, number in rows}
