"""Tickets: cases that a supervisor answers in words, and what was written on them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, Index, func, select, true
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code
from models.case import Case
from models.infrastructure.encryption import Encrypted, readable
from models.officer import Officer
from models.personal import Erasing, Keep, Personal, personal
from models.scope import Scope

OPEN = "closed_at IS NULL"


class Ticket(Base):
    """The deadlines of a case that a supervisor answers, and who took it; one for each such case.

    `about` is the matter: "complaint", or a `Help` or `Concern` of `conversations.effects`.
    `officer_id` is the officer or supervisor whom a complaint is about, or who rejected what an
    "objection" is about; they can't read it. Only heads see a ticket
    with `heads_only`. `times` counts how often the person has said the same.
    """

    __tablename__ = "tickets"
    __table_args__ = (
        Index("ix_tickets_open", "answer_by", postgresql_where=OPEN),
        Index("ix_tickets_officer_id", "officer_id"),
    )

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    about: Mapped[Code]
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    heads_only: Mapped[bool] = mapped_column(default=False)
    times: Mapped[int] = mapped_column(default=1)
    told_at: Mapped[datetime] = mapped_column(default=func.now())  # supervisors, last
    told_times: Mapped[int] = mapped_column(default=1)  # `times` when they were told
    answer_by: Mapped[datetime]
    close_by: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    answered_at: Mapped[datetime | None]  # first
    overdue_at: Mapped[datetime | None]  # when the heads were told that it is overdue
    closed_at: Mapped[datetime | None]
    #: How a complaint ended, or whether an objection was upheld; None while open, or undecided.
    founded: Mapped[bool | None]


class Remark(Base):
    """Words written on a ticket after it was opened; without `officer_id`, by its owner."""

    __tablename__ = "remarks"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    officer_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    words: Mapped[str] = mapped_column(
        Encrypted("remarks.words"), info=personal(Personal.WORDS, Keep.CASE, Erasing.ROW)
    )
    at: Mapped[datetime] = mapped_column(default=func.now())


def lock(tx: Session, case_id: int) -> tuple[Case, Ticket]:
    """Lock and return a case and its ticket.

    Raises:
        sqlalchemy.exc.NoResultFound: the case has none.
    """
    case = tx.scalars(
        select(Case)
        .where(Case.id == case_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    ticket = tx.scalars(
        select(Ticket)
        .where(Ticket.case_id == case_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one()
    return case, ticket


def open_of(
    tx: Session, person_id: int, about: str, officer_id: int | None
) -> tuple[Case, Ticket] | None:
    """Return a person's newest open ticket on a matter, and about an officer."""
    row = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(
            Case.person_id == person_id,
            Ticket.about == about,
            Ticket.officer_id.is_not_distinct_from(officer_id),
            Ticket.closed_at.is_(None),
        )
        .order_by(Case.id.desc())
        .limit(1)
    ).one_or_none()
    return (row[0], row[1]) if row is not None else None


def open_on(tx: Session, person_id: int, about: str, number: str) -> tuple[Case, Ticket] | None:
    """Return a person's open ticket on a matter of one case of theirs, by that case's number."""
    rows = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(Case.person_id == person_id, Ticket.about == about, Ticket.closed_at.is_(None))
        .order_by(Case.id.desc())
    )
    of = ((case, row) for case, row in rows if _of(case) == number)
    return next(of, None)


def _of(case: Case) -> str:
    return str((readable(case.answers) or {}).get("visit_of", ""))


def taken_of(tx: Session, person_id: int) -> list[tuple[Case, Ticket]]:
    """Return a person's open tickets that a supervisor has taken."""
    rows = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(
            Case.person_id == person_id,
            Ticket.taken_by_id.is_not(None),
            Ticket.closed_at.is_(None),
        )
        .order_by(Case.id)
    )
    return [(case, row) for case, row in rows]


def remarks_of(tx: Session, case_ids: Sequence[int]) -> Sequence[Remark]:
    """Return all remarks on these tickets, oldest first."""
    return tx.scalars(select(Remark).where(Remark.case_id.in_(case_ids)).order_by(Remark.id)).all()


def accused_by(tx: Session, person_id: int) -> set[int]:
    """Return the officers of whom a person complained, unless that was found to be unfounded."""
    found = tx.scalars(
        select(Ticket.officer_id)
        .join(Case, Case.id == Ticket.case_id)
        .where(Case.person_id == person_id, Ticket.founded.is_not(False))
    )
    return {officer_id for officer_id in found if officer_id is not None}


def overdue(tx: Session, at: datetime) -> Sequence[tuple[Case, Ticket]]:
    """Lock and return open tickets past a deadline whose heads were not told, oldest first."""
    late = (Ticket.answered_at.is_(None) & (Ticket.answer_by < at)) | (Ticket.close_by < at)
    rows = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(Ticket.closed_at.is_(None), Ticket.overdue_at.is_(None), late)
        .order_by(Ticket.answer_by)
        .with_for_update(of=Ticket, skip_locked=True)
    )
    return [(case, ticket) for case, ticket in rows]


def readable_by(scope: Scope, me: Officer) -> ColumnElement[bool]:
    """SQL condition: a supervisor may read a `Ticket` of a `Case`: neither by nor about them."""
    own = Case.person_id == me.person_id
    about_me = Ticket.officer_id.is_not_distinct_from(me.id)
    for_me = true() if me.role == "head" else ~Ticket.heads_only
    return for_me & scope.holds(Case.area_code) & ~own & ~about_me


def waiting(tx: Session, scope: Scope, me: Officer, *, limit: int) -> Sequence[tuple[Case, Ticket]]:
    """Return the open tickets that a supervisor may read, the next deadline at first."""
    rows = tx.execute(
        select(Case, Ticket)
        .join(Ticket, Ticket.case_id == Case.id)
        .where(Ticket.closed_at.is_(None), readable_by(scope, me))
        .order_by(Ticket.answer_by, Ticket.case_id)
        .limit(limit)
    )
    return [(case, row) for case, row in rows]
