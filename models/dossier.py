"""Dossiers: how a letter to a lender was signed and delivered, and what the lender answered.

The letter's content is in its case's answers, its number in `documents`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import link, visit
from models.base import Base, Code
from models.infrastructure.encryption import Encrypted, EncryptedJson, blind_index
from models.personal import Erasing, Keep, Personal, personal

PIN_TRIES = 5  # for the life of a letter


class By(StrEnum):
    """The person who told us of a lender's answer."""

    OWNER = "owner"
    SUPERVISOR = "supervisor"  # by telephone, or at the lender's
    LENDER = "lender"  # on the lender's page


class Dossier(Base):
    """The way of one letter; one for each case whose letter was drafted.

    `desk_code` opens the lender's page, and `pin` the letter there; both are printed on the
    receipt slip. `terms` are those of the new contract. `reminders` is None until the owner is
    asked whether to be reminded, else the number of reminders that were sent. `carrier_id` is the
    officer who carries a signed letter to the lender. The letter is no longer shown once the
    consent to pass it on is withdrawn.
    """

    __tablename__ = "dossiers"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    desk_hash: Mapped[bytes] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LETTER, Erasing.ROW)
    )
    desk_code: Mapped[str] = mapped_column(
        Encrypted("dossiers.desk_code"), info=personal(Personal.PROOF, Keep.LETTER, Erasing.ROW)
    )
    pin: Mapped[str] = mapped_column(
        Encrypted("dossiers.pin"), info=personal(Personal.PROOF, Keep.LETTER, Erasing.ROW)
    )
    pin_tries: Mapped[int] = mapped_column(default=0)
    signed_at: Mapped[datetime | None]
    signed_how: Mapped[Code | None]  # paper or screen
    signature_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"))
    carrier_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"), index=True)
    delivered_at: Mapped[datetime | None]
    delivered_how: Mapped[Code | None]  # owner, officer or desk
    receiver: Mapped[str | None] = mapped_column(
        Encrypted("dossiers.receiver"), info=personal(Personal.NAME, Keep.LETTER, Erasing.ROW)
    )
    receipt_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"))
    asked: Mapped[int] = mapped_column(default=0)  # how often the owner was asked at this stage
    answered_at: Mapped[datetime | None]
    outcome: Mapped[Code | None]  # the answer that counts
    answered_by: Mapped[Code | None]  # a `By`
    terms: Mapped[Any | None] = mapped_column(
        EncryptedJson("dossiers.terms"), info=personal(Personal.WORDS, Keep.LETTER, Erasing.ROW)
    )
    reminders: Mapped[int | None]
    stopped_at: Mapped[datetime | None]  # when the owner wanted no more reminders
    withdrawn_at: Mapped[datetime | None]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


class LenderAnswer(Base):
    """One answer of a lender, as somebody told it."""

    __tablename__ = "lender_answers"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    by: Mapped[Code]
    outcome: Mapped[Code]
    reason: Mapped[Code | None]
    details: Mapped[Any | None] = mapped_column(
        EncryptedJson("lender_answers.details"),
        info=personal(Personal.WORDS, Keep.LETTER, Erasing.ROW),
    )
    at: Mapped[datetime] = mapped_column(default=func.now())


def open_for(tx: Session, case_id: int) -> Dossier:
    """Return a (locked) case's dossier; create it, with its codes, the first time."""
    found = tx.get(Dossier, case_id)
    if found is None:
        code = link.new_code()
        found = Dossier(
            case_id=case_id, desk_hash=_fingerprint(code), desk_code=code, pin=visit.new_code()
        )
        tx.add(found)
        tx.flush()
    return found


def of_cases(tx: Session, case_ids: Sequence[int]) -> dict[int, Dossier]:
    """Return the dossiers of these cases, by case."""
    rows = tx.scalars(select(Dossier).where(Dossier.case_id.in_(case_ids)))
    return {row.case_id: row for row in rows}


def case_at_desk(tx: Session, code: str) -> int | None:
    """Return the case whose lender's page this code opens; None for an unknown code."""
    return tx.scalar(select(Dossier.case_id).where(Dossier.desk_hash == _fingerprint(code)))


def answers(tx: Session, case_id: int) -> Sequence[LenderAnswer]:
    """Return what was told of the lender's answers, oldest first."""
    rows = select(LenderAnswer).where(LenderAnswer.case_id == case_id).order_by(LenderAnswer.id)
    return tx.scalars(rows).all()


def empty(tx: Session, case_id: int) -> None:
    """Forget the terms, names and files of a (locked) case's letter, once it is withdrawn."""
    row = tx.get_one(Dossier, case_id)
    row.terms = row.receiver = row.signature_id = row.receipt_id = None
    for one in answers(tx, case_id):
        one.details = None


def forget(tx: Session, case_id: int) -> None:
    """Delete what is known of the way of a (locked) case's letter."""
    tx.execute(delete(LenderAnswer).where(LenderAnswer.case_id == case_id))
    tx.execute(delete(Dossier).where(Dossier.case_id == case_id))


def carried_by(tx: Session, officer_id: int) -> list[int]:
    """Return the cases whose signed letters this officer carries to a lender."""
    rows = select(Dossier.case_id).where(
        Dossier.carrier_id == officer_id,
        Dossier.delivered_at.is_(None),
        Dossier.withdrawn_at.is_(None),
    )
    return sorted(tx.scalars(rows))


def _fingerprint(code: str) -> bytes:
    return blind_index(code, "dossiers.desk_code")
