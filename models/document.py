"""Documents issued for cases, numbered without gaps."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import audit
from models.base import Base, Code, now
from models.personal import Keep, Kept, Linking, Personal, on_linking, personal


class Document(Base):
    """One document of one case. `path` is its PDF under STORAGE_URL; None until it is typeset."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("case_id", "kind"),
        Index("ix_documents_unwritten", "made_at", postgresql_where=text("path IS NULL")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[Code]
    number: Mapped[Code]
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    person_id: Mapped[int] = mapped_column(
        ForeignKey("people.id"), index=True, info=on_linking(Linking.MOVES)
    )
    issued_on: Mapped[date]
    valid_until: Mapped[date | None]  # None: it does not expire
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None] = mapped_column(
        info=personal(Personal.WORDS, Keep.CASE, Kept("the register says why a document is void"))
    )
    path: Mapped[Code | None]
    made_at: Mapped[datetime] = mapped_column(default=func.now())


class DocumentCounter(Base):
    """The last number of a kind in one year and area; the row's lock prevents gaps."""

    __tablename__ = "document_counters"

    kind: Mapped[Code] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    area: Mapped[Code] = mapped_column(primary_key=True)  # "" where the kind has none
    last: Mapped[int]


def issue(
    tx: Session,
    *,
    kind: str,
    prefix: str,
    area: str,
    case_id: int,
    person_id: int,
    issued_on: date,
    valid_years: int | None,
) -> Document:
    """Issue a case's document of a kind. Idempotent: a second call returns the same document.

    `area` is the code of a kota, or "" for a kind that is numbered for the whole city. The number
    comes from a row, not a sequence, so a rollback leaves no gap.
    """
    same = select(Document).where(Document.case_id == case_id, Document.kind == kind)
    known = tx.scalars(same).one_or_none()
    if known is not None:
        return known
    where = area.replace(".", "")
    counter = (
        insert(DocumentCounter)
        .values(kind=kind, year=issued_on.year, area=where, last=1)
        .on_conflict_do_update(
            index_elements=[DocumentCounter.kind, DocumentCounter.year, DocumentCounter.area],
            set_={"last": DocumentCounter.last + 1},
        )
        .returning(DocumentCounter.last)
    )
    parts = [prefix, str(issued_on.year), *([where] if where else []), f"{tx.scalar(counter):06d}"]
    document = Document(
        kind=kind,
        number="-".join(parts),
        case_id=case_id,
        person_id=person_id,
        issued_on=issued_on,
        valid_until=_years_later(issued_on, valid_years) if valid_years else None,
    )
    tx.add(document)
    tx.flush()
    return document


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def path_in(folder: str, document: Document) -> str:
    """Return the path of a document's file in the folder of its kind, written yet or not."""
    return f"{folder}/{document.issued_on.year}/{document.number}.pdf"


TO_SIGN = "-ttd.pdf"  # the ending of the copy that is to be signed


def to_sign(path: str) -> str:
    """Return the path of the copy of a document that is to be signed."""
    return path.removesuffix(".pdf") + TO_SIGN


def by_number(tx: Session, number: str, *, lock: bool = False) -> Document | None:
    """Return the document with this printed number."""
    wanted = select(Document).where(Document.number == number)
    return tx.scalars(wanted.with_for_update(key_share=True) if lock else wanted).one_or_none()


def revoke(tx: Session, document: Document, *, reason: str, actor: str) -> datetime:
    """Revoke a document and return the time; the caller notifies its holder."""
    at = document.revoked_at = now(tx)
    document.revoked_because = reason
    audit.note(tx, actor, "document.revoked", f"document:{document.id}")
    return at
