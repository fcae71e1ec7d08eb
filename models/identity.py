"""Owners' identities from their KTP, entered on a secure page only, and its single-use links."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    LargeBinary,
    UniqueConstraint,
    func,
    select,
    update,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, now
from models.infrastructure.encryption import Encrypted, blind_index, open_text
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

LINK_LIFE = timedelta(hours=24)
NAME = "identities.name"
NIK_INDEX = "identities.nik"


class Identity(Base):
    """One person's identity, at most one; entering it again replaces it."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("person_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), info=on_linking(Linking.MERGED))
    name: Mapped[str] = mapped_column(
        Encrypted(NAME), info=personal(Personal.IDENTITY, Keep.PERSON, Erasing.ROW)
    )
    nik: Mapped[str] = mapped_column(
        Encrypted("identities.nik"), info=personal(Personal.IDENTITY, Keep.PERSON, Erasing.ROW)
    )
    nik_index: Mapped[bytes] = mapped_column(
        LargeBinary, index=True, info=personal(Personal.IDENTITY, Keep.PERSON, Erasing.ROW)
    )
    born_on: Mapped[str] = mapped_column(
        Encrypted("identities.born_on"), info=personal(Personal.IDENTITY, Keep.PERSON, Erasing.ROW)
    )  # ISO date
    address: Mapped[str] = mapped_column(
        Encrypted("identities.address"), info=personal(Personal.IDENTITY, Keep.PERSON, Erasing.ROW)
    )
    ktp_attachment_id: Mapped[int | None] = mapped_column(ForeignKey("attachments.id"))
    given_by_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), info=on_linking(Linking.STAYS)
    )  # the owner or the officer
    given_at: Mapped[datetime] = mapped_column(default=func.now())
    version: Mapped[int] = mapped_column(default=1)


class IdentityLink(Base):
    """A single-use link, held by `holder_id`, to the identity page of `person_id`."""

    __tablename__ = "identity_links"

    token_hash: Mapped[bytes] = mapped_column(
        LargeBinary, primary_key=True, info=personal(Personal.PROOF, Keep.LINKS, Erasing.ROW)
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), info=on_linking(Linking.MOVES))
    holder_id: Mapped[int] = mapped_column(ForeignKey("people.id"), info=on_linking(Linking.MOVES))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def link(tx: Session, *, person_id: int, holder_id: int) -> str:
    """Create a link and return its token; only the token's hash is stored."""
    token = secrets.token_urlsafe(24)
    tx.add(
        IdentityLink(
            token_hash=_hash(token),
            person_id=person_id,
            holder_id=holder_id,
            expires_at=func.now() + LINK_LIFE,
        )
    )
    return token


def end_links_held(tx: Session, holder_id: int) -> None:
    """Expire the unused links with which this holder could fill in other people's pages."""
    _end(tx, IdentityLink.holder_id == holder_id, IdentityLink.person_id != holder_id)


def end_own_links(tx: Session, person_id: int) -> int:
    """Expire the unused links that an owner holds to their own page; return how many."""
    return _end(tx, IdentityLink.person_id == person_id, IdentityLink.holder_id == person_id)


def _end(tx: Session, *which: ColumnElement[bool]) -> int:
    ended = tx.execute(
        update(IdentityLink)
        .where(*which, IdentityLink.used_at.is_(None), IdentityLink.expires_at > func.now())
        .values(expires_at=func.now())
        .returning(IdentityLink.token_hash)
    )
    return len(ended.all())


def open_link(tx: Session, token: str, *, lock: bool = False) -> IdentityLink | None:
    """Return the link of a token; None when unknown, used or expired."""
    found = tx.get(IdentityLink, _hash(token), with_for_update=lock)
    if found is None or found.used_at is not None or found.expires_at <= now(tx):
        return None
    return found


def give(
    tx: Session,
    found: IdentityLink,
    *,
    name: str,
    nik: str,
    born_on: date,
    address: str,
    ktp_attachment_id: int | None,
) -> Identity:
    """Store an identity and mark its link as used.

    Without a new `ktp_attachment_id` an earlier one is kept.
    """
    row = tx.scalars(
        select(Identity).where(Identity.person_id == found.person_id).with_for_update()
    ).one_or_none()
    if row is None:
        row = Identity(person_id=found.person_id, version=0)
        tx.add(row)
    row.name, row.nik, row.nik_index = name, nik, blind_index(nik, NIK_INDEX)
    row.born_on, row.address = born_on.isoformat(), address
    row.ktp_attachment_id = ktp_attachment_id or row.ktp_attachment_id
    row.given_by_id, row.given_at = found.holder_id, func.now()
    row.version += 1
    found.used_at = func.now()
    return row


def of_people(tx: Session, person_ids: Sequence[int]) -> dict[int, Identity]:
    """Return these people's identities, by person id."""
    rows = tx.scalars(select(Identity).where(Identity.person_id.in_(person_ids)))
    return {row.person_id: row for row in rows}


def name_of(stored: bytes | None) -> str | None:
    """Return a name from its stored column; None if there is none, or it can't be read."""
    found = None if stored is None else open_text(bytes(stored), NAME)
    return found if isinstance(found, str) else None


def same_person(tx: Session, identity: Identity) -> list[int]:
    """Return the ids of all people with this NIK, found by its blind index."""
    return list(
        tx.scalars(select(Identity.person_id).where(Identity.nik_index == identity.nik_index))
    )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
