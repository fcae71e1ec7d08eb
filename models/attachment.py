"""Attachments: photos and files from chats, first a provider's reference, then a stored file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Code, unleased
from models.infrastructure import sounds
from models.infrastructure.encryption import Encrypted
from models.personal import Erasing, Keep, Linking, Personal, on_linking, personal

REFERENCE = "attachments.reference"  # the associated data of its encryption
#: The kind of a file that was sent with a complaint: erased a month after the complaint is closed.
EVIDENCE, VOICE = "evidence", "voice"
SIGNATURE = "signature"  # what was drawn, or typed, on the page on which a person signs
EVIDENCE_STORED = "kind IN ('evidence', 'voice') AND path IS NOT NULL"  # files of complaints
_OPEN = "state = 'pending'"


class AttachmentState(StrEnum):
    """States of a file."""

    PENDING = "pending"  # not fetched from the provider yet
    STORED = "stored"
    REFUSED = "refused"  # too large, of an unsupported type, or deleted at the provider


class Attachment(Base):
    """One file from one person. `path` is relative to STORAGE_URL; `sha256` is of the content."""

    __tablename__ = "attachments"
    __table_args__ = (
        Index("ix_attachments_open", "due_at", postgresql_where=_OPEN),
        Index("ix_attachments_unreadable", "id", postgresql_where="refusal = 'unreadable'"),
        Index("ix_attachments_evidence", "id", postgresql_where=EVIDENCE_STORED),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    channel: Mapped[Code]
    reference: Mapped[str | None] = mapped_column(
        Encrypted(REFERENCE), info=personal(Personal.FILE, Keep.CASE, Erasing.EMPTIED)
    )
    kind: Mapped[Code]  # photo, document or voice, as it was sent; or EVIDENCE, or SIGNATURE
    state: Mapped[Code] = mapped_column(default=AttachmentState.PENDING)
    content_type: Mapped[Code | None]  # as sniffed from the content
    size: Mapped[int | None]  # bytes
    sha256: Mapped[str | None] = mapped_column(
        index=True, info=personal(Personal.FILE, Keep.CASE, Erasing.EMPTIED)
    )
    path: Mapped[str | None] = mapped_column(
        info=personal(Personal.FILE, Keep.CASE, Erasing.EMPTIED)
    )
    received_at: Mapped[datetime] = mapped_column(default=func.now())
    due_at: Mapped[datetime] = mapped_column(default=func.now())
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    refusal: Mapped[Code | None]


def claim(tx: Session, *, lease: timedelta, limit: int) -> Sequence[Attachment]:
    """Lease pending files that are due, oldest first.

    A file whose `received_at` is more than a lease in the future is due, too: the database's clock
    was set back.
    """
    free = (
        select(Attachment.id)
        .where(
            text(_OPEN),
            or_(Attachment.due_at <= func.now(), Attachment.received_at > func.now() + lease),
            unleased(Attachment.leased_until, lease),
        )
        .order_by(Attachment.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    return tx.scalars(
        update(Attachment)
        .where(Attachment.id.in_(select(free.c.id)))
        .values(leased_until=func.now() + lease)
        .returning(Attachment),
        execution_options={"synchronize_session": False},
    ).all()


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that was fetched and stored."""

    path: str  # under STORAGE_URL
    content_type: str
    size: int  # bytes
    sha256: str


def store(tx: Session, attachment_id: int, kept: Kept) -> None:
    """Mark a pending file as stored and delete its reference; a no-op when it is not pending."""
    tx.execute(
        update(Attachment)
        .where(Attachment.id == attachment_id, text(_OPEN))
        .values(
            state=AttachmentState.STORED,
            path=kept.path,
            content_type=kept.content_type,
            size=kept.size,
            sha256=kept.sha256,
            reference=None,
            leased_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def photos_of(tx: Session, answers: Mapping[int, Any]) -> dict[int, list[str]]:
    """Return the paths of the stored photos in the answers of cases, by the case's id."""
    wanted = {case_id: ids_in(given) for case_id, given in answers.items()}
    every = [one for ids in wanted.values() for one in ids]
    if not every:
        return {}
    rows = tx.execute(
        select(Attachment.id, Attachment.path).where(
            Attachment.id.in_(every), Attachment.state == AttachmentState.STORED
        )
    )
    stored = {number: path for number, path in rows if path}
    return {number: [stored[one] for one in ids if one in stored] for number, ids in wanted.items()}


def ids_in(answers: Any) -> list[int]:
    """Return the attachments in the answers of a case."""
    given = answers.values() if isinstance(answers, Mapping) else ()
    return [one for answer in given if isinstance(answer, dict) for one in answer.get("ids", ())]


def stored(tx: Session, ids: Sequence[int]) -> list[Attachment]:
    """Return those of these attachments whose file is stored, oldest first."""
    if not ids:
        return []
    found = select(Attachment).where(
        Attachment.id.in_(ids), Attachment.state == AttachmentState.STORED
    )
    return list(tx.scalars(found.order_by(Attachment.id)))


def usable(tx: Session, ids: Iterable[int]) -> set[int]:
    """Return those of these attachments that were not refused or erased."""
    every = set(ids)
    if not every:
        return set()
    found = select(Attachment.id).where(
        Attachment.id.in_(every), Attachment.state != AttachmentState.REFUSED
    )
    return set(tx.scalars(found))


def is_sound(path: str) -> bool:
    """Whether the file at a path is a recording."""
    return path.rpartition(".")[2] in sounds.CONTENT_TYPES


def of_page(
    tx: Session, person_id: int, kind: str, content_type: str, content: bytes, path: str
) -> int:
    """Add a file that came over one of our pages and is stored at `path`; return its id."""
    row = Attachment(
        person_id=person_id,
        channel="page",
        kind=kind,
        state=AttachmentState.STORED,
        content_type=content_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        path=path,
    )
    tx.add(row)
    tx.flush()
    return row.id


def names(tx: Session, path: str) -> bool:
    """Whether an attachment names the file at this path."""
    return tx.scalar(select(Attachment.id).where(Attachment.path == path).limit(1)) is not None


def drop(tx: Session, attachment_id: int) -> None:
    """Delete the row of a file that nobody needs; one that is stored already is erased by a job."""
    row = tx.get(Attachment, attachment_id)
    if row is not None and row.path is None:
        tx.delete(row)


def seen_elsewhere(tx: Session, attachment: Attachment) -> int:
    """Return how many other people sent the same content."""
    return (
        tx.scalar(
            select(func.count(func.distinct(Attachment.person_id))).where(
                Attachment.sha256 == attachment.sha256,
                Attachment.person_id != attachment.person_id,
            )
        )
        or 0
    )
