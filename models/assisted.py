"""Assisted forms: what an officer fills in with somebody, until that person confirms it.

A form that `mends` a case corrects its answers at the door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Index,
    LargeBinary,
    and_,
    case,
    delete,
    func,
    select,
    text,
    union_all,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import link
from models.audit import AuditEntry
from models.base import Base, Code
from models.case import Case
from models.conversation import Conversation
from models.infrastructure.encryption import EncryptedJson, blind_index, readable
from models.officer import Officer
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal
from models.visit import Visit

LIFE = link.LIFE  # of a code
KEPT = timedelta(days=30)  # of a form that was not sent
ABANDONED = timedelta(days=1)  # an open form that nobody changed for so long is over

TAKEN_OVER = "form.taken_over"  # the audit's action
_OPEN = "state IN ('writing', 'waiting')"
_OPEN_NEW = f"{_OPEN} AND mends IS NULL"
_FINISHED = "assisted_forms.state = 'sent' AND assisted_forms.mends IS NULL"
_MENDING = "state IN ('writing', 'waiting', 'checking') AND mends IS NOT NULL"


class AssistedState(StrEnum):
    """States of an assisted form."""

    WRITING = "writing"  # the officer's: the answers are in the officer's conversation
    WAITING = "waiting"  # filled in, here; the person has not confirmed it
    TAKEN = "taken"  # the person's: they go on in their own chat
    CHECKING = "checking"  # confirmed: the case has the new answers, and is verified again
    SENT = "sent"  # confirmed: the case exists, or has its new answers
    OVER = "over"  # dropped, refused or abandoned


class Way(StrEnum):
    """How the person confirmed what was filled in for them."""

    OWN_PHONE = "own_phone"
    SIGNATURE = "signature"  # drawn on the officer's phone
    PAPER = "paper"  # a photo of the signed sheet


class Assisted(Base):
    """One form that an officer fills in for one person.

    `visit_id` is the visit at which it is filled in; None if the officer met the person on the
    road. `mends` is the case whose answers it corrects; `case_id` the one that came of a new form.
    `code_hash` is the fingerprint of a code with which the person takes the form over.
    `evidence_id` is the drawn signature or the photo of the signed sheet.
    """

    __tablename__ = "assisted_forms"
    __table_args__ = (
        Index("uq_assisted_forms_open", "person_id", unique=True, postgresql_where=text(_OPEN_NEW)),
        Index("uq_assisted_forms_mending", "mends", unique=True, postgresql_where=text(_MENDING)),
        Index("ix_assisted_forms_officer_open", "officer_id", postgresql_where=text(_OPEN)),
        Index(
            "ix_assisted_forms_officer_finished",
            "officer_id",
            "moved_at",
            postgresql_where=text(_FINISHED),
        ),
        Index("ix_assisted_forms_moved_at", "moved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    service: Mapped[Code]
    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"))
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    visit_id: Mapped[int | None] = mapped_column(ForeignKey("visits.id"))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), unique=True)
    mends: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    state: Mapped[Code] = mapped_column(default=AssistedState.WRITING)
    answers: Mapped[Any | None] = mapped_column(
        EncryptedJson("assisted_forms.answers"),
        info=personal(Personal.WORDS, Keep.DRAFTS, Erasing.ROW),
    )
    way: Mapped[Code | None]  # a `Way`
    code_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LINKS, Erasing.ROW)
    )
    code_expires_at: Mapped[datetime | None]
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"))
    made_at: Mapped[datetime] = mapped_column(default=func.now())
    moved_at: Mapped[datetime] = mapped_column(default=func.now())

    def move(self, state: AssistedState) -> None:
        """Move the form to a state; its code, if it has one, is worth nothing then."""
        self.state, self.moved_at = state.value, func.now()
        self.code_hash = self.code_expires_at = None
        if state in (AssistedState.SENT, AssistedState.OVER):
            self.answers = None


def lock(tx: Session, form_id: int) -> Assisted:
    """Lock and return a form; lock its person and visit before it."""
    of = select(Assisted).where(Assisted.id == form_id).with_for_update(key_share=True)
    return tx.scalars(of, execution_options={"populate_existing": True}).one()


@dataclass(frozen=True, slots=True)
class Finished:
    """A new form that was handed in, and where its officer was; `pin` is None if nobody knows.

    `worked_at` is when the officer had to do with it last, as far as is known: a person who sends
    it on their own phone may do so days later.
    """

    id: int
    begun_at: datetime
    worked_at: datetime
    at: datetime
    pin: tuple[float, float] | None


def finished(tx: Session, officer_id: int, since: datetime) -> list[Finished]:
    """Return an officer's new forms that were handed in since a time, the newest last.

    The officer's location is that of the arrival at the visit, or on the road the pin that the
    officer gave for the place.
    """
    there = and_(Visit.id == Assisted.visit_id, Visit.officer_id == Assisted.officer_id)
    answers = case((Assisted.visit_id.is_(None), Case.answers))
    rows = tx.execute(
        select(Assisted, Visit.officer_pin, answers, Case.answered_by)
        .join(Case, Case.id == Assisted.case_id)
        .outerjoin(Visit, there)
        .where(
            Assisted.officer_id == officer_id,
            text(_FINISHED),
            Assisted.moved_at > since,
        )
        .order_by(Assisted.moved_at, Assisted.id)
    )
    return [
        Finished(
            form.id,
            form.made_at,
            form.made_at if form.way == Way.OWN_PHONE else form.moved_at,
            form.moved_at,
            _pin(readable(pin)) or _pin_of(readable(given), by or {}, officer_id),
        )
        for form, pin, given, by in rows
    ]


def _pin_of(
    given: Mapping[str, Any] | None, by: Mapping[str, str], officer_id: int
) -> tuple[float, float] | None:
    """Return the pin of the place, if the officer gave it."""
    place = (given or {}).get("place")
    own = by.get("place") == f"officer:{officer_id}"
    return _pin(place.get("pin")) if own and isinstance(place, dict) else None


def _pin(given: Any) -> tuple[float, float] | None:
    return (float(given[0]), float(given[1])) if given else None


def open_of_person(tx: Session, person_id: int) -> Assisted | None:
    """Lock and return the form that an officer fills in for a person; there is at most one."""
    of = select(Assisted).where(Assisted.person_id == person_id, text(_OPEN_NEW))
    return tx.scalars(of.with_for_update(key_share=True)).one_or_none()


def of_officer(tx: Session, officer_id: int) -> Sequence[Assisted]:
    """Return an officer's open forms, oldest first, and those that were handed over lately."""
    still_open = select(Assisted.id).where(Assisted.officer_id == officer_id, text(_OPEN))
    handed = select(Assisted.id).where(
        Assisted.moved_at > func.now() - ABANDONED,
        Assisted.officer_id == officer_id,
        Assisted.state == AssistedState.TAKEN,
    )
    of = select(Assisted).where(Assisted.id.in_(union_all(still_open, handed)))
    return sorted(tx.scalars(of), key=lambda form: form.id)  # an ORDER BY would read all by id


