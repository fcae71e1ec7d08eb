"""Flags: what supervisors are asked to look at of an officer's forms. No flag is an accusation."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ARRAY, BigInteger, ForeignKey, Index, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.assisted import Assisted
from models.base import Base, Code
from models.case import Case
from models.infrastructure.encryption import Encrypted
from models.officer import STAFF, Officer
from models.personal import Keep, Personal, personal
from models.scope import Scope

KEPT = timedelta(days=365)  # after the cause: as `Keep.FLAG` says
LONGEST = 200  # characters of a remark


class FlagKind(StrEnum):
    """Kinds of causes; the text is `flag.cause.<kind>` in the catalogue."""

    PLACE = "place"  # forms in one place on different days
    QUICK = "quick"  # forms that were finished very soon
    HOUR = "hour"  # many forms within an hour


class Flag(Base):
    """One cause to look at an officer's forms; open until a supervisor has looked.

    `forms` are the ids of the assisted forms. `measure` counts the days of forms in one place, and
    the minutes of the quickest form, or from the first form to the last.
    """

    __tablename__ = "officer_flags"
    __table_args__ = (
        Index("ix_officer_flags_open", "noted_at", postgresql_where="seen_at IS NULL"),
        Index("ix_officer_flags_officer_id_kind", "officer_id", "kind"),
        Index("ix_officer_flags_moved_at", "moved_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    officer_id: Mapped[int] = mapped_column(ForeignKey("officers.id"))
    area_code: Mapped[Code | None]  # its supervisors look
    kind: Mapped[Code]  # a FlagKind
    forms: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    measure: Mapped[int]
    noted_at: Mapped[datetime] = mapped_column(default=func.now())
    moved_at: Mapped[datetime] = mapped_column(default=func.now())
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[int | None] = mapped_column(ForeignKey("officers.id"))
    remark: Mapped[str | None] = mapped_column(
        Encrypted("officer_flags.remark"), info=personal(Personal.WORDS, Keep.FLAG, STAFF)
    )


class FlagRow(NamedTuple):
    """An open flag, with its officer and the numbers of the cases that came of the forms."""

    id: int
    kind: str
    name: str
    badge: str
    number_of_forms: int
    measure: int
    since: datetime
    numbers: tuple[str, ...]


def of_officer(tx: Session, officer_id: int, kind: FlagKind) -> Sequence[Flag]:
    """Lock an officer, and return the flags of one kind, so that no cause is noted twice."""
    tx.execute(select(Officer.id).where(Officer.id == officer_id).with_for_update(key_share=True))
    of = select(Flag).where(Flag.officer_id == officer_id, Flag.kind == kind)
    return tx.scalars(of.order_by(Flag.id), execution_options={"populate_existing": True}).all()


def join(flag: Flag, forms: Collection[int], measure: int) -> None:
    """Add forms to a flag that has the same cause."""
    flag.forms = sorted({*flag.forms, *forms})
    flag.measure, flag.moved_at = measure, func.now()


def lock(tx: Session, flag_id: int) -> Flag:
    """Lock and return a flag.

    Raises:
        sqlalchemy.exc.NoResultFound: there is none.
    """
    of = select(Flag).where(Flag.id == flag_id).with_for_update(key_share=True)
    return tx.scalars(of, execution_options={"populate_existing": True}).one()


def waiting_in(tx: Session, scope: Scope, *, limit: int) -> list[FlagRow]:
    """Return the flags that nobody has looked at yet, oldest first."""
    rows = tx.execute(
        select(Flag, Officer)
        .join(Officer, Officer.id == Flag.officer_id)
        .where(Flag.seen_at.is_(None), scope.holds(Flag.area_code))
        .order_by(Flag.noted_at)
        .limit(limit)
    ).all()
    if not rows:
        return []
    named = {form for flag, _ in rows for form in flag.forms}
    of = select(Assisted.id, Case.number).join(Case, Case.id == Assisted.case_id)
    numbers = {form: number for form, number in tx.execute(of.where(Assisted.id.in_(named)))}
    return [
        FlagRow(
            flag.id,
            flag.kind,
            one.name,
            one.badge,
            len(flag.forms),
            flag.measure,
            flag.noted_at,
            tuple(numbers[form] for form in flag.forms if form in numbers),
        )
        for flag, one in rows
    ]


def tidy(tx: Session) -> None:
    """Delete flags whose cause is long over."""
    tx.execute(delete(Flag).where(Flag.moved_at < func.now() - KEPT))
