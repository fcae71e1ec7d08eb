"""The call list: people for supervisors to call, since a message did not reach them, or to ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    UniqueConstraint,
    and_,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from models import officer
from models.base import Base, Code
from models.case import Case
from models.infrastructure.encryption import readable
from models.lifecycle import CaseState
from models.officer import Officer
from models.person import Address, Person, numbers_of
from models.personal import Linking, on_linking


class CallReason(StrEnum):
    """Why a person is to be called; the text is `call.reason.<reason>` in the catalogue.

    But for the last, a message did not reach them.
    """

    UNREACHABLE = "unreachable"
    NO_CHAT = "no_chat"  # the person never had one: an officer filled the form in
    WINDOW_CLOSED = "window_closed"
    UNSURE = "unknown"  # it may have been delivered
    DISTURBED = "disturbed"  # the provider did not accept it for a day
    OURS = "ours"
    UNREADABLE = "unreadable"
    VISITED = "visited"  # an officer helped them, and they are asked whether it is so


class Unreached(Base):
    """A person to call, and why: one row for a person and a reason.

    Open until a supervisor has called or, if a message did not reach them, the person writes.
    """

    __tablename__ = "unreached"
    __table_args__ = (
        UniqueConstraint("person_id", "reason"),
        Index("ix_unreached_open", "noted_at", postgresql_where="called_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), info=on_linking(Linking.MERGED))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    area_code: Mapped[Code | None]  # its supervisors call
    reason: Mapped[Code]  # a CallReason
    noted_at: Mapped[datetime] = mapped_column(default=func.now())
    called_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class ToCall:
    """A person to call, and the data that a supervisor needs for the call."""

    person_id: int
    name: str
    number: str  # of the case, or the officer's badge
    phone: str | None
    reasons: tuple[str, ...]
    since: datetime


def _heard_since() -> ColumnElement[bool]:
    wrote = exists().where(
        Address.person_id == Unreached.person_id, Address.heard_at > Unreached.noted_at
    )
    return and_(Unreached.reason != CallReason.VISITED, wrote)


def note(tx: Session, person_id: int, reason: CallReason) -> Unreached | None:
    """Add a person to the call list; None when they are on it already, or need no call.

    Calls are for owners with a case that is not cancelled, and for staff.
    """
    found = _case_and_area(tx, person_id)
    if found is None:
        return None
    case_id, area_code = found
    given = insert(Unreached).values(
        person_id=person_id,
        case_id=case_id,
        area_code=area_code,
        reason=reason,
        noted_at=func.now(),
    )
    upsert = given.on_conflict_do_update(
        index_elements=["person_id", "reason"],
        set_={
            "case_id": given.excluded.case_id,
            "area_code": given.excluded.area_code,
            "noted_at": given.excluded.noted_at,
            "called_at": None,
        },
        where=or_(Unreached.called_at.is_not(None), _heard_since()),
    )
    return tx.scalars(
        upsert.returning(Unreached), execution_options={"populate_existing": True}
    ).one_or_none()


def _case_and_area(tx: Session, person_id: int) -> tuple[int | None, str | None] | None:
    """Return the case (None for staff) and area of a call; None if the person needs no call."""
    if tx.scalar(select(Person.erased_at).where(Person.id == person_id)) is not None:
        return None
    latest = tx.scalars(
        select(Case)
        .where(Case.person_id == person_id, Case.state != CaseState.CANCELLED)
        .order_by(Case.id.desc())
        .limit(1)
    ).one_or_none()
    if latest is not None:
        return latest.id, latest.area_code
    me = officer.of_person(tx, person_id)
    if me is None:
        return None
    return None, next(iter(officer.areas_of(tx, me.id)), None)


def to_call(
    tx: Session,
    mine: Callable[[InstrumentedAttribute[Any]], ColumnElement[bool]],
    *,
    limit: int,
) -> Sequence[ToCall]:
    """Return people to call, longest wait first; `mine` makes a condition from the area column."""
    rows = tx.execute(
        select(Unreached, Person, Case, Officer)
        .join(Person, Person.id == Unreached.person_id)
        .outerjoin(Case, Case.id == Unreached.case_id)
        .outerjoin(Officer, and_(Officer.person_id == Person.id, Officer.active))
        .where(Unreached.called_at.is_(None), ~_heard_since(), mine(Unreached.area_code))
        .order_by(Unreached.noted_at)
        .limit(limit)
    )
    people: dict[int, ToCall] = {}
    for row, person, case, staff in rows:
        one = people.setdefault(row.person_id, _to_call(row, person, case, staff))
        people[row.person_id] = replace(one, reasons=(*one.reasons, row.reason))
    unknown = [one.person_id for one in people.values() if one.phone is None]
    numbers = numbers_of(tx, unknown) if unknown else {}
    return [replace(one, phone=one.phone or numbers.get(one.person_id)) for one in people.values()]


def _to_call(row: Unreached, person: Person, case: Case | None, staff: Officer | None) -> ToCall:
    name, number = (
        (staff.name, staff.badge) if staff is not None else (readable(person.name) or "-", "-")
    )
    if case is not None:
        number = case.number
    return ToCall(row.person_id, name, number, readable(person.phone), (), row.noted_at)


def can_be_called(tx: Session, person_id: int) -> bool:
    """Whether a number of a person is known, and they did not ask to be left alone."""
    theirs = select(Person).where(Person.id == person_id, Person.opted_out_at.is_(None))
    person = tx.scalars(theirs.where(Person.erased_at.is_(None))).one_or_none()
    if person is None:
        return False
    return readable(person.phone) is not None or person_id in numbers_of(tx, [person_id])


def of_person(tx: Session, person_id: int) -> Sequence[Unreached]:
    """Lock and return this person's open rows."""
    theirs = select(Unreached).where(Unreached.person_id == person_id)
    return tx.scalars(theirs.where(Unreached.called_at.is_(None)).with_for_update()).all()
