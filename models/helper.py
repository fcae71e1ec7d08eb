"""Helpers: heads of RT/RW and kader, who were invited to tell of places in their area."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ForeignKey, LargeBinary, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, Code
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

INVITATION_LIFE = timedelta(days=30)


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


def invite(tx: Session, area_code: str) -> tuple[int, str]:
    """Create an invitation for an area; return its number and token."""
    token = secrets.token_urlsafe(18)
    row = Helper(area_code=area_code, token_hash=_hash(token))
    tx.add(row)
    tx.flush()
    audit.note(tx, "command", "helper.invited", f"helper:{row.id}", area=area_code)
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


def end(tx: Session, helper_id: int) -> bool:
    """End a helper's rights, or an invitation; False if there is none."""
    row = tx.get(Helper, helper_id)
    if row is None or row.ended_at is not None:
        return False
    row.ended_at, row.token_hash = func.now(), None
    audit.note(tx, "command", "helper.ended", f"helper:{row.id}")
    return True


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