def untouched(tx: Session, form: Assisted) -> bool:
    """Whether a form that is the person's was handed to them, and they have not written since.

    A person who took it over with its code has acted on it.
    """
    by = select(AuditEntry.actor).where(
        AuditEntry.subject == f"form:{form.id}", AuditEntry.action == TAKEN_OVER
    )
    handed = tx.scalar(by.order_by(AuditEntry.id.desc()).limit(1)) != f"person:{form.person_id}"
    wrote = select(Conversation.person_id).where(
        Conversation.person_id == form.person_id, Conversation.spoke_at > form.moved_at
    )
    return handed and tx.scalar(wrote) is None


def of_case(tx: Session, case_id: int) -> Assisted | None:
    """Return the form with which an officer helped to send a case; None if nobody did."""
    return tx.scalars(select(Assisted).where(Assisted.case_id == case_id)).one_or_none()


def mending(tx: Session, case_id: int) -> Assisted | None:
    """Lock and return the form that mends a case, until its answers are verified."""
    of = select(Assisted).where(Assisted.mends == case_id, text(_MENDING))
    return tx.scalars(of.with_for_update(key_share=True)).one_or_none()


def checking(tx: Session, case_id: int) -> bool:
    """Whether answers of a case were mended at the door, and are not verified yet."""
    of = select(Assisted.id).where(
        Assisted.mends == case_id, Assisted.state == AssistedState.CHECKING
    )
    return tx.scalar(of) is not None


def mends_at(tx: Session, visit_ids: Sequence[int]) -> dict[int, Assisted]:
    """Return, by visit, the newest form that mends its case and was not given up."""
    of = select(Assisted).where(
        Assisted.visit_id.in_(visit_ids),
        Assisted.mends.is_not(None),
        Assisted.state != AssistedState.OVER,
    )
    return {one.visit_id or 0: one for one in tx.scalars(of.order_by(Assisted.id))}


def visited_case(tx: Session, case_id: int) -> int | None:
    """Return the case at whose visit an officer helped with this case; None if there is none."""
    of = select(Visit.case_id).join(Assisted, Assisted.visit_id == Visit.id)
    return tx.scalar(of.where(Assisted.case_id == case_id))


def helper_of(tx: Session, case_id: int) -> int | None:
    """Return the person behind the active officer who helped with a case; None if nobody did."""
    of = select(Officer.person_id).join(Assisted, Assisted.officer_id == Officer.id)
    return tx.scalar(of.where(Assisted.case_id == case_id, Officer.active))


def give_code(form: Assisted) -> str:
    """Set and return a new code; an earlier one is worth nothing."""
    code = link.new_code()
    form.code_hash, form.code_expires_at = _fingerprint(code), func.now() + LIFE
    return code


def with_code(tx: Session, code: str) -> Assisted | None:
    """Lock and return the form with this code, if the code is still worth something."""
    of = select(Assisted).where(
        Assisted.code_hash == _fingerprint(code), Assisted.code_expires_at > func.now()
    )
    return tx.scalars(of.with_for_update(key_share=True)).one_or_none()


def tidy(tx: Session) -> int:
    """End forms that were abandoned, and delete old ones that were not sent; return how many."""
    still_open = text(f"({_OPEN} OR {_MENDING})")
    left = update(Assisted).where(still_open, Assisted.moved_at < func.now() - ABANDONED)
    tx.execute(left.values(state=AssistedState.OVER, answers=None, code_hash=None))
    old = Assisted.moved_at < func.now() - KEPT
    gone = delete(Assisted).where(
        old, Assisted.state.in_([AssistedState.TAKEN, AssistedState.OVER])
    )
    return len(tx.execute(gone.returning(Assisted.id)).all())


def _fingerprint(code: str) -> bytes:
    return blind_index(code, "assisted_forms.code")
