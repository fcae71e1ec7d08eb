"""Helpers: heads of RT/RW and kader, who were invited to tell of places in their area."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ForeignKey, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, Code
from models.person import Person
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

INVITATION_LIFE = timedelta(days=30)
MOST = 2**31 - 1  # of a number that PostgreSQL reads


class Helper(Base):
    """One invitation, and the person who accepted it; no name is stored with it.

    `token_hash` is the fingerprint of the invitation, None once it was accepted.
    """

    __tablename__ = "helpers"

    id: Mapped[int] = mapped_column(primary_key=True)
    area_code: Mapped[Code]
    token_hash: Mapped[bytes | None] = mapped_column(
        LargeBinary, unique=True, info=personal(Personal.PROOF, Keep.LINKS, Erasing.ROW)
    )
    invited_at: Mapped[datetime] = mapped_column(default=func.now())
    person_id: Mapped[int | None] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    joined_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


def invite(tx: Session, area_code: str, *, actor: str = "command") -> tuple[int, str]:
    """Create an invitation for an area; return its number and token."""
    token = secrets.token_urlsafe(18)
    row = Helper(area_code=area_code, token_hash=_hash(token))
    tx.add(row)
    tx.flush()
    audit.note(tx, actor, "helper.invited", f"helper:{row.id}", area=area_code)
    return row.id, token


def join(tx: Session, token: str, person_id: int) -> Helper | None:
    """Accept an invitation; None if it is unknown, used, ended or too old."""
    of = select(Helper).where(
        Helper.token_hash == _hash(token),
        Helper.ended_at.is_(None),
        Helper.invited_at > func.now() - INVITATION_LIFE,
    )
    row = tx.scalars(of.with_for_update()).one_or_none()
    if row is None:
        return None
    row.person_id, row.joined_at, row.token_hash = person_id, func.now(), None
    audit.note(tx, f"person:{person_id}", "helper.joined", f"helper:{row.id}")
    return row


def helps_in(tx: Session, person_id: int, area_code: str) -> bool:
    """Whether a person was invited to tell of places in this area, or in one around it."""
    of = select(Helper.area_code).where(Helper.person_id == person_id, Helper.ended_at.is_(None))
    return any(f"{area_code}.".startswith(f"{code}.") for code in tx.scalars(of))


def everyone(tx: Session) -> Sequence[Helper]:
    """Return all invitations that are not ended, oldest first."""
    return tx.scalars(select(Helper).where(Helper.ended_at.is_(None)).order_by(Helper.id)).all()


def of_areas(tx: Session, within: ColumnElement[bool]) -> Sequence[tuple[Helper, Person | None]]:
    """Return helpers and open invitations of these areas, with who has joined; oldest first."""
    is_open = Helper.person_id.is_not(None) | (Helper.invited_at > func.now() - INVITATION_LIFE)
    found = tx.execute(
        select(Helper, Person)
        .outerjoin(Person, Person.id == Helper.person_id)
        .where(Helper.ended_at.is_(None), is_open, within)
        .order_by(Helper.id)
    )
    return [(row, person) for row, person in found]


def get(tx: Session, helper_id: int) -> Helper | None:
    """Return a helper or an invitation; None if there is none, or if it has ended."""
    row = tx.get(Helper, helper_id) if helper_id <= MOST else None
    return None if row is None or row.ended_at is not None else row


def end(tx: Session, helper_id: int, *, actor: str = "command") -> bool:
    """End a helper's rights, or an invitation; False if there is none."""
    row = get(tx, helper_id)
    if row is None:
        return False
    row.ended_at, row.token_hash = func.now(), None
    audit.note(tx, actor, "helper.ended", f"helper:{row.id}")
    return True


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
